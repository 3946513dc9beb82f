//! Why there is no plan.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use super::{Difference, Refusal, Waiting};
use crate::core::changes::quoted;
use crate::core::x509::{chain, name, time};
use crate::core::{inventory, kubeconfig};

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Files that are there are not as asked.
    #[error("{}", Differing(.0))]
    Differs(Vec<Difference>),
    /// A kubeconfig cannot be edited.
    #[error(transparent)]
    Edit(#[from] kubeconfig::EditError),
    /// A file is missing, unreadable or not what it should be.
    #[error(transparent)]
    Inventory(#[from] inventory::Error),
    /// A kubeconfig cannot be read.
    #[error(transparent)]
    Kubeconfig(#[from] kubeconfig::Error),
    /// A certificate inside of something that is not a file.
    #[error("a certificate inside of a kubeconfig needs a file, not standard output")]
    NowhereToKeep,
    /// The CA may not sign this.
    #[error("CA {path}: {source}")]
    Issuer {
        /// The CA certificate.
        path: PathBuf,
        /// Why not.
        source: chain::Error,
    },
    /// The name cannot be signed.
    #[error(transparent)]
    Name(#[from] name::Error),
    /// The key to be certified does not exist.
    #[error("key {0} does not exist")]
    NoKey(PathBuf),
    /// Nothing waits for a signature from elsewhere.
    #[error("there is nothing to ask for: {}", .0.join(", "))]
    NothingToAsk(Vec<String>),
    /// A server without a name.
    #[error("a server certificate needs at least one subject alternative name")]
    NoSans,
    /// A server without a name, for somebody's request.
    #[error("the certificate for {request} would have no subject alternative name")]
    NoSansInSignature {
        /// The request.
        request: PathBuf,
        /// The names that the request has.
        asked: Vec<String>,
        /// Whether they were to be taken over.
        copied: bool,
    },
    /// It would take the place of a CA, or its key.
    #[error("the CA `{0}` is in its place, or its key is: nothing but a CA may take that")]
    OverCa(String),
    /// Certificates from elsewhere do not fit.
    #[error("{} not fit: nothing was imported", match .0.len() {
        1 => "one offered certificate does".to_owned(),
        more => format!("{more} offered certificates do"),
    })]
    Refused(Vec<Refusal>),
    /// The name that a request asks for cannot be signed.
    #[error("request {request}: {source}")]
    RequestedName {
        /// The request.
        request: PathBuf,
        /// What is wrong with the name.
        source: name::Error,
    },
    /// Files that are there are not as asked, and this command replaces none.
    #[error("{}", Differing(.0))]
    Stays(Vec<Difference>),
    /// The dates cannot be signed.
    #[error(transparent)]
    Time(#[from] time::Error),
    /// Certificates wait for a signature from elsewhere.
    #[error("{}", Missing(.0))]
    Unsigned(Vec<Waiting>),
    /// The key to be certified is too weak.
    #[error("key {path} is too weak: {weakness}")]
    WeakKey {
        /// The key.
        path: PathBuf,
        /// Why.
        weakness: String,
    },
}

/// The first difference, and how many there are besides.
struct Differing<'a>(&'a [Difference]);

impl fmt::Display for Differing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.0.first() else { return Ok(()) };
        write!(
            f,
            "{} exists and differs from what is asked: {}",
            first.path.display(),
            first.how.join("; ")
        )?;
        match self.0.len() {
            0 | 1 => Ok(()),
            more => write!(f, " (and {} more)", more - 1),
        }
    }
}

/// How many wait for a signature, and the first of them.
struct Missing<'a>(&'a [Waiting]);

impl fmt::Display for Missing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.0.first() else { return Ok(()) };
        write!(f, "{} {}", first.path.display(), first.about)?;
        match self.0.len() {
            0 | 1 => Ok(()),
            more => write!(f, " (and {} more)", more - 1),
        }
    }
}

impl Error {
    /// One error for what stands in the way of several sets; what all of them share is told once.
    pub fn of_sets(errors: impl IntoIterator<Item = Self>) -> Option<Self> {
        let (mut differences, mut waiting) = (Vec::new(), Vec::new());
        for error in errors {
            match error {
                Self::Differs(some) => differences.extend(some),
                Self::Unsigned(some) => waiting.extend(some),
                other => return Some(other),
            }
        }
        let mut seen = BTreeSet::new();
        differences.retain(|one: &Difference| seen.insert(one.path.clone()));
        waiting.retain(|one: &Waiting| seen.insert(one.path.clone()));
        match (differences.is_empty(), waiting.is_empty()) {
            (false, _) => Some(Self::Differs(differences)),
            (true, false) => Some(Self::Unsigned(waiting)),
            (true, true) => None,
        }
    }

    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Differs(found) => Some(hint_of_differences(found)),
            Self::Edit(error) => error.hint(),
            Self::Inventory(error) => error.hint(),
            Self::Kubeconfig(error) => error.hint(),
            Self::NowhereToKeep => Some("name a file with --out".into()),
            Self::Name(error) => error.hint(),
            Self::NothingToAsk(_) => Some(
                "put the certificate of a CA that signs elsewhere into its place, without its key; or ask for one below it: kubepki cluster csr --only ca"
                    .into(),
            ),
            Self::Refused(refused) => refused.first().map(|first| {
                format!("see what it holds: kubepki cert show {}", quoted(&first.file))
            }),
            Self::Unsigned(_) => Some(
                "make keys and requests, with the same options: kubepki cluster csr; then take what comes back: kubepki cluster import DIR"
                    .into(),
            ),
            Self::NoSans => Some(
                "name the server as its clients do, such as --san api.example.com --san 10.0.0.1"
                    .into(),
            ),
            Self::NoSansInSignature { asked, copied, .. } if asked.is_empty() || *copied => {
                Self::NoSans.hint()
            }
            Self::NoSansInSignature { .. } => {
                Some("take the request's names over with --copy-sans".into())
            }
            Self::OverCa(_) => Some("choose another name, or another CA to sign it".into()),
            // A signer can put no other part in the place of the request's.
            Self::RequestedName { source, .. } => match source.label() {
                "CN" | "O" => source.hint(),
                _ => Some("ask for a request without that part of the name".into()),
            },
            Self::Stays(found) => found.first().map(|first| {
                let path = quoted(&first.path);
                format!("give the options that it was made with, or move it away: mv {path} {path}.old")
            }),
            Self::Time(error) => error.hint(),
            Self::Issuer { source: chain::Error::PathLength { .. }, .. } => {
                Some("sign with the root instead: --parent NAME or --ca FILE".into())
            }
            Self::Issuer { path, source } => Some(inventory::hint_of_ca(path, source)),
            Self::NoKey(_) => Some("leave --key out to make a new key".into()),
            Self::WeakKey { .. } => Some("leave --key out to make a new key".into()),
        }
    }
}

fn hint_of_differences(found: &[Difference]) -> String {
    // To replace the certificate of a CA because its key was mixed up would end all that it has signed.
    if let Some(key) = found.iter().find_map(|one| one.foreign_key.as_deref()).map(quoted) {
        return format!("put the right key back, or move this one away: mv {key} {key}.old");
    }
    match found.len() {
        0 | 1 => "replace it with --force, or choose another name".into(),
        _ => "see them all with --dry-run; replace them with --force".into(),
    }
}
