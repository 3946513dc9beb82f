//! Writing a set of files: a list of steps, so that each can be the last one of a killed run in a test.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{Advice, fadvise};

use super::error::{Error, folder_of};
use super::folders::{MadeFolders, parent, sync_all};
use super::journal::{self, Entry, Mark};
use super::target::{content, look, mode, targets};
use super::temp::{self, Owner, Part};
use crate::core::changes::{Before, Change, Changes};
use crate::core::parallel;

/// What was done about one change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Written {
    /// The file, as the change names it.
    pub path: PathBuf,
    /// What was done.
    pub how: How,
}

/// What was done to a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum How {
    /// It is new.
    Created,
    /// There was one, and lines were added at its end.
    Extended,
    /// There was one, and it had other content or a wider mode.
    Replaced,
    /// Content and mode were there already; nothing was written.
    Unchanged,
}

/// Writes all of `changes` or nothing. `locked` are the folders that this run has locked, in their one spelling, and
/// `above` those that it has made for that.
pub(super) fn commit(
    changes: &Changes,
    locked: &[PathBuf],
    above: &MadeFolders,
) -> Result<Vec<Written>, Error> {
    let mut commit = Commit::prepare(changes, locked, above, std::process::id())?;
    let done = commit.steps().into_iter().try_for_each(|step| commit.take(step));
    match done {
        Ok(()) => Ok(commit.written),
        Err(cause) => Err(commit.roll_back(cause)),
    }
}

/// A set on its way to the disk.
struct Commit<'a> {
    /// Where the journal is; `None` for a single file, which needs none.
    home: Option<PathBuf>,
    files: Vec<OneFile<'a>>,
    /// Complete once everything is staged.
    entries: Vec<Entry>,
    /// The journal of these, under a temporary name.
    draft: Option<PathBuf>,
    journaled: bool,
    pid: u32,
    /// Locked folders that are told where the journal is, and the files that tell it.
    pointed: Vec<(PathBuf, PathBuf)>,
    written: Vec<Written>,
    /// Folders that were made before, for the locks.
    above: &'a MadeFolders,
    /// Dropped last: folders that are empty again go.
    made: MadeFolders,
}

/// One file that has to be written.
struct OneFile<'a> {
    change: &'a Change,
    target: PathBuf,
    old: Option<Metadata>,
    /// Whether it is added to in its place, and not replaced.
    adds: bool,
    /// Of its temporary files.
    owner: Owner,
    staged: Option<PathBuf>,
    /// The mark of what is staged: once that is whole, and again once it is durable.
    new: Option<Mark>,
    kept: Option<PathBuf>,
}

/// The smallest things that are done, in their order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    /// Write the files beside their targets, and where the journal of those in other locked folders is going to be.
    Stage,
    /// Give the old file a second name.
    Keep(usize),
    /// Write the journal, which does not count yet.
    Draft,
    /// Make what was written durable.
    Flush,
    /// See that all files are still as they must be.
    Check,
    /// Give the journal its name: from here on a killed run is finished by the next.
    Journal,
    /// Rename a staged file to its target, or add what it holds to that.
    Install(usize),
    /// Make the new names durable.
    Sync,
    /// Remove the journal and the second names.
    Close,
}

impl<'a> Commit<'a> {
    /// Looks at everything, and writes nothing yet but missing folders.
    fn prepare(
        changes: &'a Changes,
        locked: &[PathBuf],
        above: &'a MadeFolders,
        pid: u32,
    ) -> Result<Self, Error> {
        let mut made = MadeFolders::default();
        let targets = targets(&changes.list, &mut made)?;
        let mut files = Vec::new();
        let mut written = Vec::new();
        for (change, target) in changes.list.iter().zip(targets) {
            let (old, how) = look(change, &target)?;
            written.push(Written { path: change.path.clone(), how });
            if change.before == Before::Stays && !locked.iter().any(|one| one == parent(&target)) {
                return Err(Error::NotLocked { path: folder_of(&change.path).to_owned() });
            }
            if how != How::Unchanged {
                let (adds, owner) = (how == How::Extended, Owner { pid, part: Part::Alone });
                let (staged, new, kept) = (None, None, None);
                files.push(OneFile { change, target, old, adds, owner, staged, new, kept });
            }
        }
        // Lines that are half written can only be told by a journal, also where they are all there is to write.
        let in_set = files.len() > 1 || files.iter().any(|file| file.adds);
        let home = if in_set { Some(home(changes, locked)?) } else { None };
        if in_set {
            let is_locked = |file: &OneFile| locked.iter().any(|one| one == parent(&file.target));
            let part = |file: &OneFile| if is_locked(file) { Part::Set } else { Part::Far };
            files.iter_mut().for_each(|file| file.owner.part = part(file));
        }
        sweep(&files);
        let (entries, draft, journaled, pointed) = (Vec::new(), None, false, Vec::new());
        Ok(Self { home, files, entries, draft, journaled, pid, pointed, written, above, made })
    }

