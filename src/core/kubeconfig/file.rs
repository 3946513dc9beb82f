//! One kubeconfig as it stands on the disk: it prints back byte for byte, and knows what client-go would read from it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::mem;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use zeroize::Zeroizing;

use crate::core::changes::Bytes;

use super::edit::repair;
use super::types::Config;
use super::yaml::meaning::Meaning;
use super::yaml::tree::{self, Cursor, Kind, MAX_NODES, Tree};
use super::yaml::typed;
use crate::core::changes::quoted;

/// The largest file that is read, in bytes: about 3,000 contexts with embedded certificates.
///
/// An edit holds the old and the new text and what both say at once, some six times this: more would not fit into the 128 MB that
/// any input should be answered in. Of small entries, which take more than their text, fewer are read.
pub const MAX_BYTES: usize = 16 << 20;

/// A kubeconfig and the bytes that it was read from.
#[derive(Clone)]
pub struct File {
    path: PathBuf,
    text: Zeroizing<String>,
    /// Made again where it is asked for and has been dropped: of a large file it takes more than the text.
    tree: RefCell<Option<Rc<Tree>>>,
    has_more_documents: bool,
    config: Config,
}

/// Why bytes are no kubeconfig. None of these holds a content that may be secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// client-go refuses the file as a whole.
    #[error("{}: two entries of `{list}` have the name `{name}`", path.display())]
    DuplicateName {
        /// The file.
        path: PathBuf,
        /// `clusters`, `users`, `contexts` or `extensions`.
        list: &'static str,
        /// The name.
        name: String,
        /// Whether a repair makes it a kubeconfig.
        mendable: bool,
    },
    /// Another kind of object.
    #[error("{}: not a kubeconfig: `{key}` is `{found}`, wanted `{wanted}`", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// `kind` or `apiVersion`.
        key: &'static str,
        /// What it says.
        found: String,
        /// What it must say.
        wanted: &'static str,
    },
    /// Not text.
    #[error("{}: not UTF-8 text: byte {offset} cannot be read", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The first bad byte, from 0.
        offset: usize,
    },
    /// Not YAML.
    #[error("{}:{line}:{column}: not YAML: {what}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the parser says.
        what: String,
        /// Whether the indentation before this place holds a tab.
        tab: bool,
    },
    /// Over [`MAX_BYTES`].
    #[error("{}: {size} bytes are too many for a kubeconfig, the most is {MAX_BYTES}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        size: usize,
    },
    /// Over the limit of nodes, or of the memory that what they say takes.
    #[error("{}: too many values for a kubeconfig, the most is {MAX_NODES}, and {} MiB of what they say", path.display(), typed::MOST_BYTES >> 20)]
    TooManyValues {
        /// The file.
        path: PathBuf,
    },
    /// A value of another type than client-go's.
    #[error("{}:{line}: `{field}`: {what}", path.display())]
    WrongType {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Such as `users[2].user.token`.
        field: String,
        /// What was wanted and found.
        what: String,
        /// Whether a repair makes it a kubeconfig.
        mendable: bool,
    },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::DuplicateName { path, mendable: true, .. }
            | Self::WrongType { path, mendable: true, .. } => {
                Some(format!("kubepki kubeconfig repair {}", quoted(path)))
            }
            Self::DuplicateName { name, .. } => Some(format!(
                "rename or remove one of the two `{name}`; kubectl refuses such a file"
            )),
            Self::NotUtf8 { .. } => Some("save the file as UTF-8".to_owned()),
            Self::Syntax { tab: true, .. } => {
                Some("indent with spaces: YAML does not allow tabs there".to_owned())
            }
            Self::WrongType { what, .. } if what.contains("(unquoted)") => {
                Some("put the value in double quotes if it is a string".to_owned())
            }
            Self::Syntax { path, line, .. } | Self::WrongType { path, line, .. } => {
                Some(format!("see the line: sed -n {line}p {}", quoted(path)))
            }
            Self::TooLarge { .. } | Self::TooManyValues { .. } => Some(
                "share its entries out to several files: each of $KUBECONFIG may be as large"
                    .to_owned(),
            ),
            Self::Foreign { .. } => Some("name a kubeconfig instead of this file".to_owned()),
        }
    }

    /// The same, and whether a repair of the text helps.
    fn looked_through(mut self, file: &Path, text: &str) -> Self {
        if let Self::DuplicateName { mendable, .. } | Self::WrongType { mendable, .. } = &mut self {
            *mendable = repair(file, text.as_bytes()).is_ok();
        }
        self
    }
}

