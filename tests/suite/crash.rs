//! Killed at any moment, never worse than before; and the helper that kills.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::judges::{Purpose, Question, openssl};
use crate::support::world::{NOW_UNIX, World};

const ISSUE: Victim = Victim {
    program: "kubepki",
    args: &["cert", "issue", "alice", "--key-type", "ECDSA-P384"],
    prepare: &|world| put(world, &pki()[..3]),
};

/// The journal is in `out`, and one of its files, the log, in `pki`.
const ELSEWHERE: Victim = Victim {
    program: "kubepki",
    args: &["cert", "issue", "carol", "--out", "out/carol.crt", "--key-type", "ECDSA-P384"],
    prepare: &|world| put(world, &pki()[..3]),
};

const REVOKE: Victim = Victim {
    program: "kubepki",
    args: &["cert", "revoke", "alice", "--reason", "keyCompromise", "--der"],
    prepare: &|world| put(world, pki()),
};

const REPLACE: Victim = Victim {
    program: "kubepki",
    args: &["cert", "issue", "alice", "--key-type", "ECDSA-P384", "--force"],
    prepare: &|world| put(world, pki()),
};

const USE: Victim = Victim {
    program: "kubepki",
    args: &["context", "use", "two"],
    prepare: &|world| world.write(".kube/config", kubeconfig("one")),
};

const SET: Victim = Victim {
    program: "kubepki",
    args: &["context", "set", "three", "--cluster", "c", "--user", "u", "-n", "team"],
    prepare: &|world| world.write(".kube/config", kubeconfig("one")),
};

const SET_USER: Victim = Victim {
    program: "kubepki",
    args: &["kubeconfig", "user", "set", "ada", "--token-file", "token"],
    prepare: &|world| {
        world.write(".kube/config", kubeconfig("one"));
        world.write("token", "hunter2");
    },
};

const CLUSTER: Victim = Victim {
    program: "kubepki",
    args: &[
        "cluster",
        "init",
        "--apiserver-advertise-address=192.0.2.10",
        "--node-name=cp-1",
        "--key-type=ECDSA-P256",
    ],
    prepare: &|_| (),
};

const OPEN: Victim = Victim {
    program: "kubepki",
    args: &[
        "cluster",
        "upload-bundle",
        "--certificate-key=key",
        "--open=secret.yaml",
        "--cert-dir=cp-2",
    ],
    prepare: &|world| put(world, secret()),
};

/// Five sets of workers, and what all of them share.
const FLEET: Victim = Victim {
    program: "kubepki",
    args: &["cluster", "init", "--config=cluster.yaml", "--quiet"],
    prepare: &|world| {
        let workers = (1..=300).map(|i| {
            format!("- {{name: worker-{i}, addresses: [10.1.{}.{}]}}\n", i / 256, i % 256)
        });
        let inventory = format!(
            "apiVersion: kubepki/v1alpha1\nkind: ClusterPKI\nencryptionAlgorithm: ECDSA-P256\n\
             controlPlaneNodes: [{{name: cp-1, addresses: [10.0.0.1]}}]\nworkerNodes:\n{}",
            workers.collect::<String>()
        );
        world.write("cluster.yaml", inventory);
    },
};

/// Draws twelve keys and replaces nineteen files in two folders.
const RENEW: Victim = Victim {
    program: "kubepki",
    args: &["cert", "renew", "--all", "--quiet"],
    prepare: &|world| put(world, cluster()),
};

const UNDO: Victim = Victim {
    program: "kubepki",
    args: &["cert", "undo", "--quiet"],
    prepare: &|world| put(world, renewed()),
};

/// What makes no change and still finishes or undoes what was left.
const LOOK: [&str; 5] = ["cert", "renew", "--all", "--if-expiring-in=1d", "--quiet"];

/// Fewer than of the others: one run writes 27 files, and after each every pair is looked at.
const CLUSTER_ROUNDS: u32 = 40;

