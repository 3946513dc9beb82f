//! Switching the context touches one line.

use std::fs;

use crate::support::kubeconfigs::switchable;
use crate::support::world::World;

#[test]
fn switching_changes_one_line_of_every_kubeconfig_or_adds_one() {
    let world = World::new();
    for (file, context) in switchable(&world) {
        fs::copy(&file, world.path("before")).expect("a copy");
        let file = file.to_str().expect("UTF-8");
        let output =
            world.run("kubepki", &["context", "use", "--kubeconfig", file, "--", &context]);
        assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
        let expected = lines_that_must_change(&world.read("before"));
        assert_eq!(difference(&world, file), expected, "{file}");
    }
}

/// How many lines `diff` shows that are gone, and that are new.
fn difference(world: &World, file: &str) -> (usize, usize) {
    let output = world.run("diff", &["--text", "before", file]);
    let lines = || output.stdout.split(|c| *c == b'\n');
    let count = |mark| lines().filter(|line| line.first() == Some(&mark)).count();
    (count(b'<'), count(b'>'))
}

/// One, and none where there was no current context. More where the rest of the file refers to the old value by an anchor, which
/// has to stay somewhere, and where the old value takes three lines.
fn lines_that_must_change(before: &str) -> (usize, usize) {
    match before.split_once("current-context") {
        None => (0, 1),
        Some((_, value)) if value.starts_with(": &") => (2, 2),
        Some((_, value)) if value.starts_with(": >") => (3, 1),
        Some(_) => (1, 1),
    }
}