impl File {
    /// Reads the first YAML document of `bytes`, which were found at `path`. JSON is YAML too; nothing, or only comments, is
    /// an empty kubeconfig.
    ///
    /// # Errors
    ///
    /// What client-go refuses: another kind, wrong types, duplicate names. And what is too large.
    pub fn parse(path: impl Into<PathBuf>, bytes: &[u8]) -> Result<Self, Error> {
        let path = path.into();
        let text = decode(&path, bytes)?.to_owned();
        Self::of_text(path, Zeroizing::new(text))
    }

    /// As [`File::parse`], without a copy, and with what is needed to read it only: an edit parses it again.
    ///
    /// # Errors
    ///
    /// As for [`File::parse`].
    pub fn to_read(path: impl Into<PathBuf>, bytes: Bytes) -> Result<Self, Error> {
        let file = Self::of(path, bytes)?;
        file.rest();
        Ok(file)
    }

    /// Lets go what only an edit needs, which may be large: another edit parses the file again.
    pub fn rest(&self) {
        self.tree.take();
    }

    /// As [`File::parse`], without a copy.
    ///
    /// # Errors
    ///
    /// As for [`File::parse`].
    pub fn of(path: impl Into<PathBuf>, mut bytes: Bytes) -> Result<Self, Error> {
        let path = path.into();
        decode(&path, &bytes)?;
        let text = String::from_utf8(mem::take(&mut *bytes)).unwrap_or_default();
        Self::of_text(path, Zeroizing::new(text))
    }

    /// A text that somebody else has written: what is wrong with it, a repair may mend.
    fn of_text(path: PathBuf, text: Zeroizing<String>) -> Result<Self, Error> {
        match Self::read(&path, &text) {
            Ok((tree, config)) => Ok(Self::made_of(path, text, tree, config)),
            Err(error) => Err(error.looked_through(&path, &text)),
        }
    }

    /// A text that is ours.
    pub(super) fn from_text(path: PathBuf, text: Zeroizing<String>) -> Result<Self, Error> {
        let (tree, config) = Self::read(&path, &text)?;
        Ok(Self::made_of(path, text, tree, config))
    }

    /// The same, where it says what is intended. What that takes to be seen is gone before the rest is read: of a large file both are
    /// much.
    pub(super) fn from_text_saying(
        path: PathBuf,
        text: Zeroizing<String>,
        intended: Meaning,
    ) -> Result<Option<Self>, Error> {
        let tree = Self::parsed(&path, &text)?;
        if Meaning::of(tree.root(&text)) != intended {
            return Ok(None);
        }
        drop(intended);
        let config = Self::said(&path, &text, &tree)?;
        Ok(Some(Self::made_of(path, text, tree, config)))
    }

    fn made_of(path: PathBuf, text: Zeroizing<String>, tree: Tree, config: Config) -> Self {
        let has_more_documents = tree.has_more_documents();
        Self { path, text, tree: Some(Rc::new(tree)).into(), has_more_documents, config }
    }

    fn read(path: &Path, text: &str) -> Result<(Tree, Config), Error> {
        let tree = Self::parsed(path, text)?;
        let config = Self::said(path, text, &tree)?;
        Ok((tree, config))
    }

    fn parsed(path: &Path, text: &str) -> Result<Tree, Error> {
        check_size(path, text.len())?;
        Tree::parse(text).map_err(|error| broken(path, text, error))
    }

    fn said(path: &Path, text: &str, tree: &Tree) -> Result<Config, Error> {
        let mut config = typed_config(path, tree.root(text))?;
        // Lists grow by doubling: a large one would hold up to twice what it needs.
        config.contexts.shrink_to_fit();
        config.clusters.shrink_to_fit();
        config.users.shrink_to_fit();
        check_names(path, &config)?;
        Ok(config)
    }

    /// A file that is not there: as good as an empty one.
    pub fn absent(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            text: Zeroizing::default(),
            tree: RefCell::default(),
            has_more_documents: false,
            config: Config::default(),
        }
    }

    /// The same, as if it stood elsewhere.
    pub fn at(self, path: PathBuf) -> Self {
        Self { path, ..self }
    }

    /// Where it stands.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Exactly what was read.
    pub fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The same as a copy; of nothing else, since what was parsed is larger.
    pub fn to_bytes(&self) -> Bytes {
        Zeroizing::new(self.bytes().to_vec())
    }

    /// The same, without a copy.
    pub fn into_bytes(self) -> Bytes {
        let Self { mut text, .. } = self;
        Zeroizing::new(mem::take(&mut *text).into_bytes())
    }

    /// What it says.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The same, without the file.
    pub fn into_config(self) -> Config {
        self.config
    }

    /// Whether more follows the first document. client-go does not read it, and kubectl loses it at the first edit.
    pub fn has_more_documents(&self) -> bool {
        self.has_more_documents
    }

    /// What a path inside it means: a relative one is relative to the folder that the file stands in. Nothing stays nothing.
    pub fn resolve(&self, path: &str) -> PathBuf {
        match path {
            "" => PathBuf::new(),
            _ => self.path.parent().unwrap_or(Path::new("")).join(path),
        }
    }

    /// What `exec.command` means: a bare word is looked up in `$PATH`, anything with a separator is a path.
    pub fn resolve_command(&self, command: &str) -> PathBuf {
        let is_path = command.contains(std::path::is_separator);
        if is_path { self.resolve(command) } else { PathBuf::from(command) }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// How the text is built; [`Tree::root`] joins the two.
    pub(super) fn tree(&self) -> Rc<Tree> {
        // It was parsed before, so it can be.
        let parsed = || Rc::new(Tree::parse(&self.text).unwrap_or_default());
        Rc::clone(self.tree.borrow_mut().get_or_insert_with(parsed))
    }
}

