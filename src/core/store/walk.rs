//! The files of a folder, bounded.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use super::error::Error;

/// The most files that are taken from one folder.
const MOST_FILES: usize = 10_000;

/// The most files that are looked at in one folder, keys and all.
const MOST_SURVEYED: usize = 100_000;

/// How many folders deep one looks.
const DEEPEST: usize = 16;

/// What there is at a path, and what of it cannot be looked into.
#[derive(Debug, Default)]
pub struct Survey {
    /// The files, in order of their names.
    pub files: Vec<PathBuf>,
    /// The folders that cannot be read, each with the reason.
    pub failures: Vec<(PathBuf, Error)>,
}

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
    files_named(path, "")
}

/// The same without what is in hidden folders, where runs keep what is for another time, such as backups. A hidden file counts:
/// a name that was made of a path may begin with a dot.
///
/// # Errors
///
/// As [`files`].
pub fn files_in_sight(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = files(path)?;
    let folder_of = |file: &Path| file.parent().unwrap_or(path).to_owned();
    files.retain(|file| file == path || !is_hidden_below(path, &folder_of(file)));
    Ok(files)
}

/// The files of a folder and of the folders in it whose names end with `suffix`, in order; others do not count. None where there
/// is no such folder.
///
/// # Errors
///
/// A folder that cannot be read, or one with too many such files.
pub fn files_named(path: &Path, suffix: &str) -> Result<Vec<PathBuf>, Error> {
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let root = fs::canonicalize(path).map_err(Error::io("read", path))?;
    let stays = |end: &Path| end.starts_with(&root);
    let which = Which { depth: DEEPEST, most: MOST_FILES, suffix, counts: &stays };
    Walk::through(path, &root, which).files()
}

/// The same, where one part that cannot be read does not hide the others, and symlinks count wherever they lead: for whoever only
/// looks. A file that a symlink leads to goes by the name of the symlink alone, since that is what programs open. Hidden files and
/// folders are passed over; other folders in the folder are looked into so many deep.
pub fn survey(path: &Path, depth: usize) -> Survey {
    let root = match path.is_dir().then(|| fs::canonicalize(path)) {
        None => return Survey { files: vec![path.to_owned()], failures: Vec::new() },
        Some(Ok(root)) => root,
        Some(Err(error)) => {
            let error = Error::io("read", path)(error);
            return Survey { files: Vec::new(), failures: vec![(path.to_owned(), error)] };
        }
    };
    let (depth, most) = (depth.min(DEEPEST), MOST_SURVEYED);
    let which = Which { depth, most, suffix: "", counts: &|_| true };
    let mut walk = Walk::through(path, &root, which);
    walk.links.sort();
    // Of several links to one file, the first in order stays.
    for (link, end) in walk.links.into_iter().rev() {
        walk.files.insert(end, link);
    }
    let mut files: Vec<PathBuf> = walk.files.into_values().collect();
    files.retain(|file| !is_hidden_below(path, file));
    files.sort();
    Survey { files, failures: walk.failures }
}

/// Whether a file, or a folder on the way to it, is hidden; `folder` itself may be.
fn is_hidden_below(folder: &Path, file: &Path) -> bool {
    let is_hidden = |name: &OsStr| name.as_encoded_bytes().starts_with(b".");
    file.strip_prefix(folder).unwrap_or(file).iter().any(is_hidden)
}

/// Which files count.
struct Which<'a> {
    /// So many folders deep.
    depth: usize,
    /// So many of them.
    most: usize,
    /// How their names end.
    suffix: &'a str,
    /// Whether a link that leads there counts.
    counts: &'a dyn Fn(&Path) -> bool,
}

/// The folders that are right in a folder, in order of their names; none where there is no folder.
///
/// # Errors
///
/// A folder that cannot be read.
pub fn folders_in(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let below = entry.map_err(Error::io("read", folder))?.path();
        if below.is_dir() {
            found.push(below);
        }
    }
    found.sort();
    Ok(found)
}

/// Whether anything is there.
pub fn is_there(path: &Path) -> bool {
    path.exists()
}

/// The same paths without those that are another name of a file that is there: each file once, by its own name where that is there.
pub fn distinct(paths: impl IntoIterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut seen: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
    for path in paths {
        let real = real_path(&path);
        let is_link = |path: &Path| fs::symlink_metadata(path).is_ok_and(|it| it.is_symlink());
        match seen.get(&real) {
            Some(first) if is_link(&path) || !is_link(first) => {}
            _ => drop(seen.insert(real, path)),
        }
    }
    let mut paths: Vec<PathBuf> = seen.into_values().collect();
    paths.sort();
    paths
}

/// The files in a folder, and none of those in the folders below it; itself where it is no folder.
///
/// # Errors
///
/// A folder that cannot be read, or one with too many files.
pub fn files_in(path: &Path) -> Result<Vec<PathBuf>, Error> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let root = fs::canonicalize(path).map_err(Error::io("read", path))?;
    let which = Which { depth: 0, most: MOST_FILES, suffix: "", counts: &|_| true };
    Walk::through(path, &root, which).files()
}

/// The one path that a file really has, symlinks followed; one that is not there keeps its own.
pub fn real_path(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

struct Walk<'a> {
    top: &'a Path,
    which: Which<'a>,
    /// Each file by where it really is.
    files: BTreeMap<PathBuf, PathBuf>,
    /// Each link with the file that it leads to.
    links: Vec<(PathBuf, PathBuf)>,
    failures: Vec<(PathBuf, Error)>,
    /// Whether there were more files than are taken.
    is_full: bool,
}

