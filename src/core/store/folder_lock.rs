//! The lock of a folder: flock on a file in it, which the system lets go when the process ends, however it ends.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

use super::error::Error;
use super::folders::{MadeFolders, PRIVATE};
use super::holder::{By, Holder, Process};
use super::lock::Wait;
use super::read::kind;

const NAME: &str = ".kubepki.lock";

/// A lock file records less than this, in bytes.
const MAX_RECORD: u64 = 4096;

/// A locked folder.
#[derive(Debug)]
pub(super) struct FolderLock {
    folder: PathBuf,
    path: PathBuf,
    file: File,
}

/// How it went with one open lock file.
#[derive(Debug, Eq, PartialEq)]
enum Attempt {
    Busy,
    /// Taken, but the file has lost its name: a run that ends removes its lock file.
    Removed,
    Taken,
}

impl FolderLock {
    /// Locks `folder`, and makes it again should another run have removed it as unused.
    pub(super) fn take(
        folder: &Path,
        made: &mut MadeFolders,
        wait: &mut Wait,
    ) -> Result<Self, Error> {
        let path = folder.join(NAME);
        loop {
            made.make(folder, PRIVATE)?;
            let file = match open(&path) {
                Err(Error::Io { source, .. })
                    if source.kind() == io::ErrorKind::NotFound && wait.pause() =>
                {
                    continue;
                }
                other => other?,
            };
            match attempt(&file, &path)? {
                Attempt::Taken => {
                    record(&file, wait);
                    return Ok(Self { folder: folder.to_owned(), path, file });
                }
                Attempt::Busy if wait.pause() => {}
                Attempt::Busy => return Err(locked(folder, path, &file, wait)),
                Attempt::Removed => {}
            }
        }
    }

    /// The folder, in its one spelling.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Still locked: those who wait find that the name has gone, and make the file anew.
        if is_same(&self.file, &self.path) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether `path` still names the open file.
pub(super) fn is_same(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(file), Ok(path)) => (file.dev(), file.ino()) == (path.dev(), path.ino()),
        _ => false,
    }
}

/// What an open lock file says, as far as it can be read.
pub(super) fn read_record(file: &File) -> By {
    let mut record = Vec::new();
    match file.take(MAX_RECORD).read_to_end(&mut record) {
        Ok(_) => By::from_record(&record),
        Err(_) => By::Unknown,
    }
}

/// Who holds a lock file that was last written at the given time.
pub(super) fn holder(by: By, file: Option<&fs::Metadata>, wait: &Wait) -> Holder {
    let modified = file.and_then(|metadata| metadata.modified().ok());
    let age = modified.and_then(|modified| wait.now().duration_since(modified).ok());
    Holder { by, age: age.unwrap_or_default() }
}

/// Writes into the file who holds it: for people, and for the error of those who wait. The lock does not need it, and a full
/// disk must not hinder what only reads, so a failure is no error.
fn record(mut file: &File, wait: &Wait) {
    let record = Process::this().record(wait.now());
    // ext4 writes a file out on close once it was cut to nothing, also where there was nothing: that is long for a lock.
    let is_empty = file.metadata().is_ok_and(|metadata| metadata.len() == 0);
    let cut = if is_empty { Ok(()) } else { file.set_len(0) };
    let _ = cut.and_then(|()| file.write_all(record.as_bytes()));
}

/// Opens the lock file, and makes it if need be.
fn open(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    let file = options.open(path).map_err(Error::io("lock", path))?;
    let file_type = file.metadata().map_err(Error::io("lock", path))?.file_type();
    match file_type.is_file() {
        true => Ok(file),
        false => Err(Error::NotAFile { path: path.to_owned(), found: kind(file_type) }),
    }
}

/// Only a lock on the file that has the name counts: another run would lock that one.
fn attempt(file: &File, path: &Path) -> Result<Attempt, Error> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) if is_same(file, path) => Ok(Attempt::Taken),
        Ok(()) => Ok(Attempt::Removed),
        Err(Errno::WOULDBLOCK) => Ok(Attempt::Busy),
        Err(error) => Err(Error::io("lock", path)(error.into())),
    }
}

fn locked(folder: &Path, lock: PathBuf, file: &File, wait: &Wait) -> Error {
    let by = match read_record(file) {
        // Just locked, and the record is still to come: kubectl does not lock folders.
        By::Kubectl => By::Unknown,
        by => by,
    };
    let holder = holder(by, file.metadata().ok().as_ref(), wait);
    Error::Locked { path: folder.to_owned(), lock, holder, waited: wait.waited() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_on_a_file_that_lost_its_name_does_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(NAME);
        let early = open(&path).unwrap();
        assert_eq!(attempt(&early, &path).unwrap(), Attempt::Taken);
        fs::remove_file(&path).unwrap();
        assert_eq!(attempt(&early, &path).unwrap(), Attempt::Removed);
        let late = open(&path).unwrap();
        assert_eq!(attempt(&early, &path).unwrap(), Attempt::Removed);
        assert_eq!(attempt(&late, &path).unwrap(), Attempt::Taken);
        assert_eq!(attempt(&open(&path).unwrap(), &path).unwrap(), Attempt::Busy);
    }
}
