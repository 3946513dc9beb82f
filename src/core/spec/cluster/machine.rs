//! The machines and users of a cluster.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::Error;
use super::nodes;
use crate::core::catalog::{Conf, Role};
use crate::core::spec::address::Endpoint;
use crate::core::spec::{BIND_PORT, in_folder};
use crate::core::x509::key_type::KeyType;
use crate::core::x509::name::DistinguishedName;
use crate::core::x509::san::San;
use crate::core::x509::time::Until;

/// A machine, and the folders that hold what it needs.
#[derive(Clone, Debug)]
pub struct Machine {
    /// What it is.
    pub roles: Vec<Role>,
    /// Where its files are.
    pub folders: Folders,
    /// What the cluster knows it by; nothing for a machine that is only the operator's.
    pub node: Option<Node>,
    /// The kind of its keys, where it is not the cluster's.
    pub key_type: Option<KeyType>,
}

/// Where files are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Folders {
    /// Certificates and keys.
    pub certificates: PathBuf,
    /// Kubeconfigs.
    pub kubeconfigs: PathBuf,
}

/// A node, by its name and addresses.
#[derive(Clone, Debug)]
pub struct Node {
    /// What the cluster calls it.
    pub name: String,
    /// The addresses that it is reached at, and names for them.
    pub addresses: Vec<San>,
    /// The port of its API server.
    pub bind_port: u16,
    /// Names of its servers besides.
    pub sans: Vec<San>,
}

/// A person or program.
#[derive(Clone, Debug)]
pub struct User {
    /// The user that the API server sees.
    pub name: String,
    /// The groups that it sees.
    pub groups: Vec<String>,
    /// The kind of the key, where it is not the cluster's.
    pub key_type: Option<KeyType>,
    /// How long the certificate lives, where it is not the cluster's period.
    pub until: Option<Until>,
}

impl Machine {
    /// Whether it is of this kind.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether it needs what machines of these kinds need.
    pub fn holds(&self, held_by: &[Role]) -> bool {
        held_by.iter().any(|role| self.is(*role))
    }

    /// Where a kubeconfig of it is.
    pub(super) fn conf(&self, conf: &Conf) -> PathBuf {
        in_folder(&self.folders.kubeconfigs, conf.file)
    }
}

impl Folders {
    /// A folder that is laid out as `/etc/kubernetes` is.
    pub fn of_node(parent: &Path, name: &str) -> Self {
        let kubeconfigs = in_folder(parent, "nodes").join(name);
        Self { certificates: kubeconfigs.join("pki"), kubeconfigs }
    }
}

impl User {
    /// Where the kubeconfig of a user is.
    pub fn file(parent: &Path, name: &str) -> PathBuf {
        in_folder(parent, "users").join(format!("{name}.conf"))
    }
}

impl Node {
    /// The address at which its API server is advertised: its first.
    pub(super) fn advertised(&self) -> Result<IpAddr, Error> {
        let first = self.addresses.iter().find_map(|san| match san {
            San::Ip(address) => Some(*address),
            _ => None,
        });
        first.ok_or_else(|| nodes::Error::NoIp(self.name.clone()).into())
    }

    /// Its API server.
    pub(super) fn endpoint(&self) -> Result<Endpoint, Error> {
        Ok(Endpoint { host: San::Ip(self.advertised()?), port: Some(self.bind_port) })
    }
}

impl User {
    /// The subject of the certificate.
    pub(super) fn subject(&self) -> Result<DistinguishedName, Error> {
        DistinguishedName::user(&self.name, self.groups.iter().map(String::as_str))
            .map_err(|why| Error::User { name: self.name.clone(), why })
    }
}

impl super::ClusterSpec {
    /// Where the whole cluster is reached: its endpoint, or the first API server.
    ///
    /// # Errors
    ///
    /// No endpoint, and no API server with an address.
    pub fn reached_at(&self) -> Result<Endpoint, Error> {
        let first = self.machines.iter().find(|machine| machine.is(Role::ControlPlane));
        let first = first.and_then(|machine| machine.node.as_ref());
        let port = first.map_or(BIND_PORT, |node| node.bind_port);
        match (&self.endpoint, first) {
            (Some(endpoint), _) => {
                let (host, port) = (endpoint.host.clone(), endpoint.port.or(Some(port)));
                Ok(Endpoint { host, port })
            }
            (None, Some(first)) => first.endpoint(),
            (None, None) => Err(nodes::Error::NoControlPlane.into()),
        }
    }
}
