use std::collections::BTreeSet;

use super::super::{CLUSTER_NAME, DNS_DOMAIN, SERVICE_SUBNET};
use super::*;

/// A cluster with as many control planes, members of etcd and workers.
fn cluster(control_planes: usize, members: usize, workers: usize) -> ClusterSpec {
    let operator = Folders { certificates: "pki".into(), kubeconfigs: ".".into() };
    let machine = |name: String, net: usize, index: usize, roles: &[Role]| Machine {
        roles: roles.to_vec(),
        folders: Folders::of_node(&operator.kubeconfigs, &name),
        key_type: None,
        node: Some(Node {
            name,
            addresses: vec![format!("10.{net}.{}.{}", index / 256, index % 256).parse().unwrap()],
            bind_port: 6443,
            sans: Vec::new(),
        }),
    };
    let some = |count, kind, net, roles: &'static [Role]| {
        (1..=count).map(move |index| machine(format!("{kind}-{index}"), net, index, roles))
    };
    let mine = Machine {
        roles: vec![Role::Operator],
        folders: operator.clone(),
        node: None,
        key_type: None,
    };
    let machines = std::iter::once(mine)
        .chain(some(control_planes, "cp", 1, &[Role::ControlPlane, Role::Worker]))
        .chain(some(members, "etcd", 2, &[Role::Etcd]))
        .chain(some(workers, "worker", 3, &[Role::Worker]));
    ClusterSpec {
        machines: machines.collect(),
        operator: operator.clone(),
        name: CLUSTER_NAME.into(),
        endpoint: Some(Endpoint::parse("kube.example.com").unwrap()),
        service_subnet: Subnet::parse(SERVICE_SUBNET).unwrap(),
        dns_domain: DNS_DOMAIN.into(),
        api_server_sans: Vec::new(),
        etcd_server_sans: Vec::new(),
        etcd_peer_sans: Vec::new(),
        external_etcd: false,
        key_type: None,
        ca_until: None,
        until: None,
        only: Vec::new(),
        users: Vec::new(),
    }
}

/// What a node's folder holds, its names from there on.
fn held(cluster: &ClusterSpec, node: &str) -> BTreeSet<String> {
    let (spec, folder) = cluster.node(node).unwrap();
    let file = |path: PathBuf| Some(path.strip_prefix(&folder).ok()?.display().to_string());
    spec.paths().into_iter().filter_map(file).collect()
}

#[test]
fn a_node_holds_what_it_must_have_and_nothing_else() {
    let cluster = cluster(3, 3, 2);
    let worker = ["kubelet.conf", "pki/ca.crt", "pki/kubelet-server.crt", "pki/kubelet-server.key"];
    assert_eq!(held(&cluster, "worker-2"), worker.map(String::from).into());
    let member = held(&cluster, "etcd-3");
    assert!(member.iter().all(|file| file.starts_with("pki/etcd/")), "{member:?}");
    assert!(!member.contains("pki/etcd/ca.key"));
    let control_plane = held(&cluster, "cp-1");
    assert!(control_plane.is_superset(&held(&cluster, "worker-1")));
    assert!(control_plane.contains("pki/ca.key") && control_plane.contains("pki/sa.key"));
    for kept in ["pki/etcd/ca.key", "pki/front-proxy-ca.key", "super-admin.conf"] {
        assert!(!control_plane.contains(kept), "{kept} stays with the operator");
    }
}

#[test]
fn a_fleet_is_made_in_sets_that_stand_for_themselves() {
    let cluster = cluster(1, 0, 200);
    let sets = cluster.specs(false).unwrap();
    assert_eq!(sets.len(), 201_usize.div_ceil(SET));
    let whole: BTreeSet<PathBuf> = cluster.spec(false).unwrap().paths().into_iter().collect();
    let together: BTreeSet<PathBuf> = sets.iter().flat_map(Spec::paths).collect();
    assert_eq!(together, whole);
    for set in &sets {
        assert!(matches!(&set.wanted[0], Wanted::Certificate(ca) if ca.profile.is_ca()));
    }
}

#[test]
fn one_node_of_kubeadms_is_one_set() {
    let mut cluster = cluster(1, 0, 0);
    let node = cluster.machines.remove(1).node;
    cluster.machines[0].roles = vec![Role::Operator, Role::ControlPlane, Role::Etcd];
    cluster.machines[0].node = node;
    let sets = cluster.specs(false).unwrap();
    assert_eq!(sets.len(), 1);
    let copies = sets[0].wanted.iter().filter(|wanted| matches!(wanted, Wanted::Copy(_)));
    assert_eq!(copies.count(), 0);
    assert!(!sets[0].paths().iter().any(|path| path.starts_with("nodes")));
}
