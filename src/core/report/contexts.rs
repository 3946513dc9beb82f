//! Contexts of kubeconfigs.

use std::path::PathBuf;

use serde::Serialize;

use crate::core::check::ClientCertificate;

/// All contexts.
#[derive(Clone, Debug, Serialize)]
pub struct ContextsReport {
    /// Sorted by name.
    pub contexts: Vec<ContextRow>,
    /// What may surprise about the files.
    pub warnings: Vec<String>,
}

/// One context.
#[derive(Clone, Debug, Serialize)]
pub struct ContextRow {
    /// Whether it is in use.
    pub current: bool,
    /// Its name.
    pub name: String,
    /// The name of its cluster.
    pub cluster: String,
    /// The name of its user.
    pub user: String,
    /// Its namespace; empty for none.
    pub namespace: String,
    /// The URL of the cluster; empty where no cluster has that name.
    pub server: String,
    /// The certificate of its user; `None` where that has none.
    pub certificate: Option<ClientCertificate>,
    /// Where it stands.
    #[serde(serialize_with = "super::as_text")]
    pub file: PathBuf,
}

/// The current context.
#[derive(Clone, Debug, Serialize)]
pub struct CurrentReport {
    /// Its name.
    pub name: String,
    /// The file that says so.
    #[serde(serialize_with = "super::as_text")]
    pub file: PathBuf,
    /// What may surprise about it.
    pub warnings: Vec<String>,
}

/// A switch from one context to another.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SwitchReport {
    /// Whether it was another one before.
    pub changed: bool,
    /// Whether nothing was done yet.
    pub dry_run: bool,
    /// The context that is current now.
    pub name: String,
    /// The one before.
    pub previous: Option<String>,
    /// The file that says so now.
    #[serde(serialize_with = "super::as_text")]
    pub file: PathBuf,
    /// What may surprise about the files.
    pub warnings: Vec<String>,
}
