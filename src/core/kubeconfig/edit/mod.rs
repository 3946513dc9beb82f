//! Edits of one file that change the bytes of what they are about and nothing else.
//!
//! Each edit is a few splices. Afterwards the result is parsed again, and what it says must be what the old file said plus
//! the one change; if it is not, nothing is returned.

mod anchors;
mod entries;
mod order;
mod place;
mod referred;
mod removal;
mod repair;
mod schema;
mod splice;
mod taken;

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::core::changes::{Bytes, quoted};

use super::entry::Entry;
use super::file::{self, File};
use super::types::{Config, NamedCluster, NamedContext, NamedUser};
use super::yaml::change::Edit;
use super::yaml::emit::Value;
use super::yaml::meaning::Meaning;
use super::yaml::tree::{Cursor, Kind};

pub(super) use entries::item;
pub use entries::{
    NewEntries, add_entries, changed_fields, put, put_all, remove, remove_all, rename,
};
pub use order::order;
use place::Items;
pub use referred::rename_referred;
pub use repair::{Repair, clear_current, repair};
use splice::{Pair, Splice};
pub use taken::{Added, Taken, entries_of, replace_all, take};

/// The key of the current context.
pub(super) const CURRENT_CONTEXT: &str = "current-context";

/// Why a file cannot be edited.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A key that stands twice: which of the two is meant?
    #[error("{}: the key `{key}` stands {count} times; which one to change is not clear", path.display())]
    DuplicateKey {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// How often it stands there.
        count: usize,
    },
    /// An entry of this name says something else.
    #[error("{}: {kind} `{name}` is there already and differs in {}", path.display(), fields.join(", "))]
    Exists {
        /// The file.
        path: PathBuf,
        /// `cluster`, `user` or `context`.
        kind: &'static str,
        /// The name.
        name: String,
        /// Names of the fields that differ, never their values.
        fields: Vec<String>,
    },
    /// What would come out is no kubeconfig.
    #[error(transparent)]
    File(#[from] file::Error),
    /// kubectl would drop all but the first document.
    #[error("{}: holds more than one YAML document; only the first is a kubeconfig", path.display())]
    SeveralDocuments {
        /// The file.
        path: PathBuf,
    },
    /// The result would not say what was intended.
    #[error("{}: cannot change {what} without changing something else", path.display())]
    Unsafe {
        /// The file.
        path: PathBuf,
        /// What was to be changed.
        what: String,
    },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::DuplicateKey { path, .. } => Some(format!(
                "kubectl reads the last; to keep that alone: kubepki kubeconfig repair {}",
                quoted(path)
            )),
            Self::Exists { .. } => {
                Some("replace it with --force, or choose another name".to_owned())
            }
            Self::File(error) => error.hint(),
            Self::SeveralDocuments { .. } => {
                Some("move what follows `---` into a file of its own".to_owned())
            }
            Self::Unsafe { .. } => Some("edit the file by hand".to_owned()),
        }
    }
}

/// `file` with another current context; only that scalar changes. An empty name means none.
///
/// Where the key is absent it comes after `apiVersion` and `kind`, as a line or pair of its own. Whether a context of that
/// name exists is for the caller to know: it may stand in another file.
///
/// # Errors
///
/// Several documents, a key that stands twice, or a file in which the change would not be the only one.
pub fn set_current_context<'a>(file: &'a File, name: &str) -> Result<Cow<'a, File>, Error> {
    current_context(Cow::Borrowed(file), name)
}

/// The text of `file` with the current context of another one, as it is written there; `None` where one of them has none.
pub fn with_current_of(file: &File, other: &File) -> Option<Bytes> {
    let value = |file: &File| {
        let tree = file.tree();
        let (_, value) = place::single_pair(tree.root(file.text())?, CURRENT_CONTEXT).ok()??;
        Some(value.span())
    };
    let (at, text) = (value(file)?, other.text().get(value(other)?)?.to_owned());
    let text = splice::apply(file.text(), vec![Splice { at, text }])?;
    Some(Bytes::new(text.as_bytes().to_vec()))
}

fn current_context<'a>(file: Cow<'a, File>, name: &str) -> Result<Cow<'a, File>, Error> {
    if file.config().current_context == name {
        return Ok(file);
    }
    let file = writable(file)?;
    let edit = Edit::set([CURRENT_CONTEXT.into()], Value::str(name));
    let new = edited(&file, vec![edit], CURRENT_CONTEXT)?;
    let is_intended = new.config().current_context == name
        && are_equal_apart_from(&[CURRENT_CONTEXT], new.config(), file.config());
    if is_intended {
        Ok(Cow::Owned(new))
    } else {
        Err(unsafe_to_change(file.path(), CURRENT_CONTEXT))
    }
}

/// Whether two configurations say the same apart from what is under `keys`. Not by a copy: they may be large.
fn are_equal_apart_from(keys: &[&str], one: &Config, other: &Config) -> bool {
    let Config {
        kind,
        api_version,
        preferences,
        clusters,
        users,
        contexts,
        current_context,
        extensions,
    } = one;
    *kind == other.kind
        && *api_version == other.api_version
        && *preferences == other.preferences
        && (keys.contains(&NamedCluster::LIST) || *clusters == other.clusters)
        && (keys.contains(&NamedUser::LIST) || *users == other.users)
        && (keys.contains(&NamedContext::LIST) || *contexts == other.contexts)
        && (keys.contains(&CURRENT_CONTEXT) || *current_context == other.current_context)
        && *extensions == other.extensions
}

