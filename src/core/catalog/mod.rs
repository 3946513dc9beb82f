//! The cluster as a table: one row for each certificate that Kubernetes knows.
//!
//! Names, files and subjects are kubeadm's (`cmd/kubeadm/app/phases/certs/certlist.go` and
//! `.../phases/kubeconfig/kubeconfig.go` in Kubernetes). A new certificate is a new row; help texts and checks come from
//! the same table.

mod programs;
mod rows;

use std::path::Path;

use crate::core::x509::name::{self, DistinguishedName};
use crate::core::x509::profile::Profile;
use crate::core::x509::san::{San, flaw_of_subdomain};

pub use programs::{Program, Runs, program};
pub use rows::{BINDINGS, ROWS, SERVICE_ACCOUNT};

/// The group that no RBAC rule can take anything from.
pub const MASTERS: &str = "system:masters";

/// The CA of etcd.
pub const ETCD_CA: &str = "etcd-ca";

/// The CA that signs when no other is named.
pub const CLUSTER_CA: &str = "ca";

/// Whoever is no part of the cluster itself.
pub const USER: &str = "user";

/// The kubeconfig of a kubelet that has no certificate yet.
pub const BOOTSTRAP_CONF: Conf =
    Conf { file: "bootstrap-kubelet.conf", server: Server::ControlPlane };

/// What that kubeconfig calls its user.
pub const BOOTSTRAP_USER: &str = "tls-bootstrap-token-user";

/// What the `kubernetes` service is called in a cluster with kubeadm's defaults.
const DEFAULT_SERVICE_NAMES: &[&str] = &[
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "10.96.0.1",
];

/// What a machine calls itself.
pub const MACHINE_NAMES: &[&str] = &["localhost", "127.0.0.1", "::1"];

/// One certificate that Kubernetes knows.
#[derive(Debug)]
pub struct Row {
    /// What people call it: kubeadm's name where it has one.
    pub name: &'static str,
    /// Its files below the certificate folder, without `.crt` and `.key`; `None` where the name of the holder is used.
    pub file: Option<&'static str>,
    /// The row that signs it; itself for a root.
    pub issuer: &'static str,
    /// What it is for.
    pub profile: Profile,
    /// Who it is for.
    pub subject: Subject,
    /// The groups of its holder.
    pub organizations: &'static [&'static str],
    /// What a server is called besides the names that are given.
    pub sans: Sans,
    /// The kubeconfig that carries it, where it lives in one.
    pub conf: Option<Conf>,
    /// The machines that need it: a certificate of their own with its key, or a copy of a CA's certificate.
    pub held_by: &'static [Role],
    /// The machines besides the operator's that need the key of a CA, because a program on them signs.
    pub signs_on: &'static [Role],
    /// Who reads it.
    pub readers: &'static [Reader],
    /// One line for help and documents.
    pub about: &'static str,
}

/// A kind of machine, by what it needs of a cluster's PKI.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Where the CAs are kept and everything is signed.
    Operator,
    /// kube-apiserver, kube-controller-manager and kube-scheduler run on it.
    ControlPlane,
    /// A member of etcd runs on it.
    Etcd,
    /// A kubelet runs on it that shows a certificate of the cluster's CA.
    Worker,
}

/// A program that reads a file, and how it takes a change.
#[derive(Debug)]
pub struct Reader {
    /// The program.
    pub component: &'static str,
    /// The flag, or flags, that name the file.
    pub flags: &'static str,
    /// What a change needs.
    pub change: Change,
}

/// What a program needs to take up a file that has changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// Nothing: it looks again by itself, for new connections.
    Live,
    /// It is read when it is used.
    NextUse,
    /// A restart.
    Restart,
}

/// Where the common name of a row comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Subject {
    /// Always this.
    Fixed(&'static str),
    /// The name that is given.
    Given,
    /// The name of a host, in lower case; also a name that it is reached by.
    Host,
    /// `system:node:` and the name of a node, in lower case, as the node authorizer wants it.
    Node,
}

/// Where the names of a server come from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sans {
    /// The names of the `kubernetes` service, its address, the node, and the address of the API server.
    ApiServer,
    /// Always these.
    Fixed(&'static [&'static str]),
    /// The node, its address, and the names of the machine itself: etcd is also reached from where it runs.
    Member,
    /// The same, for a member among its peers, which may have other names besides.
    Peer,
    /// The node and its addresses.
    Node,
}

/// A kubeconfig of the control plane.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Conf {
    /// Its file below the kubeconfig folder.
    pub file: &'static str,
    /// Which API server it points at.
    pub server: Server,
}

