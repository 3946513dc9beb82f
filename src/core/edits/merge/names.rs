//! Which entries come in, and by which names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::core::Error;
use crate::core::edits::desk::{Desk, How};
use crate::core::kubeconfig::{Taken, View, entries_of};
use crate::core::report::{Fate, MergedEntry};

use super::Merge;
use super::rooted::{Rooted, absolute, moved};
use super::source::Source;

/// What becomes of an entry whose name another one has that differs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnConflict {
    /// Nothing is merged at all.
    Fail,
    /// The one that is there stays, and the new one stays out.
    Keep,
    /// It comes in by another name.
    Rename,
    /// It takes the place of the one that is there.
    Replace,
}

/// How an entry is called whose name is taken: `{name}` stands for its name, `{file}` for that of its file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Template(String);

/// An entry that is there by now.
struct Known<S> {
    /// What it says, with whole paths.
    says: S,
    /// The file that it stands in.
    file: PathBuf,
}

/// The entries of one kind: those that are there, and those that are to come.
pub(super) struct Names<'a, E: Rooted> {
    known: BTreeMap<String, Known<E::Stanza>>,
    target: PathBuf,
    added: Vec<Taken<'a, E>>,
    replaced: Vec<Taken<'a, E>>,
    /// What becomes of each.
    pub entries: Vec<MergedEntry>,
    /// Those that are to make it fail.
    pub conflicts: Vec<String>,
}

/// For entries that came in: their names in the source, and now.
pub(super) type NewNames = BTreeMap<String, String>;

impl<'a, E: Rooted> Names<'a, E> {
    /// Those of a view, and none to come.
    pub fn of(view: View<'_>, target: &Path, how: &How) -> Self {
        let known = view.entries::<E>().into_iter().map(|item| {
            let says = absolute::<E>(item.entry.stanza(), item.file, &how.folder);
            (item.entry.name().to_owned(), Known { says, file: item.file.path().to_owned() })
        });
        Self {
            known: known.collect(),
            target: target.to_owned(),
            added: Vec::new(),
            replaced: Vec::new(),
            entries: Vec::new(),
            conflicts: Vec::new(),
        }
    }

    /// Whether there is one of that name by now.
    pub fn has(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }

    /// Decides on all of a source. `refer` changes what an entry says of others.
    pub fn add(
        &mut self,
        source: &'a Source,
        wanted: &Merge,
        how: &How,
        mut refer: impl FnMut(&str, &mut E::Stanza),
    ) -> NewNames {
        let mut names = NewNames::new();
        for (entry, mut taken) in E::list(source.config()).iter().zip(entries_of::<E>(&source.file))
        {
            let mut stanza = entry.stanza().clone();
            refer(entry.name(), &mut stanza);
            let says = absolute::<E>(&stanza, &source.file, &how.folder);
            let (fate, name) = self.decide(entry.name(), &says, source, wanted);
            if fate != Fate::Kept {
                names.insert(entry.name().to_owned(), name.clone());
            }
            self.entries.push(MergedEntry {
                action: fate,
                kind: E::KIND,
                name: name.clone(),
                source: source.file.path().to_owned(),
                name_in_source: entry.name().to_owned(),
            });
            if matches!(fate, Fate::Added | Fate::Replaced) {
                let file = self.known.get(&name).map_or(&self.target, |known| &known.file).clone();
                taken.new = E::new(&name, moved::<E>(&stanza, &source.file, &file, how));
                self.come(fate, taken);
                self.known.insert(name, Known { says, file });
            }
        }
        names
    }

    fn decide(
        &mut self,
        name: &str,
        says: &E::Stanza,
        source: &Source,
        wanted: &Merge,
    ) -> (Fate, String) {
        let there = |name: &str| self.known.get(name).map(|known| known.says == *says);
        match (there(name), wanted.on_conflict) {
            (None, _) => (Fate::Added, name.to_owned()),
            (Some(true), _) => (Fate::Folded, name.to_owned()),
            (Some(false), OnConflict::Keep) => (Fate::Kept, name.to_owned()),
            (Some(false), OnConflict::Replace) => (Fate::Replaced, name.to_owned()),
            (Some(false), OnConflict::Rename) => {
                let first = wanted.rename_to.fill(name, &source.stem());
                let more = (2..).map(|number| format!("{first}-{number}"));
                let mut names = std::iter::once(first.clone()).chain(more);
                let free = names.find(|name| there(name) != Some(false)).unwrap_or_default();
                let fate = if self.has(&free) { Fate::Folded } else { Fate::Added };
                (fate, free)
            }
            (Some(false), OnConflict::Fail) => {
                let file = source.file.path().display();
                self.conflicts.push(format!("{} `{name}` of {file}", E::KIND));
                (Fate::Kept, name.to_owned())
            }
        }
    }

    /// One that came in before from another source, and is replaced, is not to come any more.
    fn come(&mut self, fate: Fate, taken: Taken<'a, E>) {
        if fate != Fate::Replaced {
            return self.added.push(taken);
        }
        let mut all = self.added.iter_mut().chain(&mut self.replaced);
        match all.find(|it| it.new.name() == taken.new.name()) {
            Some(earlier) => *earlier = taken,
            None => self.replaced.push(taken),
        }
    }

    /// Puts all of them into the files on the desk.
    pub fn write(&mut self, desk: &mut Desk<'_>) -> Result<(), Error> {
        // All is decided by now, and of large files this is much.
        self.known = BTreeMap::new();
        self.replaced.iter().try_for_each(|taken| desk.replace(taken))?;
        if self.added.is_empty() { Ok(()) } else { desk.take(&self.added) }
    }
}

impl FromStr for OnConflict {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "fail" => Ok(Self::Fail),
            "keep" => Ok(Self::Keep),
            "rename" => Ok(Self::Rename),
            "replace" => Ok(Self::Replace),
            _ => Err("wanted rename, keep, replace or fail".to_owned()),
        }
    }
}

impl Template {
    fn fill(&self, name: &str, file: &str) -> String {
        // The name last: it may hold braces of its own.
        self.0.replace("{file}", file).replace("{name}", name)
    }
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.contains("{name}") && !text.contains(char::is_control) {
            true => Ok(Self(text.to_owned())),
            false => Err("wanted a text with {name} in it, such as {file}-{name}".to_owned()),
        }
    }
}