#[test]
fn a_killed_issue_leaves_whole_files_and_the_next_run_makes_a_pair_of_them() {
    kill_at_random_moments(&ISSUE, rounds(200), 8, |world| {
        files_are_whole(world)?;
        again(world, ISSUE.args)?;
        pair_is_good(world)
    });
}

#[test]
fn a_killed_replacement_leaves_whole_files_and_the_next_run_makes_a_pair_of_them() {
    kill_at_random_moments(&REPLACE, rounds(200), 88, |world| {
        files_are_whole(world)?;
        again(world, REPLACE.args)?;
        pair_is_good(world)
    });
}

#[test]
fn a_killed_replacement_is_finished_or_undone_by_the_next_run_whatever_that_is() {
    kill_at_random_moments(&REPLACE, rounds(200) / 4, 888, |world| {
        again(world, &["cert", "issue", "bob", "--key-type", "ECDSA-P256"])?;
        pair_is_good(world)
    });
}

#[test]
fn a_killed_issue_into_another_folder_is_known_to_the_log_whatever_the_next_run_is() {
    kill_at_random_moments(&ELSEWHERE, rounds(100), 88_888, |world| {
        again(world, &["cert", "issue", "bob", "--key-type", "ECDSA-P256"])?;
        let logged = world.sh("grep -c CN=carol pki/ca.log.jsonl || true");
        let there = ["out/carol.crt", "out/carol.key"].map(|name| world.path(name).exists());
        if there != [logged == "1\n"; 2] {
            return Err(format!("certificate and key {there:?}, in the log {logged}"));
        }
        let names = ["bob.crt", "bob.key", "ca.crt", "ca.key", "ca.log.jsonl"];
        nothing_else_in(world, "pki", &names)?;
        again(world, ELSEWHERE.args)?;
        nothing_else_in(world, "out", &["carol.crt", "carol.key"])
    });
}

#[test]
fn a_killed_revocation_leaves_log_and_list_in_agreement_for_the_next_run() {
    kill_at_random_moments(&REVOKE, rounds(100), 8_888, |world| {
        again(world, REVOKE.args)?;
        books_agree(world)?;
        // Whatever the killed run has done, the next list has the next number.
        again(world, &["crl", "make", "ca"])?;
        books_agree(world)
    });
}

