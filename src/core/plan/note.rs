//! What the operator should know of a plan.

use std::path::PathBuf;

use crate::core::catalog::MASTERS;
use crate::core::inventory::OpenKey;
use crate::core::x509::time::Moment;

/// Something that the operator should know; it stops nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Note {
    /// The certificate ends with its CA.
    Clamped {
        /// Whose certificate.
        subject: String,
        /// The end that was asked for.
        asked: Moment,
        /// The end of the CA.
        end: Moment,
    },
    /// The request asked for something that is not given.
    Dropped {
        /// The file with the request.
        request: PathBuf,
        /// What was asked for.
        what: Vec<String>,
    },
    /// A CA that is replaced.
    CaReplaced(PathBuf),
    /// A client certificate that is past its end.
    Expired {
        /// The certificate.
        path: PathBuf,
        /// Its last second.
        end: Moment,
    },
    /// What is typed on a node that joins.
    Join(String),
    /// A key was found and is used: an earlier run was cut short, or somebody made it for this.
    KeyReused(PathBuf),
    /// A CA whose key is not beside it.
    KeyElsewhere(PathBuf),
    /// The group that no rule can take anything from.
    Masters(String),
    /// An intermediate without its root.
    NoRoot {
        /// The CA.
        path: PathBuf,
        /// Who signed the last certificate in its file.
        issuer: String,
    },
    /// A certificate in a kubeconfig that is not for clients.
    NotForClients(PathBuf),
    /// The key of the tokens is replaced.
    SigningKeyReplaced(PathBuf),
    /// A name with rights, chosen by the request.
    SystemName {
        /// The file with the request.
        request: PathBuf,
        /// The user or group.
        name: String,
    },
    /// A key that others may read.
    OpenKey(OpenKey),
}

impl Note {
    /// Whether it tells of a danger, not just of a fact.
    pub fn is_warning(&self) -> bool {
        match self {
            Self::CaReplaced(_)
            | Self::Expired { .. }
            | Self::Masters(_)
            | Self::NotForClients(_)
            | Self::OpenKey(_)
            | Self::SigningKeyReplaced(_)
            | Self::SystemName { .. } => true,
            Self::Clamped { .. }
            | Self::Dropped { .. }
            | Self::Join(_)
            | Self::KeyElsewhere(_)
            | Self::KeyReused(_)
            | Self::NoRoot { .. } => false,
        }
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Clamped { subject, asked, end } => {
                write!(
                    f,
                    "the certificate of {subject} ends with its CA at {end}, not at {asked} as asked"
                )
            }
            Self::Dropped { request, what } => {
                write!(
                    f,
                    "{} asks for what it does not get: {}",
                    request.display(),
                    what.join("; ")
                )
            }
            Self::Join(line) => write!(f, "a node joins with: {line}"),
            Self::Expired { path, end } => write!(f, "{} expired at {end}", path.display()),
            Self::CaReplaced(path) => write!(
                f,
                "the CA {} is replaced: nothing that the old one signed is good under the new one",
                path.display()
            ),
            Self::SigningKeyReplaced(path) => write!(
                f,
                "the key pair {} is replaced: no service-account token that the old one signed counts any more",
                path.display()
            ),
            Self::KeyElsewhere(path) => {
                write!(f, "the key {} is not there: this CA signs elsewhere", path.display())
            }
            Self::SystemName { request, name } => write!(
                f,
                "{} chose the name `{name}`, which Kubernetes gives rights of its own",
                request.display()
            ),
            Self::NotForClients(path) => {
                write!(f, "{} is not for clients: kube-apiserver will refuse it", path.display())
            }
            Self::NoRoot { path, issuer } => write!(
                f,
                "the root `{issuer}` is not among the files: openssl, unlike Kubernetes, does not trust {} without it",
                path.display()
            ),
            Self::KeyReused(path) => {
                write!(f, "uses the key {}, which is there already", path.display())
            }
            Self::Masters(name) => write!(
                f,
                "`{name}` is in the group {MASTERS}: no RBAC rule can take its rights back while the certificate lives"
            ),
            Self::OpenKey(key) => key.fmt(f),
        }
    }
}
