//! kubeadm takes our folder as its own, and we take its.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::kubernetes_programs;
use crate::support::world::World;

const ADDRESS: &str = "--apiserver-advertise-address 192.0.2.10";

/// Below this folder everything stands where kubeadm looks for it: it cannot be told where kubeconfigs are that it renews.
const ROOT: &str = "root";

#[test]
fn kubeadm_finds_everything_in_our_folder_and_changes_no_byte() {
    let world = World::in_the_present();
    ours(&world);
    let before = sums(&world);
    let said = theirs(&world);
    assert_eq!(sums(&world), before);
    let existing = said.lines().filter(|line| line.contains("Using") && line.contains("xisting"));
    assert_eq!(existing.count(), 16, "{said}");
    assert!(!said.contains("Generating") && !said.contains("Writing"), "{said}");
}

#[test]
fn we_find_everything_in_kubeadms_folder_and_change_no_byte() {
    let world = World::in_the_present();
    theirs(&world);
    let before = sums(&world);
    assert_eq!(before.len(), 27);
    world.sh(&format!("kubepki cluster plan {} >/dev/null", flags(&world)));
    let report = world.sh(&format!("kubepki cluster init {} -o json", flags(&world)));
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["changed"], false);
    assert_eq!(sums(&world), before);
}

#[test]
fn kubeadm_tells_the_ends_of_our_certificates_and_renews_them_and_we_take_what_it_renewed() {
    let world = World::in_the_present();
    ours(&world);
    let kubeadm =
        |args: &str| world.sh(&format!("{} {args} --rootfs ~/{ROOT} 2>/dev/null", kubeadm()));
    let told: Value =
        serde_json::from_str(&kubeadm("certs check-expiration -o json")).expect("JSON");
    for (list, count) in [("certificates", 11), ("certificateAuthorities", 3)] {
        let list = told[list].as_array().expect("a list");
        let found =
            list.iter().filter(|it| it["missing"] != true && it["externallyManaged"] == false);
        assert_eq!(found.count(), count, "{told}");
    }
    let before = sums(&world);
    let said = kubeadm("certs renew all");
    assert_eq!(said.lines().filter(|line| line.ends_with(" renewed")).count(), 11, "{said}");
    let after = sums(&world);
    let changed = before.iter().filter(|(file, sum)| after.get(*file) != Some(sum));
    assert_eq!(changed.count(), 7 * 2 + 4, "pairs and kubeconfigs");
    world.sh(&format!("kubepki cluster plan {}", flags(&world)));
}

/// The keys of two CAs stay with the operator; kubeadm calls them external then.
#[test]
fn kubeadm_finds_everything_in_the_folder_of_a_node_of_an_inventory() {
    let world = World::in_the_present();
    world.write(
        "cluster.yaml",
        "apiVersion: kubepki/v1alpha1\nkind: ClusterPKI\ncontrolPlaneEndpoint: kube.example.com\nencryptionAlgorithm: ECDSA-P256\n\
         controlPlaneNodes: [{name: cp-1, addresses: [192.0.2.1]}, {name: cp-2, addresses: [192.0.2.2]}]\n",
    );
    world.write(
        "kubeadm.yaml",
        "apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nlocalAPIEndpoint: {advertiseAddress: 192.0.2.2}\n\
         nodeRegistration: {name: cp-2, criSocket: 'unix:///run/containerd/containerd.sock'}\n---\n\
         apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.36.3\n\
         controlPlaneEndpoint: kube.example.com\ncertificatesDir: HOME/nodes/cp-2/pki\n",
    );
    let kubeadm = format!("{}/kubeadm", kubernetes_programs());
    let said = world.sh(&format!(
        "kubepki -q cluster init --config cluster.yaml 2>&1; sed -i \"s|HOME|$HOME|\" kubeadm.yaml
         find nodes -type f -exec sha256sum {{}} + >before
         {kubeadm} init phase certs all --config kubeadm.yaml 2>&1
         for conf in admin kubelet controller-manager scheduler; do
           {kubeadm} init phase kubeconfig $conf --config kubeadm.yaml --kubeconfig-dir ~/nodes/cp-2 2>&1
         done
         find nodes -type f -exec sha256sum {{}} + | diff before - && echo no byte has changed"
    ));
    let existing = said.lines().filter(|line| line.contains("Using") && line.contains("xisting"));
    assert_eq!(existing.count(), 15, "{said}");
    assert!(said.ends_with("no byte has changed\n"), "{said}");
}

