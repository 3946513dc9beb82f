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

fn world() -> World {
    let world = World::new();
    world.write(".kube/config", CONFIG);
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

/// The command line of `context shell` that starts this shell without anybody's settings.
fn start(shell: &str, context: &str) -> String {
    format!("env SHELL={shell} PS1='<$KUBEPKI_CONTEXT> ' kubepki context shell {context}")
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
        let [dev, prod] = ["dev", "prod"]
            .map(|context| Terminal::start(&world, context, SIZE, &start(shell, context)));
        for terminal in [&dev, &prod, &dev] {
            terminal.line("echo here: $(kubepki context current) = $KUBEPKI_CONTEXT");
        }
        dev.wait(|screen| screen.matches("here: dev = dev").count() == 2);
        prod.wait_for("here: prod = prod");
        assert_eq!((runs(&world).len(), world.read(".kube/config").as_str()), (2, CONFIG));
        dev.line("exit 3");
        dev.wait(|_| dev.fact("#{pane_dead_status}") == "3");
        assert_eq!(runs(&world).len(), 1);
        prod.keys(&["C-d"]);
        prod.wait(|_| prod.fact("#{pane_dead}") == "1");
        assert_eq!((runs(&world).len(), world.read(".kube/config").as_str()), (0, CONFIG));
    }
}

#[test]
fn ctrl_c_is_for_what_runs_in_the_shell() {
    for shell in shells() {
        let world = world();
        let terminal = Terminal::start(&world, "t", SIZE, &start(shell, "dev"));
        terminal.line("echo begun; sleep 1000");
        terminal.wait(|screen| screen.lines().any(|line| line == "begun"));
        terminal.keys(&["C-c"]);
        terminal.line("echo still: $KUBEPKI_CONTEXT");
        terminal.wait_for("still: dev");
        terminal.keys(&["C-c"]);
        terminal.line("echo status: $?");
        terminal.wait_for("status: 130");
        assert_eq!(runs(&world).len(), 1);
    }
}

#[test]
fn ctrl_c_ends_a_command_and_what_it_had_goes() {
    let world = world();
    let command = "kubepki context shell dev -- sh -c 'echo begun; sleep 1000'";
    let terminal = Terminal::start(&world, "t", SIZE, command);
    terminal.wait_for("begun");
    assert_eq!(runs(&world).len(), 1);
    terminal.keys(&["C-c"]);
    terminal.wait(|_| terminal.fact("#{pane_dead_status}") == "130");
    assert_eq!(runs(&world).len(), 0);
}

#[test]
fn who_ends_kubepki_or_closes_the_terminal_ends_the_shell_and_its_file_goes() {
    for shell in shells() {
        for signal in ["TERM", "HUP"] {
            let world = world();
            let terminal =
                Terminal::start(&world, "t", SIZE, &format!("exec {}", start(shell, "dev")));
            terminal.line("echo up: $KUBEPKI_CONTEXT");
            terminal.wait_for("up: dev");
            let pid = terminal.fact("#{pane_pid}");
            world.sh(&format!("kill -{signal} {pid}"));
            terminal.wait(|_| terminal.fact("#{pane_dead}") == "1");
            assert_eq!(runs(&world), Vec::<String>::new(), "{shell} {signal}");
        }
        let world = world();
        let terminal = Terminal::start(&world, "t", SIZE, &start(shell, "dev"));
        terminal.line("echo up: $KUBEPKI_CONTEXT");
        terminal.wait_for("up: dev");
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
