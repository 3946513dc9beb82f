//! Renewal by the word of Kubernetes' own programs.

use std::thread;
use std::time::{Duration, Instant};

use crate::cluster::Cluster;
use crate::control_plane::ControlPlane;
use crate::kubeadm::kubeadm;
use crate::support::kubernetes_programs;
use crate::support::world::World;

#[test]
fn kubeadm_takes_its_folder_as_its_own_after_we_renewed_it() {
    let world = kubeadm();
    let said = |what: &str| {
        world.sh(&format!(
            "for crt in pki/apiserver*.crt pki/front-proxy-client.crt pki/etcd/[hps]*.crt; do
               openssl x509 -in $crt -noout {what}; done"
        ))
    };
    let says = "-subject -issuer -ext subjectAltName,keyUsage,extendedKeyUsage,basicConstraints";
    let before = (said(says), said("-serial"));
    world.sh("kubepki -q cert renew --all --reuse-key && kubepki -q cert renew --all");
    assert_eq!(said(says), before.0, "what they say");
    assert_ne!(said("-serial"), before.1);
    let programs = kubernetes_programs();
    let phase = "--kubernetes-version v1.36.3 --cert-dir \"$PWD/pki\" --apiserver-advertise-address 192.0.2.10";
    let taken = world.sh(&format!(
        "PATH={programs}:$PATH
         kubeadm init phase certs all {phase} --apiserver-cert-extra-sans 127.0.0.1
         kubeadm init phase kubeconfig all {phase} --kubeconfig-dir \"$PWD\""
    ));
    assert!(!taken.contains("Generating"), "{taken}");
    assert_eq!(taken.matches("Using existing").count(), 15, "{taken}");
    let listed = world
        .sh(&format!("{programs}/kubeadm certs check-expiration --cert-dir \"$PWD/pki\" 2>&1"));
    assert!(
        listed.contains("apiserver-kubelet-client") && !listed.contains("<invalid>"),
        "{listed}"
    );
    let control_plane = ControlPlane::start_with_controller_manager(&world, "pki");
    let cluster = Cluster { world, control_plane };
    cluster.an_administrator_waits_for_a_binding();
    cluster.etcd_knows_its_own();
    cluster.the_front_proxy_speaks_for_others();
}

#[test]
fn a_running_api_server_serves_the_next_certificate_without_a_restart() {
    let world = kubeadm();
    let control_plane = ControlPlane::start(&world, "pki");
    let address = control_plane.url.replace("https://", "");
    // The command that is printed, at the port of the test.
    let served = || {
        world.sh(&format!(
            "openssl s_client -connect {address} </dev/null 2>/dev/null | openssl x509 -noout -serial"
        ))
    };
    let first = served();
    world
        .sh("kubepki -q cert renew apiserver apiserver-etcd-client etcd-server front-proxy-client");
    let next = world.sh("openssl x509 -in pki/apiserver.crt -noout -serial");
    assert_ne!(first, next);
    let until = Instant::now() + Duration::from_secs(90);
    while served() != next {
        assert!(Instant::now() < until, "it still serves the old one");
        thread::sleep(Duration::from_millis(500));
    }
    let client =
        ["--cert", "pki/apiserver-kubelet-client.crt", "--key", "pki/apiserver-kubelet-client.key"];
    let trust = ["--cacert", "pki/ca.crt"];
    assert_eq!(control_plane.curl(&world, "/version", &[&trust[..], &client].concat()), "200");
    assert!(control_plane.etcd_takes(&world, "apiserver-etcd-client"));
    world.sh("kubepki -q cert undo");
    assert_eq!(world.sh("openssl x509 -in pki/apiserver.crt -noout -serial"), first);
}

/// `docs/rescue.md` is the same for people; this looks at each of the kubeconfigs.
#[test]
fn a_cluster_that_expired_a_year_ago_works_after_one_command_and_restarts() {
    let world = World::in_the_present();
    world.sh("
        at=$(date -u -d '2 years ago' +%Y-%m-%dT00:00:00Z)
        kubepki -q cluster init --at $at --apiserver-advertise-address 192.0.2.10 --node-name cp-1 \\
          --apiserver-cert-extra-sans 127.0.0.1 --key-type ECDSA-P256 2>&1
        sed -i '1i # ours: do not lose it' admin.conf kubelet.conf
        for crt in pki/apiserver.crt pki/etcd/server.crt pki/front-proxy-client.crt; do
          ! openssl x509 -in $crt -noout -checkend 0
        done
        ! kubepki -q kubeconfig check admin.conf kubelet.conf
        kubepki -q cert renew --all
        head -qn 1 admin.conf kubelet.conf | uniq -c | grep '2 # ours: do not lose it'");
    let control_plane = ControlPlane::start_with_controller_manager(&world, "pki");
    let cluster = Cluster { world, control_plane };
    cluster.kubeconfigs_are_who_they_should_be();
    cluster.an_administrator_waits_for_a_binding();
    cluster.etcd_knows_its_own();
    cluster.the_front_proxy_speaks_for_others();
}
