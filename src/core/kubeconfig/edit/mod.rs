//! Edits of one file that change the bytes of what they are about and nothing else.
//!
//! Each edit is a few splices. Afterwards the result is parsed again, and what it says must be what the old file said plus
//! the one change; if it is not, nothing is returned.

mod entries;
mod splice;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::core::changes::Bytes;

use super::file::{self, File};
use super::types::Config;
use super::yaml::emit::Value;
use super::yaml::tree::{Cursor, Kind};

pub use entries::{NewEntries, add_entries};
use splice::{Pair, Splice};

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
            Self::DuplicateKey { key, .. } => {
                Some(format!("remove all but one `{key}`; kubectl reads the last"))
            }
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

/// The bytes of `file` with another current context; only that scalar changes. An empty name means none.
///
/// Where the key is absent it comes after `apiVersion` and `kind`, as a line or pair of its own. Whether a context of that
/// name exists is for the caller to know: it may stand in another file.
///
/// # Errors
///
/// Several documents, a key that stands twice, or a file in which the change would not be the only one.
pub fn set_current_context(file: &File, name: &str) -> Result<Bytes, Error> {
    current_context(Cow::Borrowed(file), name).map(|new| new.into_owned().into_bytes())
}

fn current_context<'a>(file: Cow<'a, File>, name: &str) -> Result<Cow<'a, File>, Error> {
    const KEY: &str = "current-context";
    if file.config().current_context == name {
        return Ok(file);
    }
    let file = writable(file)?;
    let root = root_of(&file, KEY)?;
    let splices = match single_pair(&file, root, KEY)? {
        Some(pair) => splice::put_string(root, pair, name),
        None => splice::add_pair(root, place_of_current_context(root), KEY, &Value::str(name)),
    };
    let new = spliced(&file, splices, KEY)?;
    let is_intended = new.meaning() == file.meaning().with_value(KEY, &Value::str(name))
        && new.config().current_context == name
        && are_equal_elsewhere(new.config(), file.config());
    if is_intended { Ok(Cow::Owned(new)) } else { Err(unsafe_to_change(file.path(), KEY)) }
}

/// Whether two configurations say the same apart from the current context. Not by a copy: they may be large.
fn are_equal_elsewhere(one: &Config, other: &Config) -> bool {
    let Config {
        kind,
        api_version,
        preferences,
        clusters,
        users,
        contexts,
        current_context: _,
        extensions,
    } = one;
    *kind == other.kind
        && *api_version == other.api_version
        && *preferences == other.preferences
        && *clusters == other.clusters
        && *users == other.users
        && *contexts == other.contexts
        && *extensions == other.extensions
}

/// The file with the splices made; whether it says what is intended is for the caller to compare.
fn spliced(file: &File, splices: Vec<Splice>, what: &str) -> Result<File, Error> {
    let failed = || unsafe_to_change(file.path(), what);
    let text = splice::apply(file.text(), splices).ok_or_else(failed)?;
    File::from_text(file.path().to_owned(), text).map_err(|_| failed())
}

/// The file with a root mapping to write into: one that says nothing gets `apiVersion` and `kind`.
fn writable(file: Cow<'_, File>) -> Result<Cow<'_, File>, Error> {
    if file.has_more_documents() {
        return Err(Error::SeveralDocuments { path: file.path().to_owned() });
    }
    let says_nothing =
        file.root().is_none_or(|root| root.kind() == Kind::Scalar && root.span().is_empty());
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

fn root_of<'a>(file: &'a File, what: &str) -> Result<Cursor<'a>, Error> {
    let root = file.root().filter(|root| root.kind() == Kind::Map);
    root.ok_or_else(|| unsafe_to_change(file.path(), what))
}

/// The pair with this key; an error where there are several.
fn single_pair<'a>(file: &File, map: Cursor<'a>, key: &str) -> Result<Option<Pair<'a>>, Error> {
    let mut found = map.pairs().filter(|(found, _)| found.target().text() == key);
    let first = found.next();
    match found.count() {
        0 => Ok(first),
        more => Err(Error::DuplicateKey {
            path: file.path().to_owned(),
            key: key.to_owned(),
            count: more + 1,
        }),
    }
}

/// After `apiVersion` or `kind`, whichever comes later; without them at the end.
fn place_of_current_context(root: Cursor<'_>) -> Option<Pair<'_>> {
    let is_header = |(key, value): &Pair<'_>| {
        matches!(key.text(), "apiVersion" | "kind") && value.kind() == Kind::Scalar
    };
    let header = root.pairs().filter(is_header).last();
    header.or_else(|| root.pairs().last())
}

fn unsafe_to_change(path: &Path, what: &str) -> Error {
    Error::Unsafe { path: path.to_owned(), what: format!("`{what}`") }
}