/// Which API server a kubeconfig points at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Server {
    /// The one that the whole cluster is reached by.
    ControlPlane,
    /// The one on the same node.
    Local,
}

/// A bare key pair that Kubernetes knows.
#[derive(Debug)]
pub struct KeyPairRow {
    /// What people call it.
    pub name: &'static str,
    /// The file of the private key below the certificate folder.
    pub private: &'static str,
    /// The file of the public key.
    pub public: &'static str,
    /// The machines that need both.
    pub held_by: &'static [Role],
    /// Who reads it.
    pub readers: &'static [Reader],
    /// One line for help and documents.
    pub about: &'static str,
}

/// A ClusterRoleBinding that certificates of the table rely on, since their holders are in no group that Kubernetes knows by
/// itself.
#[derive(Debug)]
pub struct Binding {
    /// Its name.
    pub name: &'static str,
    /// The role that it gives.
    pub role: &'static str,
    /// Whether it gives it to a `User` or a `Group`.
    pub subject_kind: &'static str,
    /// To whom.
    pub subject: &'static str,
}

/// Why a row cannot be filled in.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// Not a name that a node can have.
    #[error("`{name}` is no node name: {why}")]
    NodeName {
        /// What was given.
        name: String,
        /// The rule that it breaks.
        why: &'static str,
    },
    /// The name cannot be written.
    #[error(transparent)]
    Name(#[from] name::Error),
    /// Another name for something of which there is one.
    #[error("there is one `{profile}`, and `{name}` cannot be another")]
    OneOnly {
        /// What was given.
        name: String,
        /// The row.
        profile: &'static str,
    },
    /// A name whose files are something else.
    #[error("`{name}` is taken: its files are those of {what}")]
    Taken {
        /// What was given.
        name: String,
        /// What they are.
        what: &'static str,
    },
}

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NodeName { .. } => {
                Some("a node is called as `kubectl get nodes` shows it, such as worker-1".into())
            }
            Self::Name(error) => error.hint(),
            Self::OneOnly { profile, .. } => Some(format!(
                "kubepki cert issue {profile}; or choose where it goes with --out FILE"
            )),
            Self::Taken { .. } => Some("choose another name".into()),
        }
    }
}

/// The row of this name.
pub fn row(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name)
}

/// The row that a file is of, by its place in a folder that is laid out as kubeadm does it: `.../etcd/server.crt`, `admin.conf`.
pub fn row_of(path: &Path) -> Option<&'static Row> {
    let place = path.with_extension("");
    let is_conf = |row: &&Row| {
        row.conf.as_ref().is_some_and(|conf| path.file_name() == Some(conf.file.as_ref()))
    };
    // A certificate that is no part of a kubeconfig, and has no file of another name.
    let own = |row: &Row| (row.conf.is_none() && !row.held_by.is_empty()).then_some(row.name);
    let files = ROWS.iter().filter_map(|row| Some((row, row.file.or_else(|| own(row))?)));
    let files = files.filter(|(_, file)| place.ends_with(file));
    // `etcd/ca` is not the `ca` of a folder `etcd`.
    let longest = files.max_by_key(|(_, file)| file.len()).map(|(row, _)| row);
    ROWS.iter().find(is_conf).or(longest)
}

/// Refuses the names of other things for a CA, or for a leaf: their files would be mistaken for what they are not.
///
/// # Errors
///
/// A name that the table has for another kind of thing.
pub fn check_kind(name: &str, is_ca: bool) -> Result<(), Error> {
    let taken = |what| Err(Error::Taken { name: name.to_owned(), what });
    match row(name) {
        _ if name == SERVICE_ACCOUNT.name => taken("the keys of service-account tokens"),
        Some(row) if row.profile.is_ca() && !is_ca => taken("a CA"),
        Some(row) if !row.profile.is_ca() && is_ca && row.file.is_some() => {
            taken("a certificate that is no CA's")
        }
        _ => Ok(()),
    }
}

/// The files of a certificate below the certificate folder, without suffix: those of its row, or its own name.
pub fn file(name: &str) -> &str {
    row(name).and_then(|row| row.file).unwrap_or(name)
}

impl Role {
    /// What people call such machines.
    pub fn about(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::ControlPlane => "control planes",
            Self::Etcd => "etcd members",
            Self::Worker => "workers",
        }
    }
}

impl Row {
    /// The file of a CA's certificate alone, for a program that signs with it: kube-controller-manager does not start with two
    /// certificates in `--cluster-signing-cert-file`, and while a CA is rotated its own file holds two.
    pub fn signing_file(&self) -> Option<String> {
        (!self.signs_on.is_empty()).then(|| format!("{}-signing.crt", file(self.name)))
    }

