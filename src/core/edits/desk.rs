//! The files on the desk: what is edited before anything is written.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::path::{Path, PathBuf};

use crate::core::changes::{Before, Bytes, Change, Changes, Found, Secrecy, folder_of};
use crate::core::check::{Severity, Subject, findings};
use crate::core::contexts::{ContextError, load_any, named, unknown, warnings};
use crate::core::kubeconfig::{
    self, EditError, Entry, File, Item, LoadPaths, NamedContext, Taken, View, changed_fields, near,
};
use crate::core::place::keep_before;
use crate::core::report::{EditReport, EditStep};
use crate::core::store::{self, Lockable};
use crate::core::x509::time::{Moment, Period};
use crate::core::{Error, World};

use super::EditsError;

/// How often the files are locked anew when others are to be changed than were locked.
const ATTEMPTS: usize = 5;

/// How many days before its end a certificate is worth a warning.
const SOON: u64 = 30;

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
    /// Those that have been edited, as they were.
    before: BTreeMap<PathBuf, File>,
    /// Those of them that are not there.
    absent: BTreeSet<PathBuf>,
    /// Files that come beside them, or are there and the same.
    written: BTreeMap<PathBuf, (Bytes, Secrecy)>,
    steps: Vec<EditStep>,
    warnings: Vec<String>,
    notes: Vec<String>,
}

