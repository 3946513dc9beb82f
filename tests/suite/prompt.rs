//! Secrets that are typed in real terminals.

use crate::support::terminal::Terminal;
use crate::support::world::World;

const SIZE: (u16, u16) = (70, 12);

/// What follows shows how it ended, and that keys are seen again as they are typed.
const THEN: &str =
    "; echo \"status $?\"; stty -a | grep -o '[-]*icanon\\|[-]*echo ' | xargs; exec cat";

/// The terminal as it was before.
const AS_BEFORE: &str = "icanon echo";

fn ask<'a>(world: &'a World, options: &str, question: &str) -> Terminal<'a> {
    let command = format!("kubepki kubeconfig user set bot {options}{THEN}");
    let terminal = Terminal::start(world, SIZE, &command);
    terminal.wait_for(question);
    terminal
}

#[test]
fn a_token_is_asked_for_and_never_seen() {
    let world = World::new();
    let terminal = ask(&world, "--token-file -", "token (not shown):");
    terminal.text("not-this-one");
    terminal.keys(&["C-u"]);
    terminal.text("made-for-this-testx");
    terminal.keys(&["BSpace", "Enter"]);
    let screen = terminal.wait_for(AS_BEFORE);
    assert!(screen.contains("status 0") && screen.contains("created the user `bot`"), "{screen}");
    assert!(!screen.contains("this"), "{screen}");
    assert!(world.read(".kube/config").contains("token: made-for-this-test\n"));
}

#[test]
fn each_secret_is_asked_for_by_its_name() {
    let world = World::new();
    let options = "--auth-provider oidc --auth-provider-arg-file client-secret=-";
    let terminal = ask(&world, options, "value of client-secret (not shown):");
    terminal.line("made for this test");
    terminal.wait_for("status 0");
    assert!(world.read(".kube/config").contains("client-secret: made for this test\n"));
    let terminal = ask(&world, "--username bot --password-file -", "password (not shown):");
    terminal.line("made for this test");
    terminal.wait_for("status 0");
    assert!(world.read(".kube/config").contains("password: made for this test\n"));
}

#[test]
fn nothing_changes_where_none_is_typed() {
    let world = World::new();
    let terminal = ask(&world, "--token-file -", "token (not shown):");
    terminal.text("half");
    terminal.keys(&["C-c"]);
    let screen = terminal.wait_for(AS_BEFORE);
    let wanted = "token (not shown):\nerror: no token was typed, and nothing is changed\nhint: a file does too: give its name instead of -\nstatus 1";
    assert!(screen.starts_with(wanted), "{screen}");
    assert_eq!(world.sh("ls -A"), "");
}
