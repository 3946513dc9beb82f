//! Looking at a kubeconfig runs nothing, tells no secret, and takes little, whatever is in it.

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
    let world = World::new();
    let context = |n| format!("- context:\n    cluster: c\n    user: u\n  name: n{n}\n");
    let contexts: String = (0..100_000).map(context).collect();
    let rest = "clusters: [{name: c, cluster: {server: 'https://x'}}]\nusers: [{name: u}]\n";
    world.write("config", format!("contexts:\n{contexts}{rest}current-context: n5\n"));
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

/// A run that gets no more memory than that.
fn bounded(world: &World, look: &[&str]) -> Output {
    let line = format!("ulimit -d {}; exec kubepki {}", 128 << 10, look.join(" "));
    world.command("bash").env("KUBECONFIG", "config").args(["-c", &line]).output().expect("bash")
}