/// The list says what the log says, under the number that the log has last, in both forms; each number was drawn once.
fn books_agree(world: &World) -> Result<(), String> {
    let script = "
        cd pki
        jq -r 'select(.event==\"list\").number' ca.log.jsonl >numbers
        sort -u numbers | cmp - numbers
        [ \"$(openssl crl -in ca.crl -noout -crlnumber)\" = \"crlNumber=0x$(tail -n 1 numbers)\" ] || echo another number
        [ \"$(jq -r 'select(.event==\"revoked\").serial' ca.log.jsonl)\" = \"$(openssl x509 -in alice.crt -noout -serial | cut -d = -f 2)\" ] || echo another serial
        openssl crl -in ca.crl -noout -text | grep -q \"Serial Number: $(jq -r 'select(.event==\"revoked\").serial' ca.log.jsonl)\" || echo not listed
        openssl crl -in ca.crl -outform DER | cmp - ca.crl.der
        rm numbers";
    match world.sh(&format!("{{ {script}; }} 2>&1")).trim() {
        "" => {
            let names = [
                "alice.crt",
                "alice.key",
                "ca.crl",
                "ca.crl.der",
                "ca.crt",
                "ca.key",
                "ca.log.jsonl",
            ];
            nothing_else_in(world, "pki", &names)
        }
        damage => Err(damage.to_owned()),
    }
}

#[test]
fn a_killed_switch_leaves_the_old_or_the_new_kubeconfig() {
    kill_at_random_moments(&USE, rounds(200), 8888, |world| {
        let left = world.read(".kube/config");
        if left != kubeconfig("one") && left != kubeconfig("two") {
            return Err(format!("neither the old nor the new: {left}"));
        }
        again(world, USE.args)?;
        if world.read(".kube/config") != kubeconfig("two") {
            return Err("the next run did not switch".to_owned());
        }
        // A run that has nothing to write sweeps nothing.
        again(world, &["context", "use", "one"])?;
        nothing_else_in(world, ".kube", &["config", ".config.previous-context"])
    });
}

#[test]
fn a_killed_edit_of_a_context_leaves_the_old_or_the_new_kubeconfig() {
    edit_is_whole(&SET, 77);
}

#[test]
fn a_killed_edit_of_a_user_leaves_the_old_or_the_new_kubeconfig() {
    edit_is_whole(&SET_USER, 777);
}

/// What is left is the old or the new file, and the next edit works without help.
#[track_caller]
fn edit_is_whole(victim: &Victim, seed: u64) {
    let old = kubeconfig("one");
    let new = {
        let world = World::new();
        (victim.prepare)(&world);
        again(&world, victim.args).expect("an edit");
        world.read(".kube/config")
    };
    kill_at_random_moments(victim, rounds(50), seed, |world| {
        let left = world.read(".kube/config");
        if left != old && left != new {
            return Err(format!("neither the old nor the new: {left}"));
        }
        again(world, victim.args)?;
        if world.read(".kube/config") != new {
            return Err("the next run did not make the edit".to_owned());
        }
        // A run that has nothing to write sweeps nothing.
        again(world, &["context", "rename", "two", "2"])?;
        nothing_else_in(world, ".kube", &["config", ".config.states"])?;
        // What is kept is whole, and of each edit once.
        if world.sh("stat -c %a .kube/.config.states").trim() != "600" {
            return Err("others may read what is kept".to_owned());
        }
        for before in [&new, &old] {
            again(world, &["kubeconfig", "undo"])?;
            if world.read(".kube/config") != *before {
                return Err("an undo gives something else".to_owned());
            }
        }
        match again(world, &["kubeconfig", "undo"]) {
            Err(said) if said.contains("no edit is known") => Ok(()),
            _ => Err("an edit is kept twice".to_owned()),
        }
    });
}

#[test]
fn a_killed_cluster_is_completed_by_the_next_run_and_keeps_the_cas_that_were_finished() {
    kill_at_random_moments(&CLUSTER, rounds(CLUSTER_ROUNDS), 88888, |world| {
        let finished = finished_cas(world);
        again(world, CLUSTER.args)?;
        if finished.iter().any(|(name, content)| world.read(name) != *content) {
            return Err("a CA that was finished has changed".to_owned());
        }
        cluster_is_complete(world)
    });
}

#[test]
fn a_killed_fleet_has_whole_nodes_and_is_completed_by_the_next_run() {
    kill_at_random_moments(&FLEET, rounds(CLUSTER_ROUNDS) / 8, 8_888_888, |world| {
        let finished = finished_cas(world);
        again(world, FLEET.args)?;
        if finished.iter().any(|(name, content)| world.read(name) != *content) {
            return Err("a CA that was finished has changed".to_owned());
        }
        again(world, &["cluster", "plan", "--config=cluster.yaml", "--quiet"])?;
        let files = "find . -type f ! -name '*.crt' ! -name '*.key' ! -name '*.conf' ! -name sa.pub ! -name '*.log.jsonl'";
        match world.sh(files).trim() {
            "./cluster.yaml" => Ok(()),
            left => Err(format!("there is something else: {left}")),
        }
    });
}

#[test]
fn a_killed_opening_leaves_nothing_or_is_completed_by_the_next_run() {
    kill_at_random_moments(&OPEN, rounds(100), 888_888, |world| {
        again(world, OPEN.args)?;
        for (name, content) in secret().iter().filter(|(name, _)| name.starts_with("pki/")) {
            if world.read(&name.replacen("pki", "cp-2", 1)) != *content {
                return Err(format!("{name} is another one in cp-2"));
            }
        }
        nothing_else_in(world, "cp-2/etcd", &["ca.crt", "ca.key"])?;
        let shared = ["ca.crt", "ca.key", "front-proxy-ca.crt", "front-proxy-ca.key"];
        nothing_else_in(world, "cp-2", &[&shared[..], &["etcd", "sa.key", "sa.pub"]].concat())
    });
}

#[test]
fn a_killed_renewal_has_renewed_all_or_nothing_and_pairs_match_after_the_next_run() {
    kill_at_random_moments(&RENEW, rounds(CLUSTER_ROUNDS), 999, |world| {
        again(world, &LOOK)?;
        all_or_nothing(world, cluster())?;
        pairs_match(world)
    });
}

#[test]
fn a_killed_undoing_has_put_all_back_or_nothing() {
    kill_at_random_moments(&UNDO, rounds(CLUSTER_ROUNDS) / 2, 9999, |world| {
        again(world, &LOOK)?;
        all_or_nothing(world, renewed())?;
        pairs_match(world)
    });
}

/// The files are those that were there, or each of them is another.
fn all_or_nothing(world: &World, old: &[(&str, String)]) -> Result<(), String> {
    let is_renewed = |name: &&(&str, String)| {
        let stays = ["ca.crt", "ca.key", "sa.key", "sa.pub", ".tar"];
        !stays.iter().any(|end| name.0.ends_with(end))
    };
    let files: Vec<_> = old.iter().filter(is_renewed).collect();
    let other: Vec<_> =
        files.iter().filter(|(name, content)| world.read(name) != *content).collect();
    match other.len() {
        0 => Ok(()),
        all if all == files.len() => Ok(()),
        some => Err(format!("{some} of {} files are others", files.len())),
    }
}

/// How often each command is killed: `KILLS`, or as often as is usual.
pub fn rounds(usual: u32) -> u32 {
    std::env::var("KILLS").map_or(usual, |kills| kills.parse().expect("KILLS is a number"))
}

/// The CAs of which both halves are there, and the key of tokens, as they are.
fn finished_cas(world: &World) -> Vec<(String, String)> {
    let pairs =
        ["ca", "front-proxy-ca", "etcd/ca"].map(|ca| [format!("{ca}.crt"), format!("{ca}.key")]);
    let pairs = pairs.into_iter().chain([["sa.key".to_owned(), "sa.pub".to_owned()]]);
    let there = pairs.map(|pair| pair.map(|file| format!("pki/{file}")));
    there
        .filter(|pair| pair.iter().all(|file| world.path(file).exists()))
        .flatten()
        .map(|file| (file.clone(), world.read(&file)))
        .collect()
}

/// Every file is there and no other, each key belongs to its certificate, each certificate to its CA.
fn cluster_is_complete(world: &World) -> Result<(), String> {
    let script = format!(
        "{PAIRS}
         find . -type f ! -name '*.crt' ! -name '*.key' ! -name '*.conf' ! -name sa.pub ! -name '*.log.jsonl'; find . -type f | wc -l"
    );
    match world.sh(&script).trim() {
        "30" => {
            again(world, &["cert", "log", "--missing"])?;
            again(world, &[&["cluster", "plan"], &CLUSTER.args[2..]].concat())
        }
        damage => Err(damage.to_owned()),
    }
}

/// Each key belongs to its certificate, each certificate to its CA.
fn pairs_match(world: &World) -> Result<(), String> {
    match world.sh(PAIRS).trim() {
        "" => Ok(()),
        damage => Err(damage.to_owned()),
    }
}

/// Tells of keys that are another certificate's, and certificates that are another CA's.
const PAIRS: &str = "
        same() { [ \"$(openssl x509 -noout -pubkey -in $1)\" = \"$(openssl pkey -pubout -in $2)\" ] || echo \"$1 has another key\"; }
        pair() { same $1.crt $1.key; verify $1.crt $2; }
        verify() { openssl verify -attime 1767225600 -CAfile $2.crt $1 >/dev/null || echo \"$1 is of another CA\"; }
        cd pki; pair ca ca; pair front-proxy-ca front-proxy-ca; pair etcd/ca etcd/ca
        pair apiserver ca; pair apiserver-kubelet-client ca; pair front-proxy-client front-proxy-ca
        for name in apiserver-etcd-client etcd/server etcd/peer etcd/healthcheck-client; do pair $name etcd/ca; done
        openssl pkey -pubout -in sa.key | cmp - sa.pub
        for conf in admin super-admin kubelet controller-manager scheduler; do
          data() { sed -n \"s/^ *$1-data: //p\" ../$conf.conf | base64 -d; }
          data client-certificate >~/out.crt; data client-key >~/out.key
          same ~/out.crt ~/out.key; verify ~/out.crt ca; data certificate-authority | cmp - ca.crt
        done 2>&1; rm ~/out.*; cd";

/// Runs a command in what was left; it must succeed.
fn again(world: &World, args: &[&str]) -> Result<(), String> {
    let output = world.run("kubepki", args);
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("the next run fails: {said}")) }
}

/// The CA is as it was, and what is there of the pair is complete.
fn files_are_whole(world: &World) -> Result<(), String> {
    if pki()[..2].iter().any(|(name, content)| world.read(name) != *content) {
        return Err("the CA has changed".to_owned());
    }
    let checks = [("pki/alice.crt", "x509"), ("pki/alice.key", "pkey")];
    for (file, kind) in checks.into_iter().filter(|(file, _)| world.path(file).exists()) {
        let output = world.run("openssl", &[kind, "-noout", "-in", file]);
        if !output.status.success() {
            return Err(format!("{file} is damaged: {}", String::from_utf8_lossy(&output.stderr)));
        }
    }
    Ok(())
}

/// The key belongs to the certificate, openssl accepts that, and nothing else is left.
fn pair_is_good(world: &World) -> Result<(), String> {
    let certified = world.sh("openssl x509 -noout -pubkey -in pki/alice.crt");
    if certified != world.sh("openssl pkey -pubout -in pki/alice.key") {
        return Err("the key belongs to another certificate".to_owned());
    }
    if world.sh("stat -c %a pki/alice.key") != "600\n" {
        return Err("others can read the key".to_owned());
    }
    let (ca, certificate) = (world.path("pki/ca.crt"), world.path("pki/alice.crt"));
    let (purpose, name, at) = (Purpose::Client, None, Some(NOW_UNIX));
    openssl(&Question { roots: &ca, chain: &certificate, purpose, name, at })?;
    again(world, &["cert", "log", "--missing"])?;
    let names =
        ["alice.crt", "alice.key", "bob.crt", "bob.key", "ca.crt", "ca.key", "ca.log.jsonl"];
    nothing_else_in(world, "pki", &names)
}

fn nothing_else_in(world: &World, folder: &str, names: &[&str]) -> Result<(), String> {
    for entry in fs::read_dir(world.path(folder)).expect("a folder") {
        let name = entry.expect("an entry").file_name();
        if !names.iter().any(|known| name == **known) {
            return Err(format!("{name:?} is left in {folder}"));
        }
    }
    Ok(())
}

/// A CA, and a pair that is to be replaced: the names and contents of the files. Made once.
fn pki() -> &'static [(&'static str, String)] {
    static PKI: OnceLock<Vec<(&str, String)>> = OnceLock::new();
    PKI.get_or_init(|| {
        let world = World::new();
        world.sh("kubepki -q ca init --key-type ECDSA-P256");
        world.sh("kubepki -q cert issue alice --key-type ECDSA-P256");
        let names =
            ["pki/ca.crt", "pki/ca.key", "pki/ca.log.jsonl", "pki/alice.crt", "pki/alice.key"];
        names.map(|name| (name, world.read(name))).into()
    })
}

/// The files of a control plane: first the CAs and the key of tokens, which all control planes share.
const FILES: [&str; 27] = [
    "pki/ca.crt",
    "pki/ca.key",
    "pki/front-proxy-ca.crt",
    "pki/front-proxy-ca.key",
    "pki/etcd/ca.crt",
    "pki/etcd/ca.key",
    "pki/sa.key",
    "pki/sa.pub",
    "pki/apiserver.crt",
    "pki/apiserver.key",
    "pki/apiserver-kubelet-client.crt",
    "pki/apiserver-kubelet-client.key",
    "pki/apiserver-etcd-client.crt",
    "pki/apiserver-etcd-client.key",
    "pki/front-proxy-client.crt",
    "pki/front-proxy-client.key",
    "pki/etcd/server.crt",
    "pki/etcd/server.key",
    "pki/etcd/peer.crt",
    "pki/etcd/peer.key",
    "pki/etcd/healthcheck-client.crt",
    "pki/etcd/healthcheck-client.key",
    "admin.conf",
    "super-admin.conf",
    "kubelet.conf",
    "controller-manager.conf",
    "scheduler.conf",
];

/// A control plane. Made once.
fn cluster() -> &'static [(&'static str, String)] {
    static CLUSTER_FILES: OnceLock<Vec<(&str, String)>> = OnceLock::new();
    CLUSTER_FILES.get_or_init(|| {
        let world = World::new();
        world.sh(&format!("kubepki -q {}", CLUSTER.args.join(" ")));
        FILES.map(|name| (name, world.read(name))).into()
    })
}

