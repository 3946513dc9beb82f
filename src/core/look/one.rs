//! One context with all that it needs, as a whole kubeconfig.

use std::path::{Path, PathBuf};

use crate::core::Error;
use crate::core::changes::Bytes;
use crate::core::kubeconfig::{Document, Item, Merged, NamedContext};
use crate::core::place::Whole;

use super::view::flattened;

/// A context by itself.
pub(super) struct OneContext {
    /// The kubeconfig; certificates and keys are in it.
    pub bytes: Bytes,
    /// Facts to be told.
    pub notes: Vec<String>,
    /// Why nobody can use it.
    pub warning: Option<String>,
}

impl OneContext {
    /// Takes a context out of all; `folder` is the working one.
    ///
    /// # Errors
    ///
    /// Something that it names is nowhere or cannot be read.
    pub fn of(
        all: &Merged<'_>,
        context: Item<'_, NamedContext>,
        folder: &Path,
    ) -> Result<Self, Error> {
        let merged = all.minified(context)?;
        let (config, notes) = flattened(&merged, folder)?;
        Ok(Self { bytes: Document::of(&config).yaml(), notes, warning: lacking(&merged) })
    }
}

/// The file of one context.
pub(super) fn whole(name: &str, path: PathBuf, bytes: Bytes) -> Whole {
    let about = format!("kubeconfig with the context {name}");
    Whole { path, bytes, about, differs: format!("it is not the context `{name}` alone") }
}

/// kubectl exports such a context as well, and nobody can use it.
fn lacking(merged: &Merged<'_>) -> Option<String> {
    let lacks = match (merged.clusters.is_empty(), merged.users.is_empty()) {
        (false, false) => return None,
        (true, true) => "no cluster and no user",
        (true, false) => "no cluster",
        (false, true) => "no user",
    };
    Some(format!("the context `{}` names {lacks}", merged.current))
}
