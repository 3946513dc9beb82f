//! The list of `context use` in real terminals.

use std::fmt::Write as _;

use crate::support::terminal::Terminal;
use crate::support::world::World;

const SIZE: (u16, u16) = (60, 12);

/// What follows the list shows how it ended, and that keys are seen again as they are typed.
const THEN: &str =
    "; echo \"status $?\"; stty -a | grep -o '[-]*icanon\\|[-]*echo ' | xargs; exec cat";

/// The terminal as it was before.
const AS_BEFORE: &str = "icanon echo";

fn world(names: &[&str], current: &str) -> World {
    let world = World::new();
    let mut config = format!("current-context: {current}\ncontexts:\n");
    for name in names {
        writeln!(config, "- {{name: \"{name}\", context: {{}}}}").expect("a text");
    }
    world.write(".kube/config", config);
    world
}

fn thousand() -> World {
    let names: Vec<String> = (0..1000).map(|number| format!("cluster-{number:03}")).collect();
    world(&names.iter().map(String::as_str).collect::<Vec<_>>(), "cluster-500")
}

fn pick<'a>(world: &'a World, before: &str, size: (u16, u16)) -> Terminal<'a> {
    let terminal = Terminal::start(world, size, &format!("{before} kubepki context use{THEN}"));
    terminal.wait_for("> ");
    terminal
}

fn current(world: &World) -> String {
    let text = world.read(".kube/config");
    text.lines().next().and_then(|line| line.split(' ').nth(1)).expect("a name").to_owned()
}

#[test]
fn what_is_typed_narrows_the_list_and_enter_takes_the_line() {
    let world = world(&["dev", "prod-east", "prod-west", "test"], "dev");
    let terminal = pick(&world, "", SIZE);
    assert_eq!(
        terminal.screen(),
        "switch to:   4 of 4\n> * dev\n    prod-east\n    prod-west\n    test"
    );
    terminal.keys(&["p", "r", "o"]);
    let screen = terminal.wait_for("2 of 4");
    assert_eq!(screen, "switch to: pro  2 of 4\n>   prod-east\n    prod-west");
    terminal.keys(&["x"]);
    terminal.wait_for("0 of 4");
    terminal.keys(&["BSpace", "Down"]);
    terminal.wait_for(">   prod-west");
    terminal.keys(&["Enter"]);
    let screen = terminal.wait_for(AS_BEFORE);
    let switched = "switched to the context `prod-west` in ";
    assert!(screen.starts_with(switched) && !screen.contains("of 4"), "{screen}");
    assert!(screen.contains("status 0"), "{screen}");
    assert_eq!(current(&world), "prod-west");
    // What is typed ahead is not lost, and it is seen.
    terminal.line("typed");
    terminal.wait(|screen| screen.matches("typed").count() == 2);
}

#[test]
fn escape_and_ctrl_c_change_nothing() {
    for key in ["Escape", "C-c", "C-d"] {
        let world = world(&["dev", "prod"], "dev");
        let terminal = pick(&world, "", SIZE);
        terminal.keys(&["Down", key]);
        let screen = terminal.wait_for(AS_BEFORE);
        let wanted =
            format!("error: no context was chosen, and nothing has changed\nstatus 1\n{AS_BEFORE}");
        assert_eq!((screen, current(&world)), (wanted, "dev".to_owned()), "{key}");
    }
}

#[test]
fn a_signal_puts_the_terminal_back_and_changes_nothing() {
    for signal in ["TERM", "INT", "HUP"] {
        let world = world(&["dev", "prod"], "dev");
        let terminal = pick(&world, "", SIZE);
        let shell = terminal.fact("#{pane_pid}");
        world.sh(&format!("pkill -{signal} -P {shell} -x kubepki"));
        let screen = terminal.wait_for(AS_BEFORE);
        assert!(screen.contains("status 1"), "{signal}: {screen}");
        assert_eq!(current(&world), "dev");
    }
}

#[test]
fn a_thousand_contexts_are_walked_through() {
    let world = thousand();
    let terminal = pick(&world, "", SIZE);
    let screen = terminal.wait_for("> * cluster-500");
    assert_eq!(screen.lines().count(), 12);
    for (key, at) in [
        ("PageDown", "cluster-511"),
        ("PageUp", "cluster-500"),
        ("Up", "cluster-499"),
        ("End", "cluster-999"),
        ("Home", "cluster-000"),
    ] {
        terminal.keys(&[key]);
        terminal.wait(|screen| {
            screen.contains(&format!(">   {at}")) || screen.contains(&format!("> * {at}"))
        });
    }
    terminal.keys(&["7", "7", "7"]);
    terminal.wait_for(">   cluster-777");
    terminal.keys(&["Enter"]);
    terminal.wait_for(AS_BEFORE);
    assert_eq!(current(&world), "cluster-777");
}

#[test]
fn a_narrow_window_breaks_no_line_and_a_new_size_is_followed() {
    let world = world(&["a-name-that-is-longer-than-this-window", "b"], "b");
    let terminal = pick(&world, "", (14, 6));
    assert_eq!(terminal.screen(), "switch to:\n    a-name-t…\n> * b");
    terminal.keys(&["a", "-", "n", "a", "m", "e"]);
    terminal.wait(|screen| screen == "a-name\n>   a-name-t…");
    terminal.resize((60, 6));
    terminal.wait(|screen| screen.contains("1 of 2") && screen.contains("longer-than-this-window"));
}

#[test]
fn colours_are_for_those_who_want_them_and_the_line_is_marked_without() {
    let world = world(&["dev", "prod"], "dev");
    let with = pick(&world, "", SIZE).screen_with_colours();
    assert!(is_reverse(&with, "> * dev") && !is_reverse(&with, "    prod"), "{with:?}");
    let without = pick(&world, "NO_COLOR=1", SIZE).screen_with_colours();
    assert!(without.contains("> * dev") && !without.contains('\u{1b}'), "{without:?}");
}

/// Whether a line is in reverse video, in tmux's words.
fn is_reverse(screen: &str, wanted: &str) -> bool {
    screen.lines().any(|line| line.contains(wanted) && line.contains(";7m"))
}

#[test]
fn names_are_shown_and_not_obeyed() {
    let world = world(&["dev", r"evil\e[31m\nforged"], "dev");
    let terminal = pick(&world, "", SIZE);
    let screen = terminal.screen();
    assert_eq!(screen.lines().nth(2), Some(r"    evil\u{1b}[31m\nforged"));
    assert_eq!(screen.lines().count(), 3);
}

#[test]
fn the_list_is_talk_and_standard_output_is_data() {
    let world = world(&["dev", "prod"], "dev");
    let command = format!("kubepki context use -o name >out{THEN}");
    let terminal = Terminal::start(&world, SIZE, &command);
    terminal.wait_for("> * dev");
    terminal.keys(&["Down", "Enter"]);
    terminal.wait_for("status 0");
    assert_eq!(world.read("out"), "prod\n");
}

#[test]
fn a_shell_can_be_chosen_too() {
    let world = world(&["dev", "prod"], "dev");
    let command = "kubepki context shell -- sh -c 'echo in $KUBEPKI_CONTEXT; read line; echo $line'; exec cat";
    let terminal = Terminal::start(&world, SIZE, command);
    terminal.wait_for("> * dev");
    terminal.keys(&["p", "Enter"]);
    terminal.wait_for("in prod");
    terminal.line("typed");
    terminal.wait(|screen| screen.matches("typed").count() == 2);
    assert_eq!(current(&world), "dev");
}
