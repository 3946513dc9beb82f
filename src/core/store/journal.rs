//! The journal of a set: which staged file goes where, so that the next run can finish or undo what a killed one began.
//!
//! It is there, whole, only while files are being renamed: everything is staged and synced before it gets its name. Each
//! entry tells the old file, the new file and their marks (inode, size, time), and nothing is done to a file without its
//! mark; so neither an old journal nor a planted one can make us touch anything else.

mod elsewhere;
mod lines;
mod text;

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::folders::{parent, sync, sync_all};
use super::read::{open_file, read_all};
use super::temp::{self, Owner, Part};

pub(super) use self::elsewhere::{forget, point};
pub(super) use self::lines::ends_a_line;

/// The set is to be finished.
const FINISH: &str = ".kubepki.journal";
/// The set is to be undone.
const UNDO: &str = ".kubepki.undo";
/// The set is in place, or undone; only second names are left, which are to go.
const DONE: &str = ".kubepki.done";

/// The longest journal, in bytes: some 20,000 files.
const LIMIT: u64 = 4 << 20;

/// What a killed run had left in a folder, and what became of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recovery {
    /// The folder.
    pub folder: PathBuf,
    /// What was done.
    pub outcome: Outcome,
    /// With how many files.
    pub files: usize,
}

/// What was done about an interrupted run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The new files are in place.
    Finished,
    /// It had replaced nothing; its temporary files are removed.
    Removed,
    /// The old files are in place.
    Undone,
}

/// One file of a set.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Entry {
    /// Where it is to be.
    pub(super) target: PathBuf,
    /// Where it waits.
    pub(super) staged: PathBuf,
    /// Where the old file is kept.
    pub(super) kept: Option<PathBuf>,
    /// Whether the new file holds lines that are added to the old one, which is then not kept: it is cut where it ended.
    pub(super) adds: bool,
    /// The new file.
    pub(super) new: Mark,
    /// The old file.
    pub(super) old: Option<Mark>,
}

/// What tells one state of one file from any other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Mark([i64; 4]);

/// How far an entry has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// The new file waits, and somebody has put another in the place of the old one.
    Conflict,
    /// The new file is in place.
    Done,
    /// No new file is to be seen: it came into place and was changed since, or has been undone.
    Gone,
    /// The new file waits, and the old one is in place.
    Waiting,
}

/// The other folder that has the journal of what a killed run has left in `folder`, which is locked.
///
/// # Errors
///
/// What tells of it is damaged or not ours, or a disk that refuses.
pub(super) fn home_of(folder: &Path) -> Result<Option<PathBuf>, Error> {
    let Some(home) = elsewhere::read(folder)? else { return Ok(home_above(folder)) };
    if [FINISH, UNDO, DONE].iter().any(|name| fs::symlink_metadata(home.join(name)).is_ok()) {
        return home.canonicalize().map(Some).map_err(Error::io("look at", &home));
    }
    // It never came to a journal, or that has been dealt with.
    forget(folder, &home);
    Ok(None)
}

/// The folder above, where it has a journal that names a file in `folder`: nothing else tells of that one. A journal that somebody
/// else has put there says nothing.
fn home_above(folder: &Path) -> Option<PathBuf> {
    let above = parent(folder);
    let is_told = |path: PathBuf| {
        let user = rustix::process::geteuid().as_raw();
        let is_ours = fs::symlink_metadata(&path).is_ok_and(|there| there.uid() == user);
        is_ours
            && read(&path).map_or(true, |entries| {
                entries.is_some_and(|entries| folders(&entries).any(|one| one == folder))
            })
    };
    [FINISH, UNDO, DONE].iter().any(|name| is_told(above.join(name))).then(|| above.to_owned())
}

/// Finishes or undoes what killed runs have left in `folders`, which are locked.
///
/// # Errors
///
/// A journal that is damaged or not ours, or a disk that refuses.
pub(super) fn recover(folders: &[&Path]) -> Result<Vec<Recovery>, Error> {
    // All journals before anything is swept: what waits in one of the folders may be named in another.
    let followed: Vec<_> = folders.iter().map(|folder| follow(folder)).collect::<Result<_, _>>()?;
    let recovery = |(&folder, (left, followed)): (&&Path, (usize, Option<_>))| {
        let swept = left + temp::sweep(folder);
        let (outcome, files) = followed.or((swept > 0).then_some((Outcome::Removed, swept)))?;
        Some(Recovery { folder: folder.to_owned(), outcome, files })
    };
    Ok(folders.iter().zip(followed).filter_map(recovery).collect())
}