/// Hand-written so that a content can never reach a log.
impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, text, tree: _, has_more_documents: _, config: _ } = self;
        let mut shown = f.debug_struct("File");
        shown.field("path", path).field("bytes", &text.len()).finish_non_exhaustive()
    }
}

pub(super) fn decode<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a str, Error> {
    check_size(path, bytes.len())?;
    str::from_utf8(bytes)
        .map_err(|error| Error::NotUtf8 { path: path.to_owned(), offset: error.valid_up_to() })
}

fn check_size(path: &Path, size: usize) -> Result<(), Error> {
    if size > MAX_BYTES { Err(Error::TooLarge { path: path.to_owned(), size }) } else { Ok(()) }
}

pub(super) fn broken(path: &Path, text: &str, error: tree::Error) -> Error {
    let path = path.to_owned();
    match error {
        tree::Error::TooManyNodes => Error::TooManyValues { path },
        tree::Error::Syntax { line, column, what } => {
            let tab = text.lines().nth(line.saturating_sub(1)).is_some_and(is_indented_by_tab);
            Error::Syntax { path, line, column, what, tab }
        }
    }
}

fn is_indented_by_tab(line: &str) -> bool {
    let content = line.trim_start_matches([' ', '\t', '-']);
    line[..line.len() - content.len()].contains('\t')
}

fn typed_config(path: &Path, root: Option<Cursor<'_>>) -> Result<Config, Error> {
    let Some(root) = root else { return Ok(Config::default()) };
    let config: Config = typed::read(root).map_err(|error| match error.is_too_much {
        true => Error::TooManyValues { path: path.to_owned() },
        false => wrong_type(path, root, error),
    })?;
    let foreign = |key, found: &str, wanted| Error::Foreign {
        path: path.to_owned(),
        key,
        found: found.chars().take(64).collect(),
        wanted,
    };
    match (config.api_version.as_str(), config.kind.as_str()) {
        ("" | "v1", "" | "Config") => Ok(config),
        ("" | "v1", kind) => Err(foreign("kind", kind, "Config")),
        (version, _) => Err(foreign("apiVersion", version, "v1")),
    }
}

fn wrong_type(path: &Path, root: Cursor<'_>, error: typed::Error) -> Error {
    let typed::Error { line, field, what, is_too_much: _ } = error;
    let field = match field.as_str() {
        "" if root.kind() == Kind::Map => "the document".to_owned(),
        "" => "kubeconfig".to_owned(),
        _ => field,
    };
    let line = line.unwrap_or(1);
    Error::WrongType { path: path.to_owned(), line, field, what, mendable: false }
}

fn check_names(path: &Path, config: &Config) -> Result<(), Error> {
    let clusters = config.clusters.iter().map(|entry| &entry.name);
    let users = config.users.iter().map(|entry| &entry.name);
    let contexts = config.contexts.iter().map(|entry| &entry.name);
    check_distinct(path, "clusters", clusters)?;
    check_distinct(path, "users", users)?;
    check_distinct(path, "contexts", contexts)?;
    let of_clusters = config.clusters.iter().map(|entry| &entry.cluster.extensions);
    let of_users = config.users.iter().map(|entry| &entry.user.extensions);
    let of_contexts = config.contexts.iter().map(|entry| &entry.context.extensions);
    let of_all = [&config.extensions, &config.preferences.extensions];
    let mut extensions = of_all.into_iter().chain(of_clusters).chain(of_users).chain(of_contexts);
    extensions
        .try_for_each(|list| check_distinct(path, "extensions", list.iter().map(|one| &one.name)))
}

fn check_distinct<'a>(
    path: &Path,
    list: &'static str,
    names: impl Iterator<Item = &'a String>,
) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            let (path, name) = (path.to_owned(), name.clone());
            return Err(Error::DuplicateName { path, list, name, mendable: false });
        }
    }
    Ok(())
}
