//! Repairing kubeconfigs that clients trip over.

use std::path::Path;

use crate::core::contexts::{ContextError, load_any, named};
use crate::core::kubeconfig::{self, File, Repair, View};
use crate::core::report::{EditStep, RepairReport, RepairRow};
use crate::core::{Error, World};

use super::desk::{Desk, How, edited_from};

/// Finds what clients trip over in the files, and writes them without it, unless it is to be shown only.
///
/// # Errors
///
/// What cannot be repaired; a file that cannot be read, locked or written. Nothing has changed then.
pub fn repair(how: &How, world: &World<'_>) -> Result<RepairReport, Error> {
    let (_, repairs) = edited_from(how, world, || repaired(how))?;
    Ok(RepairReport { written: !how.dry_run && !repairs.is_empty(), repairs })
}

/// The files as they are to be, and what was wrong with them.
fn repaired(how: &How) -> Result<(Desk<'_>, Vec<RepairRow>), Error> {
    let mut olds = Vec::new();
    let found = load_any(&how.paths, |path, old| {
        let found = kubeconfig::repair(path, &old)?;
        olds.push(old);
        Ok(found)
    })?;
    let (mut files, mut repairs): (Vec<File>, Vec<Vec<Repair>>) = found.into_iter().unzip();
    if files.is_empty() {
        return Err(ContextError::NoFile(named(&how.paths)).into());
    }
    // One that is gone may have hidden that of another file.
    while let Some(at) = dangling(&files) {
        let (file, repair) = kubeconfig::clear_current(&files[at])?;
        files[at] = file;
        repairs[at].push(repair);
    }
    let of_file = |(file, repairs): (&File, &Vec<Repair>)| rows(file.path(), repairs);
    let rows = files.iter().zip(&repairs).flat_map(of_file).collect();
    let mut desk = Desk::with(how, files);
    for ((at, old), repairs) in olds.into_iter().enumerate().zip(repairs) {
        if !repairs.is_empty() {
            let file = desk.view().files()[at].path().to_owned();
            desk.has_made_of(old, EditStep::Repaired { places: repairs.len(), file });
        }
    }
    Ok((desk, rows))
}

/// The file that names a current context which is nowhere.
fn dangling(files: &[File]) -> Option<usize> {
    let view = View::new(files);
    let (name, file) = view.current_context()?;
    let is_nowhere = view.context(name).is_none();
    files.iter().position(|one| is_nowhere && one.path() == file.path())
}

fn rows(file: &Path, repairs: &[Repair]) -> Vec<RepairRow> {
    let row = |Repair { line, column, what }: &Repair| RepairRow {
        file: file.to_owned(),
        line: *line,
        column: *column,
        what: what.clone(),
    };
    repairs.iter().map(row).collect()
}