/// Does what the journals in `folder` say; how many second names were left, and what was done with how many files.
fn follow(folder: &Path) -> Result<(usize, Option<(Outcome, usize)>), Error> {
    let left = clear(folder)?;
    let (finish, undo) = (read(&folder.join(FINISH))?, read(&folder.join(UNDO))?);
    let followed = match (finish, undo) {
        (_, Some(entries)) => {
            undo_all(folder, &entries)?;
            Some((Outcome::Undone, entries.len()))
        }
        (Some(entries), None) => Some((finish_or_undo(folder, &entries)?, entries.len())),
        (None, None) => None,
    };
    Ok((left, followed))
}

/// Writes the journal of a set under a temporary name, where it does not count yet; it is not synced. Returns its path.
pub(super) fn draft(home: &Path, entries: &[Entry], pid: u32) -> Result<PathBuf, Error> {
    let (path, undo) = (home.join(FINISH), home.join(UNDO));
    if undo.exists() {
        let why = "what it names has still to be undone".to_owned();
        return Err(Error::Journal { path: undo, why });
    }
    let text = text::encode(entries);
    let doing = Error::io("write", &path);
    if text.len() as u64 > LIMIT {
        return Err(doing(io::ErrorKind::FileTooLarge.into()));
    }
    let (temporary, mut file) = temp::create(&path, Owner { pid, part: Part::Set })?;
    match file.write_all(text.as_bytes()) {
        Ok(()) => Ok(temporary),
        Err(error) => {
            discard(&temporary);
            Err(doing(error))
        }
    }
}

/// Gives a journal, which is synced, the name under which it counts, durably.
pub(super) fn publish(home: &Path, draft: &Path) -> Result<(), Error> {
    let path = home.join(FINISH);
    temp::rename_new(draft, &path).map_err(Error::io("write", &path))?;
    sync(home)
}

/// Ends a set that is wholly in place, durably: first the journal goes, then the old files.
///
/// Nobody waits until the disk knows: a journal that is there again after a power cut names new files that are in place, or that
/// have been changed since, and neither is touched.
pub(super) fn close(home: &Path, entries: &[Entry]) -> Result<(), Error> {
    let added = entries.iter().filter(|entry| entry.adds).map(|entry| &entry.staged);
    end(home, entries, &kept(entries).chain(added).collect::<Vec<_>>())
}

/// Takes the journal and second names away. They may be of keys, and lie in folders that nobody locks: so a run that is killed on
/// the way leaves a note of them.
fn end(home: &Path, entries: &[Entry], left: &[&PathBuf]) -> Result<(), Error> {
    if left.is_empty() {
        remove(home, &[FINISH, UNDO])?;
    } else {
        for name in [FINISH, UNDO] {
            let path = home.join(name);
            match fs::rename(&path, home.join(DONE)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other.map_err(Error::io("rename", &path))?,
            }
        }
        left.iter().for_each(|path| discard(path));
        remove(home, &[DONE])?;
    }
    forget_in_others(home, entries);
    Ok(())
}

fn forget_in_others(home: &Path, entries: &[Entry]) {
    let others: BTreeSet<&Path> = folders(entries).filter(|folder| *folder != home).collect();
    others.into_iter().for_each(|folder| forget(folder, home));
}

/// Goes on where [`end`] was killed; how many second names were left.
fn clear(home: &Path) -> Result<usize, Error> {
    let Some(entries) = read(&home.join(DONE))? else { return Ok(0) };
    let left = kept(&entries).chain(entries.iter().map(|entry| &entry.staged));
    let gone = left.filter(|path| fs::remove_file(path).is_ok()).count();
    remove(home, &[DONE])?;
    forget_in_others(home, &entries);
    Ok(gone)
}

fn kept(entries: &[Entry]) -> impl Iterator<Item = &PathBuf> {
    entries.iter().filter_map(|entry| entry.kept.as_ref())
}

/// Puts everything back. Interrupted at any point, it can be done again.
pub(super) fn undo_all(home: &Path, entries: &[Entry]) -> Result<(), Error> {
    let (finish, undo) = (home.join(FINISH), home.join(UNDO));
    match fs::rename(&finish, &undo) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        other => other.map_err(Error::io("rename", &finish))?,
    }
    sync(home)?;
    // Backwards, so that what comes last in a set is never there without what comes first.
    entries.iter().rev().try_for_each(Entry::undo)?;
    settle(entries)?;
    let staged = entries.iter().map(|entry| &entry.staged);
    end(home, entries, &kept(entries).chain(staged).collect::<Vec<_>>())
}

