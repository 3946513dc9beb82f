//! Two kubeconfigs, compared by what they say.

use std::path::Path;

use crate::core::inventory;
use crate::core::kubeconfig::{Config, File, differences};
use crate::core::report::DifferencesReport;
use crate::core::{Error, store};

/// What is to be done to `old` so that it says what `new` says.
///
/// # Errors
///
/// One of the two is not there, or is no kubeconfig.
pub fn diff(old: &Path, new: &Path) -> Result<DifferencesReport, Error> {
    let (old, new) = (read(old)?, read(new)?);
    Ok(DifferencesReport { differences: differences(&old, &new) })
}

/// What it says, without the file: two large ones are too much at once.
fn read(path: &Path) -> Result<Config, Error> {
    let bytes = inventory::needed(store::read([path.to_owned()]), "kubeconfig", path)?;
    Ok(File::to_read(path, bytes)?.into_config())
}
