//! Locks: taken before anything is read, held until everything is written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::commit::{self, Written};
use super::error::Error;
use super::file_lock::{self, FileLock};
use super::folder_lock::FolderLock;
use super::folders::{MadeFolders, PRIVATE, name, parent, resolve};
use super::journal::{self, Recovery};
use crate::core::changes::Changes;

/// What can be locked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Lockable {
    /// A folder with all that kubepki keeps in it.
    Folder(PathBuf),
    /// One kubeconfig, against kubectl too.
    Kubeconfig(PathBuf),
}

/// How locks are taken.
#[derive(Clone, Copy, Debug)]
pub struct LockSettings {
    /// How long to wait for others, over all locks together.
    pub wait: Duration,
    /// The time now, which goes into the lock files and tells how old those of others are.
    pub now: SystemTime,
}

impl LockSettings {
    /// Waits for up to 5 s, which is far longer than a run holds a lock.
    pub fn new(now: SystemTime) -> Self {
        Self { wait: Duration::from_secs(5), now }
    }
}

/// The locks of one run. Dropped, it unlocks, and removes the folders that it made and that are still empty.
#[derive(Debug)]
pub struct Guard {
    // Dropped in this order: a folder can only go once its lock file has gone.
    files: Vec<FileLock>,
    folders: Vec<FolderLock>,
    made: MadeFolders,
    recovered: Vec<Recovery>,
}

/// Locks all of `set`, always in the same order, so that two runs never wait for each other. Missing folders are made
/// (0700). What a killed run has left in a locked folder is finished or undone before this returns.
///
/// # Errors
///
/// A lock that somebody else keeps for longer than the wait, a folder that cannot be written to, or a journal that cannot
/// be used. Nothing stays locked.
pub fn lock(set: &[Lockable], settings: &LockSettings) -> Result<Guard, Error> {
    let wait = &mut Wait::new(settings);
    let (mut made, folders) = lock_folders(set, wait)?;
    let kubeconfigs = kubeconfigs_of(set, &mut made, wait)?;
    let files = FileLock::take_all(&kubeconfigs, &mut made, wait)?;
    let recovered = journal::recover(&folders.iter().map(FolderLock::folder).collect::<Vec<_>>())?;
    Ok(Guard { files, folders, made, recovered })
}

/// Locks the folders of `set`, and those that have the journal of what a killed run has left in them.
fn lock_folders(
    set: &[Lockable],
    wait: &mut Wait,
) -> Result<(MadeFolders, Vec<FolderLock>), Error> {
    let mut set = set.to_owned();
    loop {
        let (mut made, mut locks) = (MadeFolders::default(), Vec::new());
        for folder in folders_of(&set, &mut made, wait)? {
            locks.push(FolderLock::take(&folder, &mut made, wait)?);
        }
        let mut homes = Vec::new();
        for lock in &locks {
            homes.extend(journal::home_of(lock.folder())?);
        }
        homes.retain(|home| !locks.iter().any(|lock| lock.folder() == home));
        if homes.is_empty() {
            return Ok((made, locks));
        }
        // All are let go and taken again with these, in the order of all runs.
        set.extend(homes.into_iter().map(Lockable::Folder));
    }
}

/// Removes the locks of killed runs beside kubeconfigs, for a run that has nothing to write there and so takes none itself:
/// kubectl would be kept out for ever. Locks of the living stay.
pub fn unlock_dead(kubeconfigs: &[PathBuf]) {
    for file in kubeconfigs {
        let names = names_of(file).unwrap_or_else(|_| [file.clone()].into());
        names.iter().for_each(|name| file_lock::break_dead(name));
    }
}

impl Guard {
    /// What was found half done in the locked folders, and what became of it.
    pub fn recovered(&self) -> &[Recovery] {
        &self.recovered
    }

    /// Holds these locks too: those that could only be chosen once the first ones were held.
    pub fn join(&mut self, other: Self) {
        let Self { files, folders, made, recovered } = other;
        self.files.extend(files);
        self.folders.extend(folders);
        self.made.join(made);
        self.recovered.extend(recovered);
    }