/// Makes the names of the targets durable. A folder that somebody has removed since holds none.
fn settle(entries: &[Entry]) -> Result<(), Error> {
    sync_all(folders(entries).filter(|folder| folder.is_dir()))
}

/// The folders of the targets.
pub(super) fn folders(entries: &[Entry]) -> impl Iterator<Item = &Path> {
    entries.iter().map(|entry| parent(&entry.target))
}

/// Removes a temporary file, if it is still there.
pub(super) fn discard(temporary: &PathBuf) {
    let _ = fs::remove_file(temporary);
}

impl Entry {
    /// Brings the new file into place, never over a file that is not the old one by its being there at all.
    pub(super) fn install(&self) -> io::Result<()> {
        match self.old {
            Some(old) if self.adds => lines::add(&self.staged, &self.target, old),
            Some(_) => fs::rename(&self.staged, &self.target),
            None => temp::rename_new(&self.staged, &self.target),
        }
    }

    fn undo(&self) -> Result<(), Error> {
        if let (true, Some(old)) = (self.adds, self.old) {
            if Mark::at(&self.staged) != Some(self.new) {
                return Ok(());
            }
            let undone = lines::cut(&self.staged, &self.target, old);
            return undone.map_err(Error::io("put back", &self.target));
        }
        if self.state() != State::Done {
            return Ok(());
        }
        let undone = match &self.kept {
            Some(kept) => fs::rename(kept, &self.target),
            None => fs::remove_file(&self.target),
        };
        undone.map_err(Error::io("put back", &self.target))
    }

    fn state(&self) -> State {
        let (target, staged) = (Mark::at(&self.target), Mark::at(&self.staged));
        if let (true, Some(old), true) = (self.adds, self.old, staged == Some(self.new)) {
            return lines::state(&self.staged, &self.target, old);
        }
        match (target == Some(self.new), staged == Some(self.new)) {
            (true, _) => State::Done,
            (false, true) if target == self.old => State::Waiting,
            (false, true) => State::Conflict,
            (false, false) => State::Gone,
        }
    }
}

impl Mark {
    /// The same file, however it has changed since.
    fn is_of(self, file: &Metadata) -> bool {
        self.0[0] == file.ino().cast_signed()
    }

    /// How long it was, in bytes.
    fn size(self) -> u64 {
        self.0[1].cast_unsigned()
    }

    /// The mark of a file.
    pub(super) fn of(file: &Metadata) -> Self {
        Self([file.ino().cast_signed(), file.size().cast_signed(), file.mtime(), file.mtime_nsec()])
    }

    fn at(path: &Path) -> Option<Self> {
        fs::symlink_metadata(path).ok().filter(Metadata::is_file).map(|file| Self::of(&file))
    }
}

impl fmt::Display for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { folder, outcome, files } = self;
        let (folder, plural) = (folder.display(), if *files == 1 { "" } else { "s" });
        match outcome {
            Outcome::Finished => {
                write!(f, "finished an interrupted write of {files} file{plural} in {folder}")
            }
            Outcome::Undone => {
                write!(f, "undid an interrupted write of {files} file{plural} in {folder}")
            }
            Outcome::Removed => {
                write!(
                    f,
                    "removed {files} temporary file{plural} of an interrupted run from {folder}"
                )
            }
        }
    }
}

fn finish_or_undo(home: &Path, entries: &[Entry]) -> Result<Outcome, Error> {
    let waiting = || entries.iter().filter(|entry| entry.state() == State::Waiting);
    let conflict = entries.iter().any(|entry| entry.state() == State::Conflict);
    if !conflict && waiting().try_for_each(Entry::install).is_ok() {
        settle(entries)?;
        close(home, entries)?;
        return Ok(Outcome::Finished);
    }
    undo_all(home, entries)?;
    Ok(Outcome::Undone)
}

