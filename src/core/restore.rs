//! The act of putting back what a renewal replaced.

use std::path::{Path, PathBuf};

use crate::core::backup::{self, Backup, State};
use crate::core::changes::{Before, Change, Changes, Found, Secrecy, Snapshot};
use crate::core::inventory::Inventory;
use crate::core::renew::archives;
use crate::core::report::{BackupRow, BackupsReport, Restarts, RestoreReport};
use crate::core::store::{self, Lockable};
use crate::core::{Error, World};

/// What is to be put back.
#[derive(Clone, Debug)]
pub struct Restore {
    /// The folder that keeps the backups.
    pub home: PathBuf,
    /// Whether files that somebody changed since are put back too.
    pub force: bool,
    /// Whether nothing is written.
    pub dry_run: bool,
}

/// Puts back all that the last renewal replaced which has not been taken back yet.
///
/// # Errors
///
/// There is none; a file has changed since; an archive that cannot be used. No file has changed then.
pub fn restore(wanted: &Restore, world: &World<'_>) -> Result<RestoreReport, Error> {
    let Restore { home, force, dry_run } = wanted;
    let guard = match dry_run {
        true => None,
        false => Some(store::lock(&[Lockable::Folder(home.clone())], &world.locks)?),
    };
    let (path, backup, snapshot) = last(home, *force)?;
    let _files = match dry_run {
        true => None,
        false => Some(store::lock(&kubeconfigs(&backup), &world.locks)?),
    };
    let list = backup.files.iter().map(|kept| {
        let before = match snapshot.get(&kept.path) {
            Found::File { bytes, .. } => Before::Exactly(bytes.clone()),
            Found::Absent | Found::Unreadable(_) => Before::Absent,
        };
        let secrecy = match before {
            Before::Absent if kept.mode & 0o077 == 0 => Secrecy::Secret,
            Before::Absent => Secrecy::Public,
            _ => Secrecy::AsFound,
        };
        Change { path: kept.path.clone(), bytes: kept.bytes.clone(), secrecy, before }
    });
    let list: Vec<Change> = list.collect();
    let paths: Vec<PathBuf> = list.iter().map(|change| change.path.clone()).collect();
    if let Some(guard) = guard {
        guard.commit(&Changes { home: home.clone(), list })?;
    }
    let files = paths.iter().map(|path| path.display().to_string()).collect();
    let certificates: Vec<PathBuf> =
        paths.into_iter().filter(|path| path.extension().is_none_or(|it| it != "key")).collect();
    let (what, when) = (backup.what, backup.when);
    let restarts = Restarts::of_paths(&certificates);
    Ok(RestoreReport { dry_run: *dry_run, backup: path, what, when, files, restarts })
}

/// What can be put back, the youngest first.
///
/// # Errors
///
/// A folder that cannot be read.
pub fn backups(home: &Path) -> Result<BackupsReport, Error> {
    let mut report = BackupsReport { backups: Vec::new(), warnings: Vec::new() };
    let (mut paths, mut all) = (Vec::new(), Vec::new());
    for path in archives(home)? {
        match read(home, &path) {
            Ok(backup) => {
                paths.push(path);
                all.push(backup);
            }
            Err(error) => report.warnings.push(error.to_string()),
        }
    }
    for (index, path) in paths.into_iter().enumerate().rev() {
        let state = all[index].state(&files_of(&all[index]), &all[..index], &all[index + 1..]);
        report.backups.push(BackupRow::new(path, &all[index], &state));
    }
    Ok(report)
}

/// The youngest one that can be taken back; with force, the youngest that has not been.
fn last(home: &Path, force: bool) -> Result<(PathBuf, Backup, Snapshot), Error> {
    let paths = archives(home)?;
    let mut all = paths.iter().map(|path| read(home, path)).collect::<Result<Vec<_>, _>>()?;
    let mut changed = None;
    for index in (0..all.len()).rev() {
        let snapshot = files_of(&all[index]);
        let state = all[index].state(&snapshot, &all[..index], &all[index + 1..]);
        match state {
            State::Changed(file) if !force => {
                let Backup { what, when, .. } = &all[index];
                let (what, when) = (what.clone(), *when);
                changed.get_or_insert(backup::Error::ChangedSince { file, what, when });
            }
            State::Changed(_) | State::Current => {
                return Ok((paths[index].clone(), all.swap_remove(index), snapshot));
            }
            State::Covered | State::TakenBack => {}
        }
    }
    Err(changed.unwrap_or_else(|| backup::Error::None(home.to_owned())).into())
}

fn read(home: &Path, path: &Path) -> Result<Backup, Error> {
    let snapshot = store::read([path.to_owned()]);
    let inventory = Inventory::new(&snapshot);
    let bytes = inventory.need("backup", path)?;
    Ok(Backup::read(home, path, bytes, inventory.mode(path).unwrap_or_default())?)
}

fn files_of(backup: &Backup) -> Snapshot {
    store::read(backup.files.iter().map(|kept| kept.path.clone()))
}

fn kubeconfigs(backup: &Backup) -> Vec<Lockable> {
    let is_kubeconfig = |path: &&PathBuf| {
        path.extension().is_none_or(|it| it != "crt" && it != "key" && it != "pem")
    };
    let paths = backup.files.iter().map(|kept| &kept.path).filter(is_kubeconfig);
    paths.cloned().map(Lockable::Kubeconfig).collect()
}
