//! The certificate that a user of a kubeconfig shows, and how it stands to now.

use std::path::PathBuf;

use serde::Serialize;

use crate::core::changes::{Found, Snapshot};
use crate::core::kubeconfig::{Item, NamedUser};
use crate::core::x509::cert::Certificate;
use crate::core::x509::time::Moment;

/// The state of a client certificate.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "state")]
pub enum ClientCertificate {
    /// It is there and is no certificate.
    Damaged {
        /// What is wrong with it.
        why: String,
    },
    /// It no longer counts.
    Expired {
        /// The last second.
        not_after: Moment,
    },
    /// There is no such file.
    Missing {
        /// The file.
        #[serde(serialize_with = "super::as_text")]
        file: PathBuf,
    },
    /// It does not count yet.
    NotYetValid {
        /// The first second.
        not_before: Moment,
        /// The last second.
        not_after: Moment,
    },
    /// The file cannot be read.
    Unreadable {
        /// The file.
        #[serde(serialize_with = "super::as_text")]
        file: PathBuf,
        /// The disk's answer.
        why: String,
    },
    /// It counts.
    Valid {
        /// The last second.
        not_after: Moment,
        /// From now to the last second, in whole days.
        days_left: u64,
    },
}

/// The file that a user's certificate is in; `None` where it is inside of the kubeconfig, or there is none.
pub fn certificate_file(user: Item<'_, NamedUser>) -> Option<PathBuf> {
    let it = &user.entry.user;
    let is_file = it.client_certificate_data.is_empty() && !it.client_certificate.is_empty();
    is_file.then(|| user.file.resolve(&it.client_certificate))
}

impl ClientCertificate {
    /// The certificate of `user`, if it has one; files come from `snapshot`.
    pub fn of(user: Item<'_, NamedUser>, snapshot: &Snapshot, now: Moment) -> Option<Self> {
        let Some(file) = certificate_file(user) else {
            let data = user.entry.user.client_certificate_data.expose();
            return (!data.is_empty()).then(|| Self::in_pem(data, now));
        };
        Some(match snapshot.get(&file) {
            Found::Absent => Self::Missing { file },
            Found::File { bytes, .. } => Self::in_pem(bytes, now),
            Found::Unreadable(why) => Self::Unreadable { file, why: why.clone() },
        })
    }

    fn in_pem(pem: &[u8], now: Moment) -> Self {
        let chain = match Certificate::chain_from_pem(pem) {
            Ok(chain) => chain,
            Err(error) => return Self::Damaged { why: error.to_string() },
        };
        let validity = chain[0].validity();
        let (not_before, not_after) = (validity.not_before, validity.not_after);
        if now > not_after {
            return Self::Expired { not_after };
        }
        if now < not_before {
            return Self::NotYetValid { not_before, not_after };
        }
        Self::Valid { not_after, days_left: now.days_until(not_after) }
    }
}
