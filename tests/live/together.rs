//! kubectl and kubepki on one kubeconfig at the same time.
#![expect(clippy::print_stdout, reason = "the figures of a long run are worth telling")]

use std::fs;
use std::io::{Read, Seek};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use kubepki::core::kubeconfig::{File, View};

use crate::support::kubernetes_programs;
use crate::support::world::World;

const OURS: &str = "kubepki -q context set ours-$run --cluster c --user u";
const THEIRS: &str = "kubectl config set-context theirs-$run --cluster c --user u";

#[test]
fn twenty_edits_of_each_at_once_leave_a_whole_file_at_every_moment() {
    let world = world();
    let file = world.path(".kube/config");
    let seen = while_polled(&file, || {
        sh(
            &world,
            &format!("for run in $(seq 20); do {} & {} & done; wait", noted(OURS), noted(THEIRS)),
        );
    });
    let (ours, theirs) = (successes(&world, "ours-"), successes(&world, "theirs-"));
    let left = names(&fs::read(&file).expect("the file"), &file);
    let there = |said: &[String]| said.iter().filter(|name| left.contains(name)).count();
    println!(
        "at once, {seen} looks: of ours {} of 20 succeeded and {} are there; of kubectl's {} and {}",
        ours.len(),
        there(&ours),
        theirs.len(),
        there(&theirs)
    );
    assert_eq!(ours.len(), 20, "kubectl's lock is waited for: {}", errors(&world));
    assert_eq!(world.sh("ls -A .kube"), ".config.states\nconfig\n");
}

/// Runs of kubectl take each other's entries away, also those that none of them is about: each reads before it has the lock,
/// and so perhaps what another has truncated and not yet written. There is one at a time here: what is gone, only we removed.
#[test]
fn no_edit_of_ours_removes_what_kubectl_wrote() {
    let world = world();
    let file = world.path(".kube/config");
    let retried =
        "until kubectl config set-context theirs-$run --cluster c --user u 2>>failures; do :; done";
    let script = format!(
        "(for run in $(seq 20); do {retried}; touch done-theirs-$run; done; touch over) &
         (run=0; until [[ -e over ]]; do run=$((run + 1)); {}; done) & wait",
        noted(OURS)
    );
    let seen = while_polled(&file, || sh(&world, &script));
    let (ours, theirs) = (successes(&world, "ours-"), successes(&world, "theirs-"));
    let left = names(&fs::read(&file).expect("the file"), &file);
    let lost = ours.iter().filter(|name| !left.contains(name)).count();
    let failures = world.read("failures").lines().count();
    println!(
        "one at a time, {seen} looks: kubectl failed {failures} times at our lock, and lost {lost} of our {}",
        ours.len()
    );
    assert_eq!(errors(&world), "", "ours all succeed");
    assert!(theirs.len() == 20 && ours.len() >= 20, "{} of ours", ours.len());
    let gone: Vec<_> = theirs.iter().filter(|name| !left.contains(name)).collect();
    assert!(gone.is_empty(), "we removed {gone:?}");
    assert!(left.contains(&"first".to_owned()), "nobody touched it");
}

fn world() -> World {
    let world = World::new();
    let text = "apiVersion: v1\nkind: Config\ncontexts:\n- context: {cluster: c, user: u}\n  name: first\n";
    world.write(".kube/config", text);
    world
}

/// A command that leaves a note where it succeeded, and what it said where not.
fn noted(command: &str) -> String {
    let name = command.split_whitespace().find(|word| word.ends_with("$run")).expect("a name");
    format!("{{ {command} >/dev/null 2>error-{name} && touch done-{name}; }}")
}

fn sh(world: &World, script: &str) {
    let folder = format!("PATH={}:$PATH", kubernetes_programs());
    let mut command = world.command("bash");
    let status = command.args(["-c", &format!("{folder}; {script}")]).stdout(Stdio::null());
    assert!(status.status().expect("bash").success(), "{script}");
}

fn successes(world: &World, prefix: &str) -> Vec<String> {
    let done = world.sh("ls");
    let names = done.lines().filter_map(|name| name.strip_prefix("done-"));
    names.filter(|name| name.starts_with(prefix)).map(str::to_owned).collect()
}

fn errors(world: &World) -> String {
    world.sh("grep -h ^error: error-ours-* || true")
}

/// How often the file was looked at meanwhile; each time it was whole, or kubectl was about to make it whole.
fn while_polled(file: &Path, act: impl FnOnce()) -> usize {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let poll = scope.spawn(|| {
            let mut looks = 0;
            while !is_over.load(Ordering::Relaxed) {
                look(file);
                looks += 1;
            }
            looks
        });
        act();
        is_over.store(true, Ordering::Relaxed);
        poll.join().expect("it could always be read")
    })
}

/// kubectl writes in place, so that a look may come upon half a file. It is whole soon after, under the same open file; if half
/// a file were ever ours, it would stay so, since we only rename whole ones.
fn look(path: &Path) {
    let mut file = fs::File::open(path).expect("it is always there");
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let mut bytes = Vec::new();
        file.rewind().and_then(|()| file.read_to_end(&mut bytes)).expect("it can be read");
        match File::parse(path, &bytes) {
            Ok(_) => return,
            Err(error) => assert!(Instant::now() < end, "a file that stays torn: {error}"),
        }
    }
}

fn names(bytes: &[u8], file: &Path) -> Vec<String> {
    let file = File::parse(file, bytes).expect("a whole kubeconfig");
    let files = [file];
    let contexts = View::new(&files).contexts();
    contexts.iter().map(|item| item.entry.name.clone()).collect()
}
