//! A file for as long as a run lasts, in a folder of its own: what is beside it then, such as kubectl's locks, goes with it.
//! What a killed run has left is swept by the next.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

use super::error::Error;
use super::folders::PRIVATE;
use super::holder::is_alive;
use crate::core::changes::Bytes;

/// How the folder of a run is called: `run-PID-N`.
const PREFIX: &str = "run-";

/// A file of this run alone, of mode 0600. It and its folder go when the value is dropped.
#[derive(Debug)]
pub struct PrivateFile {
    folder: PathBuf,
    path: PathBuf,
    /// Locked (flock) for as long as it is open: tells the sweep of others that this run lives, also in another container.
    _held: File,
}

impl PrivateFile {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        remove(&self.folder);
    }
}

/// Makes a file of this run alone in the first of `parents` that is a folder, and first removes what dead runs have left there.
///
/// # Errors
///
/// No such folder; one of ours that others may look into; a full disk. Nothing is left then.
pub fn private_file(parents: &[PathBuf], name: &str, bytes: &Bytes) -> Result<PrivateFile, Error> {
    let place = place(parents)?;
    sweep(&place);
    let folder = new_folder(&place)?;
    let held = File::open(&folder).map_err(Error::io("open", &folder));
    let held = held.inspect_err(|_| remove(&folder))?;
    // Where there is no flock, the pid alone has to tell.
    let _ = flock(&held, FlockOperation::NonBlockingLockExclusive);
    let file = PrivateFile { path: folder.join(name), folder, _held: held };
    write(&file.path, bytes).map_err(Error::io("write", &file.path))?;
    Ok(file)
}

fn write(path: &Path, bytes: &Bytes) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options.open(path)?.write_all(bytes)
}

/// `kubepki-UID`, which nobody else may have made, or look into.
fn place(parents: &[PathBuf]) -> Result<PathBuf, Error> {
    let uid = rustix::process::geteuid().as_raw();
    let parent = parents.iter().find(|parent| parent.is_dir()).or(parents.last());
    let place = parent.map(PathBuf::as_path).unwrap_or(Path::new("/tmp"));
    let place = place.join(format!("kubepki-{uid}"));
    match DirBuilder::new().mode(PRIVATE).create(&place) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(Error::io("make the folder", &place)(error));
        }
        _ => {}
    }
    let found = fs::symlink_metadata(&place).map_err(Error::io("look at", &place))?;
    match found.is_dir() && found.uid() == uid && found.mode() & 0o077 == 0 {
        true => Ok(place),
        false => Err(Error::NotPrivate { path: place }),
    }
}

fn new_folder(place: &Path) -> Result<PathBuf, Error> {
    let pid = std::process::id();
    for number in 0..10_000 {
        let folder = place.join(format!("{PREFIX}{pid}-{number}"));
        match DirBuilder::new().mode(PRIVATE).create(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::io("make the folder", &folder)(error)),
            Ok(()) => return Ok(folder),
        }
    }
    Err(Error::io("make a folder in", place)(io::ErrorKind::AlreadyExists.into()))
}

/// Best effort: what cannot be removed harms nobody, and the next run tries again.
fn sweep(place: &Path) {
    let Ok(entries) = fs::read_dir(place) else { return };
    for entry in entries.flatten() {
        let is_dead = pid_of(&entry.file_name()).is_some_and(|pid| !is_alive(pid));
        if is_dead && is_abandoned(&entry.path()) {
            remove(&entry.path());
        }
    }
}

fn pid_of(name: &OsStr) -> Option<u32> {
    let (pid, _) = name.to_str()?.strip_prefix(PREFIX)?.split_once('-')?;
    pid.parse().ok()
}

fn is_abandoned(folder: &Path) -> bool {
    let is_folder = fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir());
    is_folder
        && File::open(folder).is_ok_and(|folder| {
            flock(&folder, FlockOperation::NonBlockingLockExclusive) != Err(Errno::WOULDBLOCK)
        })
}

/// Removes a folder of ours and the files in it; never what is in a folder below.
fn remove(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let _ = fs::remove_file(entry.path());
    }
    let _ = fs::remove_dir(folder);
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::super::holder::dead_pid;
    use super::*;

    fn make(parent: &Path) -> Result<PrivateFile, Error> {
        private_file(&[parent.to_owned()], "config", &Bytes::new(b"secret".to_vec()))
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn it_is_for_this_user_alone_and_goes_with_all_that_is_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = make(dir.path()).unwrap();
        let (path, folder) = (file.path().to_owned(), file.folder.clone());
        assert_eq!(fs::read(&path).unwrap(), b"secret");
        let place = folder.parent().unwrap();
        assert_eq!((mode(&path), mode(&folder), mode(place)), (0o600, 0o700, 0o700));
        fs::write(folder.join("config.lock"), "").unwrap();
        let second = make(dir.path()).unwrap();
        drop(file);
        assert!(!folder.exists() && second.path().exists());
    }

    #[test]
    fn what_a_dead_run_left_is_swept_unless_something_still_holds_it() {
        let dir = tempfile::tempdir().unwrap();
        let (pid, place) = (dead_pid(), place(&[dir.path().to_owned()]).unwrap());
        let [stale, held, other] =
            ["0", "1", "x"].map(|end| place.join(format!("run-{pid}-{end}")));
        let other = other.with_file_name("mine");
        for folder in [&stale, &held, &other] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(stale.join("config"), "secret").unwrap();
        let handle = File::open(&held).unwrap();
        flock(&handle, FlockOperation::NonBlockingLockExclusive).unwrap();
        drop(make(dir.path()).unwrap());
        assert!(!stale.exists() && held.exists() && other.exists());
    }

    #[test]
    fn a_folder_that_others_may_look_into_or_have_made_a_link_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let place = place(&[dir.path().to_owned()]).unwrap();
        fs::set_permissions(&place, PermissionsExt::from_mode(0o755)).unwrap();
        assert!(matches!(make(dir.path()), Err(Error::NotPrivate { .. })));
        fs::remove_dir(&place).unwrap();
        symlink(dir.path(), &place).unwrap();
        assert!(matches!(make(dir.path()), Err(Error::NotPrivate { .. })));
    }

    #[test]
    fn the_first_parent_that_is_there_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let parents = [dir.path().join("none"), dir.path().to_owned()];
        assert!(place(&parents).unwrap().starts_with(dir.path()));
        assert!(place(&parents[..1]).is_err());
    }
}