fn remove(home: &Path, names: &[&str]) -> Result<(), Error> {
    for name in names {
        let path = home.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other.map_err(Error::io("remove", &path))?,
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Option<Vec<Entry>>, Error> {
    read_own(path, text::decode)
}

/// Reads a journal, or what tells of one, if it is there, ours, and nobody else's to write: what comes with an archive or lies in a
/// shared folder is not followed.
fn read_own<T>(path: &Path, decode: impl Fn(&[u8]) -> Option<T>) -> Result<Option<T>, Error> {
    let unusable = |why: &str| Error::Journal { path: path.to_owned(), why: why.to_owned() };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read", path)(error)),
        Ok(there) if !there.is_file() => return Err(unusable("it is no file")),
        Ok(_) => {}
    }
    let opened = open_file(path).map_err(Error::io("read", path))?;
    let (file, metadata) = opened.map_err(|_| unusable("it is no file"))?;
    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() != user {
        let why = format!("it belongs to user {}, and this is user {user}", metadata.uid());
        return Err(unusable(&why));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(unusable("others may read or write it, so it is not from this program"));
    }
    let content = read_all(file, metadata.len(), LIMIT).map_err(Error::io("read", path))?;
    let content = content.ok_or_else(|| unusable("it is too long"))?;
    decode(&content).ok_or_else(|| unusable("it is damaged")).map(Some)
}

/// Begins to undo a set and stops after some of its files, as a killed run does.
#[cfg(test)]
pub(super) fn undo_some(home: &Path, entries: &[Entry], files: usize) {
    fs::rename(home.join(FINISH), home.join(UNDO)).unwrap();
    entries.iter().rev().take(files).for_each(|entry| entry.undo().unwrap());
}

/// Ends a set and stops before the second names go, as a killed run does.
#[cfg(test)]
pub(super) fn end_some(home: &Path) {
    fs::rename(home.join(FINISH), home.join(DONE)).unwrap();
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::text::tests::entry;
    use super::*;

    /// A folder with a journal of the given content and mode.
    fn with_journal(content: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().canonicalize().unwrap();
        fs::write(folder.join(FINISH), content).unwrap();
        fs::set_permissions(folder.join(FINISH), PermissionsExt::from_mode(mode)).unwrap();
        (dir, folder)
    }

    #[test]
    fn a_journal_that_others_may_read_came_from_elsewhere() {
        let (_dir, folder) = with_journal(&text::encode(&[entry("x".as_ref(), true)]), 0o644);
        let error = recover(&[&folder]).unwrap_err();
        assert!(error.to_string().contains("others may read or write it"), "{error}");
        let (_dir, folder) = with_journal("half a jour", 0o600);
        let error = recover(&[&folder]).unwrap_err();
        assert!(error.to_string().ends_with("it is damaged"), "{error}");
    }

    #[test]
    fn a_planted_journal_touches_no_file_without_its_mark() {
        let victim = tempfile::tempdir().unwrap();
        let target = victim.path().canonicalize().unwrap().join("authorized_keys");
        fs::write(&target, "mine").unwrap();
        let planted = Entry { target: target.clone(), ..entry("x".as_ref(), false) };
        let planted =
            Entry { staged: target.with_file_name(".authorized_keys.kubepki-set-7-0"), ..planted };
        fs::write(&planted.staged, "theirs").unwrap();
        let (_dir, folder) = with_journal(&text::encode(&[planted]), 0o600);
        recover(&[&folder]).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"mine");
    }

    #[test]
    fn a_journal_in_the_folder_above_counts_for_those_that_it_names() {
        let (_dir, above) = with_journal("", 0o600);
        let below = ["named", "other"].map(|name| above.join(name));
        let target = below[0].join("file");
        let staged = below[0].join(".file.kubepki-set-7-0");
        let named = Entry { target, staged, ..entry("x".as_ref(), false) };
        let homes = |content: &str| {
            fs::write(above.join(FINISH), content).unwrap();
            [0, 1].map(|i| home_of(&below[i]).unwrap())
        };
        assert_eq!(homes(&text::encode(&[named])), [Some(above.clone()), None]);
        // Whom it names cannot be told: whoever locks that folder learns what is wrong with it.
        assert_eq!(homes("half a jour"), [Some(above.clone()), Some(above.clone())]);
        // Only root can give it away.
        if std::os::unix::fs::chown(above.join(FINISH), Some(4321), None).is_ok() {
            assert_eq!(homes("half a jour"), [None, None]);
        }
    }

    #[test]
    fn without_a_journal_there_is_nothing_to_recover() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(recover(&[dir.path()]).unwrap(), []);
    }
}
