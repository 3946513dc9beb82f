//! One context as a file of its own.

use std::path::PathBuf;

use crate::core::changes::Bytes;
use crate::core::contexts::{load, warnings};
use crate::core::kubeconfig::{Document, LoadPaths, Merged, View};
use crate::core::place::{Whole, place};
use crate::core::report::MadeReport;
use crate::core::spec::Destination;
use crate::core::{Error, Made, World, store};

use super::view::{context, flattened};

/// What is to be exported.
#[derive(Debug)]
pub struct Export {
    /// The context.
    pub name: String,
    /// Where it goes.
    pub out: Destination,
    /// Whether a file that is there and differs is replaced.
    pub force: bool,
    /// Whether nothing is written.
    pub dry_run: bool,
    /// The working folder.
    pub folder: PathBuf,
}

/// Writes a kubeconfig with one context and all that it needs: certificates and keys are in it.
///
/// # Errors
///
/// No such context; something that it names is nowhere or cannot be read; another file in its place.
pub fn export(paths: &LoadPaths, wanted: &Export, world: &World<'_>) -> Result<Made, Error> {
    let files = load(paths, &store::read(paths.all().to_vec()))?;
    let view = View::new(&files);
    let merged = Merged::of(view).minified(context(view, Some(&wanted.name), paths)?)?;
    let (config, notes) = flattened(&merged, &wanted.folder)?;
    let bytes = Document::of(&config).yaml();
    let mut report = MadeReport { dry_run: wanted.dry_run, notes, ..MadeReport::default() };
    report.warnings = warnings(&files);
    report.warnings.extend(lacking(&merged));
    match wanted.out.path() {
        Some(out) => {
            let whole = Whole {
                path: out.to_owned(),
                bytes,
                about: format!("kubeconfig with the context {}", wanted.name),
                differs: format!("it is not the context `{}` alone", wanted.name),
            };
            place(vec![whole], wanted.force, &mut report, world)?;
            Ok(Made { report, stdout: Bytes::default() })
        }
        None => Ok(Made { report, stdout: bytes }),
    }
}

/// kubectl exports such a context as well, and nobody can use it.
pub(super) fn lacking(merged: &Merged<'_>) -> Option<String> {
    let lacks = match (merged.clusters.is_empty(), merged.users.is_empty()) {
        (false, false) => return None,
        (true, true) => "no cluster and no user",
        (true, false) => "no cluster",
        (false, true) => "no user",
    };
    Some(format!("the context `{}` names {lacks}", merged.current))
}
