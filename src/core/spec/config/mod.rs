//! Configuration files: kubeadm's own, and the inventory of a whole cluster.

mod cluster_pki;
mod documents;
mod kubeadm;

use std::path::PathBuf;

use serde_json::Value;

use crate::core::changes::quoted;

pub use cluster_pki::{ClusterPki, NodeEntry, UserEntry};
pub use kubeadm::{ClusterConfiguration, KubeadmConfig};

/// What a configuration file holds. Everything is as it was written; nothing is filled in.
#[derive(Clone, Debug, PartialEq)]
pub enum Config {
    /// A whole cluster, node by node.
    ClusterPki(Box<ClusterPki>),
    /// kubeadm's settings for one node.
    Kubeadm(Box<KubeadmConfig>),
}

/// Why a file is no configuration that can be followed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// A kind that is nearly one of ours.
    #[error("{path}: there is no kind `{found}`; `{near}` is near it")]
    Kind {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: String,
        /// The one that may be meant.
        near: String,
    },
    /// Two fields of which only one can be.
    #[error("{path}: `{one}` and `{other}` exclude each other")]
    Exclusive {
        /// The file.
        path: PathBuf,
        /// The first field, with those above it.
        one: &'static str,
        /// The second.
        other: &'static str,
    },
    /// A field that is nearly one of the PKI's.
    #[error("{path}: there is no field `{field}`; `{near}` is near it")]
    Misspelt {
        /// The file.
        path: PathBuf,
        /// The field, with those above it.
        field: String,
        /// The one that may be meant.
        near: String,
    },
    /// No document that we know.
    #[error(
        "{0} holds neither a ClusterPKI nor a ClusterConfiguration or InitConfiguration of kubeadm"
    )]
    NoDocument(PathBuf),
    /// A setting that cannot be followed.
    #[error("{path}: {why}")]
    Setting {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
        /// What to write instead.
        hint: Option<String>,
    },
    /// Larger than any configuration.
    #[error("{path} has {size} bytes; the most for a configuration is {MOST_BYTES}")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        size: usize,
    },
    /// Two documents of one kind.
    #[error("{path} holds two documents of kind {kind}")]
    Twice {
        /// The file.
        path: PathBuf,
        /// The kind.
        kind: String,
    },
    /// Both an inventory and kubeadm's settings.
    #[error("{0} holds both a ClusterPKI and kubeadm's configuration")]
    TwoKinds(PathBuf),
    /// A field that is not one of ours.
    #[error("{path}: there is no field `{field}`")]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The field, with those above it.
        field: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// A value of another type.
    #[error("{path}: {place}: {why}")]
    Value {
        /// The file.
        path: PathBuf,
        /// The kind of the document, or the entry in it.
        place: String,
        /// What is wrong.
        why: String,
    },
    /// A version that we do not know.
    #[error("{path}: `{found}` is no version of this configuration that is known")]
    Version {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: String,
        /// Those that are known.
        known: &'static [&'static str],
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

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Setting { hint, .. } => return hint.clone(),
            Self::Kind { .. } | Self::Misspelt { .. } => "spell it so, or take it out".into(),
            Self::NoDocument(_) => {
                "see what kubeadm would take: kubeadm config print init-defaults".into()
            }
            Self::TooLarge { .. } => "see whether it is the right file".into(),
            Self::Exclusive { .. } | Self::Twice { .. } | Self::TwoKinds(_) => {
                "keep one of them".into()
            }
            Self::Unknown { known, .. } => format!("choose of {}", known.join(", ")),
            Self::Value { .. } | Self::Yaml { .. } => "mend that place in the file".into(),
            Self::Version { known: [one], .. } => format!("write apiVersion: {one}"),
            Self::Version { path, found, known } => match kubeadm::migrator(found) {
                Some(version) => format!(
                    "let kubeadm {version} bring it up to date: kubeadm config migrate --old-config {}",
                    quoted(path)
                ),
                None => format!("write one of {}", known.join(", ")),
            },
        })
    }
}

/// The most bytes that a configuration has: room for some ten thousand nodes.
const MOST_BYTES: usize = 16 << 20;

impl Config {
    /// Reads a file, which was found at `path`.
    ///
    /// # Errors
    ///
    /// Not YAML, no document that is known, an unknown version, a wrong type, a misspelt kind or field.
    pub fn parse(path: impl Into<PathBuf>, bytes: &[u8]) -> Result<Self, Error> {
        let path = path.into();
        if bytes.len() > MOST_BYTES {
            return Err(Error::TooLarge { path, size: bytes.len() });
        }
        let documents: Vec<Value> = serde_saphyr::from_slice_multiple(bytes)
            .map_err(|error| Error::Yaml { path: path.clone(), why: why_unread(&error) })?;
        match (ClusterPki::find(&path, &documents)?, KubeadmConfig::find(&path, &documents)?) {
            (Some(inventory), None) => Ok(Self::ClusterPki(Box::new(inventory))),
            (None, Some(config)) => Ok(Self::Kubeadm(Box::new(config))),
            (Some(_), Some(_)) => Err(Error::TwoKinds(path)),
            (None, None) => Err(Error::NoDocument(path)),
        }
    }
}

/// Why YAML or what it says cannot be read, and where, in words for whoever wrote it.
pub fn why_unread(error: &serde_saphyr::Error) -> String {
    let rendered = error.render_with_options(serde_saphyr::render_options! {
        formatter: &serde_saphyr::UserMessageFormatter,
        snippets: serde_saphyr::SnippetMode::Off,
    });
    rendered.lines().next().unwrap_or_default().to_owned()
}
