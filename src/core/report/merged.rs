//! What merging kubeconfigs did, or would do.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde::Serialize;

/// What merging kubeconfigs did, or would do.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MergeReport {
    /// Whether any file is not as before.
    pub changed: bool,
    /// Whether nothing was done yet.
    pub dry_run: bool,
    /// Where new entries go.
    #[serde(serialize_with = "super::as_text")]
    pub file: PathBuf,
    /// Each entry of each source.
    pub entries: Vec<MergedEntry>,
    /// The context that has become the current one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    /// Dangers.
    pub warnings: Vec<String>,
    /// Facts that may surprise.
    pub notes: Vec<String>,
}

/// What became of one entry. There may be very many: the source is shared, and so is a name that stays.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MergedEntry {
    /// What was done with it.
    pub action: Fate,
    /// `cluster`, `user` or `context`.
    pub kind: &'static str,
    /// The name that it has now.
    #[serde(serialize_with = "str::serialize")]
    pub name: Rc<str>,
    /// The source.
    #[serde(serialize_with = "super::as_text")]
    pub source: Rc<Path>,
    /// The name that it has there.
    #[serde(serialize_with = "str::serialize")]
    pub name_in_source: Rc<str>,
}

/// What is done with an entry of a source.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It comes in, maybe by another name.
    Added,
    /// The same is there already.
    Folded,
    /// Another one of its name is there, and that one stays.
    Kept,
    /// It takes the place of the one of its name.
    Replaced,
}
