//! kubeadm's own PKI is the measure of the harness: what the control plane and the judges say of it must be right before what
//! they say of ours means anything.

use std::fs;
use std::path::PathBuf;

use snapbox::assert::Action;

use crate::control_plane::ControlPlane;
use crate::support::judges::{Purpose, Question, go};
use crate::support::kubernetes_programs;
use crate::support::transcripts::{all, check};
use crate::support::world::World;

#[test]
fn kubeadms_own_pki_brings_up_the_control_plane() {
    let world = kubeadm();
    let control_plane = ControlPlane::start_with_controller_manager(&world, "pki");
    let who = control_plane.kubectl(
        &world,
        &[
            "--kubeconfig",
            "super-admin.conf",
            "--server",
            &control_plane.url,
            "auth",
            "whoami",
            "-o",
            "json",
        ],
    );
    let said = String::from_utf8_lossy(&who.stdout);
    assert!(said.contains("kubernetes-super-admin") && said.contains("system:masters"), "{who:?}");
    let client =
        ["--cert", "pki/apiserver-kubelet-client.crt", "--key", "pki/apiserver-kubelet-client.key"];
    let stranger =
        ["--cert", "pki/apiserver-etcd-client.crt", "--key", "pki/apiserver-etcd-client.key"];
    let trust = ["--cacert", "pki/ca.crt"];
    assert_eq!(control_plane.curl(&world, "/version", &[&trust[..], &client].concat()), "200");
    assert_eq!(control_plane.curl(&world, "/version", &trust), "401", "without a certificate");
    assert_eq!(
        control_plane.curl(&world, "/version", &[&trust[..], &stranger].concat()),
        "401",
        "of another CA"
    );
    assert_eq!(
        control_plane.curl(&world, "/version", &["--cacert", "pki/etcd/ca.crt"]),
        "000",
        "another root"
    );
}

#[test]
fn a_control_plane_is_gone_when_its_value_is() {
    let world = kubeadm();
    let control_plane = ControlPlane::start(&world, "pki");
    let url = control_plane.url.clone();
    assert!(world.run("curl", &["-skf", &format!("{url}/readyz")]).status.success());
    drop(control_plane);
    assert!(!world.run("curl", &["-skf", &format!("{url}/readyz")]).status.success());
    assert_eq!(servers_in(&world), "", "a server is still running");
}

#[test]
#[should_panic(expected = "did not start")]
fn a_pki_that_cannot_work_is_reported() {
    let world = kubeadm();
    world.sh("cp pki/etcd/server.key pki/apiserver.key");
    ControlPlane::start(&world, "pki");
}

#[test]
fn go_accepts_a_good_certificate_and_says_what_kubernetes_reads() {
    let world = kubeadm();
    let [ca, etcd_ca, server] =
        ["ca.crt", "etcd/ca.crt", "apiserver.crt"].map(|file| world.path("pki").join(file));
    let question =
        |purpose, name, at| Question { roots: &ca, chain: &server, purpose, name: Some(name), at };
    let read =
        go(&question(Purpose::Server, "kubernetes.default.svc", None)).expect("a good certificate");
    assert_eq!((&read["user"], &read["path"][1]), (&"kube-apiserver".into(), &"kubernetes".into()));
    let refuses = |question: Question, why: &str| {
        let said = go(&question).expect_err(why);
        assert!(said.contains(why), "{said}");
    };
    refuses(question(Purpose::Client, "", None), "incompatible key usage");
    refuses(question(Purpose::Server, "other.example", None), "not other.example");
    refuses(question(Purpose::Server, "127.0.0.1", Some(4_000_000_000)), "expired");
    refuses(
        Question { roots: &etcd_ca, ..question(Purpose::Server, "", None) },
        "unknown authority",
    );
}

#[test]
fn pages_with_live_blocks_play_as_written() {
    let world = kubeadm();
    let case = world.backstage("case.md");
    let page = "```console live\n$ curl -s --cacert pki/ca.crt https://127.0.0.1:6443/readyz; exit 3\nok\n[exit 3]\n```\n";
    fs::write(&case, page).expect("a case");
    assert_eq!(check(&case, world, Action::Verify), Ok(()));

    let is_live = |page: &PathBuf| {
        fs::read_to_string(page).is_ok_and(|text| text.contains("```console live"))
    };
    for page in all().into_iter().filter(is_live) {
        // One after the other: each has its API server on the port that the page names.
        check(&page, World::in_the_present(), Action::Verify)
            .unwrap_or_else(|error| panic!("{error}"));
    }
}

/// A world with the PKI and the kubeconfigs of kubeadm.
pub fn kubeadm() -> World {
    let world = World::in_the_present();
    let phase = "--kubernetes-version v1.36.3 --cert-dir \"$PWD/pki\" --apiserver-advertise-address 192.0.2.10";
    world.sh(&format!(
        "PATH={}:$PATH
         kubeadm init phase certs all {phase} --apiserver-cert-extra-sans 127.0.0.1
         kubeadm init phase kubeconfig all {phase} --kubeconfig-dir \"$PWD\"",
        kubernetes_programs()
    ));
    world
}

/// The processes that work in the folder of a world.
fn servers_in(world: &World) -> String {
    world.sh("for p in /proc/[0-9]*; do [ \"$(readlink $p/cwd)\" = ~/pki ] && tr '\\0' ' ' <$p/cmdline; done; true")
}
