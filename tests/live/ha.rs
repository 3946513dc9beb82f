//! A cluster of several nodes from one inventory, by the word of its servers.

use std::net::TcpListener;
use std::path::Path;

use crate::support::world::World;
use crate::support::{ROOT, kubernetes_programs};

/// Asks every member for the cluster, as the API servers do.
const ETCDCTL: &str = "etcdctl --command-timeout 10s --cacert nodes/cp-1/pki/etcd/ca.crt \
    --cert nodes/cp-1/pki/apiserver-etcd-client.crt --key nodes/cp-1/pki/apiserver-etcd-client.key";

#[test]
fn three_members_and_the_api_servers_before_them_work_together() {
    let (world, port) = cluster();
    let seen = beside_the_servers(
        &world,
        port,
        &format!(
            "{ETCDCTL} --endpoints ${{KUBE_ETCDS// /,}} member list; {ETCDCTL} --endpoints ${{KUBE_ETCDS// /,}} endpoint health 2>&1
             kubectl='kubectl --kubeconfig super-admin.conf'
             echo through the balancer: $($kubectl auth whoami -o jsonpath='{{.status.userInfo.username}}')
             $kubectl create serviceaccount robot
             token=$($kubectl create token robot)
             for server in $KUBE_APISERVERS; do
               at=\"--server $server --tls-server-name localhost\"
               echo alice: $(kubectl $at --kubeconfig users/alice.conf auth whoami -o jsonpath='{{.status.userInfo.groups}}')
               echo worker: $(kubectl $at --kubeconfig nodes/worker-2/kubelet.conf auth whoami -o jsonpath='{{.status.userInfo.username}}')
               echo robot: $(kubectl $at --certificate-authority pki/ca.crt --token $token auth whoami -o jsonpath='{{.status.userInfo.username}}')
             done
             wrong='--cert nodes/cp-1/pki/apiserver-kubelet-client.crt --key nodes/cp-1/pki/apiserver-kubelet-client.key'
             {ETCDCTL} --endpoints ${{KUBE_ETCDS%% *}} $wrong get / >/dev/null 2>&1 || echo etcd refuses the client of another CA"
        ),
    );
    let count = |wanted: &str| seen.matches(wanted).count();
    assert_eq!(count(", started, etcd-"), 3, "{seen}");
    assert_eq!(count("is healthy"), 3, "{seen}");
    assert_eq!(count("through the balancer: kubernetes-super-admin"), 1, "{seen}");
    assert_eq!(count(r#"alice: ["dev","ops","system:authenticated"]"#), 3, "{seen}");
    assert_eq!(count("worker: system:node:worker-2"), 3, "{seen}");
    assert_eq!(count("robot: system:serviceaccount:default:robot"), 3, "{seen}");
    assert_eq!(count("etcd refuses the client of another CA"), 1, "{seen}");
}

#[test]
fn a_member_with_a_certificate_of_another_ca_stays_outside() {
    let (world, port) = cluster();
    world.sh(
        "mkdir stranger && cp cluster.yaml stranger && cd stranger && kubepki -q cluster init --config cluster.yaml 2>&1
         rm -r ../nodes/etcd-3/pki && cp -r nodes/etcd-3/pki ../nodes/etcd-3",
    );
    let seen = beside_the_servers(
        &world,
        port,
        &format!(
            "set -- $KUBE_ETCDS
             {ETCDCTL} --endpoints $1,$2 endpoint health 2>&1
             cd stranger; {ETCDCTL} --endpoints $3 endpoint health 2>&1"
        ),
    );
    let count = |wanted: &str| seen.matches(wanted).count();
    assert_eq!((count("is healthy"), count("is unhealthy")), (2, 1), "{seen}");
}

/// The PKI of the cluster in `examples/ha-cluster`, and the port of its load balancer.
fn cluster() -> (World, u16) {
    let world = World::in_the_present();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    world.sh(&format!(
        "sed s/localhost:6443/localhost:{port}/ {ROOT}/examples/ha-cluster/cluster.yaml >cluster.yaml
         kubepki -q cluster init --config cluster.yaml 2>&1"
    ));
    (world, port)
}

/// What a script says while the servers of the nodes run.
fn beside_the_servers(world: &World, port: u16, script: &str) -> String {
    let mut run = world.command("timeout");
    run.arg("180").arg(Path::new(ROOT).join("tests/control-plane/run-ha"));
    run.args(["--port", &port.to_string(), "nodes", "--", "bash", "-c", script]);
    let output = run.env("KUBEBUILDER_ASSETS", kubernetes_programs()).output().expect("timeout");
    let said = String::from_utf8_lossy(&output.stderr);
    String::from_utf8_lossy(&output.stdout).into_owned() + &said
}