/// What is to be told of an edit besides what was done.
pub(super) struct Told {
    /// Whether any file is not as before.
    pub changed: bool,
    /// Dangers.
    pub warnings: Vec<String>,
    /// Facts that may surprise.
    pub notes: Vec<String>,
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

/// Decides, locks, reads again, decides again, and writes.
pub(super) fn edited<'a, T>(
    how: &'a How,
    world: &World<'_>,
    decide: impl Fn(&mut Desk<'_>) -> Result<T, Error>,
) -> Result<(Desk<'a>, T), Error> {
    let decided = || {
        let mut desk = Desk::read(how)?;
        let outcome = decide(&mut desk)?;
        Ok::<_, Error>((desk, outcome))
    };
    let (mut desk, mut outcome) = decided()?;
    if how.dry_run || desk.before.is_empty() {
        store::unlock_dead(how.paths.all());
        return Ok((desk, outcome));
    }
    let mut locked = BTreeSet::new();
    for _ in 0..ATTEMPTS {
        locked.extend(desk.before.keys().cloned());
        let guard = store::lock(&lockables(&locked, &desk.written), &world.locks)?;
        // They may be large: never twice in memory.
        drop((desk, outcome));
        (desk, outcome) = decided()?;
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
    fn read(how: &'a How) -> Result<Self, Error> {
        let snapshot = store::read(how.paths.all().to_vec());
        Ok(Self::with(how, load_any(&how.paths, &snapshot)?))
    }

    /// With nothing on it, whatever the disk holds.
    pub fn empty(how: &'a How) -> Self {
        Self::with(how, Vec::new())
    }

    fn with(how: &'a How, files: Vec<File>) -> Self {
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

    /// The name of the current context.
    pub fn current(&self) -> Result<String, ContextError> {
        let current = self.view().current_context().map(|(name, _)| name.to_owned());
        current.ok_or_else(|| ContextError::NoCurrent(named(&self.how.paths)))
    }

    /// An entry that must be there.
    pub fn need<E: Entry>(&self, name: &str) -> Result<Item<'_, E>, Error> {
        self.view().entry::<E>(name).ok_or_else(|| self.unknown::<E>(name))
    }

    fn unknown<E: Entry>(&self, name: &str) -> Error {
        if E::KIND == NamedContext::KIND {
            return unknown(name, self.view(), &self.how.paths).into();
        }
        let entries = self.view().entries::<E>();
        let near = near(name, entries.iter().map(|item| item.entry.name()));
        EditsError::Unknown {
            kind: E::KIND,
            name: name.to_owned(),
            files: named(&self.how.paths),
            near: near.into_iter().map(str::to_owned).collect(),
        }
        .into()
    }

    /// Changes an entry, or adds it to the default file. `change` also gets to know the file.
    pub fn put<E: Entry>(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut E::Stanza, &Path) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (file, old) = match self.view().entry::<E>(name) {
            Some(item) => (item.file.path().to_owned(), Some(item.entry.stanza().clone())),
            None => (self.default_file()?, None),
        };
        let is_new = old.is_none();
        let old = old.unwrap_or_default();
        let mut stanza = old.clone();
        change(&mut stanza, &file)?;
        let fields = changed_fields::<E>(&old, &stanza);
        let new = E::new(name, stanza);
        if self.edit(&file, |file| kubeconfig::put(file, &new))? {
            let (kind, name) = (E::KIND, name.to_owned());
            self.tell_of_hidden::<E>(&name);
            self.steps.push(match is_new {
                true => EditStep::Created { kind, name, file },
                false => EditStep::Changed { kind, name, fields, file },
            });
        }
        Ok(())
    }

    /// Takes entries of other files in, at the end of the default file.
    pub fn take<E: Entry>(&mut self, taken: &[Taken<'_, E>]) -> Result<(), Error> {
        let file = self.default_file()?;
        self.edit(&file, |file| kubeconfig::take(file, taken))?;
        let created = |it: &Taken<'_, E>| EditStep::Created {
            kind: E::KIND,
            name: it.new.name().to_owned(),
            file: file.clone(),
        };
        self.steps.extend(taken.iter().map(created));
        Ok(())
    }

    /// Puts an entry of another file in the place of the one of its name, in the file of that one.
    pub fn replace<E: Entry>(&mut self, taken: &Taken<'_, E>) -> Result<(), Error> {
        let name = taken.new.name().to_owned();
        let file = self.need::<E>(&name)?.file.path().to_owned();
        self.edit(&file, |file| kubeconfig::replace(file, taken))?;
        let (kind, fields) = (E::KIND, Vec::new());
        self.steps.push(EditStep::Changed { kind, name, fields, file });
        Ok(())
    }

    /// Gives an entry a name that nothing else has.
    pub fn rename<E: Entry>(&mut self, old: &str, new: &str) -> Result<(), Error> {
        let file = self.need::<E>(old)?.file.path().to_owned();
        if let Some(other) = self.view().entry::<E>(new) {
            let (kind, name, file) = (E::KIND, new.to_owned(), other.file.path().to_owned());
            return Err(EditsError::Exists { kind, name, file }.into());
        }
        self.edit(&file, |file| kubeconfig::rename::<E>(file, old, new))?;
        let (kind, name, to) = (E::KIND, old.to_owned(), new.to_owned());
        self.steps.push(EditStep::Renamed { kind, name, to, file });
        self.warn_of_return::<E>(old);
        Ok(())
    }

    /// Takes an entry out of the file that owns it.
    pub fn remove<E: Entry>(&mut self, name: &str) -> Result<(), Error> {
        let file = self.need::<E>(name)?.file.path().to_owned();
        self.edit(&file, |file| kubeconfig::remove::<E>(file, name))?;
        self.steps.push(EditStep::Deleted { kind: E::KIND, name: name.to_owned(), file });
        self.warn_of_return::<E>(name);
        Ok(())
    }

    /// Puts every file in order.
    pub fn order(&mut self) -> Result<(), Error> {
        let paths: Vec<PathBuf> = self.files.iter().map(|file| file.path().to_owned()).collect();
        for file in paths {
            if self.edit(&file, kubeconfig::order)? {
                self.steps.push(EditStep::Ordered { file });
            }
        }
        Ok(())
    }

    /// Makes a context the current one, where client-go would: in the default file.
    pub fn switch(&mut self, name: &str) -> Result<(), Error> {
        let file = self.default_file()?;
        if self.edit(&file, |file| kubeconfig::set_current_context(file, name))? {
            self.steps.push(EditStep::Switched { name: name.to_owned(), file });
        }
        Ok(())
    }

    /// While `name` is the current context: makes that none, in the file that says so.
    pub fn clear_current(&mut self, name: &str) -> Result<(), Error> {
        while let Some(file) = self.says_current(name) {
            self.edit(&file, |file| kubeconfig::set_current_context(file, ""))?;
            self.steps.push(EditStep::Cleared { name: name.to_owned(), file });
        }
        Ok(())
    }

    fn says_current(&self, name: &str) -> Option<PathBuf> {
        let (_, file) = self.view().current_context().filter(|(current, _)| *current == name)?;
        Some(file.path().to_owned())
    }

    /// Edits the entries of every file, hidden ones too, for which `edit` gives another one.
    pub fn each<E: Entry>(
        &mut self,
        mut edit: impl FnMut(Item<'_, E>) -> Result<Option<E>, Error>,
    ) -> Result<(), Error> {
        let mut changed = Vec::new();
        for it in self.view().everywhere::<E>() {
            if let Some(new) = edit(it)? {
                changed.push((it.file.path().to_owned(), it.entry.clone(), new));
            }
        }
        for (file, old, new) in changed {
            self.edit(&file, |file| kubeconfig::put(file, &new))?;
            let fields = changed_fields::<E>(old.stanza(), new.stanza());
            let (kind, name) = (E::KIND, new.name().to_owned());
            self.steps.push(EditStep::Changed { kind, name, fields, file });
        }
        Ok(())
    }

    /// Takes the entries out, of every file and hidden ones too, that `goes` picks. Returns their names.
    pub fn remove_where<E: Entry>(
        &mut self,
        goes: impl Fn(Item<'_, E>) -> bool,
    ) -> Result<BTreeSet<String>, Error> {
        let mut gone: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
        for it in self.view().everywhere::<E>().filter(|it| goes(*it)) {
            let names = gone.entry(it.file.path().to_owned()).or_default();
            names.insert(it.entry.name().to_owned());
        }
        for (file, names) in &gone {
            self.edit(file, |file| kubeconfig::remove_all::<E>(file, names))?;
            self.steps.extend(names.iter().map(|name| EditStep::Deleted {
                kind: E::KIND,
                name: name.clone(),
                file: file.clone(),
            }));
        }
        let gone: BTreeSet<String> = gone.into_values().flatten().collect();
        let left = self.view().entries::<E>();
        let left = left.iter().map(|it| it.entry.name().to_owned());
        let back: Vec<String> = left.filter(|name| gone.contains(name)).collect();
        back.iter().for_each(|name| self.warn_of_return::<E>(name));
        Ok(gone)
    }

    /// Writes a file beside the kubeconfigs, in one set with them; one that holds something else stays, and is an error.
    pub fn write(&mut self, path: PathBuf, bytes: Bytes, secrecy: Secrecy) -> Result<(), Error> {
        let snapshot = store::read([path.clone()]);
        let differs = match (self.written.get(&path), snapshot.get(&path)) {
            (Some((other, _)), _) | (None, Found::File { bytes: other, .. }) => *other != bytes,
            (None, Found::Absent) => false,
            (None, Found::Unreadable(_)) => true,
        };
        if differs {
            return Err(EditsError::Taken(path).into());
        }
        self.steps.push(EditStep::Wrote { file: path.clone() });
        self.written.insert(path, (bytes, secrecy));
        Ok(())
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
        self.before.entry(path.to_owned()).or_insert(old);
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

    fn files_of<E: Entry>(&self, name: &str) -> Vec<String> {
        let all = self.view().everywhere::<E>().filter(|item| item.entry.name() == name);
        all.map(|item| item.file.path().display().to_string()).collect()
    }

    fn tell_of_hidden<E: Entry>(&mut self, name: &str) {
        if let [_, hidden @ ..] = &self.files_of::<E>(name)[..]
            && !hidden.is_empty()
        {
            let files = hidden.join(", ");
            self.notes.push(format!(
                "another {} `{name}` stands in {files}, where it is hidden",
                E::KIND
            ));
        }
    }

    /// What was hidden by the entry counts now.
    fn warn_of_return<E: Entry>(&mut self, name: &str) {
        if let Some(file) = self.files_of::<E>(name).first() {
            let kind = E::KIND;
            self.warnings.push(format!(
                "there is still a {kind} `{name}`: the one in {file} was hidden, and counts now"
            ));
        }
    }

    fn changes(&self, now: Moment) -> Changes {
        let change = |(path, old): (&PathBuf, &File)| {
            let new = self.files.iter().find(|file| file.path() == path).unwrap_or(old);
            let before = match self.absent.contains(path) {
                true => Before::Absent,
                false => Before::Exactly(old.to_bytes()),
            };
            let bytes = new.to_bytes();
            Change { path: path.clone(), bytes, secrecy: Secrecy::AsFound, before }
        };
        // Those first that the kubeconfigs are going to name.
        let list = self.beside().chain(self.before.iter().map(change));
        let list: Vec<Change> = list.chain(self.states(now)).collect();
        let home = list.first().map(|change| folder_of(&change.path).to_owned());
        Changes { home: home.unwrap_or_default(), list }
    }

    /// What the files said before is kept beside them; of one that was not there, nothing.
    fn states(&self, now: Moment) -> impl Iterator<Item = Change> {
        let edited = self.before.iter().filter(|(path, _)| !self.absent.contains(*path));
        edited.map(move |(path, old)| {
            let new = self.files.iter().find(|file| file.path() == path).unwrap_or(old);
            keep_before(path, old.bytes(), new.bytes(), &self.done_to(path), now)
        })
    }

    /// `deleted the context `old` and 2 more`
    fn done_to(&self, path: &Path) -> String {
        let mut steps = self.steps.iter().filter(|step| step.file() == path);
        let first = steps.next().map(EditStep::brief).unwrap_or_default();
        match steps.count() {
            0 => first,
            more => format!("{first}, and {more} more"),
        }
    }

    /// They were not there, or are the same: then the mode may become narrower.
    fn beside(&self) -> impl Iterator<Item = Change> {
        self.written.iter().map(|(path, (bytes, secrecy))| {
            let before = match store::read([path.clone()]).get(path) {
                Found::Absent => Before::Absent,
                _ => Before::Exactly(bytes.clone()),
            };
            Change { path: path.clone(), bytes: bytes.clone(), secrecy: *secrecy, before }
        })
    }

    fn report(mut self, kind: &'static str, names: Vec<String>, world: &World<'_>) -> EditReport {
        let Told { changed, warnings, notes } = self.told(world);
        let dry_run = self.how.dry_run;
        EditReport { changed, dry_run, kind, names, steps: self.steps, warnings, notes }
    }

    /// What is to be told besides what was done.
    pub fn told(&mut self, world: &World<'_>) -> Told {
        let found = self.findings(world);
        self.warnings.extend(found);
        let (warnings, notes) = (mem::take(&mut self.warnings), mem::take(&mut self.notes));
        Told { changed: !self.before.is_empty(), warnings, notes }
    }

    /// What is wrong with the entries that were written: clients would fail at it.
    fn findings(&self, world: &World<'_>) -> Vec<String> {
        let written: BTreeSet<(&str, &str)> = self.steps.iter().filter_map(written).collect();
        let is_written = |kind, name: &str| written.contains(&(kind, name));
        let read = |path: &Path| match self.written.get(path) {
            Some((bytes, _)) => Found::File { bytes: bytes.clone(), mode: 0o600, modified: 0 },
            None => store::read([path.to_owned()]).get(path).clone(),
        };
        let soon = Period::days(SOON);
        let mut subject = Subject::new(self.view(), world.now, soon, &read);
        subject.clusters.retain(|it| is_written("cluster", &it.entry.name));
        subject.users.retain(|it| is_written("user", &it.entry.name));
        subject.contexts.retain(|it| is_written("context", &it.entry.name));
        let found = findings(&subject).into_iter();
        let found = found.filter(|it| it.severity >= Severity::Warning);
        found.filter_map(|it| Some(format!("{}: {}", it.entry?, it.message))).collect()
    }
}

/// The kind and the name of what a step has written.
fn written(step: &EditStep) -> Option<(&str, &str)> {
    match step {
        EditStep::Created { kind, name, .. } | EditStep::Changed { kind, name, .. } => {
            Some((kind, name))
        }
        _ => None,
    }
}
