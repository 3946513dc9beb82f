//! Which entries come in, and by which names.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::str::FromStr;

use crate::core::edits::desk::How;
use crate::core::kubeconfig::{File, Taken, View, entries_of};
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

/// An entry that is there by now. It is looked at only where another one has its name: there may be very many.
struct Known<'k, S> {
    stanza: Held<'k, S>,
    /// The file that its paths are relative to.
    from: &'k File,
    /// The file that it stands in, or comes to.
    file: &'k Path,
    place: Place,
}

/// Where an entry is.
#[derive(Clone, Copy)]
enum Place {
    /// Among those that come to the end.
    Added(usize),
    /// Among those that take the place of others.
    Replaced(usize),
    /// In a file.
    There,
}

/// As a [`Cow`] that takes no more room where it is borrowed.
enum Held<'k, S> {
    There(&'k S),
    Made(Box<S>),
}

/// The entries of one kind: those that are there, and those that are to come.
pub(super) struct Names<'k, 'a: 'k, E: Rooted> {
    known: BTreeMap<Cow<'k, str>, Known<'k, E::Stanza>>,
    target: &'k Path,
    how: &'k How,
    decided: Decided<'a, E>,
}

/// What is to be done.
pub(super) struct Decided<'a, E: Rooted> {
    /// Those that come to the end.
    pub added: Vec<Taken<'a, E>>,
    /// Those that take the place of others.
    pub replaced: Vec<Taken<'a, E>>,
    /// What becomes of each.
    pub entries: Vec<MergedEntry>,
    /// Those that are to make it fail.
    pub conflicts: Vec<String>,
}

/// For entries that came in: their names in the source, and now.
pub(super) type NewNames<'a> = BTreeMap<&'a str, Cow<'a, str>>;

impl<'k, 'a: 'k, E: Rooted> Names<'k, 'a, E> {
    /// Those of a view, and none to come.
    pub fn of(view: View<'k>, target: &'k Path, how: &'k How) -> Self {
        let known = view.entries::<E>().into_iter().map(|item| {
            let (stanza, file) = (Held::There(item.entry.stanza()), item.file);
            let known = Known { stanza, from: file, file: file.path(), place: Place::There };
            (Cow::Borrowed(item.entry.name()), known)
        });
        let decided = Decided {
            added: Vec::new(),
            replaced: Vec::new(),
            entries: Vec::new(),
            conflicts: Vec::new(),
        };
        Self { known: known.collect(), target, how, decided }
    }

    /// What is to be done with all that was added.
    pub fn decided(self) -> Decided<'a, E> {
        self.decided
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
        mut refer: impl FnMut(&str, &mut Cow<'a, E::Stanza>),
    ) -> NewNames<'a> {
        let (mut names, path) = (NewNames::new(), Rc::from(source.file.path()));
        for (entry, mut taken) in source.entries::<E>().zip(entries_of::<E>(&source.file)) {
            let mut stanza = Cow::Borrowed(entry.stanza());
            refer(entry.name(), &mut stanza);
            let (fate, name) = self.decide(entry.name(), &stanza, source, wanted);
            if fate != Fate::Kept {
                names.insert(entry.name(), name.clone());
            }
            let name_in_source = Rc::from(entry.name());
            let stays = *name == *entry.name();
            self.decided.entries.push(MergedEntry {
                action: fate,
                kind: E::KIND,
                name: if stays { Rc::clone(&name_in_source) } else { Rc::from(&*name) },
                source: Rc::clone(&path),
                name_in_source,
            });
            if matches!(fate, Fate::Added | Fate::Replaced) {
                let there = self.known.get(&name);
                let file = there.map_or(self.target, |known| known.file);
                let place = there.map(|known| known.place);
                let new = moved::<E>(&stanza, &source.file, file, self.how);
                taken.become_new(&name, new);
                let place = self.decided.come(taken, place);
                let stanza = match stanza {
                    Cow::Borrowed(stanza) => Held::There(stanza),
                    Cow::Owned(stanza) => Held::Made(Box::new(stanza)),
                };
                self.known.insert(name, Known { stanza, from: &source.file, file, place });
            }
        }
        names
    }

    fn decide(
        &mut self,
        name: &'a str,
        stanza: &E::Stanza,
        source: &Source,
        wanted: &Merge,
    ) -> (Fate, Cow<'a, str>) {
        let says = |stanza, file| absolute::<E>(stanza, file, &self.how.folder);
        let there = |name: &str| {
            let known = self.known.get(name)?;
            let stanza_there = match &known.stanza {
                Held::There(stanza) => stanza,
                Held::Made(stanza) => &**stanza,
            };
            Some(says(stanza_there, known.from) == says(stanza, &source.file))
        };
        let same = Cow::Borrowed(name);
        match (there(name), wanted.on_conflict) {
            (None, _) => (Fate::Added, same),
            (Some(true), _) => (Fate::Folded, same),
            (Some(false), OnConflict::Keep) => (Fate::Kept, same),
            (Some(false), OnConflict::Replace) => (Fate::Replaced, same),
            (Some(false), OnConflict::Rename) => {
                let first = wanted.rename_to.fill(name, &source.stem());
                let more = (2..).map(|number| format!("{first}-{number}"));
                let mut names = std::iter::once(first.clone()).chain(more);
                let free = names.find(|name| there(name) != Some(false)).unwrap_or_default();
                let fate = if self.has(&free) { Fate::Folded } else { Fate::Added };
                (fate, Cow::Owned(free))
            }
            (Some(false), OnConflict::Fail) => {
                let file = source.file.path().display();
                self.decided.conflicts.push(format!("{} `{name}` of {file}", E::KIND));
                (Fate::Kept, same)
            }
        }
    }
}

impl<'a, E: Rooted> Decided<'a, E> {
    /// Puts it where the one of its name is. One that came in before from another source is not to come any more.
    fn come(&mut self, taken: Taken<'a, E>, earlier: Option<Place>) -> Place {
        match earlier {
            None => {
                self.added.push(taken);
                Place::Added(self.added.len() - 1)
            }
            Some(Place::There) => {
                self.replaced.push(taken);
                Place::Replaced(self.replaced.len() - 1)
            }
            Some(place @ Place::Added(at)) => {
                self.added[at] = taken;
                place
            }
            Some(place @ Place::Replaced(at)) => {
                self.replaced[at] = taken;
                place
            }
        }
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
