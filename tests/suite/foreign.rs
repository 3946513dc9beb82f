//! Kubeconfigs from somebody else, full of programs and secrets: nothing of them is run, and no secret is seen.

use std::fs;
use std::path::Path;

use crate::support::ROOT;
use crate::support::transcripts::{all, steps};
use crate::support::world::World;

/// What stands in place of each secret of the fixture, in every field that may hold one.
const SECRET: &str = "hunter2hunter2";
/// The same as Base64.
const ENCODED: &str = "aHVudGVyMmh1bnRlcjI";

/// Every command that reads kubeconfigs, some of them about to fail, none of them asked for secrets. Each runs with
/// `$KUBECONFIG` at `foreign.conf`.
const COMMANDS: &[&str] = &[
    "cert show foreign.conf",
    "completion bash",
    "context current",
    "context delete gone",
    "context export c --out alone.conf",
    "context export c --out other.conf",
    "context list -o wide",
    "context list -o json",
    "context namespace team",
    "context rename c c2",
    "context set c2 --user u",
    "context shell c2 -- true",
    "context use c2",
    "context use nobody",
    "kubeconfig check",
    "kubeconfig check foreign.conf -o json",
    "kubeconfig check broken.conf twice.conf",
    "kubeconfig cluster list -o wide",
    "kubeconfig cluster rename k k2",
    "kubeconfig diff foreign.conf other.conf",
    "kubeconfig diff foreign.conf broken.conf",
    "kubeconfig merge foreign.conf --into merged.conf",
    "kubeconfig merge foreign.conf --into merged.conf --allow-exec --allow-auth-provider --allow-outside-files --allow-insecure --allow-proxy",
    "kubeconfig merge other.conf --on-conflict fail",
    "kubeconfig merge other.conf --on-conflict replace -o yaml",
    "kubeconfig merge twice.conf",
    "kubeconfig merge broken.conf -o json",
    "kubeconfig split --out-dir contexts",
    "kubeconfig split --out-dir contexts -o json",
    "kubeconfig user list -o json",
    "kubeconfig user set u --as somebody",
    "kubeconfig view",
    "kubeconfig view --flatten -o json",
    "kubeconfig view --minify",
    "kubeconfig view --origin",
    "kubeconfig user delete u",
];

#[test]
fn nothing_is_run_and_no_secret_is_seen_whatever_is_done_with_a_foreign_kubeconfig() {
    let world = world();
    for command in COMMANDS {
        let line = format!("export KUBECONFIG=foreign.conf; kubepki {command}");
        let output = world.run("bash", &["-c", &line]);
        let seen = [output.stdout, output.stderr].concat();
        let seen = String::from_utf8_lossy(&seen);
        for secret in [SECRET, ENCODED] {
            assert!(!seen.contains(secret), "kubepki {command} shows a secret:\n{seen}");
        }
        assert!(!world.path("sang").exists(), "kubepki {command} has run the canary");
    }
    assert!(world.path("merged.conf").exists() && world.path("contexts/c2.conf").exists());
}

#[test]
fn the_canary_sings_where_it_is_run() {
    let world = world();
    world.sh("./canary");
    assert!(world.path("sang").exists());
}

#[test]
fn no_transcript_shows_a_secret_that_was_not_asked_for() {
    let asked_for = ["--raw", "cat ", "diff before", "--out -", "grep", "export", "sed "];
    let mut seen = 0;
    for file in all() {
        let text = fs::read_to_string(&file).expect("a transcript");
        for (command, screen) in steps(&text) {
            let name = file.strip_prefix(ROOT).unwrap_or(Path::new("")).display();
            if asked_for.iter().any(|word| command.contains(word)) {
                continue;
            }
            seen += 1;
            for secret in ["hunter2", "PRIVATE KEY-----\n", "LS0tLS1CRUdJTi"] {
                assert!(!screen.contains(secret), "{name}: {command}{screen}");
            }
        }
    }
    assert!(seen > 300, "{seen}");
}

fn world() -> World {
    let world = World::new();
    world.sh("printf '#!/bin/sh\\ntouch %s/sang\\n' \"$PWD\" > canary && chmod +x canary");
    let canary = world.path("canary").display().to_string();
    let user = format!(
        "{{token: {SECRET}, exec: {{command: {canary}, args: [{SECRET}], apiVersion: client.authentication.k8s.io/v1, \
         interactiveMode: Never, env: [{{name: PASSWORD, value: {SECRET}}}]}}}}"
    );
    let asks = format!(
        "{{password: {SECRET}, username: me, client-key-data: {ENCODED}=, auth-provider: {{name: gcp, \
         config: {{cmd-path: {canary}, access-token: {SECRET}}}}}}}"
    );
    let foreign = |server: &str| {
        format!(
            "clusters: [{{name: k, cluster: {{server: \"{server}\", insecure-skip-tls-verify: true, proxy-url: \"http://me:{SECRET}@proxy\"}}}}]\n\
             users: [{{name: u, user: {user}}}, {{name: asks, user: {asks}}}]\n\
             contexts: [{{name: c, context: {{cluster: k, user: u}}}}, {{name: d, context: {{cluster: k, user: asks}}}}]\n\
             current-context: c\n"
        )
    };
    world.write("foreign.conf", foreign("https://a"));
    world.write("other.conf", foreign("https://b"));
    world.write("broken.conf", format!("users:\n- name: u\n  user: {{token: [{SECRET}]}}\n"));
    let twice = format!("{{name: u, user: {{token: {SECRET}}}}}");
    world.write("twice.conf", format!("users: [{twice}, {twice}]\n"));
    world
}
