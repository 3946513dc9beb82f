//! The example that takes a newcomer from nothing to a cluster that answers.

use std::net::TcpListener;
use std::path::Path;
use std::process::ExitStatus;

use crate::support::world::World;
use crate::support::{ROOT, kubernetes_programs};

#[test]
fn the_tutorial_needs_at_most_five_commands_and_ends_well() {
    let (status, screen) = run(&free_port());
    assert!(status.success(), "{status}: {screen}");
    let (first_part, _) = screen.split_once("curl ").expect("a curl");
    assert!((1..=5).contains(&first_part.matches("$ kubepki").count()), "{screen}");
    for seen in ["\n200\n", "\n401\n", "kube-system"] {
        assert!(screen.contains(seen), "no {seen:?} in {screen}");
    }
}

#[test]
fn the_tutorial_fails_with_a_clear_line_where_the_servers_cannot_start() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let (status, screen) = run(&taken.local_addr().expect("an address").port().to_string());
    assert!(!status.success(), "{screen}");
    assert!(screen.ends_with("control-plane: kube-apiserver has ended\n"), "{screen}");
}

/// Plays it with the API server on this port: how it ended, and what was to be seen.
fn run(port: &str) -> (ExitStatus, String) {
    let world = World::in_the_present();
    let mut script = world.command("bash");
    script.arg(Path::new(ROOT).join("examples/tutorial/run.sh")).arg(port);
    let output = script.env("KUBEBUILDER_ASSETS", kubernetes_programs()).output().expect("bash");
    let screen = [output.stdout, output.stderr].concat();
    (output.status, String::from_utf8_lossy(&screen).into_owned())
}

/// One that nobody has just now.
fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port().to_string()
}