#[test]
fn kubeadm_takes_what_was_signed_elsewhere_and_changes_no_byte() {
    let world = World::in_the_present();
    let flags = flags(&world);
    world.sh(&format!(
        "kubepki -q ca init root --cert-dir office
         kubepki -q ca init issuing --parent root --cert-dir office
         mkdir -p {ROOT}/etc/kubernetes/pki signed; cp office/root.crt {ROOT}/etc/kubernetes/pki/ca.crt
         for request in $(kubepki cluster csr {flags} -o name); do
           purpose=client; case $request in */apiserver.csr) purpose=server ;; esac
           kubepki -q cert sign $request --profile $purpose --copy-sans --ca office/issuing.crt \
             --out signed/$(basename $request .csr).crt 2>&1
         done
         kubepki -q cluster import signed {flags}
         kubepki -q cluster init {flags}"
    ));
    let before = sums(&world);
    let phase = |phase: &str| {
        let kubeadm = kubeadm();
        let version = "--kubernetes-version v1.36.3";
        world
            .sh(&format!("{kubeadm} init phase {phase} {version} {ADDRESS} --rootfs ~/{ROOT} 2>&1"))
    };
    let said = phase("certs all") + &phase("kubeconfig all");
    assert_eq!(sums(&world), before);
    assert!(said.contains("Using existing ca keyless certificate authority"), "{said}");
    assert_eq!(said.matches("External CA mode: Using user provided").count(), 5, "{said}");
    assert!(!said.contains("Generating") && !said.contains("Writing"), "{said}");
}

fn ours(world: &World) {
    world.sh(&format!(
        "mkdir -p {ROOT}/etc/kubernetes; kubepki -q cluster init {} --key-type ECDSA-P256 2>&1",
        flags(world)
    ));
}

/// The same settings for us; in its phases kubeadm names the node after the machine.
fn flags(world: &World) -> String {
    let host = world.sh("uname -n").trim().to_lowercase();
    format!(
        "{ADDRESS} --node-name {host} --cert-dir {ROOT}/etc/kubernetes/pki --kubeconfig-dir {ROOT}/etc/kubernetes"
    )
}

/// What kubeadm's two phases say.
fn theirs(world: &World) -> String {
    let kubeadm = format!("{}/kubeadm", kubernetes_programs());
    let flags =
        format!("--kubernetes-version v1.36.3 {ADDRESS} --cert-dir ~/{ROOT}/etc/kubernetes/pki");
    world.sh(&format!(
        "{kubeadm} init phase certs all {flags} 2>&1
         {kubeadm} init phase kubeconfig all {flags} --kubeconfig-dir ~/{ROOT}/etc/kubernetes 2>&1"
    ))
}

/// kubeadm in a user namespace, where anybody may change the root.
fn kubeadm() -> String {
    format!("unshare --map-root-user {}/kubeadm", kubernetes_programs())
}

/// The checksum of each file.
fn sums(world: &World) -> BTreeMap<String, String> {
    let sums = world.sh(&format!("cd {ROOT}; find . -type f ! -name '.*' -exec sha256sum {{}} +"));
    let pair =
        |line: &str| line.split_once("  ").map(|(sum, file)| (file.to_owned(), sum.to_owned()));
    sums.lines().filter_map(pair).collect()
}
