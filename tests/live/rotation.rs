//! All CAs and the token key of a running cluster are rotated, and its clients do not notice.

use std::path::Path;

use crate::support::world::World;
use crate::support::{ROOT, kubernetes_programs};

/// Two API servers before three members of etcd.
const CLUSTER: &str = "\
apiVersion: kubepki/v1alpha1
kind: ClusterPKI
controlPlaneEndpoint: localhost
encryptionAlgorithm: ECDSA-P256
controlPlaneNodes:
- {name: cp-1, addresses: [192.0.2.1]}
- {name: cp-2, addresses: [192.0.2.2]}
etcdNodes:
- {name: etcd-1, addresses: [192.0.2.11]}
- {name: etcd-2, addresses: [192.0.2.12]}
- {name: etcd-3, addresses: [192.0.2.13]}
workerNodes:
- {name: worker-1, addresses: [192.0.2.21]}
";

#[test]
fn no_client_notices_a_rotation_and_nobody_believes_the_old_ones_after_it() {
    assert_goes_unnoticed(&rotate(&[]));
}

#[test]
fn no_client_notices_that_a_rotation_is_killed_in_each_of_its_stages() {
    assert_goes_unnoticed(&rotate(&["--kill"]));
}

fn assert_goes_unnoticed(said: &str) {
    let count = |wanted: &str| said.matches(wanted).count();
    assert_eq!(count(": 4 of 4\n"), 5, "{said}");
    assert_eq!(count("not restarted: 3"), 1, "{said}");
    assert_eq!(count("seen: "), 3, "{said}");
    for client in ["writer", "certificate", "token", "front proxy"] {
        let line = said.lines().find(|line| line.starts_with(&format!("{client}: ")));
        let line = line.unwrap_or_else(|| panic!("no {client}: {said}"));
        assert!(line.contains(" answered, 0 refused, 0 lost;"), "{said}");
    }
    assert_eq!(count("CAs in kube-root-ca.crt: 2"), 1, "{said}");
    assert_eq!(count("CAs in kube-root-ca.crt: 1"), 1, "{said}");
    assert_eq!(count("signed by the new CA: dave.crt: OK"), 1, "{said}");
    for (who, old, new) in [("certificate", "401", "200"), ("token", "401", "200")] {
        assert_eq!(count(&format!("old {who}: {old}")), 2, "{said}");
        assert_eq!(count(&format!("new {who}: {new}")), 2, "{said}");
    }
    assert_eq!(count("old front proxy: 401"), 2, "{said}");
    assert_eq!(count("old trust: refuses"), 2, "{said}");
    assert_eq!(count("old client of etcd: refused"), 3, "{said}");
    assert_eq!(count("new client of etcd: believed"), 3, "{said}");
    // Before, in and after each stage that makes another list, at each member.
    assert_eq!(count("revoked client of etcd: refused"), 18, "{said}");
}

/// What the script says that rotates all there is while clients ask.
fn rotate(options: &[&str]) -> String {
    let world = World::in_the_present();
    world.write("cluster.yaml", CLUSTER);
    world.sh("kubepki -q cluster init --config cluster.yaml 2>&1");
    let mut run = world.command("timeout");
    run.arg("600").arg(Path::new(ROOT).join("tests/control-plane/rotate")).args(options).arg(".");
    let output = run.env("KUBEBUILDER_ASSETS", kubernetes_programs()).output().expect("timeout");
    let talk = String::from_utf8_lossy(&output.stderr);
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &talk;
    assert!(output.status.success(), "{said}");
    said
}