    fn steps(&self) -> Vec<Step> {
        let all = 0..self.files.len();
        let mut steps = vec![Step::Stage];
        if self.home.is_some() {
            let is_replaced = |&i: &usize| self.files[i].old.is_some() && !self.files[i].adds;
            steps.extend(all.clone().filter(is_replaced).map(Step::Keep));
            steps.push(Step::Draft);
        }
        steps.extend([Step::Flush, Step::Check]);
        steps.extend(self.home.is_some().then_some(Step::Journal));
        steps.extend(all.map(Step::Install));
        steps.push(Step::Sync);
        steps.extend(self.home.is_some().then_some(Step::Close));
        steps
    }

    fn take(&mut self, step: Step) -> Result<(), Error> {
        match step {
            Step::Stage => self.stage(),
            Step::Keep(i) => self.files[i].keep(),
            Step::Draft => self.draft(),
            Step::Flush => self.flush(),
            Step::Check => self.check(),
            Step::Journal => self.journal(),
            Step::Install(i) => install(&self.entries[i]),
            Step::Sync => self.sync(),
            Step::Close => self.close(),
        }
    }

    fn stage(&mut self) -> Result<(), Error> {
        let staged: Result<(), Error> =
            parallel::map(&mut self.files, OneFile::stage).into_iter().collect();
        staged.and_then(|()| self.point())
    }

    /// Tells the other locked folders where the journal is going to be. Those right below that folder look there by themselves.
    fn point(&mut self) -> Result<(), Error> {
        let Some(home) = &self.home else { return Ok(()) };
        let locked = self.files.iter().filter(|file| file.owner.part == Part::Set);
        let folders: BTreeSet<&Path> = locked.map(|file| parent(&file.target)).collect();
        let needs = |folder: &&Path| folder != home && parent(folder) != home;
        for folder in folders.into_iter().filter(needs) {
            let path = journal::point(folder, home, self.pid)?;
            self.pointed.push((folder.to_owned(), path));
        }
        Ok(())
    }

    fn draft(&mut self) -> Result<(), Error> {
        let Some(home) = &self.home else { return Ok(()) };
        self.entries = self.entries();
        self.draft = Some(journal::draft(home, &self.entries, self.pid)?);
        Ok(())
    }

    fn entries(&self) -> Vec<Entry> {
        self.files.iter().filter_map(OneFile::entry).collect()
    }

    fn flush(&mut self) -> Result<(), Error> {
        let staged =
            self.files.iter().filter_map(|file| Some((file.staged.as_ref()?, &file.change.path)));
        let ours = self.pointed.iter().map(|(_, path)| path).chain(&self.draft);
        let all: Vec<_> = staged.chain(ours.map(|path| (path, path))).collect();
        let synced = parallel::map_waiting(&all, |(written, named)| sync(written, named));
        let synced: Vec<Mark> = synced.into_iter().collect::<Result<_, _>>()?;
        self.files.iter_mut().zip(synced).for_each(|(file, new)| file.new = Some(new));
        Ok(())
    }

    /// Right before the renames: nobody has touched anything since it was read.
    fn check(&mut self) -> Result<(), Error> {
        for file in &self.files {
            look(file.change, &file.target)?;
        }
        let entries = self.entries();
        let drafted = std::mem::replace(&mut self.entries, entries);
        match self.draft.take() {
            // A network file system may set their times only once they are synced.
            Some(draft) if drafted != self.entries => {
                journal::discard(&draft);
                self.draft()?;
                self.draft.iter().try_for_each(|draft| sync(draft, draft).map(drop))
            }
            draft => {
                self.draft = draft;
                Ok(())
            }
        }
    }

    fn journal(&mut self) -> Result<(), Error> {
        let (Some(home), Some(draft)) = (&self.home, &self.draft) else { return Ok(()) };
        // Set first: when the journal is there but could not be synced, it has to be undone.
        self.journaled = true;
        journal::publish(home, draft)
    }

    fn sync(&self) -> Result<(), Error> {
        let made = self.made.holders().chain(self.above.holders());
        sync_all(journal::folders(&self.entries).chain(made))
    }

    fn close(&self) -> Result<(), Error> {
        self.home.as_ref().map_or(Ok(()), |home| journal::close(home, &self.entries))
    }

    /// After a step that failed: everything as it was.
    fn roll_back(self, cause: Error) -> Error {
        let undone = match &self.home {
            Some(home) if self.journaled => journal::undo_all(home, &self.entries),
            _ => Ok(()),
        };
        match undone {
            Err(undoing) => Error::HalfDone { cause: cause.into(), undoing: undoing.into() },
            Ok(()) => {
                self.files.iter().for_each(OneFile::discard);
                self.draft.iter().for_each(journal::discard);
                let home = self.home.unwrap_or_default();
                self.pointed.iter().for_each(|(folder, _)| journal::forget(folder, &home));
                cause
            }
        }
    }
}

