//! A whole new kubeconfig.

use std::path::Path;

use crate::core::changes::Bytes;

use super::edit::{self, NewEntries};
use super::file::File;

/// A kubeconfig with these entries alone, for `path`: what adding them to an empty file gives, so there is one road.
///
/// # Errors
///
/// None for entries that client-go can read; they are checked like every edit.
pub fn build(path: &Path, entries: &NewEntries) -> Result<Bytes, edit::Error> {
    edit::add_entries(&File::absent(path), entries, false)
}
