//! Edits of kubeconfigs, and the clusters and users that can be edited.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::core::check::ClientCertificate;
use crate::core::x509::time::Moment;

/// What an edit did, or would do.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EditReport {
    /// Whether any file is not as before.
    pub changed: bool,
    /// Whether nothing was done yet.
    pub dry_run: bool,
    /// `cluster`, `user`, `context`, or `kubeconfig` where it was about whole files.
    pub kind: &'static str,
    /// Those that it was about, by the names that they have now; the files that change for `kubeconfig`.
    pub names: Vec<String>,
    /// What was done, in order.
    pub steps: Vec<EditStep>,
    /// Dangers.
    pub warnings: Vec<String>,
    /// Facts that may surprise.
    pub notes: Vec<String>,
}

/// One thing that an edit did.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(tag = "action", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum EditStep {
    /// Fields of an entry are others.
    Changed {
        /// What it is.
        kind: &'static str,
        /// Its name.
        name: String,
        /// The fields, never their values.
        fields: Vec<String>,
        /// Where it stands.
        #[serde(serialize_with = "super::as_text")]
        file: PathBuf,
    },
    /// No context is current any more.
    Cleared {
        /// The one that was.
        name: String,
        /// The file that said so.
        #[serde(serialize_with = "super::as_text")]
        file: PathBuf,
    },
    /// An entry is new.
    Created {
        /// What it is.
        kind: &'static str,
        /// Its name.
        name: String,
        /// Where it stands.
        #[serde(serialize_with = "super::as_text")]
        file: PathBuf,
    },
    /// An entry is gone.
    Deleted {
        /// What it was.
        kind: &'static str,
        /// Its name.
        name: String,
        /// Where it stood.
        #[serde(serialize_with = "super::as_text")]
        file: PathBuf,
    },
    /// Keys and entries stand in another order.
    Ordered {
        /// The file.
        #[serde(serialize_with = "super::as_text")]
        file: PathBuf,
    },
    /// An entry has another name.
    Renamed {
        /// What it is.
        kind: &'static str,
        /// The name that it had.
        name: String,
        /// The name that it has.
        to: String,
        /// Where it stands.
        #[serde(serialize_with = "super::as_text")]
        file: PathBuf,
    },
    /// What clients trip over is gone.
    Repaired {
        /// In how many places.
        places: usize,
        /// The file.
        #[serde(serialize_with = "super::as_text")]
        file: PathBuf,
    },
    /// Another context is current.
    Switched {
        /// The one that is.
        name: String,
        /// The file that says so.
        #[serde(serialize_with = "super::as_text")]
        file: PathBuf,
    },
    /// A file beside the kubeconfig holds what was in it.
    Wrote {
        /// The file.
        #[serde(serialize_with = "super::as_text")]
        file: PathBuf,
    },
}

/// What clients trip over, and whether it is repaired.
#[derive(Clone, Debug, Serialize)]
pub struct RepairReport {
    /// Whether the files are repaired.
    pub written: bool,
    /// What is wrong, and what becomes of it; in order.
    pub repairs: Vec<RepairRow>,
}

/// One thing that clients trip over.
#[derive(Clone, Debug, Serialize)]
pub struct RepairRow {
    /// The file.
    #[serde(serialize_with = "super::as_text")]
    pub file: PathBuf,
    /// Line from 1.
    pub line: usize,
    /// Column from 1.
    pub column: usize,
    /// What is wrong, and what becomes of it.
    pub what: String,
}

/// What was taken back, or made again.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UndoReport {
    /// Whether nothing was done yet.
    pub dry_run: bool,
    /// Whether it was made again.
    pub again: bool,
    /// The file.
    #[serde(serialize_with = "super::as_text")]
    pub file: PathBuf,
    /// What the edit had done.
    pub what: String,
    /// When.
    pub when: Option<Moment>,
}

