//! What the operator should know of a plan.

use std::path::PathBuf;

use crate::core::catalog::MASTERS;
use crate::core::x509::time::Moment;

/// Something that the operator should know; it stops nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Note {
    /// The certificate ends with its CA.
    Clamped {
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
    /// A client certificate that is past its end.
    Expired {
        /// The certificate.
        path: PathBuf,
        /// Its last second.
        end: Moment,
    },
    /// A key was found and is used: an earlier run was cut short, or somebody made it for this.
    KeyReused(PathBuf),
    /// The group that no rule can take anything from.
    Masters(String),
    /// A certificate in a kubeconfig that is not for clients.
    NotForClients(PathBuf),
    /// A key that others may read.
    OpenKey {
        /// The key.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

impl Note {
    /// Whether it tells of a danger, not just of a fact.
    pub fn is_warning(&self) -> bool {
        match self {
            Self::Expired { .. }
            | Self::Masters(_)
            | Self::NotForClients(_)
            | Self::OpenKey { .. } => true,
            Self::Clamped { .. } | Self::Dropped { .. } | Self::KeyReused(_) => false,
        }
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Clamped { asked, end } => {
                write!(f, "the certificate ends with its CA at {end}, not at {asked} as asked")
            }
            Self::Dropped { request, what } => {
                write!(
                    f,
                    "{} asks for what it does not get: {}",
                    request.display(),
                    what.join("; ")
                )
            }
            Self::Expired { path, end } => write!(f, "{} expired at {end}", path.display()),
            Self::NotForClients(path) => {
                write!(f, "{} is not for clients: kube-apiserver will refuse it", path.display())
            }
            Self::KeyReused(path) => {
                write!(f, "uses the key {}, which is there already", path.display())
            }
            Self::Masters(name) => write!(
                f,
                "`{name}` is in the group {MASTERS}: no RBAC rule can take its rights back while the certificate lives"
            ),
            Self::OpenKey { path, mode } => {
                write!(
                    f,
                    "others can read the key {} (mode {mode:04o}): chmod 600 {0}",
                    path.display()
                )
            }
        }
    }
}
