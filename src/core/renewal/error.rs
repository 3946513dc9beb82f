//! Why nothing is renewed.

use std::fmt;
use std::path::PathBuf;

use std::sync::Arc;

use super::found::Place;
use crate::core::changes::quoted;
use crate::core::x509::key_type;
use crate::core::x509::revocation::Reason;
use crate::core::x509::time::{self, Moment};
use crate::core::x509::{cert, chain, csr};
use crate::core::{inventory, kubeconfig};

/// Why nothing is renewed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A certificate could not be made.
    #[error(transparent)]
    Certificate(#[from] cert::Error),
    /// A kubeconfig cannot be edited.
    #[error(transparent)]
    Edit(#[from] kubeconfig::EditError),
    /// Some of what was asked for cannot be renewed, and so nothing is.
    #[error("{}", Failing(.0))]
    Failures(Vec<Failure>),
    /// CAs are rotated.
    #[error("`{0}` is a CA: it is not renewed, since all that trust it would have to be told")]
    IsCa(String),
    /// A file is missing, unreadable or not what it should be.
    #[error(transparent)]
    Inventory(#[from] inventory::Error),
    /// A kubeconfig cannot be read.
    #[error(transparent)]
    Kubeconfig(#[from] kubeconfig::Error),
    /// There is no CA.
    #[error("there is no CA in {}", .0.display())]
    NoCa(PathBuf),
    /// A file that holds no certificate.
    #[error("{} holds no certificate that could be renewed", .0.display())]
    NoCertificate(PathBuf),
    /// No certificate at all.
    #[error("there is nothing to renew: no certificate in {} is of a CA there", list(.0))]
    Nothing(Vec<PathBuf>),
    /// A request could not be made.
    #[error(transparent)]
    Request(#[from] csr::Error),
    /// No times that a certificate can have.
    #[error(transparent)]
    Time(#[from] time::Error),
    /// The keys of tokens are rotated.
    #[error("`sa` is the key of service-account tokens: it has no certificate, and no end")]
    TokenKey,
    /// What was signed does not verify: it is never let out.
    #[error("the next certificate for `{0}` does not verify under its CA")]
    Untrue(String),
}

/// A certificate that cannot be renewed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Where it is.
    pub place: Place,
    /// Why not.
    pub why: Why,
}

/// Why a certificate cannot be renewed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Why {
    /// The CA cannot sign.
    #[error("{0}")]
    Ca(Arc<inventory::Error>),
    /// The next one would end no later.
    #[error("the next one would end no later: its CA {} ends at {end}", ca.display())]
    CaEnds {
        /// The CA certificate.
        ca: PathBuf,
        /// Its last second.
        end: Moment,
    },
    /// It cannot be read.
    #[error("{0}")]
    Damaged(String),
    /// It would sign.
    #[error("it is a CA's, which is not renewed but rotated")]
    IsCa,
    /// Its key is another's.
    #[error("{0}")]
    Key(chain::Error),
    /// It is of another CA of the same name.
    #[error("it was signed by another `{issuer}` than the one in {}", ca.display())]
    Namesake {
        /// The name.
        issuer: String,
        /// The CA that is here.
        ca: PathBuf,
    },
    /// Its key is under a passphrase, or cannot be read.
    #[error("{0}")]
    KeyUnusable(Arc<inventory::Error>),
    /// A kind of key that we do not make.
    #[error("its key is {0}, of which no new one can be made")]
    KeyKind(String),
    /// A request is for the key that is there.
    #[error("the key of its CA is not here, and a request is for the key that there is: {0}")]
    KeyStays(&'static str),
    /// Its key is not there.
    #[error("its key {} is missing", .0.display())]
    NoKey(PathBuf),
    /// It lacks a name that was to go.
    #[error("it has no name {0} that could go")]
    NoSuchSan(String),
    /// It was taken back.
    #[error("it is revoked since {since}, for {reason}")]
    Revoked {
        /// Since when.
        since: Moment,
        /// Why.
        reason: Reason,
    },
    /// A server without a name.
    #[error("a server needs a name, and none would be left")]
    NoSans,
    /// Another certificate would be left without its key.
    #[error("{other} has the same key, and stays as it is")]
    SharedKey {
        /// The other.
        other: Place,
    },
    /// It is of another CA.
    #[error("it was signed by `{0}`, which is no CA here")]
    Stranger(String),
    /// Its key is that of a CA.
    #[error("its key is that of the CA {}", .0.display())]
    CaKey(PathBuf),
}

impl Why {
    /// What to type instead.
    pub fn hint(&self, place: &Place) -> Option<String> {
        let file = quoted(place.file());
        Some(match self {
            Self::Ca(error) => match error.as_ref() {
                inventory::Error::Ca { source: chain::Error::Expired { .. }, .. } => ROTATE.into(),
                error => return error.hint(),
            },
            Self::CaEnds { .. } => ROTATE.into(),
            Self::Damaged(_) => {
                format!("see what it holds: kubepki cert show {file}; or leave it: --except {file}")
            }
            Self::IsCa => ROTATE.into(),
            Self::Key(_) => {
                "look for its key, or make both anew: kubepki cert issue NAME --force".into()
            }
            Self::CaKey(_) => "make it a key of its own: kubepki cert issue NAME --force".into(),
            Self::KeyUnusable(error) => return error.hint(),
            Self::KeyKind(_) => {
                let choices = key_type::Error::choices().unwrap_or_default();
                format!("keep it with --reuse-key, or give another kind with --key-type: {choices}")
            }
            Self::KeyStays(_) => "leave that out, or renew where the key of the CA is".into(),
            Self::NoKey(_) => {
                "where the key is elsewhere, renew for the same key: --reuse-key".into()
            }
            Self::Revoked { reason: Reason::CertificateHold, .. } => {
                format!("let it count again first: kubepki cert unhold {file}")
            }
            Self::Revoked { .. } => {
                "issue another in its place: kubepki cert issue NAME --force".into()
            }
            Self::NoSuchSan(_) => format!("see its names: kubepki cert show {file}"),
            Self::NoSans => "give it another name: --add-san NAME".into(),
            Self::SharedKey { other } => {
                format!("renew {} as well, or keep the key with --reuse-key", quoted(other.file()))
            }
            Self::Namesake { .. } | Self::Stranger(_) => {
                "name its CA with --ca FILE, and its key with --ca-key FILE".into()
            }
        })
    }
}

/// What is done about CAs.
const ROTATE: &str =
    "rotate it, in stages that a running cluster does not notice: kubepki ca rotate prepare --all";

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Failures(several) => match several.as_slice() {
                [one] => one.why.hint(&one.place),
                _ => Some("see them all with --dry-run; leave some with --except NAME".into()),
            },
            Self::Edit(error) => error.hint(),
            Self::Inventory(error) => error.hint(),
            Self::IsCa(_) => Some(ROTATE.into()),
            Self::Kubeconfig(error) => error.hint(),
            Self::NoCa(folder) => {
                let folder = quoted(folder);
                Some(format!(
                    "name the folder with --cert-dir DIR, or the CA with --ca FILE; see what is there: ls -l {folder}"
                ))
            }
            Self::NoCertificate(file) => {
                Some(format!("see what it holds: kubepki cert show {}", quoted(file)))
            }
            Self::Nothing(_) => {
                Some("name the folders with --cert-dir DIR and --kubeconfig-dir DIR".into())
            }
            Self::Request(_) | Self::Certificate(_) | Self::Untrue(_) => None,
            Self::Time(error) => error.hint(),
            Self::TokenKey => {
                Some("rotate it when that is wanted: kubepki sa rotate prepare".into())
            }
        }
    }
}

/// The first failure, and how many there are besides.
struct Failing<'a>(&'a [Failure]);

impl fmt::Display for Failing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Failure { place, why }) = self.0.first() else { return Ok(()) };
        write!(f, "{place} cannot be renewed: {why}")?;
        match self.0.len() {
            0 | 1 => Ok(()),
            more => write!(f, " (and {} more)", more - 1),
        }
    }
}

fn list(folders: &[PathBuf]) -> String {
    folders.iter().map(|it| it.display().to_string()).collect::<Vec<_>>().join(", ")
}
