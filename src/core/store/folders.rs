//! Folders and names: made when missing, removed again when unused; symlinks followed by hand.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::read::kind;
use crate::core::parallel;

/// The mode of a folder that will hold a secret.
pub(super) const PRIVATE: u32 = 0o700;
/// The mode of any other folder, before the umask.
pub(super) const SHARED: u32 = 0o755;

/// As many symlinks in a row as Linux follows.
const MAX_LINKS: usize = 40;

/// The folders that this run has made. When it is dropped, those that are still empty go again.
#[derive(Debug, Default)]
pub(super) struct MadeFolders(Vec<PathBuf>);

impl MadeFolders {
    /// Makes `folder` and the folders above it where they are missing.
    pub(super) fn make(&mut self, folder: &Path, mode: u32) -> Result<(), Error> {
        let create = || DirBuilder::new().mode(mode).create(folder);
        let above = parent(folder);
        loop {
            let mut made = create();
            if matches!(&made, Err(e) if e.kind() == io::ErrorKind::NotFound) && above != folder {
                self.make(above, mode)?;
                made = create();
            }
            match made {
                Ok(()) => self.0.push(folder.to_owned()),
                Err(error) => {
                    if !is_there(folder, error)? {
                        // Another run had made it, and has removed it as unused since.
                        continue;
                    }
                }
            }
            return Ok(());
        }
    }

    /// Those of another one too.
    pub(super) fn join(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// The folders that hold the folders made: once they are synced, these survive a power cut.
    pub(super) fn holders(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(|folder| parent(folder))
    }
}

impl Drop for MadeFolders {
    fn drop(&mut self) {
        for folder in self.0.iter().rev() {
            // Fails on a folder that is in use, which is the point.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// The folder of a path; `.` for a bare name.
pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}

/// The last part of a path, or an error for one such as `/` or `a/..`.
pub(super) fn name(path: &Path) -> Result<&OsStr, Error> {
    // `file_name` alone passes over a trailing slash or dot: `a/` is no name of a file.
    let text = path.as_os_str().as_encoded_bytes();
    let is_folder = text.ends_with(b"/") || text.ends_with(b"/.");
    let name = path.file_name().filter(|_| !is_folder);
    name.ok_or_else(|| Error::NotAFile { path: path.to_owned(), found: "the name of a folder" })
}

/// Follows the symlinks that `path` itself is, down to what is no symlink or not there. Links among the folders above
/// are left to the system.
pub(super) fn resolve(path: &Path) -> Result<PathBuf, Error> {
    use io::ErrorKind::{InvalidInput, NotADirectory, NotFound};
    name(path)?;
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = parent(&path).join(target),
            Err(error) => match error.kind() {
                // No symlink, or nothing there; a file among the folders above is met when these are made.
                InvalidInput | NotFound | NotADirectory => return Ok(path),
                _ => return Err(Error::io("look at", &path)(error)),
            },
        }
    }
    Err(Error::io("look at", &path)(rustix::io::Errno::LOOP.into()))
}

/// The folder of a path without symlinks; it must exist.
pub(super) fn real_folder(path: &Path) -> Result<PathBuf, Error> {
    let folder = parent(path);
    fs::canonicalize(folder).map_err(Error::io("look at", folder))
}

/// Makes the names in some folders durable.
pub(super) fn sync_all<'a>(folders: impl Iterator<Item = &'a Path>) -> Result<(), Error> {
    let folders: BTreeSet<&Path> = folders.collect();
    // Each once, however it is spelt.
    let real = |folder: &Path| fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let folders: BTreeSet<PathBuf> = folders.into_iter().map(real).collect();
    parallel::map_waiting(&folders, |folder| sync(folder)).into_iter().collect()
}

/// Makes the names in a folder durable.
pub(super) fn sync(folder: &Path) -> Result<(), Error> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    match synced {
        // Some network and FUSE file systems cannot sync a folder; their renames are as durable as they get.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        other => other.map_err(Error::io("sync the folder", folder)),
    }
}

/// A folder that could not be made is fine when it is there. `false` where it was there, and has gone.
fn is_there(folder: &Path, error: io::Error) -> Result<bool, Error> {
    if error.kind() == io::ErrorKind::AlreadyExists {
        let not_a_folder = |found| Err(Error::NotAFolder { path: folder.to_owned(), found });
        return match fs::metadata(folder) {
            Ok(there) if there.is_dir() => Ok(true),
            Ok(there) => not_a_folder(kind(there.file_type())),
            Err(_) if folder.is_symlink() => not_a_folder("a dangling symlink"),
            Err(_) => Ok(false),
        };
    }
    // Name the file that is in the way rather than the folder below it.
    let in_the_way =
        folder.ancestors().find_map(|above| fs::metadata(above).ok().map(|m| (above, m)));
    match in_the_way {
        Some((above, there)) if error.kind() == io::ErrorKind::NotADirectory && !there.is_dir() => {
            Err(Error::NotAFolder { path: above.to_owned(), found: kind(there.file_type()) })
        }
        _ => Err(Error::io("make the folder", folder)(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn made_folders_have_their_mode_and_go_again_only_when_empty() {
        let dir = tempfile::tempdir().unwrap();
        let (used, unused) = (dir.path().join("a/used"), dir.path().join("a/unused/deep"));
        let mut made = MadeFolders::default();
        made.make(&used, PRIVATE).unwrap();
        made.make(&unused, PRIVATE).unwrap();
        assert_eq!(fs::metadata(&used).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(used.join("file"), "").unwrap();
        drop(made);
        assert!(used.join("file").exists());
        assert!(!dir.path().join("a/unused").exists());
    }

    #[test]
    fn a_folder_that_was_there_is_never_removed() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("empty");
        fs::create_dir(&folder).unwrap();
        let mut made = MadeFolders::default();
        made.make(&folder, PRIVATE).unwrap();
        drop(made);
        assert!(folder.is_dir());
    }

    #[test]
    fn a_file_in_the_way_of_a_folder_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        for folder in [file.clone(), file.join("below"), file.join("far/below")] {
            let error = MadeFolders::default().make(&folder, PRIVATE).unwrap_err();
            assert_eq!(error.to_string(), format!("{} is a file, not a folder", file.display()));
        }
    }

    #[test]
    fn symlinks_are_followed_to_a_file_that_need_not_exist() {
        let dir = tempfile::tempdir().unwrap();
        symlink("two", dir.path().join("one")).unwrap();
        symlink(dir.path().join("sub/three"), dir.path().join("two")).unwrap();
        assert_eq!(resolve(&dir.path().join("one")).unwrap(), dir.path().join("sub/three"));
        symlink("circle", dir.path().join("circle")).unwrap();
        assert!(resolve(&dir.path().join("circle")).is_err());
    }

    #[test]
    fn a_path_without_a_name_is_refused() {
        for path in ["/", "a/..", "..", "a/", "a/."] {
            assert!(name(Path::new(path)).is_err(), "{path}");
        }
        assert_eq!(name(Path::new("config")).unwrap(), "config");
        assert_eq!(parent(Path::new("config")), Path::new("."));
    }
}