    /// Writes all of `changes`, or nothing. Returns what was done, in the order of the changes.
    ///
    /// # Errors
    ///
    /// A file that is no longer as it must be, or a disk that refuses. Everything is then as it was before, without a
    /// temporary file, with two exceptions: [`Error::HalfDone`] leaves the rest to the next run, and when only the last sync of
    /// a folder fails, a single file is new, if perhaps not for ever. When more than one file changes,
    /// `changes.home` must be a folder that this guard has locked ([`Error::NotLocked`]), since it keeps the journal.
    pub fn commit(&self, changes: &Changes) -> Result<Vec<Written>, Error> {
        let locked: Vec<PathBuf> =
            self.folders.iter().map(|lock| lock.folder().to_owned()).collect();
        commit::commit(changes, &locked, &self.made)
    }

    /// Removes files below the locked folders, such as backups that are too old. Best effort: what cannot be removed harms nobody,
    /// and the next run tries again.
    pub fn remove(&self, files: &[PathBuf]) {
        for file in files {
            let folder = parent(file).canonicalize();
            let is_ours = |folder: &PathBuf| {
                self.folders.iter().any(|lock| folder.starts_with(lock.folder()))
            };
            if folder.is_ok_and(|folder| is_ours(&folder)) {
                let _ = fs::remove_file(file);
            }
        }
    }
}

/// The patience of one run, shared by all its locks.
pub(super) struct Wait {
    started: Instant,
    wait: Duration,
    now: SystemTime,
    pause: Duration,
}

impl Wait {
    pub(super) fn new(settings: &LockSettings) -> Self {
        let LockSettings { wait, now } = *settings;
        Self { started: Instant::now(), wait, now, pause: Duration::from_millis(1) }
    }

    /// Sleeps a little longer than the last time; `false` when the patience is used up.
    pub(super) fn pause(&mut self) -> bool {
        let left = self.wait.saturating_sub(self.waited());
        thread::sleep(self.pause.min(left));
        self.pause = (self.pause * 2).min(Duration::from_millis(50));
        !left.is_zero()
    }

    /// How long this run has waited so far.
    pub(super) fn waited(&self) -> Duration {
        self.started.elapsed()
    }

    /// The time now.
    pub(super) fn now(&self) -> SystemTime {
        self.now + self.waited()
    }
}

/// The folders of a set, made, each once, in one spelling, sorted.
fn folders_of(
    set: &[Lockable],
    made: &mut MadeFolders,
    wait: &mut Wait,
) -> Result<Vec<PathBuf>, Error> {
    let mut folders = Vec::new();
    for lockable in set {
        if let Lockable::Folder(folder) = lockable {
            folders.push(make_real(folder, made, wait)?);
        }
    }
    folders.sort();
    folders.dedup();
    Ok(folders)
}

/// The kubeconfigs of a set, under each of their names, in folders that are there.
fn kubeconfigs_of(
    set: &[Lockable],
    made: &mut MadeFolders,
    wait: &mut Wait,
) -> Result<BTreeSet<PathBuf>, Error> {
    let mut names = BTreeSet::new();
    for lockable in set {
        if let Lockable::Kubeconfig(file) = lockable {
            names.extend(names_of(file)?);
        }
    }
    // Many files are in one folder, which is looked at once.
    let mut real = BTreeMap::new();
    for folder in names.iter().map(|file| parent(file)) {
        if !real.contains_key(folder) {
            real.insert(folder, make_real(folder, made, wait)?);
        }
    }
    names.iter().map(|file| Ok(real[parent(file)].join(name(file)?))).collect()
}

/// The names under which a kubeconfig is locked: as typed, since kubectl locks beside the symlink, and as resolved, since the other
/// name of the file may be used as well.
fn names_of(kubeconfig: &Path) -> Result<BTreeSet<PathBuf>, Error> {
    Ok([kubeconfig.to_owned(), resolve(kubeconfig)?].into())
}

/// Makes a folder where it is missing, and again should another run have removed it as unused; its one spelling.
fn make_real(folder: &Path, made: &mut MadeFolders, wait: &mut Wait) -> Result<PathBuf, Error> {
    loop {
        made.make(folder, PRIVATE)?;
        match folder.canonicalize() {
            Err(error) if error.kind() == io::ErrorKind::NotFound && wait.pause() => {}
            other => return other.map_err(Error::io("look at", folder)),
        }
    }
}

#[cfg(test)]
mod tests;
