//! Whether the nodes and users of a cluster go together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::ClusterSpec;
use super::machine::{Machine, Node};
use crate::core::catalog::{self, Role};
use crate::core::x509::san::San;

/// Why they do not.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// One address, two nodes.
    #[error("the nodes `{one}` and `{other}` have the same address {address}")]
    AddressTwice {
        /// The address.
        address: San,
        /// A node.
        one: String,
        /// Another.
        other: String,
    },
    /// etcd is both elsewhere and here.
    #[error("etcd is external, and yet there are nodes for it")]
    ExternalEtcd,
    /// An inventory has nodes of its own.
    #[error("an inventory names its nodes itself")]
    NamedByInventory,
    /// A server that nobody can reach.
    #[error("the node `{0}` has no address")]
    NoAddress(String),
    /// Nothing that an API server runs on.
    #[error("there is no node with a control plane")]
    NoControlPlane,
    /// Nothing that stands for all of them.
    #[error("there are {0} control planes and no controlPlaneEndpoint by which clients reach them")]
    NoEndpoint(usize),
    /// A file for one node.
    #[error("{0} is no inventory: kubeadm's configuration is for the node that it is on")]
    NoInventory(PathBuf),
    /// A control plane without an address to advertise.
    #[error("the control plane `{0}` has names, but no IP address that it could be advertised at")]
    NoIp(String),
    /// Nothing of that name.
    #[error("there is no node `{name}`")]
    NoSuchNode {
        /// What was given.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// One name, two nodes.
    #[error("there are two nodes called `{0}`")]
    NodeTwice(String),
    /// One name, two users.
    #[error("there are two users called `{0}`")]
    UserTwice(String),
}

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::AddressTwice { .. } => "give each node its own addresses".into(),
            Self::ExternalEtcd => "take out etcdNodes, or etcd.external".into(),
            Self::NamedByInventory => "leave --node-name out".into(),
            Self::NoInventory(_) => {
                "an inventory begins with apiVersion: kubepki/v1alpha1 and kind: ClusterPKI".into()
            }
            Self::NoAddress(_) | Self::NoIp(_) => {
                "give it one, such as addresses: [10.0.0.5]".into()
            }
            Self::NoControlPlane => {
                "name one, such as controlPlaneNodes: [{name: cp-1, addresses: [10.0.0.5]}]".into()
            }
            Self::NoEndpoint(_) => {
                "name their load balancer, such as controlPlaneEndpoint: kube.example.com:6443"
                    .into()
            }
            Self::NoSuchNode { known, .. } => some_of(known),
            Self::NodeTwice(_) | Self::UserTwice(_) => "give each a name of its own".into(),
        })
    }
}

/// A fleet is more than fits on a line.
fn some_of(known: &[String]) -> String {
    const SHOWN: usize = 10;
    let more = known.len().saturating_sub(SHOWN);
    let shown = known[..known.len() - more].join(", ");
    if more == 0 {
        format!("choose of {shown}")
    } else {
        format!("choose of {shown} and {more} more")
    }
}

/// Checks names and addresses against each other.
pub(super) fn check(cluster: &ClusterSpec) -> Result<(), Error> {
    let control_planes = count(cluster, Role::ControlPlane);
    if control_planes == 0 {
        return Err(Error::NoControlPlane);
    }
    if control_planes > 1 && cluster.endpoint.is_none() {
        return Err(Error::NoEndpoint(control_planes));
    }
    let is_etcd_alone =
        |machine: &Machine| machine.is(Role::Etcd) && !machine.is(Role::ControlPlane);
    if cluster.external_etcd && cluster.machines.iter().any(is_etcd_alone) {
        return Err(Error::ExternalEtcd);
    }
    let mut names = BTreeSet::new();
    let mut addresses = BTreeMap::new();
    for node in cluster.nodes() {
        check_node(node, &mut names, &mut addresses)?;
    }
    let mut users = BTreeSet::new();
    match cluster.users.iter().find(|user| !users.insert(user.name.as_str())) {
        Some(user) => Err(Error::UserTwice(user.name.clone())),
        None => Ok(()),
    }
}

fn count(cluster: &ClusterSpec, role: Role) -> usize {
    cluster.machines.iter().filter(|machine| machine.is(role)).count()
}

fn check_node<'a>(
    node: &'a Node,
    names: &mut BTreeSet<String>,
    addresses: &mut BTreeMap<&'a San, &'a str>,
) -> Result<(), Error> {
    // What is no name at all is told where it is used.
    if !names.insert(catalog::node_name(&node.name).unwrap_or_else(|_| node.name.clone())) {
        return Err(Error::NodeTwice(node.name.clone()));
    }
    if node.addresses.is_empty() {
        return Err(Error::NoAddress(node.name.clone()));
    }
    for address in &node.addresses {
        if let Some(other) =
            addresses.insert(address, &node.name).filter(|other| *other != node.name)
        {
            let (address, one, other) = (address.clone(), other.to_owned(), node.name.clone());
            return Err(Error::AddressTwice { address, one, other });
        }
    }
    Ok(())
}
