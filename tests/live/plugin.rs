//! `kubectl pki`: the real kubectl finds the program and hands everything on.

use std::os::unix::fs::symlink;
use std::process::Output;

use crate::support::kubernetes_programs;
use crate::support::world::World;

fn kubectl(world: &World, args: &[&str]) -> Output {
    let mut command = world.command(&format!("{}/kubectl", kubernetes_programs()));
    let path = std::env::var("PATH").expect("a PATH");
    command.env("PATH", format!("{}:{path}", world.path("bin").display()));
    command.args(args).output().expect("kubectl")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn kubectl_runs_it_as_its_plugin_whether_link_or_file() {
    for is_link in [true, false] {
        let world = World::new();
        let plugin = world.path("bin/kubectl-pki");
        std::fs::create_dir(world.path("bin")).expect("a folder");
        match is_link {
            true => symlink(env!("CARGO_BIN_EXE_kubepki"), &plugin).expect("a link"),
            false => drop(std::fs::copy(env!("CARGO_BIN_EXE_kubepki"), &plugin).expect("a copy")),
        }
        let listed = text(&kubectl(&world, &["plugin", "list"]).stdout);
        assert!(listed.contains("bin/kubectl-pki"), "{listed}");

        let made = kubectl(&world, &["pki", "ca", "init", "--key-type", "Ed25519"]);
        assert!(made.status.success() && world.path("pki/ca.crt").exists(), "{made:?}");
        let help = text(&kubectl(&world, &["pki", "context", "use", "--help"]).stdout);
        assert!(help.contains("Usage: kubectl pki context use "), "{help}");
        assert!(help.contains("\n  kubectl pki context use -\n"), "{help}");
        assert!(!help.contains("kubepki context"), "{help}");

        world.write("config", "contexts: [{name: dev, context: {}}]\n");
        let wrong = kubectl(&world, &["pki", "context", "use", "prod", "--kubeconfig", "config"]);
        assert_eq!(wrong.status.code(), Some(1));
        let said = text(&wrong.stderr);
        assert!(said.ends_with("hint: kubectl pki context list --kubeconfig config\n"), "{said}");
        let usage = kubectl(&world, &["pki", "context", "rot"]);
        assert_eq!(usage.status.code(), Some(2));
        assert!(text(&usage.stderr).contains("Usage: kubectl pki context"), "{usage:?}");
        let shell = ["pki", "context", "shell", "dev", "--kubeconfig", "config", "--", "sh", "-c"];
        let shell = kubectl(&world, &[&shell[..], &["exit 7"]].concat());
        assert_eq!(shell.status.code(), Some(7), "{shell:?}");
    }
}
