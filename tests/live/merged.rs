//! Kubeconfigs of two clusters in one file, by the word of both API servers.

use crate::control_plane::ControlPlane;
use crate::support::kubernetes_programs;
use crate::support::terminal::Terminal;
use crate::support::world::World;

/// What tells the two servers apart.
const CLUSTERS: [&str; 2] = ["east", "west"];

#[test]
fn each_context_of_a_merged_file_and_each_shell_reaches_its_own_server() {
    let world = World::in_the_present();
    let _servers = CLUSTERS.map(|cluster| start(&world, cluster));
    world.sh("kubepki -q kubeconfig merge east/super-admin.conf west/super-admin.conf --out all.conf 2>&1");
    let contexts = world.sh("kubepki context list -o name --kubeconfig all.conf");
    let contexts: Vec<&str> = contexts.lines().collect();
    assert_eq!(contexts.len(), 2, "both are called the same at first: {contexts:?}");
    for (context, cluster) in contexts.iter().zip(CLUSTERS) {
        let kubectl = kubectl("--kubeconfig all.conf");
        let seen = world
            .sh(&format!("{kubectl} --context '{context}' get namespaces -o name | grep only-"));
        assert_eq!(seen, format!("namespace/only-{cluster}\n"), "{context}");
    }

    let before = world.read("all.conf");
    let shells: Vec<Terminal<'_>> = contexts.iter().map(|context| shell(&world, context)).collect();
    for (shell, cluster) in shells.iter().zip(CLUSTERS) {
        shell.line("kubectl get namespaces -o name | grep only-; kubectl config set-context --current --namespace web");
        shell.wait_for("modified");
        let screen = shell.screen();
        let others = CLUSTERS.iter().filter(|other| **other != cluster);
        assert!(screen.contains(&format!("namespace/only-{cluster}")), "{screen}");
        for other in others {
            assert!(!screen.contains(&format!("namespace/only-{other}")), "{screen}");
        }
    }
    assert_eq!(world.read("all.conf"), before);
}

/// A cluster with a namespace of its own, and a kubeconfig with the names that every cluster of kubeadm's has.
fn start(world: &World, cluster: &str) -> ControlPlane {
    world.sh(&format!(
        "mkdir {cluster}; cd {cluster}; kubepki -q cluster init --key-type ECDSA-P256 \
         --apiserver-advertise-address 192.0.2.10 --apiserver-cert-extra-sans 127.0.0.1 \
         --node-name {cluster} 2>&1"
    ));
    let server = ControlPlane::start(world, &format!("{cluster}/pki"));
    let (file, url) = (format!("{cluster}/super-admin.conf"), &server.url);
    world.sh(&format!(
        "kubepki -q kubeconfig cluster set kubernetes --server {url} --kubeconfig {file}
         {} create namespace only-{cluster}",
        kubectl(&format!("--kubeconfig {file}"))
    ));
    server
}

fn kubectl(options: &str) -> String {
    format!("{}/kubectl {options}", kubernetes_programs())
}

/// A terminal in which one context counts.
fn shell<'a>(world: &'a World, context: &str) -> Terminal<'a> {
    let path = format!("PATH={}:$PATH", kubernetes_programs());
    let command =
        format!("{path} SHELL=bash KUBECONFIG=all.conf kubepki context shell '{context}'");
    let terminal = Terminal::start(world, (100, 24), &command);
    terminal.line("echo ready for $KUBEPKI_CONTEXT");
    terminal.wait_for(&format!("ready for {context}"));
    terminal
}