impl OneFile<'_> {
    /// Writes the new file beside the target. Its name is noted first, so that it is removed whatever fails.
    fn stage(&mut self) -> Result<(), Error> {
        let (path, file) = temp::create(&self.target, self.owner)?;
        self.staged = Some(path);
        self.new = Some(self.fill(file).map_err(Error::io("write", &self.change.path))?);
        Ok(())
    }

    /// Owner before mode: the file is nobody else's to read until it is as narrow as it will stay. Returns its mark.
    fn fill(&self, mut file: File) -> io::Result<Mark> {
        let same_group = self.old.as_ref().is_none_or(|old| take_over(&file, old));
        let mode = mode(self.change.secrecy, self.old.as_ref());
        // The bits for the old group are not for another one.
        let mode = if same_group { mode } else { mode & !0o070 };
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        if self.adds && !journal::ends_a_line(&self.target)? {
            file.write_all(b"\n")?;
        }
        file.write_all(&self.change.bytes)?;
        // The system begins to write it out while the other files are made. Where it cannot, it does so when it is told to sync.
        let _ = fadvise(&file, 0, None, Advice::DontNeed);
        Ok(Mark::of(&file.metadata()?))
    }

    /// Keeps the old file under a second name, so that a set can be undone; as a copy where there are no hard links.
    fn keep(&mut self) -> Result<(), Error> {
        if let Ok(kept) = temp::link(&self.target, self.owner) {
            self.kept = Some(kept);
            return Ok(());
        }
        let (Some(old), Some(bytes)) = (&self.old, content(&self.target)?) else { return Ok(()) };
        let (kept, mut file) = temp::create(&self.target, self.owner)?;
        self.kept = Some(kept);
        take_over(&file, old);
        let copied = file
            .set_permissions(fs::Permissions::from_mode(old.mode() & 0o777))
            .and_then(|()| file.write_all(&bytes))
            .and_then(|()| file.sync_all());
        copied.map_err(Error::io("keep a copy of", &self.target))
    }

    /// `None` for what is not staged.
    fn entry(&self) -> Option<Entry> {
        Some(Entry {
            target: self.target.clone(),
            staged: self.staged.clone()?,
            kept: self.kept.clone(),
            adds: self.adds,
            new: self.new?,
            old: self.old.as_ref().map(Mark::of),
        })
    }

    fn discard(&self) {
        for path in [&self.staged, &self.kept].into_iter().flatten() {
            let _ = fs::remove_file(path);
        }
    }
}

/// Makes a new file durable, and returns its mark. It is opened again, since a large set has more files than a process may keep
/// open.
fn sync(written: &Path, named: &Path) -> Result<Mark, Error> {
    let synced = File::open(written).and_then(|file| {
        file.sync_all()?;
        file.metadata()
    });
    synced.map(|synced| Mark::of(&synced)).map_err(Error::io("write", named))
}

fn install(entry: &Entry) -> Result<(), Error> {
    let path = || entry.target.clone();
    entry.install().map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists { path: path() },
        io::ErrorKind::InvalidData => Error::Edited { path: path() },
        io::ErrorKind::ResourceBusy => Error::MountPoint { path: path() },
        _ => Error::io("replace", &entry.target)(error),
    })
}

/// The folder of the journal, which must be locked.
fn home(changes: &Changes, locked: &[PathBuf]) -> Result<PathBuf, Error> {
    let home = changes.home.canonicalize().map_err(Error::io("look at", &changes.home))?;
    match locked.contains(&home) {
        true => Ok(home),
        false => Err(Error::NotLocked { path: changes.home.clone() }),
    }
}

/// Gives the new file the owner of the old one; whether it has at least its group. Only root can do both.
fn take_over(file: &File, old: &Metadata) -> bool {
    let (uid, gid) = (old.uid(), old.gid());
    let both = file.metadata().is_ok_and(|new| (new.uid(), new.gid()) == (uid, gid))
        || fchown(file, Some(uid), Some(gid)).is_ok();
    both || fchown(file, None, Some(gid)).is_ok()
}

/// Removes what dead runs have left where this one is going to write. What waits to be added to a log stays: it is not what this
/// run adds.
fn sweep(files: &[OneFile]) {
    let mut folders: BTreeMap<&Path, Vec<&Path>> = BTreeMap::new();
    for file in files.iter().filter(|file| !file.adds) {
        folders.entry(parent(&file.target)).or_default().push(&file.target);
    }
    for (folder, targets) in folders {
        temp::sweep_for(folder, &targets);
    }
}

#[cfg(test)]
mod tests;
