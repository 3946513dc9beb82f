//! Temporary files beside their targets: `.NAME.kubepki-PID-N`, or `.NAME.kubepki-set-PID-N` when the file belongs to a
//! set, so that a journal may name it; `far` instead of `set` in a folder that its run has not locked. Never followed, never
//! shared, swept when their run is dead.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, OFlags, RenameFlags, flock, renameat_with};
use rustix::io::Errno;

use super::error::Error;
use super::folders::{name, parent};
use super::holder::is_alive;

const MARK: &[u8] = b".kubepki-";
const SET: &str = "set-";
const FAR: &str = "far-";

/// How much of the target's name a temporary name repeats: names end at 255 bytes.
const NAME_BYTES: usize = 180;

/// Whose temporary files they are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Owner {
    /// The run.
    pub(super) pid: u32,
    /// What they belong to.
    pub(super) part: Part,
}

/// What a temporary file belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Part {
    /// To nothing else.
    Alone,
    /// To a set of files that changes together, in a folder that its run has locked.
    Set,
    /// To such a set, in another folder: whoever locks that one does not learn whether a journal needs the file.
    Far,
}

impl Part {
    fn prefix(self) -> &'static str {
        match self {
            Self::Alone => "",
            Self::Set => SET,
            Self::Far => FAR,
        }
    }
}

/// Makes a new file beside `target`, of mode 0600, locked (flock) for as long as it is open.
pub(super) fn create(target: &Path, owner: Owner) -> Result<(PathBuf, File), Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(0o600);
    options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    let (path, file) = free_name(target, owner, |path| options.open(path))?;
    // Tells the sweep of others that this run lives. Where there is no flock, the pid alone has to tell.
    let _ = flock(&file, FlockOperation::NonBlockingLockExclusive);
    Ok((path, file))
}

/// Makes a second name for `target` beside it. On file systems without hard links this fails.
pub(super) fn link(target: &Path, owner: Owner) -> Result<PathBuf, Error> {
    free_name(target, owner, |path| fs::hard_link(target, path)).map(|(path, ())| path)
}

/// Renames, but never over something: fails with `AlreadyExists` instead.
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Not every file system can; a link never replaces either.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            fs::hard_link(from, to)?;
            fs::remove_file(from)
        }
        other => Ok(other?),
    }
}

/// Removes the temporary files in `folder` that dead runs have left, and returns how many there were. The folder is locked, and no
/// journal is left that tells of it; those of sets that had not locked it stay, since theirs may be anywhere.
pub(super) fn sweep(folder: &Path) -> usize {
    sweep_if(folder, |_, owner| owner.part != Part::Far)
}

/// The same where the folder may not be locked: for what is not of a set, and for what is of one but beside `targets` for them
/// alone: the run is about to write these anyway. The folder is read once: it may have thousands of files.
pub(super) fn sweep_for(folder: &Path, targets: &[&Path]) -> usize {
    let stems: Vec<OsString> = targets.iter().filter_map(|target| stem(target).ok()).collect();
    let is_theirs =
        |name: &OsStr| stems.iter().any(|stem| name.as_bytes().starts_with(stem.as_bytes()));
    sweep_if(folder, |name, owner| owner.part == Part::Alone || is_theirs(name))
}

/// Whether `temp` is a name that [`create`] or [`link`] would give for `target` in a set.
pub(super) fn belongs_to(temp: &Path, target: &Path) -> bool {
    let (Some(temp_name), Ok(stem)) = (temp.file_name(), stem(target)) else { return false };
    parent(temp) == parent(target)
        && owner_of(temp_name).is_some_and(|owner| owner.part != Part::Alone)
        && temp_name.as_bytes().starts_with(stem.as_bytes())
}

fn sweep_if(folder: &Path, wanted: impl Fn(&OsStr, Owner) -> bool) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let stale = entries.flatten().filter(|entry| {
        let name = entry.file_name();
        let owner = owner_of(&name);
        owner.is_some_and(|owner| wanted(&name, owner) && !is_alive(owner.pid))
            && is_abandoned(&entry.path())
    });
    // Best effort: what cannot be removed harms nobody, and the next run tries again.
    stale.filter(|entry| fs::remove_file(entry.path()).is_ok()).count()
}

/// Tries numbers until a name is free.
fn free_name<T>(
    target: &Path,
    owner: Owner,
    make: impl Fn(&Path) -> io::Result<T>,
) -> Result<(PathBuf, T), Error> {
    let stem = stem(target)?;
    let Owner { pid, part } = owner;
    let part = part.prefix();
    for number in 0..10_000 {
        let mut name = stem.clone();
        name.push(format!("{part}{pid}-{number}"));
        let path = target.with_file_name(name);
        match make(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::io("make a temporary file beside", target)(error)),
            Ok(made) => return Ok((path, made)),
        }
    }
    Err(Error::io("make a temporary file beside", target)(io::ErrorKind::AlreadyExists.into()))
}

