//! The files on the desk: what is edited before anything is written.

mod acts;
mod outcome;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::path::{Path, PathBuf};

use crate::core::changes::{Bytes, Found, Secrecy, folder_of};
use crate::core::contexts::{ContextError, load_any, named, warnings};
use crate::core::kubeconfig::{EditError, Entry, File, LoadPaths, View};
use crate::core::report::{EditReport, EditStep};
use crate::core::store::{self, Lockable};
use crate::core::{Error, World};

use super::EditsError;

pub(super) use outcome::Told;

/// How often the files are locked anew when others are to be changed than were locked.
const ATTEMPTS: usize = 5;

/// How an edit is made.
#[derive(Clone, Debug)]
pub struct How {
    /// The files, in load order.
    pub paths: LoadPaths,
    /// Whether nothing is written.
    pub dry_run: bool,
    /// The working folder, absolute.
    pub folder: PathBuf,
}

/// Files as they were read, with what has been edited so far.
pub(super) struct Desk<'a> {
    pub how: &'a How,
    files: Vec<File>,
    /// What those said that have been edited. Of a large file, what was parsed is many times larger.
    before: BTreeMap<PathBuf, Bytes>,
    /// Those of them that are not there.
    absent: BTreeSet<PathBuf>,
    /// Files that come beside them, or are there and the same.
    written: BTreeMap<PathBuf, (Bytes, Secrecy)>,
    steps: Vec<Done>,
    warnings: Vec<String>,
    notes: Vec<String>,
}

/// What was done to an entry or a file.
struct Done {
    step: EditStep,
    /// Other entries of the same kind and file to which the same was done in a merge: there may be very many.
    others: Vec<Box<str>>,
}

