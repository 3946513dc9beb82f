//! What kube-apiserver and Go's verifier say of our certificates.

use std::path::PathBuf;

use crate::control_plane::ControlPlane;
use crate::support::judges::{Purpose, Question, go};
use crate::support::world::World;

/// Names that are hard for a shell, for DER and for string forms of names.
const HARD_NAME: &str = "Zoë \"Z\" O'Neil, a+b=c";

#[test]
fn the_api_server_knows_our_users_and_refuses_strangers() {
    let world = World::in_the_present();
    world.sh("kubepki ca init; kubepki cert issue apiserver --san 127.0.0.1");
    world.sh("kubepki cert issue root --profile user --org system:masters");
    world.sh(
        "kubepki ca init --cert-dir other; kubepki cert issue eve --profile user --cert-dir other",
    );
    let hard = ["cert", "issue", "hard", "--profile", "user", "--cn", HARD_NAME];
    let orgs = ["--org", "dev", "--org", "ops, b+c", "--org", "größe"];
    let issued = world.run("kubepki", &[&hard[..], &orgs].concat());
    assert!(issued.status.success(), "{issued:?}");
    let control_plane = ControlPlane::start(&world, "pki");

    let ask = |files: &str| {
        let (crt, key) = (format!("{files}.crt"), format!("{files}.key"));
        let args = ["--cacert", "pki/ca.crt", "--cert", &crt, "--key", &key];
        control_plane.curl(&world, "/api/v1/namespaces", &args)
    };
    assert_eq!(ask("pki/root"), "200");
    assert_eq!(ask("pki/hard"), "403", "known, but without rights");
    assert_eq!(ask("other/eve"), "401", "of another CA");
    let nobody = control_plane.curl(&world, "/api/v1/namespaces", &["--cacert", "pki/ca.crt"]);
    assert_eq!(nobody, "401", "without a certificate");

    let who = whoami(&control_plane, &world, "pki/hard");
    assert_eq!(who["username"], HARD_NAME);
    assert_eq!(
        who["groups"],
        serde_json::json!(["dev", "ops, b+c", "größe", "system:authenticated"])
    );
}

#[test]
fn go_accepts_every_kind_of_key_below_a_root_and_an_intermediate() {
    for key_type in ["RSA-2048", "RSA-3072", "RSA-4096", "ECDSA-P256", "ECDSA-P384", "Ed25519"] {
        let world = World::in_the_present();
        world.sh(&format!(
            "export KUBEPKI_KEY_TYPE={key_type}
             kubepki ca init; kubepki ca init between --parent ca
             for ca in ca between; do
               kubepki cert issue server-$ca --profile server --san localhost --san 127.0.0.1 --ca $ca
               kubepki cert issue client-$ca --profile client --ca $ca
             done"
        ));
        for ca in ["ca", "between"] {
            accept(&world, &format!("server-{ca}"), Purpose::Server, &["localhost", "127.0.0.1"]);
            accept(&world, &format!("client-{ca}"), Purpose::Client, &[""]);
        }
    }
}

fn accept(world: &World, name: &str, purpose: Purpose, hosts: &[&str]) {
    let [roots, chain]: [PathBuf; 2] =
        ["pki/ca.crt".to_owned(), format!("pki/{name}.crt")].map(|file| world.path(file));
    for host in hosts {
        let question =
            Question { roots: &roots, chain: &chain, purpose, name: Some(host), at: None };
        let read = go(&question).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(read["user"], name);
    }
}

/// The user as the API server reads him: `username`, `groups`.
fn whoami(control_plane: &ControlPlane, world: &World, files: &str) -> serde_json::Value {
    let (crt, key) = (format!("{files}.crt"), format!("{files}.key"));
    let identity = ["--client-certificate", &crt, "--client-key", &key];
    let server = ["--server", &control_plane.url, "--certificate-authority", "pki/ca.crt"];
    let question = ["auth", "whoami", "-o", "json"];
    let output = control_plane.kubectl(world, &[&identity[..], &server, &question].concat());
    assert!(output.status.success(), "{output:?}");
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    said["status"]["userInfo"].clone()
}
