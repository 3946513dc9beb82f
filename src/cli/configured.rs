//! A cluster by its configuration file: from what was written to what is meant.

use std::path::Path;

use super::args::{self, Shared};
use crate::core::catalog::{self, Role};
use crate::core::kubeconfig::check_name;
use crate::core::spec::{
    BIND_PORT, CLUSTER_NAME, ClusterConfiguration, ClusterError, ClusterPki, ClusterSpec, Config,
    ConfigError, DNS_DOMAIN, Endpoint, Folders, Machine, Node, NodeEntry, NodesError,
    SERVICE_SUBNET, Subnet, User, UserEntry, check_file_name,
};
use crate::core::{self as acts, Error};

/// What is wrong with a file, with its name.
pub fn in_file(path: &Path, error: &Error) -> Error {
    let hint = match error {
        // It names an option, which is not there for what a file says.
        Error::FileName(_) => None,
        error => error.hint(),
    };
    ConfigError::Setting { path: path.to_owned(), why: error.to_string(), hint }.into()
}

/// The cluster of an inventory that was named.
///
/// # Errors
///
/// A file that cannot be read or is no inventory; what cannot be, with the name of the file.
pub fn read_inventory(
    shared: &Shared,
    kubeconfig_dir: &Path,
    path: &Path,
) -> Result<ClusterSpec, Error> {
    let Config::ClusterPki(inventory) = acts::read_config(path)? else {
        return Err(ClusterError::from(NodesError::NoInventory(path.to_owned())).into());
    };
    by_inventory(shared, kubeconfig_dir, *inventory).map_err(|error| in_file(path, &error))
}

/// A whole cluster by its inventory.
///
/// # Errors
///
/// Names, addresses, periods or kinds of keys that cannot be.
pub fn by_inventory(
    shared: &Shared,
    kubeconfig_dir: &Path,
    inventory: ClusterPki,
) -> Result<ClusterSpec, Error> {
    let mut spec = by_settings(shared, kubeconfig_dir, inventory.cluster.clone())?;
    spec.machines = machines(&inventory, &spec.operator)?;
    spec.users = inventory.users.iter().map(user).collect::<Result<_, _>>()?;
    spec.check()?;
    Ok(spec)
}

/// The settings of a whole cluster, kubeadm's where nothing is said; its machines are still to be told.
///
/// # Errors
///
/// Names, addresses, periods or kinds of keys that cannot be.
pub fn by_settings(
    shared: &Shared,
    kubeconfig_dir: &Path,
    cluster: ClusterConfiguration,
) -> Result<ClusterSpec, Error> {
    let key_type = args::key_type(cluster.key_type())?;
    let ClusterConfiguration { networking, etcd, .. } = cluster;
    let etcd_here = etcd.local.unwrap_or_default();
    let subnet = networking.service_subnet.as_deref().unwrap_or(SERVICE_SUBNET);
    let period = |text: Option<String>| text.as_deref().map(str::parse).transpose();
    let sans = |given: &[String]| args::sans(Vec::new(), given);
    // What is typed wins: a file that was written for a node may well say /etc/kubernetes/pki.
    let cert_dir = cluster.certificates_dir.filter(|_| !shared.cert_dir_is_typed);
    let name = cluster.cluster_name.unwrap_or_else(|| CLUSTER_NAME.to_owned());
    check_name("cluster", &name)?;
    Ok(ClusterSpec {
        operator: Folders {
            certificates: cert_dir.unwrap_or_else(|| shared.cert_dir.clone()),
            kubeconfigs: kubeconfig_dir.to_owned(),
        },
        name,
        endpoint: cluster.control_plane_endpoint.as_deref().map(Endpoint::parse).transpose()?,
        service_subnet: Subnet::parse(subnet)?,
        dns_domain: networking.dns_domain.unwrap_or_else(|| DNS_DOMAIN.to_owned()),
        api_server_sans: sans(&cluster.api_server.cert_sans)?,
        etcd_server_sans: sans(&etcd_here.server_cert_sans)?,
        etcd_peer_sans: sans(&etcd_here.peer_cert_sans)?,
        external_etcd: etcd.external.is_some(),
        key_type,
        ca_until: period(cluster.ca_certificate_validity_period)?,
        until: period(cluster.certificate_validity_period)?,
        only: Vec::new(),
        machines: Vec::new(),
        users: Vec::new(),
    })
}

/// The operator's machine, whose folders are given, and one for each node.
fn machines(inventory: &ClusterPki, operator: &Folders) -> Result<Vec<Machine>, Error> {
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
