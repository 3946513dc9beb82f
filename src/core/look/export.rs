//! One context as a file of its own.

use std::path::PathBuf;

use crate::core::changes::Bytes;
use crate::core::contexts::{load, warnings};
use crate::core::kubeconfig::{LoadPaths, Merged, View};
use crate::core::place::place;
use crate::core::report::MadeReport;
use crate::core::spec::Destination;
use crate::core::{Error, Made, World};

use super::one::{OneContext, whole};
use super::view::context;

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
    let files = load(paths)?;
    let view = View::new(&files);
    let context = context(view, Some(&wanted.name), paths)?;
    let OneContext { bytes, notes, warning } =
        OneContext::of(&Merged::of(view), context, &wanted.folder)?;
    let mut report = MadeReport { dry_run: wanted.dry_run, notes, ..MadeReport::default() };
    report.warnings = warnings(&files);
    report.warnings.extend(warning);
    match wanted.out.path() {
        Some(out) => {
            let whole = whole(&wanted.name, out.to_owned(), bytes);
            place(vec![whole], wanted.force, &mut report, world)?;
            Ok(Made { report, stdout: Bytes::default() })
        }
        None => Ok(Made { report, stdout: bytes }),
    }
}
