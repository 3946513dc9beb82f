//! Why there is no context to name or to switch to.

use std::path::PathBuf;

use crate::core::changes::quoted;
use crate::core::kubeconfig::LoadPaths;

/// The files that were looked through.
#[derive(Clone, Debug)]
pub struct Place {
    text: String,
    /// The one that was named by a flag, which the next command must name too.
    explicit: Option<PathBuf>,
}

impl Place {
    /// ` --kubeconfig FILE`, where that was typed.
    pub(in crate::core) fn option(&self) -> String {
        let option = |path: &PathBuf| format!(" --kubeconfig {}", quoted(path));
        self.explicit.as_ref().map(option).unwrap_or_default()
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why there is no context to name or to switch to.
#[derive(Debug, thiserror::Error)]
pub enum ContextError {
    /// No file is there.
    #[error("there is no kubeconfig: {0}")]
    NoFile(Place),
    /// The files have no context.
    #[error("there is no context in {0}")]
    Empty(Place),
    /// Nothing is current.
    #[error("no current context is set in {0}")]
    NoCurrent(Place),
    /// No switch is remembered.
    #[error("no previous context is known for {0}")]
    NoPrevious(Place),
    /// None was named, and there is nobody to ask.
    #[error("no context was named, and there is no terminal to choose one on")]
    NoTerminal,
    /// Somebody was asked, and chose none.
    #[error("no context was chosen, and nothing has changed")]
    NotChosen,
    /// A part of a name that more than one has.
    #[error("{} contexts in {files} have `{part}` in their name: {}", names.len(), Several(names))]
    Several {
        /// The part that was given.
        part: String,
        /// The files that were looked through.
        files: Place,
        /// The names.
        names: Vec<String>,
    },
    /// More than come into place together.
    #[error("{contexts} contexts are more than the {most} files that are written at once")]
    TooMany {
        /// So many there are.
        contexts: usize,
        /// The most.
        most: usize,
    },
    /// No context of that name.
    #[error("no context `{name}` in {files}{}", Near(near))]
    Unknown {
        /// The name that was given.
        name: String,
        /// The files that were looked through.
        files: Place,
        /// Names that are near it.
        near: Vec<String>,
    },
}

impl ContextError {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoFile(_) | Self::Empty(_) => {
                Some("name one that is there, or make one: kubepki kubeconfig gen NAME --server https://HOST:6443".into())
            }
            Self::NoCurrent(place) | Self::NoPrevious(place) => {
                Some(format!("kubepki context use NAME{}", place.option()))
            }
            Self::NoTerminal => Some("see the names: kubepki context list -o name".to_owned()),
            Self::NotChosen => None,
            Self::Several { files, .. } => {
                Some(format!("kubepki context use NAME{}", files.option()))
            }
            Self::TooMany { .. } => {
                Some("name those that are wanted: kubepki kubeconfig split NAME...".to_owned())
            }
            Self::Unknown { files, .. } => {
                Some(format!("kubepki context list{}", files.option()))
            }
        }
    }
}

/// `; near it are a, b`
pub(in crate::core) struct Near<'a>(pub &'a [String]);

impl std::fmt::Display for Near<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            [] => Ok(()),
            [one] => write!(f, "; near it is `{one}`"),
            more => write!(f, "; near it are `{}`", more.join("`, `")),
        }
    }
}

/// `a`, `b` and 7 more
struct Several<'a>(&'a [String]);

impl std::fmt::Display for Several<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const MOST: usize = 10;
        let shown = &self.0[..self.0.len().min(MOST)];
        write!(f, "`{}`", shown.join("`, `"))?;
        match self.0.len() - shown.len() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// The files as one would name them.
pub fn named(paths: &LoadPaths) -> Place {
    let explicit = match paths {
        LoadPaths::Explicit(path) => Some(path.clone()),
        LoadPaths::Home(_) | LoadPaths::List(_) => None,
    };
    let list: Vec<String> = paths.all().iter().map(|path| path.display().to_string()).collect();
    let text = match paths {
        LoadPaths::Home(None) => "no home folder".to_owned(),
        LoadPaths::List(files) if files.is_empty() => "$KUBECONFIG names no file".to_owned(),
        _ => list.join(":"),
    };
    Place { text, explicit }
}
