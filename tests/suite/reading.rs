//! Looking at a kubeconfig runs nothing, tells no secret, and takes little, whatever is in it; an edit of it takes little too.

use std::os::unix::fs::PermissionsExt;
use std::process::Output;
use std::time::{Duration, Instant};

use crate::support::kubeconfigs::corpus;
use crate::support::random_kubeconfigs::{Case, Random};
use crate::support::world::World;

/// All that looks, and shows nothing that is secret.
const LOOKS: [&[&str]; 11] = [
    &["context", "list", "-o", "wide"],
    &["context", "list", "-o", "json"],
    &["context", "current", "-o", "json"],
    &["kubeconfig", "view"],
    &["kubeconfig", "view", "-o", "json"],
    &["kubeconfig", "view", "--flatten"],
    &["kubeconfig", "view", "--minify", "--flatten", "-o", "yaml"],
    &["kubeconfig", "view", "--origin"],
    &["kubeconfig", "check"],
    &["kubeconfig", "check", "-o", "json"],
    &["kubeconfig", "diff", "config", "sub/config"],
];

/// What changes a kubeconfig, each of one that has been changed by those before.
const EDITS: [&[&str]; 16] = [
    &["context", "use", "n7"],
    &["context", "set", "n7", "--namespace", "x"],
    &["context", "set", "another", "--cluster", "c", "--user", "u"],
    &["context", "rename", "n7", "seven"],
    &["context", "namespace", "dev"],
    &["context", "delete", "n8"],
    &["kubeconfig", "cluster", "set", "c", "--server", "https://y", "--tls-server-name", "z"],
    &["kubeconfig", "cluster", "rename", "d", "e"],
    &["kubeconfig", "user", "set", "u", "--as", "x", "--as-group", "y", "--as-uid", "z"],
    &["kubeconfig", "undo"],
    &["kubeconfig", "merge", "sub/config"],
    &["kubeconfig", "merge", "config", "--out", "all"],
    &["kubeconfig", "embed"],
    &["kubeconfig", "repair", "--yes"],
    &["kubeconfig", "fmt"],
    &["kubeconfig", "prune"],
];

#[test]
fn no_look_at_a_kubeconfig_tells_a_secret() {
    // What a name, a namespace or a user name may be is no secret; `hunter2` stands there only where it is one.
    let mut random = Random::from_environment();
    for _ in 0..Random::runs(10) {
        let world = World::new();
        let case = Case::new(&mut random, &world).with_secrets_only(&world);
        for look in LOOKS {
            let output = case.command(&world, "kubepki").args(look).output().expect("kubepki");
            for text in [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it)) {
                let tells = text.contains("hunter2") || text.contains("aHVudGVyMg");
                assert!(!tells, "{look:?}: {text}\n{case}");
            }
        }
    }
}

#[test]
fn no_look_at_a_kubeconfig_runs_the_program_that_it_names() {
    let world = World::new();
    world.write("canary", "#!/bin/sh\ntouch \"$HOME/sung\"\n");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(world.path("canary"), executable).expect("a program");
    let exec = "exec: {command: ./canary, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never}";
    let provider = "auth-provider: {name: gcp, config: {cmd-path: ./canary}}";
    let text = format!(
        "clusters: [{{name: c, cluster: {{server: 'https://127.0.0.1:1'}}}}]\n\
         users: [{{name: u, user: {{{exec}, {provider}}}}}]\n\
         contexts: [{{name: x, context: {{cluster: c, user: u}}}}]\ncurrent-context: x\n"
    );
    world.write("config", &text);
    world.write("sub/config", &text);
    for look in LOOKS.into_iter().chain([&["context", "export", "x"][..]]) {
        let output = world.command("kubepki").env("KUBECONFIG", "config").args(look).output();
        let output = output.expect("kubepki");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 3)), "{look:?}: {told}");
        assert!(!world.path("sung").exists(), "{look:?} ran it");
    }
}

#[test]
fn every_kubeconfig_of_the_corpus_can_be_looked_at_and_says_the_same_when_it_is_written() {
    let world = World::new();
    for file in corpus(&world) {
        let file = file.to_str().expect("UTF-8");
        let view = world.run("kubepki", &["kubeconfig", "view", "--raw", "--kubeconfig", file]);
        assert!(view.status.success(), "{file}: {}", String::from_utf8_lossy(&view.stderr));
        world.write("written", &view.stdout);
        let diff = world.run("kubepki", &["kubeconfig", "diff", file, "written", "-o", "name"]);
        // A view fills in what client-go would; that is the only difference.
        let differs =
            !matches!(diff.status.code(), Some(0)) && !world.read("written").contains("exec:");
        assert!(!differs, "{file}: {}", String::from_utf8_lossy(&diff.stdout));
    }
}

#[test]
fn a_hundred_thousand_contexts_take_two_seconds_and_128_mb_at_most() {
    let world = with_a_hundred_thousand_contexts();
    world.write("sub/config", "");
    // Builds without optimisation get more time.
    let most = Duration::from_secs(if cfg!(debug_assertions) { 30 } else { 2 });
    for look in LOOKS {
        let start = Instant::now();
        let output = bounded(&world, look);
        assert!(start.elapsed() < most, "{look:?} took {:?}", start.elapsed());
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 3)), "{look:?}: {told}");
    }
}

#[test]
fn an_edit_of_a_hundred_thousand_contexts_takes_128_mb_at_most() {
    let world = with_a_hundred_thousand_contexts();
    world.write("sub/config", "contexts: [{name: come, context: {cluster: c, user: u}}]\n");
    for edit in EDITS {
        let output = bounded(&world, edit);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{edit:?}: {told}");
    }
    let text = world.read("config");
    for there in
        ["name: another\n", "name: come", "name: seven\n", "namespace: dev\n", "cluster: e\n"]
    {
        assert!(text.contains(there), "{there:?}");
    }
}

#[test]
fn more_contexts_than_files_come_into_place_together_are_refused_at_once() {
    let world = with_a_hundred_thousand_contexts();
    let output = bounded(&world, &["kubeconfig", "split", "--out-dir", "all"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.starts_with("error: 100000 contexts are more than the 10000 files"), "{told}");
    assert_eq!(output.status.code(), Some(1));
    assert!(!world.path("all").exists());
}

/// One cluster has all of them but a thousand.
fn with_a_hundred_thousand_contexts() -> World {
    let world = World::new();
    let context = |n| {
        let cluster = if n % 100 == 99 { "d" } else { "c" };
        format!("- context:\n    cluster: {cluster}\n    user: u\n  name: n{n}\n")
    };
    let contexts: String = (0..100_000).map(context).collect();
    let cluster = |name| format!("{{name: {name}, cluster: {{server: 'https://x'}}}}");
    let clusters = format!("clusters: [{}, {}]\n", cluster("c"), cluster("d"));
    let rest = "users: [{name: u, user: {token: t}}]\ncurrent-context: n5\n";
    world.write("config", format!("contexts:\n{contexts}{clusters}{rest}"));
    world
}

/// A run that gets no more memory than that.
fn bounded(world: &World, look: &[&str]) -> Output {
    let line = format!("ulimit -d {}; exec kubepki {}", 128 << 10, look.join(" "));
    world.command("bash").env("KUBECONFIG", "config").args(["-c", &line]).output().expect("bash")
}