/// `.NAME.kubepki-`
fn stem(target: &Path) -> Result<OsString, Error> {
    let name = name(target)?.as_bytes();
    let name = &name[..name.len().min(NAME_BYTES)];
    Ok(OsString::from_vec([b".", name, MARK].concat()))
}

/// Whose a temporary file is, by its name; `None` for any other name.
fn owner_of(name: &OsStr) -> Option<Owner> {
    let name = name.as_bytes().strip_prefix(b".")?;
    let start = name.windows(MARK.len()).rposition(|window| window == MARK)?;
    let end = std::str::from_utf8(&name[start + MARK.len()..]).ok()?;
    let stripped = |part: Part| Some((part, end.strip_prefix(part.prefix())?));
    let (part, numbers) = [Part::Set, Part::Far, Part::Alone].into_iter().find_map(stripped)?;
    let (pid, number) = numbers.split_once('-')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let pid = (digits(pid) && digits(number)).then(|| pid.parse().ok()).flatten()?;
    Some(Owner { pid, part })
}

/// Whether a file is a plain file of ours that no living run holds.
fn is_abandoned(path: &Path) -> bool {
    let Ok(metadata) = fs::symlink_metadata(path) else { return false };
    let uid = rustix::process::geteuid().as_raw();
    if !metadata.is_file() || (metadata.uid() != uid && uid != 0) {
        return false;
    }
    // Also of a run in another container, whose pid says nothing here.
    match OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)
    {
        Ok(file) => {
            flock(&file, FlockOperation::NonBlockingLockExclusive) != Err(Errno::WOULDBLOCK)
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::super::holder::dead_pid;
    use super::*;

    fn alone(pid: u32) -> Owner {
        Owner { pid, part: Part::Alone }
    }

    #[test]
    fn only_what_a_dead_run_left_is_swept() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("ca.key");
        let dead = dead_pid();
        let (stale, file) = create(&target, alone(dead)).unwrap();
        let (open, _held) = create(&target, alone(dead)).unwrap();
        let (living, _) = create(&target, alone(std::process::id())).unwrap();
        drop(file);
        let link = dir.path().join(format!(".x.kubepki-{dead}-0"));
        symlink(&living, &link).unwrap();
        let similar = ["ca.key.kubepki-1-2", ".kubepki.lock", ".a.kubepki-x-1", ".a.kubepki-1"];
        similar.iter().for_each(|name| fs::write(dir.path().join(name), "").unwrap());

        assert_eq!(sweep(dir.path()), 1);
        assert!(!stale.exists());
        assert!(open.exists() && living.exists() && link.is_symlink());
        assert!(similar.iter().all(|name| dir.path().join(name).exists()));
    }

    #[test]
    fn files_of_a_set_stay_where_its_journal_may_be_in_another_folder() {
        let dir = tempfile::tempdir().unwrap();
        let (target, pid) = (dir.path().join("ca.key"), dead_pid());
        for (part, swept) in [(Part::Set, 1), (Part::Far, 0)] {
            let owner = Owner { pid, part };
            let other = create(&dir.path().join("ca.crt"), owner).unwrap().0;
            let staged = create(&target, owner).unwrap().0;
            assert_eq!(sweep_for(parent(&target), &[&target]), 1);
            assert!(!staged.exists() && other.exists());
            assert_eq!(sweep(dir.path()), swept);
        }
    }

    #[test]
    fn a_new_name_never_replaces() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        fs::write(&from, "new").unwrap();
        fs::write(&to, "old").unwrap();
        assert_eq!(rename_new(&from, &to).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&to).unwrap(), b"old");
        fs::remove_file(&to).unwrap();
        rename_new(&from, &to).unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"new");
    }

    #[test]
    fn a_temporary_name_belongs_to_its_target_only() {
        let target = Path::new("/pki/ca.key");
        assert!(belongs_to(Path::new("/pki/.ca.key.kubepki-set-12-3"), target));
        assert!(!belongs_to(Path::new("/etc/.ca.key.kubepki-set-12-3"), target));
        assert!(!belongs_to(Path::new("/pki/.ca.crt.kubepki-set-12-3"), target));
        assert!(!belongs_to(Path::new("/pki/ca.key"), target));
    }

    #[test]
    fn the_longest_names_have_room_for_a_temporary_one() {
        let dir = tempfile::tempdir().unwrap();
        assert!(create(&dir.path().join("n".repeat(255)), alone(1)).is_ok());
    }
}
