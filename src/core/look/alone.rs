//! One context in a kubeconfig of its own, for as long as a program runs.

use std::path::{Path, PathBuf};

use crate::core::Error;
use crate::core::contexts::{load, warnings};
use crate::core::kubeconfig::{LoadPaths, Merged, View};
use crate::core::store::{self, PrivateFile};

use super::one::OneContext;
use super::view::context;

/// A context by itself. Its file goes when the value is dropped.
#[derive(Debug)]
pub struct Alone {
    /// The kubeconfig, which only this user may read.
    pub file: PrivateFile,
    /// Facts to be told.
    pub notes: Vec<String>,
    /// Dangers to be told.
    pub warnings: Vec<String>,
}

/// Puts the context `name` and all that it needs into a file in the first of `parents` that is there. `folder` is the working
/// one.
///
/// # Errors
///
/// No such context; something that it names is nowhere or cannot be read; no folder for the file.
pub fn alone(
    paths: &LoadPaths,
    name: &str,
    folder: &Path,
    parents: &[PathBuf],
) -> Result<Alone, Error> {
    let files = load(paths)?;
    let view = View::new(&files);
    let context = context(view, Some(name), paths)?;
    let OneContext { bytes, notes, warning } = OneContext::of(&Merged::of(view), context, folder)?;
    let mut warnings = warnings(&files);
    warnings.extend(warning);
    let file = store::private_file(parents, "config", &bytes)?;
    Ok(Alone { file, notes, warnings })
}
