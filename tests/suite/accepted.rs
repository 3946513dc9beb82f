//! Every certificate that we make is accepted by the strictest judges, below a root and below an intermediate.

use std::path::PathBuf;

use crate::support::judges::{Purpose, Question, Side, openssl, python_handshake};
use crate::support::world::World;

const KEY_TYPES: [&str; 6] =
    ["RSA-2048", "RSA-3072", "RSA-4096", "ECDSA-P256", "ECDSA-P384", "Ed25519"];

#[test]
fn openssl_and_python_accept_every_kind_of_key_below_a_root_and_an_intermediate() {
    for key_type in KEY_TYPES {
        let world = World::in_the_present();
        make(&world, key_type, &["ca", "init"]);
        make(&world, key_type, &["ca", "init", "between", "--parent", "ca"]);
        for ca in ["ca", "between"] {
            let server = issue(&world, key_type, ca, "server", &["--san", "localhost"]);
            let client = issue(&world, key_type, ca, "client", &["--org", "dev", "--org", "ops"]);
            let peer = issue(&world, key_type, ca, "peer", &["--san", "localhost"]);
            accept(&world, &server, Purpose::Server);
            accept(&world, &client, Purpose::Client);
            accept(&world, &peer, Purpose::Server);
            accept(&world, &peer, Purpose::Client);
            shake_hands(&world, &server, &client);
            shake_hands(&world, &peer, &peer);
        }
    }
}

#[test]
fn openssl_accepts_every_preset_of_the_catalog() {
    let world = World::in_the_present();
    let small = "ECDSA-P256";
    for ca in ["ca", "etcd-ca", "front-proxy-ca"] {
        make(&world, small, &["ca", "init", ca]);
    }
    let clients = [
        ("pki/ca.crt", "admin"),
        ("pki/ca.crt", "super-admin"),
        ("pki/ca.crt", "controller-manager"),
        ("pki/ca.crt", "scheduler"),
        ("pki/ca.crt", "apiserver-kubelet-client"),
        ("pki/front-proxy-ca.crt", "front-proxy-client"),
        ("pki/etcd/ca.crt", "apiserver-etcd-client"),
        ("pki/etcd/ca.crt", "etcd-healthcheck-client"),
    ];
    for (root, preset) in clients {
        let out = format!("{preset}.pem");
        make(&world, small, &["cert", "issue", preset, "--out", &out]);
        let (roots, chain) = (world.path(root), world.path(&out));
        let question = Question {
            roots: &roots,
            chain: &chain,
            purpose: Purpose::Client,
            name: None,
            at: None,
        };
        assert_eq!(openssl(&question), Ok(()), "{preset}");
    }
}

/// Issues a certificate of a profile and returns what it is called.
fn issue(world: &World, key_type: &str, ca: &str, profile: &str, more: &[&str]) -> String {
    let name = format!("{profile}-of-{ca}");
    let args = ["cert", "issue", &name, "--profile", profile, "--ca", ca];
    make(world, key_type, &[&args[..], more].concat());
    name
}

fn make(world: &World, key_type: &str, args: &[&str]) {
    let output = world.run("kubepki", &[args, &["--key-type", key_type]].concat());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?} {key_type}: {stderr}");
}

fn accept(world: &World, name: &str, purpose: Purpose) {
    let [chain, _, roots] = files(world, name);
    let host = matches!(purpose, Purpose::Server).then_some("localhost");
    let question = Question { roots: &roots, chain: &chain, purpose, name: host, at: None };
    assert_eq!(openssl(&question), Ok(()), "{name} as {purpose:?}");
}

fn shake_hands(world: &World, server: &str, client: &str) {
    let (server_files, client_files) = (files(world, server), files(world, client));
    let heard = python_handshake("localhost", &Side::of(&server_files), &Side::of(&client_files));
    assert_eq!(heard, Ok(()), "{server} with {client}");
}

/// The certificate with its chain, the key, and the root alone.
fn files(world: &World, name: &str) -> [PathBuf; 3] {
    [format!("pki/{name}.crt"), format!("pki/{name}.key"), "pki/ca.crt".to_owned()]
        .map(|file| world.path(file))
}
