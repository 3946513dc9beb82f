//! Kubeconfigs as people have them, in a world.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::ROOT;
use crate::support::world::World;

/// Every file of `tests/data/kubeconfigs`, and one with a thousand contexts; in order.
pub fn corpus(world: &World) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(Path::new(ROOT).join("tests/data/kubeconfigs")).expect("the corpus") {
        let entry = entry.expect("an entry");
        files.push(world.path(entry.file_name()));
        fs::copy(entry.path(), files.last().expect("it")).expect("a copy");
    }
    assert!(files.len() >= 20, "the corpus is not there");
    world.write("thousand.yaml", thousand_contexts());
    files.push(world.path("thousand.yaml"));
    files.sort();
    files
}

/// The files of the corpus with a context to switch to; those in which there is none get one, if that leaves the current
/// context another.
pub fn switchable(world: &World) -> Vec<(PathBuf, String)> {
    world.write("token", "made-up");
    world.sh("kubepki -q --cert-dir . ca init --key-type Ed25519");
    let choice = |file: PathBuf| {
        let other = other_context(world, &file).or_else(|| {
            add_context(world, &file);
            other_context(world, &file)
        });
        Some((file, other?))
    };
    let found: Vec<_> = corpus(world).into_iter().filter_map(choice).collect();
    assert!(found.len() >= 20, "only {} kubeconfigs have a choice", found.len());
    found
}

fn other_context(world: &World, file: &Path) -> Option<String> {
    let file = file.to_str().expect("UTF-8");
    let said = |args: &[&str]| {
        let output = world.run("kubepki", &[args, &["--kubeconfig", file]].concat());
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let (current, names) =
        (said(&["context", "current"]), said(&["context", "list", "-o", "name"]));
    names.lines().find(|name| *name != current.trim_end()).map(str::to_owned)
}

fn add_context(world: &World, file: &Path) {
    let args = ["kubeconfig", "gen", "another", "--server", "https://192.0.2.1:6443", "--cluster"];
    let more = ["another", "--token-file", "token", "--ca-cert", "ca.crt", "--out"];
    let output =
        world.run("kubepki", &[&args[..], &more, &[file.to_str().expect("UTF-8")]].concat());
    assert!(output.status.success(), "{file:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// As somebody has it who opens every cluster of a large company.
pub fn thousand_contexts() -> String {
    let mut text =
        "apiVersion: v1\nkind: Config\ncurrent-context: c-0 # do not touch\nclusters:\n".to_owned();
    for n in 0..1000 {
        let _ = write!(text, "- name: k-{n}\n  cluster:\n    server: https://k-{n}.example.com\n");
    }
    text.push_str("users:\n- name: me\n  user:\n    token: made-up\ncontexts:\n");
    for n in 0..1000 {
        let _ = write!(text, "- name: c-{n}\n  context: {{cluster: k-{n}, user: me}}\n");
    }
    text
}
