//! Repairing kubeconfigs that clients trip over.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::core::changes::{Before, Bytes, Change, Changes, Secrecy, folder_of};
use crate::core::contexts::named;
use crate::core::inventory::Inventory;
use crate::core::kubeconfig::{self, File, Repair, View};
use crate::core::place::keep_before;
use crate::core::report::{RepairReport, RepairRow};
use crate::core::store::{self, Lockable};
use crate::core::{ContextError, Error, World};

use super::desk::How;
use super::error::EditsError;

/// Finds what clients trip over in the files, and writes them without it, unless it is to be shown only.
///
/// # Errors
///
/// What cannot be repaired; a file that cannot be read, locked or written. Nothing has changed then.
pub fn repair(how: &How, world: &World<'_>) -> Result<RepairReport, Error> {
    let found = read(how)?;
    if how.dry_run || broken(&found).next().is_none() {
        return Ok(report(&found, false));
    }
    // The others may be where nobody can write.
    let locked: BTreeSet<&PathBuf> = broken(&found).map(|one| &one.path).collect();
    let lockables: Vec<Lockable> = broken(&found).flat_map(Repaired::lockables).collect();
    let guard = store::lock(&lockables, &world.locks)?;
    let now = read(how)?;
    if broken(&now).any(|one| !locked.contains(&one.path)) {
        return Err(EditsError::Busy(named(&how.paths)).into());
    }
    let list: Vec<Change> = broken(&now).flat_map(|one| one.changes(world)).collect();
    let home = list.first().map(|change| folder_of(&change.path).to_owned());
    guard.commit(&Changes { home: home.unwrap_or_default(), list })?;
    Ok(report(&now, true))
}

/// A file and what is wrong with it.
struct Repaired {
    path: PathBuf,
    old: Bytes,
    repairs: Vec<Repair>,
    new: File,
}

impl Repaired {
    fn lockables(&self) -> [Lockable; 2] {
        let folder = folder_of(&self.path).to_owned();
        [Lockable::Folder(folder), Lockable::Kubeconfig(self.path.clone())]
    }

    fn changes(&self, world: &World<'_>) -> [Change; 2] {
        let what = format!("repaired {}", times(self.repairs.len()));
        let kept = keep_before(&self.path, &self.old, self.new.bytes(), &what, world.now);
        let (path, secrecy) = (self.path.clone(), Secrecy::AsFound);
        let bytes = self.new.to_bytes();
        let change = Change { path, bytes, secrecy, before: Before::Exactly(self.old.clone()) };
        [change, kept]
    }
}

fn broken(found: &[Repaired]) -> impl Iterator<Item = &Repaired> {
    found.iter().filter(|one| !one.repairs.is_empty())
}

fn read(how: &How) -> Result<Vec<Repaired>, Error> {
    let snapshot = store::read(how.paths.all().to_vec());
    let inventory = Inventory::new(&snapshot);
    let (mut files, mut rest) = (Vec::new(), Vec::new());
    for path in how.paths.all() {
        if let Some(old) = inventory.bytes("kubeconfig", path)? {
            let (new, repairs) = kubeconfig::repair(path, old)?;
            files.push(new);
            rest.push((path.clone(), old.clone(), repairs));
        }
    }
    if files.is_empty() {
        return Err(ContextError::NoFile(named(&how.paths)).into());
    }
    // One that is gone may have hidden that of another file.
    while let Some(at) = dangling(&files) {
        let (file, repair) = kubeconfig::clear_current(&files[at])?;
        files[at] = file;
        rest[at].2.push(repair);
    }
    let all = rest.into_iter().zip(files);
    Ok(all.map(|((path, old, repairs), new)| Repaired { path, old, repairs, new }).collect())
}

/// The file that names a current context which is nowhere.
fn dangling(files: &[File]) -> Option<usize> {
    let view = View::new(files);
    let (name, file) = view.current_context()?;
    let is_nowhere = view.context(name).is_none();
    files.iter().position(|one| is_nowhere && one.path() == file.path())
}

fn report(found: &[Repaired], written: bool) -> RepairReport {
    let rows = |one: &Repaired| {
        let row = |Repair { line, column, what }: &Repair| RepairRow {
            file: one.path.clone(),
            line: *line,
            column: *column,
            what: what.clone(),
        };
        one.repairs.iter().map(row).collect::<Vec<_>>()
    };
    RepairReport { written, repairs: found.iter().flat_map(rows).collect() }
}

fn times(count: usize) -> String {
    if count == 1 { "one place".to_owned() } else { format!("{count} places") }
}