    /// The common name of the certificate that is made for `name`.
    ///
    /// # Errors
    ///
    /// A name that no node can have: the node authorizer matches in lower case, by the rules of RFC 1123.
    pub fn common_name(&self, name: &str) -> Result<String, Error> {
        Ok(match self.subject {
            Subject::Fixed(fixed) => fixed.to_owned(),
            Subject::Given => name.to_owned(),
            Subject::Host => node_name(name)?,
            Subject::Node => format!("system:node:{}", node_name(name)?),
        })
    }

    /// The whole subject of the certificate that is made for `name`.
    pub fn subject(&self, name: &str) -> Result<DistinguishedName, Error> {
        let common_name = self.common_name(name)?;
        Ok(DistinguishedName::user(&common_name, self.organizations.iter().copied())?)
    }

    /// The names that a server of this row has without being asked: those of the row, and that of its host.
    pub fn default_sans(&self, name: &str) -> Vec<San> {
        let own = match self.subject {
            Subject::Host | Subject::Node if self.profile.is_server() => node_san(name).ok(),
            _ => None,
        };
        let fixed = match self.sans {
            Sans::ApiServer => DEFAULT_SERVICE_NAMES,
            Sans::Fixed(fixed) => fixed,
            Sans::Member | Sans::Peer => MACHINE_NAMES,
            Sans::Node => &[],
        };
        let fixed = fixed.iter().map(|text| (*text).to_owned());
        own.into_iter().chain(fixed.filter_map(|text| text.parse().ok())).collect()
    }
}

/// What a server on a node is called by its name: nodes may be named like addresses.
///
/// # Errors
///
/// A name that no node can have.
pub fn node_san(name: &str) -> Result<San, Error> {
    let name = node_name(name)?;
    Ok(name.parse().map(San::Ip).unwrap_or(San::Dns(name)))
}

/// A node name in lower case.
///
/// # Errors
///
/// A name that no node can have.
pub fn node_name(name: &str) -> Result<String, Error> {
    let lower = name.to_lowercase();
    match flaw_of_subdomain(&lower) {
        None => Ok(lower),
        Some(why) => Err(Error::NodeName { name: name.to_owned(), why }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_after_its_issuer_and_can_be_filled() {
        for (index, row) in ROWS.iter().enumerate() {
            let issuer = ROWS.iter().position(|issuer| issuer.name == row.issuer).unwrap();
            assert!(issuer <= index, "{} stands before its issuer", row.name);
            assert!(ROWS[issuer].profile.is_ca(), "{} is signed by a leaf", row.name);
            assert!(row.subject("host-1").is_ok(), "{}", row.name);
            let own = usize::from(
                matches!(row.subject, Subject::Host | Subject::Node) && row.profile.is_server(),
            );
            let fixed = match row.sans {
                Sans::ApiServer => DEFAULT_SERVICE_NAMES.len(),
                Sans::Fixed(fixed) => fixed.len(),
                Sans::Member | Sans::Peer => MACHINE_NAMES.len(),
                Sans::Node => 0,
            };
            assert_eq!(row.default_sans("host-1").len(), fixed + own, "{}", row.name);
        }
    }

    #[test]
    fn a_file_is_of_the_row_whose_place_it_has() {
        let row = |path: &str| row_of(Path::new(path)).map(|row| row.name);
        for (path, name) in [
            ("pki/apiserver.crt", Some("apiserver")),
            ("/etc/kubernetes/pki/etcd/server.crt", Some("etcd-server")),
            ("nodes/cp-1/pki/etcd/ca.crt", Some("etcd-ca")),
            ("nodes/cp-1/kubelet.conf", Some("node")),
            ("nodes/cp-1/pki/kubelet-server.crt", Some("kubelet-server")),
            ("pki/server.crt", None),
            ("users/jane.conf", None),
        ] {
            assert_eq!(row(path), name, "{path}");
        }
    }

    #[test]
    fn a_binding_is_for_somebody_in_the_table() {
        for binding in BINDINGS {
            let is_holder = |row: &Row| match binding.subject_kind {
                "Group" => row.organizations.contains(&binding.subject),
                _ => row.subject == Subject::Fixed(binding.subject),
            };
            assert!(ROWS.iter().any(is_holder), "{}", binding.name);
        }
    }

    #[test]
    fn node_names_are_those_that_the_node_authorizer_accepts() {
        let node = row("node").unwrap();
        assert_eq!(node.common_name("Node-A"), Ok("system:node:node-a".into()));
        for name in ["", "a_b", "-a", "a b", "a/b", "ä"] {
            assert!(matches!(node.common_name(name), Err(Error::NodeName { .. })), "{name}");
        }
    }
}
