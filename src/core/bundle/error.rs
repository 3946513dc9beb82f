//! Why a Secret cannot be made or taken apart.

use std::fmt;
use std::path::{Path, PathBuf};

use super::certificate_key::LENGTH;
use super::items::Etcd;
use super::manifest::NAME;
use crate::core::changes::quoted;
use crate::core::inventory;
use crate::core::x509::entropy::Unavailable;

/// Why a Secret cannot be made or taken apart.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Some values open and some do not.
    #[error("{path}: the values of {} are damaged: the key opens the others", list(names))]
    Altered {
        /// The file with the Secret.
        path: PathBuf,
        /// The names of the values.
        names: Vec<String>,
    },
    /// A file is not what its name says.
    #[error("{place}: {why}")]
    Content {
        /// The file, or the value of the Secret.
        place: Place,
        /// What is wrong with it.
        why: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// Not a key.
    #[error("certificate key {path} has {count} hexadecimal digits{}; it must have {} and nothing else", besides(*others), 2 * LENGTH)]
    Digits {
        /// The file.
        path: PathBuf,
        /// How many hexadecimal digits it has.
        count: usize,
        /// How many other characters.
        others: usize,
    },
    /// Files that do not belong together.
    #[error("{private} does not belong to {public}")]
    Foreign {
        /// The certificate or public key.
        public: Place,
        /// The key.
        private: Place,
    },
    /// Files are missing.
    #[error("{} is not complete: {} missing", cert_dir.display(), are(missing))]
    Incomplete {
        /// The certificate folder.
        cert_dir: PathBuf,
        /// Where etcd runs.
        etcd: Etcd,
        /// The files.
        missing: Vec<PathBuf>,
    },
    /// A file cannot be read.
    #[error(transparent)]
    Inventory(#[from] inventory::Error),
    /// The key itself was typed.
    #[error(
        "--certificate-key wants the file of a key, not the key: everybody on this machine can read what is typed"
    )]
    KeyTyped,
    /// CAs without their keys.
    #[error("{} missing: a node that joins signs its certificates itself", are(.0))]
    KeysElsewhere(Vec<PathBuf>),
    /// Values are missing.
    #[error("{path}: the Secret `{NAME}` lacks {}", list(names))]
    Lacking {
        /// The file with the Secret.
        path: PathBuf,
        /// The names of the values.
        names: Vec<String>,
    },
    /// Another document.
    #[error("{path} holds no Secret `{NAME}`{}", only(found))]
    NoSecret {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: Vec<String>,
    },
    /// It was encrypted with another key.
    #[error("the key in {key_file} is not the one that the Secret in {path} was encrypted with")]
    OtherKey {
        /// The file with the Secret.
        path: PathBuf,
        /// The file with the key.
        key_file: PathBuf,
    },
    /// Larger than any Secret.
    #[error("{path} has {size} bytes; the most for a Secret is {most}")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        most: usize,
    },
    /// Two Secrets of the name.
    #[error("{path} holds two Secrets `{NAME}`")]
    Twice {
        /// The file.
        path: PathBuf,
    },
    /// No random numbers.
    #[error("cannot encrypt: {0}")]
    Unavailable(#[from] Unavailable),
    /// Names that are not kubeadm's.
    #[error("{path}: the Secret `{NAME}` holds what does not belong there: {}", list(names))]
    Unknown {
        /// The file with the Secret.
        path: PathBuf,
        /// The names.
        names: Vec<String>,
    },
    /// A value that cannot be one.
    #[error("{path}: the value of `{name}` {flaw}")]
    Value {
        /// The file with the Secret.
        path: PathBuf,
        /// The name of the value.
        name: String,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// Not YAML.
    #[error("{path}: not YAML: {why}")]
    Yaml {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        why: String,
    },
}

/// Where a file of the Secret is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Place {
    /// In the Secret.
    Entry {
        /// Its name there.
        name: String,
        /// The file with the Secret.
        of: PathBuf,
    },
    /// In the certificate folder.
    File(PathBuf),
}

/// Why a value cannot be one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Flaw {
    /// Nothing.
    #[error("is empty: kubeadm writes that for a file that it did not find")]
    Empty,
    /// Not Base64.
    #[error("is not Base64")]
    NotBase64,
    /// Too short.
    #[error("has {found} bytes; nonce and tag alone have {overhead}")]
    TooShort {
        /// How many bytes it has.
        found: usize,
        /// How many a value has besides its content.
        overhead: usize,
    },
}

/// The most names that an error lists: a Secret has nine.
const MOST_NAMES: usize = 9;

/// How a Secret is got again.
const AGAIN: &str =
    "make it again where the CAs are: kubepki cluster upload-bundle --certificate-key FILE";

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Altered { .. }
            | Self::Lacking { .. }
            | Self::Unknown { .. }
            | Self::Value { .. } => AGAIN.into(),
            Self::Content { place, hint, .. } => hint.clone().unwrap_or_else(|| place.hint()),
            Self::Digits { .. } => {
                "name another file; where there is none, upload-bundle draws a key and writes it there".into()
            }
            Self::Foreign { private, .. } => private.hint(),
            Self::Incomplete { cert_dir, etcd: Etcd::Stacked, .. } => format!(
                "make what is missing: kubepki cluster init --cert-dir {}; if etcd runs elsewhere, say so: --external-etcd",
                quoted(cert_dir)
            ),
            Self::Incomplete { cert_dir, etcd: Etcd::External, .. } => format!(
                "copy those of etcd from where its CA is; make the others: kubepki cluster init --external-etcd --cert-dir {}",
                quoted(cert_dir)
            ),
            Self::Inventory(error) => return error.hint(),
            Self::KeyTyped => {
                "put the key into a file and name that; where there is none, a key is drawn and written there".into()
            }
            Self::KeysElsewhere(_) => {
                "make the certificates of the node where the keys are, and copy them to it".into()
            }
            Self::NoSecret { .. }
            | Self::TooLarge { .. }
            | Self::Twice { .. }
            | Self::Yaml { .. } => {
                format!("get it from the cluster: kubectl -n kube-system get secret {NAME} -o yaml")
            }
            Self::OtherKey { .. } => {
                "name the file of the key that was used with --certificate-key FILE".into()
            }
            Self::Unavailable(_) => return None,
        })
    }
}

impl Place {
    /// The file, where it is one.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::Entry { .. } => None,
            Self::File(path) => Some(path),
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Entry { .. } => AGAIN.into(),
            Self::File(path) => format!("see what it holds: kubepki cert show {}", quoted(path)),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry { name, of } => write!(f, "{}: `{name}`", of.display()),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// `ca.crt, ca.key`; of what somebody else wrote there may be thousands.
fn list(names: &[String]) -> String {
    match names.len().checked_sub(MOST_NAMES) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..MOST_NAMES].join(", ")),
    }
}

/// `pki/ca.key and pki/sa.key are`
fn are(paths: &[impl AsRef<Path>]) -> String {
    let paths: Vec<_> = paths.iter().map(|path| path.as_ref().display().to_string()).collect();
    match paths.as_slice() {
        [one] => format!("{one} is"),
        _ => format!("{} are", paths.join(", ")),
    }
}

/// ` and 2 other characters`
fn besides(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => " and another character".into(),
        more => format!(" and {more} other characters"),
    }
}

/// `, only Role x`
fn only(found: &[String]) -> String {
    if found.is_empty() { String::new() } else { format!(", only {}", list(found)) }
}
