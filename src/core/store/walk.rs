//! The files of a folder, bounded, and without leaving it.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::Error;

/// The most files that are taken from one folder.
const MOST_FILES: usize = 10_000;

/// How many folders deep one looks.
const DEEPEST: usize = 16;

/// The files at `path`: itself, or those of the folder and of the folders in it, in order of their names. A symlink counts if it
/// leads to a file of the same folder.
///
/// # Errors
///
/// A folder that cannot be read, or one with too many files.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, Error> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let root = fs::canonicalize(path).map_err(Error::io("read", path))?;
    let mut walk = Walk { top: path, root: &root, found: Vec::new() };
    walk.folder(path, 0)?;
    walk.found.sort();
    Ok(walk.found)
}

struct Walk<'a> {
    top: &'a Path,
    root: &'a Path,
    found: Vec<PathBuf>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, depth: usize) -> Result<(), Error> {
        for entry in fs::read_dir(folder).map_err(Error::io("read", folder))? {
            let entry = entry.map_err(Error::io("read", folder))?;
            let (path, kind) = (entry.path(), entry.file_type());
            let kind = kind.map_err(Error::io("read", &path))?;
            if kind.is_dir() && depth < DEEPEST {
                self.folder(&path, depth + 1)?;
            } else if kind.is_file() || (kind.is_symlink() && self.stays(&path)) {
                self.found.push(path);
            }
            if self.found.len() > MOST_FILES {
                return Err(Error::TooManyFiles { path: self.top.to_owned(), limit: MOST_FILES });
            }
        }
        Ok(())
    }

    fn stays(&self, link: &Path) -> bool {
        fs::canonicalize(link).is_ok_and(|end| end.is_file() && end.starts_with(self.root))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_folder_is_walked_and_never_left() {
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let place = |name: &str| dir.path().join(name);
        fs::create_dir(place("below")).unwrap();
        for file in [place("b"), place("below/a"), outside.path().join("secret")] {
            fs::write(file, "x").unwrap();
        }
        symlink("below/a", place("inside")).unwrap();
        symlink(outside.path().join("secret"), place("outside")).unwrap();
        symlink(outside.path(), place("away")).unwrap();
        symlink(".", place("below/circle")).unwrap();
        symlink("nowhere", place("dangling")).unwrap();
        let found = files(dir.path()).unwrap();
        assert_eq!(found, ["b", "below/a", "inside"].map(place));
    }

    #[test]
    fn a_file_is_itself_and_what_is_not_there_too() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("none");
        assert_eq!(files(&file).unwrap(), [file]);
    }

    #[test]
    fn a_folder_with_too_many_files_is_named() {
        let dir = tempfile::tempdir().unwrap();
        for n in 0..=MOST_FILES {
            fs::write(dir.path().join(n.to_string()), "").unwrap();
        }
        let error = files(dir.path()).unwrap_err().to_string();
        assert!(error.ends_with("has more than 10000 files"), "{error}");
    }
}
