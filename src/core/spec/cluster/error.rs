//! Why a cluster cannot be planned.

use std::net::IpAddr;

use super::nodes;
use crate::core::catalog;
use crate::core::x509::key_type::KeyType;
use crate::core::x509::{name, san};

/// Why a cluster cannot be planned.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// Not an address.
    #[error("`{0}` is no IP address to advertise the API server at")]
    Address(String),
    /// The row cannot be filled in.
    #[error(transparent)]
    Catalog(#[from] catalog::Error),
    /// Not a domain.
    #[error("`{domain}` is no DNS domain: {why}")]
    Domain {
        /// What was given.
        domain: String,
        /// The rule that it breaks.
        why: &'static str,
    },
    /// A part that runs elsewhere.
    #[error("with an external etcd, `{0}` is not made here")]
    Elsewhere(&'static str),
    /// Not a host with a port.
    #[error("`{0}` is no control-plane endpoint: it is HOST or HOST:PORT, in lower case")]
    Endpoint(String),
    /// kube-apiserver refuses to start so.
    #[error(
        "the address {address} and the service subnet are not of one family: services begin at {first}"
    )]
    Family {
        /// Where the API server is advertised.
        address: IpAddr,
        /// The first address of services.
        first: IpAddr,
    },
    /// Components of Kubernetes and kubeadm refuse such a CA, and such a key of tokens.
    #[error(
        "a control plane cannot have keys of type {0}: kube-apiserver signs no tokens with them"
    )]
    KeyType(KeyType),
    /// No address was given, and the machine has none.
    #[error("the address of the API server is not known: this machine has no default route")]
    NoAddress,
    /// No name was given, and the machine has none.
    #[error("the name of the node is not known: this machine has no host name")]
    NoNodeName,
    /// The nodes and users do not go together.
    #[error(transparent)]
    Nodes(#[from] nodes::Error),
    /// Nothing of that name.
    #[error("there is no part `{part}` of this cluster")]
    Part {
        /// What was given.
        part: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// No port.
    #[error("the API server cannot listen at port 0")]
    Port,
    /// Not a name for a certificate.
    #[error(transparent)]
    San(#[from] san::Error),
    /// Not a range.
    #[error("`{subnet}` is no service subnet: {why}")]
    Subnet {
        /// What was given.
        subnet: String,
        /// The rule that it breaks.
        why: &'static str,
    },
    /// An address that nobody can reach.
    #[error("the API server cannot be advertised at {0}: it is no address of one machine")]
    Unreachable(IpAddr),
    /// What cannot stand in the subject of a user's certificate.
    #[error("user `{name}`: {why}")]
    User {
        /// The user.
        name: String,
        /// What is wrong with the name or a group.
        why: name::Error,
    },
}

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            // What it hints at are options.
            Self::User { .. } => return None,
            Self::Catalog(error) => return error.hint(),
            Self::San(error) => return error.hint(),
            Self::Domain { .. } => "give one such as cluster.local".into(),
            Self::Endpoint(_) => "give one such as kube.example.com:6443".into(),
            Self::Part { known, .. } => format!("choose of {}", known.join(", ")),
            Self::Nodes(error) => return error.hint(),
            Self::Family { .. } => {
                "give one of the same family; of two ranges the first counts".into()
            }
            Self::KeyType(_) => {
                "choose one of RSA-2048, RSA-3072, RSA-4096, ECDSA-P256, ECDSA-P384".into()
            }
            Self::Elsewhere(_) => "make it where etcd runs".into(),
            Self::Port => "give one such as 6443".into(),
            Self::Subnet { .. } => "give one such as 10.96.0.0/12".into(),
            Self::NoNodeName => "name it with --node-name".into(),
            Self::Address(_) => "give one such as 10.0.0.5".into(),
            Self::NoAddress | Self::Unreachable(_) => {
                "name the node's own address with --apiserver-advertise-address".into()
            }
        })
    }
}
