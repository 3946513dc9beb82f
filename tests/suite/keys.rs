//! Keys: sound by the word of openssl, and none at all where there is no randomness.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use kubepki::core::keys::draw;
use kubepki::core::x509::entropy::System;
use kubepki::core::x509::key_type::KeyType;

use crate::support::world::World;

/// RSA-2048 keys that are drawn, and a tenth as many of the longer ones; with `KUBEPKI_TEST_KEYS` as many of each.
const USUAL: usize = 200;

#[test]
fn rsa_keys_are_sound_and_have_exactly_the_length_that_was_asked_for() {
    let all = std::env::var("KUBEPKI_TEST_KEYS").ok().map(|keys| keys.parse().expect("a number"));
    draw_and_check(KeyType::Rsa2048, 2048, all.unwrap_or(USUAL));
    draw_and_check(KeyType::Rsa3072, 3072, all.unwrap_or(USUAL / 10));
    draw_and_check(KeyType::Rsa4096, 4096, all.unwrap_or(USUAL / 10));
}

#[test]
fn openssl_finds_a_key_that_is_not_sound() {
    let world = World::new();
    world.write("key", draw(KeyType::Rsa2048, &System::default()).expect("a key").to_pem());
    world.sh("openssl rsa -in key -outform DER -out der");
    let mut damaged = std::fs::read(world.path("der")).expect("the key");
    damaged[400] ^= 2;
    world.write("der", damaged);
    world.sh("openssl rsa -inform DER -in der -out key");
    assert!(fault(&world, "key", 2048).is_some());
}

#[test]
fn without_randomness_nothing_is_written() {
    let world = World::new();
    world.sh("kubepki -q ca init; kubepki -q cert request theirs --key-type Ed25519");
    world.sh("kubepki -q cluster init --only front-proxy-ca,etcd-ca,sa --node-name cp-1 \
           --apiserver-advertise-address 10.0.0.5 --key-type ECDSA-P256
         (umask 077; openssl rand -hex 32 >certificate.key)");
    let before = world.sh("find . -type f -exec sha256sum {} + | sort");
    for command in [
        "ca init another",
        "ca init --cn another --force",
        "cert issue web --profile server --san a.example",
        "cert issue web --profile client --key-type ECDSA-P256",
        "cert issue web --profile client --key-type Ed25519",
        "cert issue web --profile client --key pki/theirs.key",
        "cert request web",
        "cert sign pki/theirs.csr --profile client",
        "kubeconfig gen web --server https://a.example:6443 --issue",
        "cluster upload-bundle --certificate-key new.key --out secret.yaml",
        "cluster upload-bundle --certificate-key certificate.key --out secret.yaml",
    ] {
        let strace =
            ["-f", "-qq", "-o", "/dev/null", "-e", "inject=getrandom:error=EIO", "kubepki"];
        let words: Vec<&str> = strace.into_iter().chain(command.split(' ')).collect();
        let output = world.run("strace", &words);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{command}: {said}");
        assert!(said.contains("the system gives no random numbers"), "{command}: {said}");
        let after = world.sh("find . -type f -exec sha256sum {} + | sort");
        assert_eq!(after, before, "{command}");
    }
}

fn draw_and_check(key_type: KeyType, length: usize, number: usize) {
    let (world, next) = (World::new(), AtomicUsize::new(0));
    let work = || {
        while next.fetch_add(1, Ordering::Relaxed) < number {
            let name = format!("{:?}", thread::current().id());
            world.write(&name, draw(key_type, &System::default()).expect("a key").to_pem());
            assert_eq!(fault(&world, &name, length), None);
        }
    };
    thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        (0..cores).for_each(|_| drop(scope.spawn(work)));
    });
}

/// What openssl finds wrong with a key.
fn fault(world: &World, file: &str, length: usize) -> Option<String> {
    let output = world.run("openssl", &["rsa", "-in", file, "-noout", "-check", "-text"]);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let right = output.status.success()
        && said.contains("RSA key ok")
        && said.contains(&format!("Private-Key: ({length} bit, 2 primes)"))
        && said.contains("publicExponent: 65537 (0x10001)");
    (!right).then_some(said)
}
