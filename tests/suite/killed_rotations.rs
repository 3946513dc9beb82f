//! A rotation that is killed at any moment of any stage goes on as if nothing had been.

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::crash::{Victim, kill_at_random_moments, rounds};
use crate::support::world::World;

/// The stages, with what is typed to reach each: all CAs, then the token key, so that one kill meets both.
const STAGES: [(&str, &[&str]); 7] = [
    ("prepare", &["ca", "rotate", "prepare", "--all"]),
    ("trust", &["ca", "rotate", "trust"]),
    ("reissue", &["ca", "rotate", "reissue"]),
    ("switch", &["ca", "rotate", "switch"]),
    ("undo", &["ca", "rotate", "undo", "ca", "etcd-ca", "front-proxy-ca"]),
    ("switch", &["ca", "rotate", "switch"]),
    ("finish", &["ca", "rotate", "finish"]),
];

/// How often each stage is killed.
const ROUNDS: u32 = 12;

#[test]
fn a_killed_stage_is_completed_by_the_next_run() {
    for (index, (name, args)) in STAGES.iter().enumerate() {
        let before = folder_before(index).display().to_string();
        let prepare = |world: &World| drop(world.sh(&format!("cp -a {before}/. .")));
        let victim = Victim { program: "kubepki", args, prepare: &prepare };
        kill_at_random_moments(&victim, rounds(ROUNDS), 1000 + index as u64, |world| {
            // What `status` tells to type for what was left half goes through.
            let command = world.sh(&format!(
                "kubepki ca rotate status 2>/dev/null | sed -n 's/^ *next *//p' | grep -m 1 ' {name} ' || true"
            ));
            if command.contains(" prepare ") {
                let told = world.run("bash", &["-c", &command]);
                let said = String::from_utf8_lossy(&told.stderr).into_owned();
                if !told.status.success() {
                    return Err(format!("{command}{said}"));
                }
            }
            // The next run, whatever it is, finishes or undoes what was begun; then the stage is reached, if it was not.
            world.sh("kubepki -q ca init");
            let reached = world.run("kubepki", args);
            is_sound(world, *name == "finish").map_err(|damage| {
                format!("{damage}\n{name}: {}", String::from_utf8_lossy(&reached.stderr))
            })
        });
    }
}

/// A folder as it is before a stage. Each is made once.
fn folder_before(index: usize) -> PathBuf {
    static BEFORE: OnceLock<Vec<World>> = OnceLock::new();
    let before = BEFORE.get_or_init(|| {
        let mut worlds = vec![World::new()];
        worlds[0]
            .sh("kubepki -q cluster init --apiserver-advertise-address 10.0.0.5 --node-name cp-1 \
             --key-type ECDSA-P256 2>/dev/null
             for ca in ca etcd-ca; do
               kubepki -q cert issue eve-$ca --profile client --ca $ca && kubepki -q cert revoke eve-$ca --ca $ca
             done");
        for (_, args) in &STAGES[..STAGES.len() - 1] {
            let next = World::new();
            next.sh(&format!("cp -a {}/. .", worlds[worlds.len() - 1].home().display()));
            next.sh(&format!("kubepki -q {}", args.join(" ")));
            worlds.push(next);
        }
        worlds
    });
    before[index].home()
}

/// Each key belongs to the first certificate of its bundle, all certificates are good by that bundle and what is revoked by the lists is not,
/// the stage that is told of is complete, and no temporary file is left.
fn is_sound(world: &World, is_over: bool) -> Result<(), String> {
    let script = "
        cd pki
        same() { [ \"$(openssl x509 -noout -pubkey -in $1)\" = \"$(openssl pkey -pubout -in $2)\" ] || echo \"$1 has another key\"; }
        verify() { openssl verify -attime 1767225600 -CAfile $1.crt $2 >/dev/null || echo \"$2 is of another CA\"; }
        listed() { openssl verify -attime 1767225600 -crl_check -CAfile $1.crt -CRLfile $1.crl $2 >/dev/null 2>&1; }
        for ca in ca front-proxy-ca etcd/ca; do same $ca.crt $ca.key; done
        listed ca apiserver.crt && listed etcd/ca etcd/server.crt || echo 'what is good is refused by the list'
        listed ca eve-ca.crt || listed etcd/ca eve-etcd-ca.crt && echo 'what is revoked is believed' || true
        openssl crl -inform DER -in etcd/ca.crl.der -noout || echo damaged
        [ ! -e ca-signing.crt ] || same ca-signing.crt ca.key
        for name in apiserver apiserver-kubelet-client; do verify ca $name.crt; same $name.crt $name.key; done
        verify front-proxy-ca front-proxy-client.crt
        for name in apiserver-etcd-client etcd/server etcd/peer etcd/healthcheck-client; do verify etcd/ca $name.crt; same $name.crt $name.key; done
        for conf in admin super-admin kubelet controller-manager scheduler; do
          data() { sed -n \"s/^ *$1-data: //p\" ../$conf.conf | base64 -d; }
          data client-certificate >~/out.crt; verify ca ~/out.crt; data certificate-authority | cmp - ca.crt
        done 2>&1
        rm ~/out.crt; find . -name '*kubepki-set*' -o -name '*kubepki-far*' -o -name '*.elsewhere' -o -name '*.journal' -o -name '*.undo'
        kubepki ca rotate status >~/status || grep incomplete ~/status || true";
    let said = world.sh(&format!("{script}\ntrue"));
    let ends = if is_over { world.sh("grep -c BEGIN pki/ca.crt") } else { String::new() };
    match (said.trim(), ends.trim()) {
        ("", "" | "1") => Ok(()),
        (damage, count) => Err(format!("{damage} {count}")),
    }
}
