//! The machines and users of an inventory: from what was written to what is meant.

use super::args;
use crate::core::Error;
use crate::core::catalog::{self, Role};
use crate::core::spec::{
    BIND_PORT, ClusterPki, Folders, Machine, Node, NodeEntry, User, UserEntry, check_file_name,
};

/// The operator's machine, whose folders are given, and one for each node.
///
/// # Errors
///
/// Names, addresses or kinds of keys that cannot be.
pub fn machines(inventory: &ClusterPki, operator: &Folders) -> Result<Vec<Machine>, Error> {
    let control_plane = match inventory.etcd_nodes.is_empty() {
        // A control plane runs a kubelet as well.
        true => vec![Role::ControlPlane, Role::Etcd, Role::Worker],
        false => vec![Role::ControlPlane, Role::Worker],
    };
    let lists = [
        (&inventory.control_plane_nodes, control_plane),
        (&inventory.etcd_nodes, vec![Role::Etcd]),
        (&inventory.worker_nodes, vec![Role::Worker]),
    ];
    let folders = operator.clone();
    let mine = Machine { roles: vec![Role::Operator], folders, node: None, key_type: None };
    let machine = |entry, roles: &[Role]| machine(entry, roles.to_vec(), operator);
    let nodes = lists
        .iter()
        .flat_map(|(entries, roles)| entries.iter().map(move |entry| machine(entry, roles)));
    std::iter::once(Ok(mine)).chain(nodes).collect()
}

fn machine(entry: &NodeEntry, roles: Vec<Role>, operator: &Folders) -> Result<Machine, Error> {
    let name = catalog::node_name(&entry.name)?;
    check_file_name(&name)?;
    Ok(Machine {
        roles,
        folders: Folders::of_node(&operator.kubeconfigs, &name),
        key_type: args::key_type(entry.encryption_algorithm.as_deref())?,
        node: Some(Node {
            name,
            addresses: args::sans(Vec::new(), &entry.addresses)?,
            bind_port: entry.bind_port.unwrap_or(BIND_PORT),
            sans: args::sans(Vec::new(), &entry.cert_sans)?,
        }),
    })
}

/// Its users.
///
/// # Errors
///
/// Names, periods or kinds of keys that cannot be.
pub fn users(inventory: &ClusterPki) -> Result<Vec<User>, Error> {
    inventory.users.iter().map(user).collect()
}

fn user(entry: &UserEntry) -> Result<User, Error> {
    check_file_name(&entry.name)?;
    let period = entry.certificate_validity_period.as_deref();
    Ok(User {
        name: entry.name.clone(),
        groups: entry.groups.clone(),
        key_type: args::key_type(entry.encryption_algorithm.as_deref())?,
        until: period.map(str::parse).transpose()?,
    })
}
