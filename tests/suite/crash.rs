//! Killed at any moment, never worse than before: the helper that kills.

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::world::World;

/// A command that is run in a fresh world and killed, again and again. Draw EC keys, not RSA keys, or most of the moments
/// fall into the search for primes.
struct Victim<'a> {
    program: &'a str,
    args: &'a [&'a str],
    /// Makes what the command finds when it starts.
    prepare: &'a dyn Fn(&World),
}

/// Runs the victim `rounds` times, kills each run with SIGKILL at its own moment, and asks `check` about what is left. The
/// moments are spread evenly over the time that the command takes, and shifted at random by `seed`.
#[track_caller]
fn kill_at_random_moments(
    victim: &Victim,
    rounds: u32,
    seed: u64,
    check: impl Fn(&World) -> Result<(), String>,
) {
    let span = usual_duration(victim).mul_f64(1.1);
    let mut random = seed;
    let mut killed = 0;
    for round in 0..rounds {
        let moment = span.mul_f64((f64::from(round) + unit(&mut random)) / f64::from(rounds));
        let world = World::new();
        (victim.prepare)(&world);
        killed += u32::from(kill_after(victim, &world, moment));
        if let Err(damage) = check(&world) {
            panic!(
                "{} {:?}, killed after {moment:?} (round {round}, seed {seed}): {damage}",
                victim.program, victim.args
            );
        }
    }
    assert!(killed >= rounds / 4, "only {killed} of {rounds} runs were killed before their end");
}

/// The median of five runs that are left alone.
fn usual_duration(victim: &Victim) -> Duration {
    let mut durations = [(); 5].map(|()| {
        let world = World::new();
        (victim.prepare)(&world);
        let start = Instant::now();
        let output = world.run(victim.program, victim.args);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        start.elapsed()
    });
    durations.sort();
    durations[2]
}

/// Whether the victim was still running when it was killed.
fn kill_after(victim: &Victim, world: &World, moment: Duration) -> bool {
    let mut command = world.command(victim.program);
    command.args(victim.args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect(victim.program);
    thread::sleep(moment);
    child.kill().expect("a kill");
    !child.wait().expect("an end").success()
}

/// The next number of SplitMix64, from 0 to 1.
fn unit(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as f64 / u64::MAX as f64
}

#[test]
fn a_killed_cert_issue_is_mended_by_the_next_one() {
    let issue = ["cert", "issue", "alice", "--profile", "user", "--key-type", "ECDSA-P256"];
    let ca = World::new();
    ca.sh("kubepki ca init --key-type ECDSA-P256");
    let [crt, key] = ["pki/ca.crt", "pki/ca.key"].map(|file| ca.read(file));
    let prepare = |world: &World| {
        world.write("pki/ca.crt", &crt);
        world.write("pki/ca.key", &key);
    };
    let victim = Victim { program: "kubepki", args: &issue, prepare: &prepare };
    kill_at_random_moments(&victim, rounds(), 1, |world| {
        let again = world.run("kubepki", &issue);
        let stderr = String::from_utf8_lossy(&again.stderr);
        let left = world.sh(LEFT);
        let ca_is_as_before = world.read("pki/ca.crt") == crt && world.read("pki/ca.key") == key;
        match (again.status.success(), ca_is_as_before, left.as_str()) {
            (true, true, "alice.crt\nalice.key\nca.crt\nca.key\n600\npair\n") => Ok(()),
            _ => Err(format!(
                "CA as before: {ca_is_as_before}, left: {left}, the next run: {stderr}"
            )),
        }
    });
}

/// The files, the mode of the key, and whether it belongs to the certificate.
const LEFT: &str = r#"
    ls -A pki; stat -c %a pki/alice.key || true
    certified=$(openssl x509 -in pki/alice.crt -noout -pubkey || true)
    [ "$certified" != "$(openssl pkey -in pki/alice.key -pubout)" ] || echo pair
"#;

#[test]
fn a_killed_context_use_leaves_the_old_file_or_the_new_one() {
    let old = "current-context: a\ncontexts:\n- {name: a, context: {cluster: c, user: u}} # first\n\
               - {name: b, context: {cluster: c, user: u}}\nclusters: []\nusers: []\n";
    let new = old.replace("current-context: a", "current-context: b");
    let switch = ["context", "use", "b"];
    let prepare = |world: &World| world.write(".kube/config", old);
    let victim = Victim { program: "kubepki", args: &switch, prepare: &prepare };
    kill_at_random_moments(&victim, rounds(), 1, |world| {
        let found = world.read(".kube/config");
        if found != old && found != new {
            return Err(format!("the file is damaged: {found}"));
        }
        let again = world.run("kubepki", &switch);
        let left = world.sh("ls .kube; find .kube -name '*.lock' -o -name '*kubepki-set*'");
        match (again.status.success(), world.read(".kube/config") == new, left.as_str()) {
            (true, true, "config\n") => Ok(()),
            _ => Err(format!("left: {left}, {}", String::from_utf8_lossy(&again.stderr))),
        }
    });
}

/// How often a command is killed: `KILLS`, or a number that takes some seconds.
fn rounds() -> u32 {
    std::env::var("KILLS").map_or(40, |kills| kills.parse().expect("KILLS is a number"))
}

/// Writes `first`, then `second`: at each moment the first may be there alone, never the second.
const WRITES_TWO: Victim = Victim {
    program: "sh",
    args: &["-c", "sleep 0.02; echo 1 >first; sleep 0.02; echo 2 >second; sleep 0.02"],
    prepare: &|world| world.write("before", "untouched"),
};

#[test]
fn the_killer_leaves_what_is_true_at_every_moment() {
    kill_at_random_moments(&WRITES_TWO, 20, 1, |world| {
        let there = |name| world.path(name).exists();
        if there("second") && !there("first") {
            Err("second without first".to_owned())
        } else {
            Ok(())
        }
    });
}

#[test]
#[should_panic(expected = "half done")]
fn the_killer_finds_a_moment_between_two_writes() {
    kill_at_random_moments(&WRITES_TWO, 20, 1, |world| {
        let there = |name| world.path(name).exists();
        if there("first") && !there("second") { Err("half done".to_owned()) } else { Ok(()) }
    });
}