/// The edits that can be taken back or made again.
#[derive(Clone, Debug, Serialize)]
pub struct StatesReport {
    /// For each file, the newest first.
    pub states: Vec<StateRow>,
}

/// One edit.
#[derive(Clone, Debug, Serialize)]
pub struct StateRow {
    /// When it was made.
    pub when: Option<Moment>,
    /// What it did.
    pub what: String,
    /// Whether it was taken back.
    pub undone: bool,
    /// The file.
    #[serde(serialize_with = "super::as_text")]
    pub file: PathBuf,
}

impl EditStep {
    /// The file that it changed.
    pub fn file(&self) -> &Path {
        match self {
            Self::Changed { file, .. }
            | Self::Cleared { file, .. }
            | Self::Created { file, .. }
            | Self::Deleted { file, .. }
            | Self::Ordered { file }
            | Self::Renamed { file, .. }
            | Self::Repaired { file, .. }
            | Self::Switched { file, .. }
            | Self::Wrote { file } => file,
        }
    }

    /// In a few words.
    pub fn brief(&self) -> String {
        match self {
            Self::Changed { kind, name, .. } => format!("changed the {kind} `{name}`"),
            Self::Cleared { name, .. } => format!("unset the current context `{name}`"),
            Self::Created { kind, name, .. } => format!("created the {kind} `{name}`"),
            Self::Deleted { kind, name, .. } => format!("deleted the {kind} `{name}`"),
            Self::Ordered { .. } => "put in order".to_owned(),
            Self::Renamed { kind, name, to, .. } => {
                format!("renamed the {kind} `{name}` to `{to}`")
            }
            Self::Repaired { places: 1, .. } => "repaired one place".to_owned(),
            Self::Repaired { places, .. } => format!("repaired {places} places"),
            Self::Switched { name, .. } => format!("switched to the context `{name}`"),
            Self::Wrote { .. } => "wrote the file".to_owned(),
        }
    }
}

/// All clusters.
#[derive(Clone, Debug, Serialize)]
pub struct ClustersReport {
    /// Sorted by name.
    pub clusters: Vec<ClusterRow>,
    /// What may surprise about the files.
    pub warnings: Vec<String>,
}

/// One cluster.
#[derive(Clone, Debug, Serialize)]
pub struct ClusterRow {
    /// Its name.
    pub name: String,
    /// Its URL, without a user.
    pub server: String,
    /// How its certificate is checked.
    pub trust: Trust,
    /// How many contexts name it.
    pub contexts: usize,
    /// Where it stands.
    #[serde(serialize_with = "super::as_text")]
    pub file: PathBuf,
}

/// How the certificate of a server is checked.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// By a CA that the entry holds.
    Embedded,
    /// By a CA in this file.
    File(String),
    /// Not at all.
    Insecure,
    /// By the CAs that the system trusts.
    System,
}

/// All users.
#[derive(Clone, Debug, Serialize)]
pub struct UsersReport {
    /// Sorted by name.
    pub users: Vec<UserRow>,
    /// What may surprise about the files.
    pub warnings: Vec<String>,
}

/// One user.
#[derive(Clone, Debug, Serialize)]
pub struct UserRow {
    /// Its name.
    pub name: String,
    /// How it shows who it is.
    pub credentials: Vec<Credential>,
    /// Its certificate; `None` where it has none.
    pub certificate: Option<ClientCertificate>,
    /// How many contexts name it.
    pub contexts: usize,
    /// Where it stands.
    #[serde(serialize_with = "super::as_text")]
    pub file: PathBuf,
}

/// How a user shows who it is.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Credential {
    /// By a plugin of this name that is compiled into the client.
    AuthProvider(String),
    /// By a certificate and its key.
    Certificate,
    /// By a program that is asked.
    Exec(String),
    /// By name and password.
    Password,
    /// By a token.
    Token,
    /// By a token in this file.
    TokenFile(String),
}