impl<'a> Walk<'a> {
    /// Walks through the folder `top`, which really is `root`.
    fn through(top: &'a Path, root: &Path, which: Which<'a>) -> Self {
        let (files, links, failures) = (BTreeMap::new(), Vec::new(), Vec::new());
        let depth = which.depth;
        let mut walk = Self { top, which, files, links, failures, is_full: false };
        walk.folder(top, root, depth);
        walk
    }

    /// All of them, where nothing is in the way.
    fn files(self) -> Result<Vec<PathBuf>, Error> {
        if let Some((_, error)) = self.failures.into_iter().next() {
            return Err(error);
        }
        let links = self.links.into_iter().map(|(link, _)| link);
        let mut files: Vec<PathBuf> = self.files.into_values().chain(links).collect();
        files.sort();
        Ok(files)
    }

    fn folder(&mut self, folder: &Path, real: &Path, depth: usize) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return self.fail("read", folder, error),
        };
        for entry in entries {
            match entry {
                Ok(entry) => self.entry(&entry, real, depth),
                Err(error) => return self.fail("read", folder, error),
            }
            if self.is_full {
                return;
            }
        }
    }

    fn entry(&mut self, entry: &DirEntry, real: &Path, depth: usize) {
        let path = entry.path();
        // In the working folder a file goes by its name alone.
        let path = match self.top == Path::new(".") {
            true => path.strip_prefix(".").map(Path::to_owned).unwrap_or(path),
            false => path,
        };
        match entry.file_type() {
            Err(error) => self.fail("read", &path, error),
            Ok(kind) if kind.is_dir() && depth > 0 => {
                self.folder(&path, &real.join(entry.file_name()), depth - 1);
            }
            Ok(_) if !is_named(&entry.file_name(), self.which.suffix) => {}
            Ok(kind) if kind.is_file() => {
                self.files.insert(real.join(entry.file_name()), path);
            }
            Ok(kind) if kind.is_symlink() => {
                let end = fs::canonicalize(&path).ok().filter(|end| end.is_file());
                self.links
                    .extend(end.filter(|end| (self.which.counts)(end)).map(|end| (path, end)));
            }
            Ok(_) => {}
        }
        if !self.is_full && self.files.len() + self.links.len() > self.which.most {
            self.is_full = true;
            let (path, limit) = (self.top.to_owned(), self.which.most);
            self.failures.push((path.clone(), Error::TooManyFiles { path, limit }));
        }
    }

    fn fail(&mut self, doing: &'static str, path: &Path, error: io::Error) {
        self.failures.push((path.to_owned(), Error::io(doing, path)(error)));
    }
}

fn is_named(name: &OsStr, suffix: &str) -> bool {
    name.as_encoded_bytes().ends_with(suffix.as_bytes())
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
    fn each_file_is_taken_once_and_by_its_own_name() {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str| dir.path().join(name);
        fs::create_dir(place("below")).unwrap();
        fs::write(place("b"), "").unwrap();
        symlink("b", place("a")).unwrap();
        assert_eq!(distinct([place("a"), place("b"), place("a")]), [place("b")]);
        assert_eq!(folders_in(dir.path()).unwrap(), [place("below")]);
        assert_eq!(folders_in(&place("none")).unwrap(), [""; 0].map(PathBuf::from));
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

    #[test]
    fn a_survey_follows_links_and_names_each_file_once_by_the_name_that_programs_open() {
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let place = |name: &str| dir.path().join(name);
        fs::create_dir(place("below")).unwrap();
        fs::create_dir(place(".old")).unwrap();
        let files = ["kubelet-2026.pem", "below/a", ".old/a", ".hidden"].map(place);
        for file in files.into_iter().chain([outside.path().join("b")]) {
            fs::write(file, "x").unwrap();
        }
        symlink("kubelet-2026.pem", place("kubelet-current.pem")).unwrap();
        symlink(outside.path().join("b"), place("elsewhere")).unwrap();
        symlink(outside.path().join("b"), place("elsewhere-2")).unwrap();
        symlink(".", place("below/circle")).unwrap();
        let found = survey(dir.path(), DEEPEST);
        assert_eq!(found.files, ["below/a", "elsewhere", "kubelet-current.pem"].map(place));
        assert!(found.failures.is_empty());
        assert_eq!(survey(dir.path(), 0).files.len(), 2, "no folder deep");
        let in_sight = [".hidden", "below/a", "kubelet-2026.pem", "kubelet-current.pem"].map(place);
        assert_eq!(files_in_sight(dir.path()).unwrap(), in_sight);
        assert_eq!(files_in_sight(&place(".old")).unwrap(), [place(".old/a")]);
        assert_eq!(files_in_sight(&place(".hidden")).unwrap(), [place(".hidden")]);
    }

    #[test]
    fn only_the_files_of_a_name_count() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("etcd")).unwrap();
        for name in ["ca.log.jsonl", "etcd/ca.log.jsonl", "ca.crt"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let found = files_named(dir.path(), ".jsonl").unwrap();
        assert_eq!(found, ["ca.log.jsonl", "etcd/ca.log.jsonl"].map(|name| dir.path().join(name)));
        assert_eq!(files_named(&dir.path().join("none"), "").unwrap(), Vec::<PathBuf>::new());
    }
}
