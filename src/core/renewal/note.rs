//! What the operator should know of a renewal.

use std::fmt;
use std::path::PathBuf;

use super::found::Place;
use crate::core::inventory::OpenKey;
use crate::core::x509::time::Moment;

/// Something that the operator should know; it stops nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Note {
    /// The next certificates end with their CA.
    Clamped {
        /// The CA certificate.
        ca: PathBuf,
        /// Its last second.
        end: Moment,
        /// How many of them.
        count: usize,
    },
    /// A kubeconfig names a file that is not here.
    Elsewhere {
        /// The kubeconfig.
        kubeconfig: PathBuf,
        /// The user in it.
        user: String,
        /// The file that it names.
        file: PathBuf,
    },
    /// A key that others may read.
    OpenKey(OpenKey),
    /// A certificate stays as it is.
    Stays {
        /// The certificate.
        place: Place,
        /// Why, in words.
        why: String,
    },
}

impl Note {
    /// Whether it tells of a danger, not just of a fact.
    pub fn is_warning(&self) -> bool {
        match self {
            Self::Clamped { .. } | Self::OpenKey(_) => true,
            Self::Elsewhere { .. } | Self::Stays { .. } => false,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clamped { ca, end, count } => write!(
                f,
                "the CA {} ends at {end}, and with it {}: it is time to rotate it",
                ca.display(),
                match count {
                    1 => "the next certificate".to_owned(),
                    count => format!("the next {count} certificates"),
                }
            ),
            Self::Elsewhere { kubeconfig, user, file } => write!(
                f,
                "{}: the user `{user}` has its certificate in {}, which is not here: renew it where it is",
                kubeconfig.display(),
                file.display()
            ),
            Self::OpenKey(key) => key.fmt(f),
            Self::Stays { place, why } => write!(f, "{place} stays as it is: {why}"),
        }
    }
}