/// Carries out an edit, whose decision gives the names that it was about.
pub(super) fn carry_out<E: Entry>(
    how: &How,
    world: &World<'_>,
    decide: impl Fn(&mut Desk<'_>) -> Result<Vec<String>, Error>,
) -> Result<EditReport, Error> {
    carry_out_on(E::KIND, how, world, decide)
}

/// The same for edits that are about whole files, which must be there.
pub(super) fn carry_out_on_files(
    how: &How,
    world: &World<'_>,
    decide: impl Fn(&mut Desk<'_>) -> Result<(), Error>,
) -> Result<EditReport, Error> {
    carry_out_on("kubeconfig", how, world, |desk| {
        if desk.files.is_empty() {
            return Err(ContextError::NoFile(named(&how.paths)).into());
        }
        decide(desk)?;
        Ok(desk.before.keys().map(|path| path.display().to_string()).collect())
    })
}

fn carry_out_on(
    kind: &'static str,
    how: &How,
    world: &World<'_>,
    decide: impl Fn(&mut Desk<'_>) -> Result<Vec<String>, Error>,
) -> Result<EditReport, Error> {
    let (desk, names) = edited(how, world, decide)?;
    Ok(desk.report(kind, names, world))
}

/// Decides, locks, reads again, decides again where that is another thing, and writes.
pub(super) fn edited<'a, T>(
    how: &'a How,
    world: &World<'_>,
    decide: impl Fn(&mut Desk<'_>) -> Result<T, Error>,
) -> Result<(Desk<'a>, T), Error> {
    edited_from(how, world, || {
        let mut desk = Desk::read(how)?;
        let outcome = decide(&mut desk)?;
        Ok((desk, outcome))
    })
}

/// The same for files that cannot be read as they are.
pub(super) fn edited_from<'a, T>(
    how: &'a How,
    world: &World<'_>,
    decided: impl Fn() -> Result<(Desk<'a>, T), Error>,
) -> Result<(Desk<'a>, T), Error> {
    let (mut desk, mut outcome) = decided()?;
    if how.dry_run || desk.before.is_empty() {
        store::unlock_dead(how.paths.all());
        return Ok((desk, outcome));
    }
    let mut locked = BTreeSet::new();
    for _ in 0..ATTEMPTS {
        locked.extend(desk.before.keys().cloned());
        let guard = store::lock(&lockables(&locked, &desk.written), &world.locks)?;
        // What was decided holds where nobody has written since.
        if !desk.is_still_so() {
            // They may be large: never twice in memory.
            drop((desk, outcome));
            (desk, outcome) = decided()?;
        }
        desk.rest();
        if desk.before.keys().all(|path| locked.contains(path)) {
            guard.commit(&desk.changes(world.now))?;
            return Ok((desk, outcome));
        }
    }
    Err(EditsError::Busy(named(&how.paths)).into())
}

/// The folders too: one of them keeps the journal where several files change.
fn lockables(
    files: &BTreeSet<PathBuf>,
    written: &BTreeMap<PathBuf, (Bytes, Secrecy)>,
) -> Vec<Lockable> {
    let all = files.iter().chain(written.keys());
    let folders = all.map(|path| Lockable::Folder(folder_of(path).to_owned()));
    folders.chain(files.iter().cloned().map(Lockable::Kubeconfig)).collect()
}

impl<'a> Desk<'a> {
    /// With the files as they are.
    pub fn read(how: &'a How) -> Result<Self, Error> {
        Ok(Self::with(how, load_any(&how.paths, File::of)?))
    }

    /// Whether the disk holds what was read.
    fn is_still_so(&self) -> bool {
        let now = store::read(self.how.paths.all().to_vec());
        self.how.paths.all().iter().all(|path| {
            let file = self.files.iter().find(|file| file.path() == path);
            let read = self.before.get(path).map(|bytes| bytes.as_slice());
            let read = read.or(file.map(File::bytes)).filter(|_| !self.absent.contains(path));
            match (now.get(path), read) {
                (Found::Absent, None) => true,
                (Found::File { bytes, .. }, Some(read)) => bytes.as_slice() == read,
                _ => false,
            }
        })
    }

    /// With nothing on it, whatever the disk holds.
    pub fn empty(how: &'a How) -> Self {
        Self::with(how, Vec::new())
    }

    /// With these files on it.
    pub fn with(how: &'a How, files: Vec<File>) -> Self {
        Self {
            how,
            warnings: warnings(&files),
            files,
            before: BTreeMap::new(),
            absent: BTreeSet::new(),
            written: BTreeMap::new(),
            steps: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Lets go what only a further edit needs.
    pub fn rest(&self) {
        self.files.iter().for_each(File::rest);
    }

    /// What a file says by now.
    pub fn bytes(&self, path: &Path) -> Bytes {
        let file = self.files.iter().find(|file| file.path() == path);
        file.map(File::to_bytes).unwrap_or_default()
    }

    /// What the files say by now.
    pub fn view(&self) -> View<'_> {
        View::new(&self.files)
    }

    /// Warns of a danger.
    pub fn warn(&mut self, text: String) {
        self.warnings.push(text);
    }

    /// Tells of a fact.
    pub fn note(&mut self, text: String) {
        self.notes.push(text);
    }

    /// One of the files has been made of what it said before.
    pub fn has_made_of(&mut self, before: Bytes, step: EditStep) {
        self.before.insert(step.file().to_owned(), before);
        self.did(step);
    }

    fn did(&mut self, step: EditStep) {
        self.steps.push(Done { step, others: Vec::new() });
    }

    /// Edits one file; whether it says something else now.
    fn edit(
        &mut self,
        path: &Path,
        edit: impl FnOnce(&File) -> Result<Cow<'_, File>, EditError>,
    ) -> Result<bool, Error> {
        let at = self.place(path);
        let new = match edit(&self.files[at])? {
            Cow::Owned(new) if new.bytes() != self.files[at].bytes() => new,
            _ => return Ok(false),
        };
        let old = mem::replace(&mut self.files[at], new);
        self.before.entry(path.to_owned()).or_insert_with(|| old.into_bytes());
        Ok(true)
    }

    /// Where a file lies; one that is not there comes to where it counts.
    fn place(&mut self, path: &Path) -> usize {
        if let Some(at) = self.files.iter().position(|file| file.path() == path) {
            return at;
        }
        let order = |path: &Path| self.how.paths.all().iter().position(|one| one == path);
        let at = self.files.iter().take_while(|file| order(file.path()) < order(path)).count();
        self.files.insert(at, File::absent(path));
        self.absent.insert(path.to_owned());
        at
    }

    /// Where new entries go.
    pub fn default_file(&self) -> Result<PathBuf, ContextError> {
        let paths = &self.how.paths;
        let is_there = |path: &Path| {
            self.files.iter().any(|file| file.path() == path && !self.absent.contains(path))
        };
        let file = paths.default_file(is_there).map(Path::to_owned);
        file.ok_or_else(|| ContextError::NoFile(named(paths)))
    }
}
