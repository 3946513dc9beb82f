//! `context shell` in real terminals, and what ends it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::terminal::Terminal;
use crate::support::world::World;

const SIZE: (u16, u16) = (100, 24);

const CONFIG: &str = "\
clusters:
- {name: x, cluster: {server: https://x.example.com:6443}}
contexts:
- {name: dev, context: {cluster: x, user: me}}
- {name: prod, context: {cluster: x, user: me}}
current-context: dev
users:
- {name: me, user: {tokenFile: /run/token}}
";

/// A home in which every shell has the same prompt, with the context in it.
fn world() -> World {
    let world = World::new();
    world.write(".kube/config", CONFIG);
    world.write(".bashrc", "PS1='<$KUBEPKI_CONTEXT> '\n");
    world.write(".zshrc", "setopt PROMPT_SUBST\nPROMPT='<$KUBEPKI_CONTEXT> '\n");
    world
}

/// The folders that runs have left, or still use.
fn runs(world: &World) -> Vec<String> {
    let places = fs::read_dir(world.home()).expect("a home").flatten();
    let places = places.filter(|place| place.file_name().to_string_lossy().starts_with("kubepki-"));
    let runs = places.flat_map(|place| fs::read_dir(place.path()).expect("a folder").flatten());
    runs.map(|run| run.file_name().to_string_lossy().into_owned()).collect()
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(20), "never: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A terminal in which `context shell` runs with this and then tells its exit code.
fn start<'a>(world: &'a World, shell: &str, rest: &str) -> Terminal<'a> {
    let command =
        format!("env SHELL={shell} PS1='<$KUBEPKI_CONTEXT> ' kubepki context shell {rest}");
    // Trapped, and not ignored: that would be handed on. A shell that is ended does not give the terminal back, so nothing
    // reads from it then.
    let command = format!("trap : INT; {command}; echo \"status $?\"; exec sleep 60");
    Terminal::start(world, SIZE, &command)
}

/// Waits until the shell wants the next line.
fn wait_for_prompt(terminal: &Terminal<'_>, prompt: &str) {
    terminal.wait(|screen| screen.lines().last() == Some(prompt));
}

/// zsh where it is installed.
fn shells() -> Vec<&'static str> {
    let shells = ["/bin/bash", "/bin/sh", "/bin/zsh"];
    shells.into_iter().filter(|shell| Path::new(shell).exists()).collect()
}

#[test]
fn two_terminals_are_at_different_clusters_and_no_file_changes() {
    for shell in shells() {
        let world = world();
        let [dev, prod] = ["dev", "prod"].map(|context| start(&world, shell, context));
        for (terminal, context) in [(&dev, "dev"), (&prod, "prod"), (&dev, "dev")] {
            wait_for_prompt(terminal, &format!("<{context}>"));
            terminal.line("clear; echo here: $(kubepki context current)");
            terminal.wait_for(&format!("here: {context}\n"));
        }
        assert_eq!((runs(&world).len(), world.read(".kube/config").as_str()), (2, CONFIG));
        wait_for_prompt(&dev, "<dev>");
        dev.line("exit 3");
        dev.wait_for("status 3");
        assert_eq!(runs(&world).len(), 1);
        wait_for_prompt(&prod, "<prod>");
        prod.keys(&["C-d"]);
        prod.wait_for("status 0");
        assert_eq!((runs(&world).len(), world.read(".kube/config").as_str()), (0, CONFIG));
    }
}

#[test]
fn ctrl_c_is_for_what_runs_in_the_shell() {
    for shell in shells() {
        let world = world();
        let terminal = start(&world, shell, "dev");
        wait_for_prompt(&terminal, "<dev>");
        terminal.line("sleep 1000");
        terminal.wait(|_| terminal.fact("#{pane_current_command}") == "sleep");
        terminal.keys(&["C-c"]);
        wait_for_prompt(&terminal, "<dev>");
        terminal.line("echo code: $?");
        terminal.wait_for("code: 130");
        assert_eq!(runs(&world).len(), 1);
    }
}

#[test]
fn ctrl_c_ends_a_command_and_what_it_had_goes() {
    let world = world();
    let terminal = start(&world, "none", "dev -- sh -c 'echo begun; exec sleep 1000'");
    terminal.wait_for("begun");
    assert_eq!(runs(&world).len(), 1);
    terminal.keys(&["C-c"]);
    terminal.wait_for("status 130");
    assert_eq!(runs(&world).len(), 0);
}

#[test]
fn who_ends_kubepki_or_closes_the_terminal_ends_the_shell_and_its_file_goes() {
    for shell in shells() {
        for signal in ["TERM", "HUP"] {
            let world = world();
            let terminal = start(&world, shell, "dev");
            wait_for_prompt(&terminal, "<dev>");
            let above = terminal.fact("#{pane_pid}");
            world.sh(&format!("pkill -{signal} -P {above} -x kubepki"));
            terminal.wait_for("status 129");
            assert_eq!(runs(&world), Vec::<String>::new(), "{shell} {signal}");
        }
        let world = world();
        let terminal = start(&world, shell, "dev");
        wait_for_prompt(&terminal, "<dev>");
        drop(terminal);
        wait_until("the file goes with its terminal", || runs(&world).is_empty());
    }
}

#[test]
fn what_a_killed_run_left_goes_with_the_next_and_a_living_one_keeps_its_own() {
    let world = world();
    let start = || {
        let mut command: Command = world.command("kubepki");
        command.env("TMPDIR", world.home()).args(["context", "shell", "dev", "--", "cat"]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("kubepki")
    };
    let [mut killed, mut living] = [start(), start()];
    wait_until("both have their file", || runs(&world).len() == 2);
    killed.kill().expect("SIGKILL");
    killed.wait().expect("its end");
    assert_eq!(runs(&world).len(), 2);
    world.sh("TMPDIR=$HOME kubepki context shell dev -- true");
    assert_eq!(runs(&world), [format!("run-{}-0", living.id())]);
    drop(living.stdin.take());
    assert!(living.wait().expect("its end").success());
    assert_eq!(runs(&world), Vec::<String>::new());
}
