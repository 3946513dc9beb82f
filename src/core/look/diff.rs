//! Two kubeconfigs, compared by what they say.

use std::path::Path;

use crate::core::inventory::Inventory;
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
    let mut snapshot = store::read([path.to_owned()]);
    Inventory::new(&snapshot).need("kubeconfig", path)?;
    Ok(File::to_read(path, snapshot.take(path).unwrap_or_default())?.into_config())
}