/// The same after a renewal, with what that replaced. Made once.
fn renewed() -> &'static [(&'static str, String)] {
    static RENEWED: OnceLock<Vec<(&str, String)>> = OnceLock::new();
    RENEWED.get_or_init(|| {
        let world = World::new();
        put(&world, cluster());
        again(&world, RENEW.args).expect("a renewal");
        let archive = "pki/.kubepki-backups/2026-01-01T000000Z.tar";
        let names = FILES.into_iter().chain([archive]);
        names.map(|name| (name, world.read(name))).collect()
    })
}

/// A Secret with its key, and the files that are in it. Made once.
fn secret() -> &'static [(&'static str, String)] {
    static SECRET: OnceLock<Vec<(&str, String)>> = OnceLock::new();
    SECRET.get_or_init(|| {
        let world = World::new();
        put(&world, cluster());
        world.sh("kubepki -q cluster upload-bundle --certificate-key key --out secret.yaml");
        let shared = FILES.into_iter().take_while(|name| *name != "pki/apiserver.crt");
        let names = ["key", "secret.yaml"].into_iter().chain(shared);
        names.map(|name| (name, world.read(name))).collect()
    })
}

fn put(world: &World, files: &[(&str, String)]) {
    for (name, content) in files {
        world.write(name, content);
        let is_secret = [".key", ".tar", ".conf"].iter().any(|end| name.ends_with(end));
        let mode = if is_secret { 0o600 } else { 0o644 };
        fs::set_permissions(world.path(name), Permissions::from_mode(mode)).expect("a mode");
    }
}

