//! Why nothing was taken back.

use std::path::PathBuf;

use crate::core::changes::{folder_of, quoted};
use crate::core::inventory::rotation_of;
use crate::core::x509::crl;
use crate::core::x509::number::Number;
use crate::core::x509::revocation::Reason;
use crate::core::x509::time::Moment;

/// Why nothing was taken back.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is revoked for another reason.
    #[error("{serial} is revoked since {since} already, for {reason}")]
    Already {
        /// The serial number.
        serial: Number,
        /// Since when.
        since: Moment,
        /// Why.
        reason: Reason,
    },
    /// The clock shows a time before that of the last list.
    #[error("the clock went back: the last list of {} was made at {last}, and now it is {now}", ca.display())]
    ClockBehind {
        /// The certificate of the CA.
        ca: PathBuf,
        /// When the last list was made.
        last: Moment,
        /// What the clock shows.
        now: Moment,
    },
    /// It is not held, but revoked for good.
    #[error(
        "{serial} is revoked since {since} for {reason}, and only what is held can count again"
    )]
    Final {
        /// The serial number.
        serial: Number,
        /// Since when.
        since: Moment,
        /// Why.
        reason: Reason,
    },
    /// No CA here signed it.
    #[error("{} was signed by `{issuer}`, which is no CA of {}", file.display(), cert_dir.display())]
    Foreign {
        /// The certificate.
        file: PathBuf,
        /// Who signed it.
        issuer: String,
        /// The folder of the CAs.
        cert_dir: PathBuf,
    },
    /// The list in the CA's place is another's.
    #[error("{} is a list of another CA: the key of `{ca}` did not sign it", path.display())]
    ForeignList {
        /// The list.
        path: PathBuf,
        /// The CA.
        ca: String,
    },
    /// The list that is there cannot be read.
    #[error("{}: {source}", path.display())]
    List {
        /// The list.
        path: PathBuf,
        /// What is wrong with it.
        source: crl::Error,
    },
    /// There is no CA.
    #[error("there is no CA in {}", .0.display())]
    NoCa(PathBuf),
    /// No certificate in a file.
    #[error("there is no certificate in {}", .0.display())]
    NoCertificate(PathBuf),
    /// The CA may not sign lists.
    #[error("CA {}: `{subject}` may not sign revocation lists: its key usage lacks cRLSign (it has {found})", path.display())]
    NoCrlSign {
        /// The certificate of the CA.
        path: PathBuf,
        /// Its subject.
        subject: String,
        /// The usages that it has.
        found: String,
    },
    /// The key of the CA is elsewhere.
    #[error("the key of the CA, {}, is not here, and only it can sign a list", .0.display())]
    NoKey(PathBuf),
    /// No CA here has a list.
    #[error("no CA in {} has a revocation list", .0.display())]
    NoList(PathBuf),
    /// It is not revoked.
    #[error("{serial} is not revoked")]
    NotRevoked {
        /// The serial number.
        serial: Number,
    },
    /// A root, which nobody but itself could take back.
    #[error("{} is the CA's own certificate: no list can take it back", .0.display())]
    Root(PathBuf),
    /// Several certificates are called so.
    #[error("{} certificates have the name `{name}`: {}", serials.len(), serials.join(", "))]
    Several {
        /// What was asked for.
        name: String,
        /// Their serial numbers.
        serials: Vec<String>,
    },
    /// Several certificates have one serial number.
    #[error("{} certificates have the serial number {serial}: {}", subjects.len(), subjects.join("; "))]
    Shared {
        /// The serial number.
        serial: Number,
        /// Who they are for.
        subjects: Vec<String>,
    },
    /// The numbers of lists are used up.
    #[error("the numbers of lists are used up: {0} is the greatest")]
    UsedUp(Number),
    /// Nothing of this name or number.
    #[error("no certificate in {} and its logs has the name or serial number `{name}`", cert_dir.display())]
    Unknown {
        /// What was asked for.
        name: String,
        /// The folder.
        cert_dir: PathBuf,
    },
}

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Already { .. } => "nothing is to be done: a reason is not changed, but that certificateHold may become another".into(),
            Self::ClockBehind { .. } => {
                "set the clock right: date; or, where the last list was wrong about it, add --force".into()
            }
            Self::Final { .. } => "issue another certificate: kubepki cert issue NAME --force".into(),
            Self::Foreign { .. } => "name the CA that signed it: --ca FILE --ca-key FILE".into(),
            Self::ForeignList { path, .. } | Self::List { path, .. } => {
                let path = quoted(path);
                format!("move it away, the log knows the number: mv {path} {path}.old")
            }
            Self::NoCa(folder) => format!("kubepki ca init --cert-dir {}", quoted(folder)),
            Self::NoCertificate(path) => format!("see what it holds: kubepki cert show {}", quoted(path)),
            Self::NoCrlSign { .. } => {
                "openssl and nginx would refuse the list; etcd looks for numbers alone, and takes it: add --force for that".into()
            }
            Self::NoKey(path) => {
                format!("revoke where the key is; see what is here: ls -l {}", quoted(folder_of(path)))
            }
            Self::NoList(_) => "make the first one: kubepki crl make ca".into(),
            Self::NotRevoked { .. } => "see what is: kubepki cert log --revoked".into(),
            Self::Root(file) => match rotation_of(file) {
                Some(command) => format!("put another CA into its place, in stages: {command}"),
                None => "make another CA, and have whoever trusts this one trust that".into(),
            },
            Self::Several { .. } => "name one by its serial number, or by its file".into(),
            Self::Shared { .. } => {
                "a list knows them by their number alone: to revoke all of them, add --force".into()
            }
            Self::UsedUp(_) => "make another CA".into(),
            Self::Unknown { .. } => {
                "see those that are known: kubepki cert log; to revoke a number that is not, add --ca NAME --force".into()
            }
        })
    }
}
