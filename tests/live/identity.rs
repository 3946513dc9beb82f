//! Who somebody is, by the word of the API server.

use serde_json::Value;

use crate::control_plane::ControlPlane;
use crate::support::world::World;

/// What is special in a distinguished name, in YAML, in a shell, and outside ASCII.
const USER: &str = "Zoë \"the\" O'Neil, R+D=1; <#\\>";
const GROUPS: [&str; 3] = ["zwei, \"drei\" + größe=😀", "dev", "a:b"];

#[test]
fn the_server_reads_the_name_and_all_groups_as_they_were_given_and_in_that_order() {
    let world = cluster();
    let control_plane = ControlPlane::start(&world, "pki");
    let groups = GROUPS.map(|group| ["--org", group]).concat();
    let person = [&["--key-type", "ECDSA-P256", "--cn", USER], &groups[..]].concat();

    kubepki(&world, &[&["cert", "issue", "zoe", "--out", "home/zoe.crt"], &person[..]].concat());
    let gen_config = ["kubeconfig", "gen", USER, "--server", &control_plane.url];
    let existing = ["--client-certificate", "home/zoe.crt", "--paths", "--out", "home/paths.conf"];
    kubepki(&world, &[&gen_config[..], &existing].concat());
    assert_is_zoe(&control_plane, &world, "home/paths.conf");

    let gen_config = ["kubeconfig", "gen", "zoe", "--issue", "--server", &control_plane.url];
    kubepki(&world, &[&gen_config[..], &person].concat());
    assert_is_zoe(&control_plane, &world, "zoe.conf");
}

#[test]
fn the_server_refuses_who_has_no_certificate_no_rights_or_one_of_another_ca() {
    let world = cluster();
    world.sh("export KUBEPKI_KEY_TYPE=Ed25519
         kubepki -q cert issue root --profile user --org system:masters 2>&1
         kubepki -q cert issue zoe --profile user --org dev
         kubepki -q ca init --cert-dir other
         kubepki -q cert issue root --profile user --org system:masters --cert-dir other 2>&1");
    let control_plane = ControlPlane::start(&world, "pki");
    let ask = |who: &[&str]| {
        let args = [&["--cacert", "pki/ca.crt"], who].concat();
        control_plane.curl(&world, "/api/v1/namespaces", &args)
    };
    assert_eq!(ask(&["--cert", "pki/root.crt", "--key", "pki/root.key"]), "200");
    assert_eq!(ask(&["--cert", "pki/zoe.crt", "--key", "pki/zoe.key"]), "403", "known, no rights");
    assert_eq!(ask(&["--cert", "other/root.crt", "--key", "other/root.key"]), "401", "a stranger");
    assert_eq!(ask(&[]), "401", "without a certificate");
}

#[track_caller]
fn assert_is_zoe(control_plane: &ControlPlane, world: &World, kubeconfig: &str) {
    let args = ["--kubeconfig", kubeconfig, "auth", "whoami", "-o", "json"];
    let output = control_plane.kubectl(world, &args);
    assert!(output.status.success(), "{output:?}");
    let who: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let who = &who["status"]["userInfo"];
    assert_eq!(who["username"], USER);
    let groups: Vec<_> = who["groups"].as_array().expect("groups").iter().collect();
    assert_eq!(groups, [&GROUPS[..], &["system:authenticated"]].concat());
}

fn cluster() -> World {
    let world = World::in_the_present();
    world.sh("kubepki -q ca init; kubepki -q cert issue apiserver --san 127.0.0.1");
    world
}

#[track_caller]
fn kubepki(world: &World, args: &[&str]) {
    let output = world.run("kubepki", args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}
