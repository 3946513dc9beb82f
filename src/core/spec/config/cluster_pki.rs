//! The inventory of a whole cluster: `kind: ClusterPKI`, our own. The settings of the cluster go by kubeadm's names; beside them
//! stand its nodes and users. All of it is about the PKI, and so a field that is not known is an error.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::Error;
use super::documents::{Kind, Others, one, typed};
use super::kubeadm::{ClusterConfiguration, SECTIONS};
use crate::core::spec::{Folders, User};

/// A whole cluster, as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterPki {
    /// The settings of the whole cluster.
    pub cluster: ClusterConfiguration,
    /// The nodes with an API server.
    pub control_plane_nodes: Vec<NodeEntry>,
    /// The nodes that are members of etcd and nothing else; without any, the control planes are members.
    pub etcd_nodes: Vec<NodeEntry>,
    /// The other nodes with a kubelet.
    pub worker_nodes: Vec<NodeEntry>,
    /// People and programs.
    pub users: Vec<UserEntry>,
}

impl ClusterPki {
    /// Where its nodes and users are, in the folder of the kubeconfigs: a folder for each node, a file for each user.
    pub fn places(&self, kubeconfigs: &Path) -> Vec<PathBuf> {
        let nodes = [&self.control_plane_nodes, &self.etcd_nodes, &self.worker_nodes];
        let nodes = nodes.into_iter().flatten().map(|node| node.name.to_lowercase());
        let nodes = nodes.map(|name| Folders::of_node(kubeconfigs, &name).kubeconfigs);
        nodes.chain(self.users.iter().map(|user| User::file(kubeconfigs, &user.name))).collect()
    }
}

/// A node.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodeEntry {
    /// What the cluster calls it.
    pub name: String,
    /// Its addresses, and names for them; a control plane is advertised at the first address.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// The port of its API server.
    pub bind_port: Option<u16>,
    /// Names of its servers besides.
    #[serde(default, rename = "certSANs")]
    pub cert_sans: Vec<String>,
    /// The kind of its keys.
    pub encryption_algorithm: Option<String>,
}

/// A person or program.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserEntry {
    /// The user that the API server sees.
    pub name: String,
    /// The groups that it sees.
    #[serde(default)]
    pub groups: Vec<String>,
    /// The kind of the key.
    pub encryption_algorithm: Option<String>,
    /// How long the certificate lives.
    pub certificate_validity_period: Option<String>,
}

const CLUSTER_PKI: Kind = Kind {
    name: "ClusterPKI",
    versions: &["kubepki/v1alpha1"],
    others: Others::Refused,
    known: &[
        "apiServer",
        "caCertificateValidityPeriod",
        "certificateValidityPeriod",
        "certificatesDir",
        "clusterName",
        CONTROL_PLANE_NODES,
        "controlPlaneEndpoint",
        "encryptionAlgorithm",
        "etcd",
        ETCD_NODES,
        "networking",
        USERS,
        WORKER_NODES,
    ],
    sections: SECTIONS,
};

const CONTROL_PLANE_NODES: &str = "controlPlaneNodes";
const ETCD_NODES: &str = "etcdNodes";
const WORKER_NODES: &str = "workerNodes";
const USERS: &str = "users";

impl ClusterPki {
    /// What the documents of a file say, which was found at `path`; `None` where none is an inventory.
    pub(super) fn find(path: &Path, documents: &[Value]) -> Result<Option<Self>, Error> {
        let Some(document) = one(path, documents, &CLUSTER_PKI)? else { return Ok(None) };
        Ok(Some(Self {
            cluster: typed::<ClusterConfiguration>(path, document, CLUSTER_PKI.name)?
                .checked(path)?,
            control_plane_nodes: entries(path, document, CONTROL_PLANE_NODES)?,
            etcd_nodes: entries(path, document, ETCD_NODES)?,
            worker_nodes: entries(path, document, WORKER_NODES)?,
            users: entries(path, document, USERS)?,
        }))
    }
}

/// The entries of a list, one by one, so that an error tells which.
fn entries<T: for<'de> Deserialize<'de>>(
    path: &Path,
    document: &Value,
    list: &str,
) -> Result<Vec<T>, Error> {
    let entries: Vec<Value> = match &document[list] {
        Value::Null => Vec::new(),
        value => typed(path, value, list)?,
    };
    let place = |index: usize, entry: &Value| match entry["name"].as_str() {
        Some(name) => format!("{list}, `{name}`"),
        None => format!("{list}, entry {}", index + 1),
    };
    let typed = |(index, entry): (usize, &Value)| typed(path, entry, &place(index, entry));
    entries.iter().enumerate().map(typed).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn parse(text: &str) -> Result<ClusterPki, Error> {
        let text = format!("apiVersion: kubepki/v1alpha1\nkind: ClusterPKI\n{text}");
        match Config::parse("cluster.yaml", text.as_bytes())? {
            Config::ClusterPki(inventory) => Ok(*inventory),
            Config::Kubeadm(_) => panic!("it is no file of kubeadm's"),
        }
    }

    #[test]
    fn settings_go_by_kubeadms_names_and_nodes_stand_beside_them() {
        let inventory = parse(
            "clusterName: prod\nnetworking: {serviceSubnet: 10.2.0.0/16}\ncontrolPlaneNodes:\n- {name: cp-1, addresses: [10.0.0.1], bindPort: 443}\n\
             workerNodes:\n- name: w-1\n  addresses: [10.0.0.9]\nusers:\n- {name: alice, groups: [dev, ops]}\netcdNodes: null\n",
        )
        .unwrap();
        assert_eq!(inventory.cluster.cluster_name.as_deref(), Some("prod"));
        assert_eq!(inventory.cluster.networking.service_subnet.as_deref(), Some("10.2.0.0/16"));
        assert_eq!(inventory.control_plane_nodes[0].bind_port, Some(443));
        assert_eq!(inventory.worker_nodes[0].addresses, ["10.0.0.9"]);
        assert_eq!(inventory.users[0].groups, ["dev", "ops"]);
        assert!(inventory.etcd_nodes.is_empty());
    }

    #[test]
    fn no_field_is_passed_over() {
        let error = |text| parse(text).unwrap_err().to_string();
        assert_eq!(
            error("workers: []"),
            "cluster.yaml: there is no field `workers`",
            "far from `workerNodes`"
        );
        assert_eq!(
            error("workerNode: []"),
            "cluster.yaml: there is no field `workerNode`; `workerNodes` is near it"
        );
        assert!(error("workerNodes: [{name: w, adresses: []}]").starts_with(
            "cluster.yaml: workerNodes, `w`: unknown field `adresses`, expected one of"
        ));
        assert!(
            error("users: [{groups: []}]")
                .starts_with("cluster.yaml: users, entry 1: missing field `name`")
        );
        assert!(error("users: {}").starts_with("cluster.yaml: users: invalid type: map"));
    }
}
