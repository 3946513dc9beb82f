//! What the servers of a cluster are called: kubeadm's rules (`app/util/pkiutil` in Kubernetes).

use std::collections::BTreeSet;

use super::machine::Node;
use super::{ClusterSpec, Error};
use crate::core::catalog::{self, MACHINE_NAMES, Row, Sans};
use crate::core::x509::san::{self, San};

impl ClusterSpec {
    /// DNS names sorted, then addresses in the order in which they came.
    pub(super) fn names(&self, row: &Row, node: Option<&Node>) -> Result<Vec<San>, Error> {
        let mut sans = match (row.sans, node) {
            (Sans::Fixed(names), _) => parsed(names)?,
            // Only nodes have servers whose names are not fixed.
            (_, None) => Vec::new(),
            (Sans::ApiServer, Some(node)) => self.of_api_server(node)?,
            (Sans::Member, Some(node)) => member(node, &self.etcd_server_sans)?,
            (Sans::Peer, Some(node)) => member(node, &self.etcd_peer_sans)?,
            (Sans::Node, Some(node)) => of_node(node)?,
        };
        sans.sort_by_key(rank);
        let mut seen = BTreeSet::new();
        sans.retain(|san| seen.insert(san.clone()));
        Ok(sans)
    }

    fn of_api_server(&self, node: &Node) -> Result<Vec<San>, Error> {
        let domain = format!("kubernetes.default.svc.{}", self.dns_domain);
        let service = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", &domain];
        let mut sans = parsed(&service)?;
        sans.push(San::Ip(self.service_subnet.first_address()));
        sans.extend(of_node(node)?);
        sans.extend(self.endpoint.iter().map(|endpoint| endpoint.host.clone()));
        sans.extend(self.api_server_sans.iter().cloned());
        Ok(sans)
    }
}

/// The node's own name, its addresses, and its names besides.
fn of_node(node: &Node) -> Result<Vec<San>, Error> {
    let own = std::iter::once(catalog::node_san(&node.name)?);
    Ok(own.chain(node.addresses.iter().chain(&node.sans).cloned()).collect())
}

/// An etcd member, which is reached from where it runs as well.
fn member(node: &Node, besides: &[San]) -> Result<Vec<San>, Error> {
    let mut sans = of_node(node)?;
    sans.extend(parsed(MACHINE_NAMES)?);
    sans.extend(besides.iter().cloned());
    Ok(sans)
}

fn rank(san: &San) -> (u8, String) {
    match san {
        San::Dns(name) => (0, name.clone()),
        _ => (1, String::new()),
    }
}

fn parsed(names: &[&str]) -> Result<Vec<San>, san::Error> {
    names.iter().map(|name| name.parse()).collect()
}