/// The file with all of `edits` made, which says then that those `at` one place of a list of entries are `with`, and the rest
/// as before.
fn edited_to<'e, E: Entry>(
    file: &'e File,
    edits: impl Fn() -> Vec<Edit<'e>>,
    what: &str,
    at: Range<usize>,
    with: impl IntoIterator<Item = &'e E>,
) -> Result<File, Error> {
    let new = edited_in_turn(file, &[], edits, what)?;
    let (old, found) = (E::list(file.config()), E::list(new.config()));
    let is_intended = old[..at.start].iter().chain(with).chain(&old[at.end..]).eq(found)
        && are_equal_apart_from(&[E::LIST], file.config(), new.config());
    if is_intended { Ok(new) } else { Err(unsafe_to_change(file.path(), what)) }
}

/// The file with edits made all at once, or one after the other where they meet: a list of which all goes, one key made by two.
/// They are made anew for that rather than kept. `from` are the files of which they take something.
fn edited_in_turn<'v>(
    file: &File,
    from: &[&File],
    edits: impl Fn() -> Vec<Edit<'v>>,
    what: &str,
) -> Result<File, Error> {
    let all = edits();
    let is_one = all.len() < 2;
    match edited_from(file, from, all, what) {
        Err(Error::Unsafe { .. }) if !is_one => {}
        other => return other,
    }
    let mut new = Cow::Borrowed(file);
    for edit in edits() {
        new = Cow::Owned(edited_from(&new, from, vec![edit], what)?);
    }
    Ok(new.into_owned())
}

fn edited(file: &File, edits: Vec<Edit<'_>>, what: &str) -> Result<File, Error> {
    edited_from(file, &[], edits, what)
}

/// The file with edits made all at once. What it says then differs by them from what it said, unknown fields included; whether
/// client-go reads it as intended is for the caller to compare.
///
/// Where the text of a file stands is not needed to read the result, and of large ones it is much: it is let go before.
fn edited_from(
    file: &File,
    from: &[&File],
    edits: Vec<Edit<'_>>,
    what: &str,
) -> Result<File, Error> {
    let failed = || unsafe_to_change(file.path(), what);
    let tree = file.tree();
    let root = tree.root(file.text()).filter(|root| root.kind() == Kind::Map);
    let root = root.ok_or_else(failed)?;
    let (mut items, mut splices, mut at_the_end) = (Items::new(root), Vec::new(), Vec::new());
    let edits = edits.into_iter().map(|edit| place::grounded(&mut items, edit));
    let edits: Result<Vec<Edit<'_>>, _> = edits.collect();
    let edits = edits.map_err(|error| no_place(error, file.path(), what))?;
    for edit in &edits {
        let after = place_of_current_context(root, edit);
        let made = place::splices(&mut items, edit, after).ok_or_else(failed)?;
        // What comes after a pair stands before what comes at the end, where that pair is the last.
        if after.is_some() { &mut splices } else { &mut at_the_end }.extend(made);
    }
    splices.append(&mut at_the_end);
    drop(items);
    let text = splice::apply(file.text(), splices).ok_or_else(failed)?;
    // Before the result is parsed: what both need is large, and so never there twice.
    let intended = Meaning::edited(root, &edits).ok_or_else(failed)?;
    drop((edits, tree));
    std::iter::once(&file).chain(from).for_each(|file| file.rest());
    match File::from_text_saying(file.path().to_owned(), text, intended) {
        Ok(new) => new.ok_or_else(failed),
        Err(error @ (file::Error::TooLarge { .. } | file::Error::TooManyValues { .. })) => {
            Err(error.into())
        }
        Err(_) => Err(failed()),
    }
}

fn no_place(error: place::Error, path: &Path, what: &str) -> Error {
    match error {
        place::Error::Duplicate(key, count) => {
            Error::DuplicateKey { path: path.to_owned(), key, count }
        }
        place::Error::Nowhere => unsafe_to_change(path, what),
    }
}

/// The file with a root mapping to write into: one that says nothing gets `apiVersion` and `kind`.
fn writable(file: Cow<'_, File>) -> Result<Cow<'_, File>, Error> {
    if file.has_more_documents() {
        return Err(Error::SeveralDocuments { path: file.path().to_owned() });
    }
    let tree = file.tree();
    let root = tree.root(file.text());
    let says_nothing =
        root.is_none_or(|root| root.kind() == Kind::Scalar && root.span().is_empty());
    if !says_nothing {
        return Ok(file);
    }
    let newline = splice::newline(file.text());
    let text = file.text();
    let gap =
        if text.is_empty() || text.ends_with('\n') || text == "\u{feff}" { "" } else { newline };
    let text = format!("{text}{gap}apiVersion: v1{newline}kind: Config{newline}");
    Ok(Cow::Owned(File::from_text(file.path().to_owned(), text.into())?))
}

/// For the current context: after `apiVersion` or `kind`, whichever comes later. Everything else comes at the end.
fn place_of_current_context<'a>(root: Cursor<'a>, edit: &Edit<'_>) -> Option<Pair<'a>> {
    let is_header = |(key, value): &Pair<'_>| {
        matches!(key.text(), "apiVersion" | "kind") && value.kind() == Kind::Scalar
    };
    let is_it = edit.path == [CURRENT_CONTEXT.into()];
    root.pairs().filter(|pair| is_it && is_header(pair)).last()
}

/// Nothing where it cannot be had at once, but maybe one by one.
fn unless_unsafe(made: Result<File, Error>) -> Result<Option<File>, Error> {
    match made {
        Err(Error::Unsafe { .. }) => Ok(None),
        other => other.map(Some),
    }
}

fn unsafe_to_change(path: &Path, what: &str) -> Error {
    Error::Unsafe { path: path.to_owned(), what: format!("`{what}`") }
}