/// Large enough to be written in several pieces if it were written in place.
fn kubeconfig(current: &str) -> String {
    let filling = "# a comment that is not to be lost\n".repeat(4000);
    format!(
        "apiVersion: v1\nkind: Config\n{filling}current-context: {current} # mine\n\
         contexts:\n- {{name: one, context: {{}}}}\n- {{name: two, context: {{}}}}\n"
    )
}

/// A command that is run in a fresh world and killed, again and again. Draw EC keys, not RSA keys, or most of the moments
/// fall into the search for primes.
pub struct Victim<'a> {
    pub program: &'a str,
    pub args: &'a [&'a str],
    /// Makes what the command finds when it starts.
    pub prepare: &'a dyn Fn(&World),
}

/// Runs the victim `rounds` times, kills each run with SIGKILL at its own moment, and asks `check` about what is left. The
/// moments are spread evenly over the time that the command takes, and shifted at random by `seed`.
#[track_caller]
pub fn kill_at_random_moments(
    victim: &Victim,
    rounds: u32,
    seed: u64,
    check: impl Fn(&World) -> Result<(), String>,
) {
    let mut span = usual_duration(victim).mul_f64(1.1);
    let mut random = seed;
    let mut killed = 0;
    for round in 0..rounds {
        let moment = span.mul_f64((f64::from(round) + unit(&mut random)) / f64::from(rounds));
        let world = World::new();
        (victim.prepare)(&world);
        match kill_after(victim, &world, moment) {
            true => killed += 1,
            // It was measured while other tests ran beside it, and takes less by now.
            false => span = span.min(moment),
        }
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
