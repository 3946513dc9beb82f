//! The lock of a kubeconfig: `FILE.lock`, made only if it is not there, as kubectl does.
//!
//! Ours appears with its record in it (a temporary file, renamed), so an empty one is never ours. For as long as the run
//! lives it also holds flock on the file: that makes breaking the lock of a dead run safe against others who do the same.
//!
//! Where a run locks several files of one folder, their locks are names of one file, which says the same of each.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, OFlags, flock};

use super::error::Error;
use super::folder_lock::{holder, is_same, read_record};
use super::folders::{MadeFolders, PRIVATE, parent};
use super::holder::{By, Holder, Process};
use super::lock::Wait;
use super::temp::{self, Owner, Part};

/// A locked kubeconfig.
#[derive(Debug)]
pub(super) struct FileLock {
    path: PathBuf,
    file: Arc<File>,
}

impl FileLock {
    /// Locks all of `targets`, in this order.
    pub(super) fn take_all(
        targets: &BTreeSet<PathBuf>,
        made: &mut MadeFolders,
        wait: &mut Wait,
    ) -> Result<Vec<Self>, Error> {
        let mut locks: Vec<Self> = Vec::new();
        for target in targets {
            let linked = match locks.last() {
                Some(last) => last.take_too(target, wait)?,
                None => None,
            };
            locks.push(match linked {
                Some(lock) => lock,
                None => Self::take(target, made, wait)?,
            });
        }
        Ok(locks)
    }

    /// Locks another file of the same folder by a second name of this lock; `None` where there are no hard links.
    fn take_too(&self, target: &Path, wait: &mut Wait) -> Result<Option<Self>, Error> {
        let path = lock_path(target);
        if parent(&path) != parent(&self.path) {
            return Ok(None);
        }
        match publish(|path| fs::hard_link(&self.path, path), target, &path, wait) {
            Ok(()) => Ok(Some(Self { path, file: Arc::clone(&self.file) })),
            Err(Error::Io { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Locks `target`.
    fn take(target: &Path, made: &mut MadeFolders, wait: &mut Wait) -> Result<Self, Error> {
        let path = lock_path(target);
        // Dropped on an error, it removes the temporary file.
        let mut lock = prepare(&path, target, made, wait)?;
        let record = Process::this().record(wait.now());
        (&*lock.file).write_all(record.as_bytes()).map_err(Error::io("lock", target))?;
        publish(|path| temp::rename_new(&lock.path, path), target, &path, wait)?;
        lock.path = path;
        Ok(lock)
    }
}

/// Removes the lock of a kubeconfig if the run that made it is dead.
pub(super) fn break_dead(target: &Path) {
    let _ = break_stale(&lock_path(target));
}

impl Drop for FileLock {
    fn drop(&mut self) {
        if is_same(&self.file, &self.path) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn lock_path(target: &Path) -> PathBuf {
    let mut path = OsString::from(target);
    path.push(".lock");
    path.into()
}

/// The lock file under a temporary name.
fn prepare(
    path: &Path,
    target: &Path,
    made: &mut MadeFolders,
    wait: &mut Wait,
) -> Result<FileLock, Error> {
    let owner = Owner { pid: std::process::id(), part: Part::Alone };
    loop {
        // Again, should another run have removed the folder as unused.
        made.make(parent(path), PRIVATE)?;
        match temp::create(path, owner) {
            Ok((path, file)) => return Ok(FileLock { path, file: Arc::new(file) }),
            Err(Error::Io { source, .. })
                if source.kind() == io::ErrorKind::NotFound && wait.pause() => {}
            Err(Error::Io { source, .. }) => return Err(Error::io("lock", target)(source)),
            Err(error) => return Err(error),
        }
    }
}

/// Waits until the lock file can get its name, which `give` gives unless it is taken.
fn publish(
    give: impl Fn(&Path) -> io::Result<()>,
    target: &Path,
    path: &Path,
    wait: &mut Wait,
) -> Result<(), Error> {
    loop {
        match give(path) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(Error::io("lock", target)(error));
            }
            Err(_) if break_stale(path) || wait.pause() => {}
            Err(_) => return Err(locked(target, path, wait)),
        }
    }
}

/// Removes the lock file of a run that has died on this host. Whoever gets its flock is the only one who may; and the name
/// must still be that file's, or it is the lock of the next run.
fn break_stale(path: &Path) -> bool {
    let Ok(file) = open(path) else { return false };
    let By::Kubepki(process) = read_record(&file) else { return false };
    let held = flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
    held && process.is_gone() && is_same(&file, path) && fs::remove_file(path).is_ok()
}

fn open(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)
}

fn locked(target: &Path, lock: &Path, wait: &Wait) -> Error {
    let metadata = fs::symlink_metadata(lock).ok();
    let by = who(lock, metadata.as_ref());
    let holder: Holder = holder(by, metadata.as_ref(), wait);
    Error::Locked { path: target.into(), lock: lock.into(), holder, waited: wait.waited() }
}

/// kubectl's lock file is empty and of mode 0000: its size is all that may be looked at.
fn who(lock: &Path, metadata: Option<&fs::Metadata>) -> By {
    if metadata.is_some_and(|metadata| metadata.is_file() && metadata.len() == 0) {
        return By::Kubectl;
    }
    match open(lock) {
        Ok(file) => read_record(&file),
        Err(_) => By::Unknown,
    }
}
