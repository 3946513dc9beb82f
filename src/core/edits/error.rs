//! Why an edit is not made.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::core::changes::quoted;
use crate::core::contexts::{Near, Place};

/// Why an edit is not made.
#[derive(Debug, thiserror::Error)]
pub enum EditsError {
    /// Each time that they were locked, other files were to be changed.
    #[error("somebody else keeps changing the kubeconfigs {0}")]
    Busy(Place),
    /// Entries differ from those of their names that are there.
    #[error("there already, and not the same: {}", .0.join(", "))]
    Conflicts(Vec<String>),
    /// The file is not as the edit left it that is to be taken back.
    #[error("{} was changed after the last edit ({what}), by somebody else", file.display())]
    EditedSince {
        /// The file.
        file: PathBuf,
        /// What the edit did.
        what: String,
        /// Whether it was to be made again.
        again: bool,
    },
    /// The new name is taken.
    #[error("{kind} `{name}` is there already, in {}", file.display())]
    Exists {
        /// `cluster`, `user` or `context`.
        kind: &'static str,
        /// The name.
        name: String,
        /// Where the other one stands.
        file: PathBuf,
    },
    /// Contexts name it.
    #[error("{kind} `{name}` is in use by {}", list(contexts))]
    InUse {
        /// `cluster` or `user`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// The contexts.
        contexts: Vec<String>,
        /// What was typed to reach it.
        option: String,
    },
    /// Something is to be changed that is not there.
    #[error("user `{name}` has no {what} to change")]
    Lacks {
        /// The user.
        name: String,
        /// `exec` or `auth-provider`.
        what: &'static str,
    },
    /// A stream that ended before anything came: whatever was to write it has failed.
    #[error("{} holds no kubeconfig: it is empty", .0.display())]
    NothingCame(PathBuf),
    /// Not one line of text.
    #[error("{what} {} does not hold one line of text", file.display())]
    NoText {
        /// Such as `password file`.
        what: &'static str,
        /// The file.
        file: PathBuf,
    },
    /// Somebody was asked for it, and thought better of it.
    #[error("no {0} was typed, and nothing is changed")]
    NotTyped(String),
    /// No edit is known.
    #[error("{}: no edit is known that could be {}", file.display(), if *again { "made again" } else { "undone" })]
    NothingToUndo {
        /// The file.
        file: PathBuf,
        /// Whether it was to be made again.
        again: bool,
    },
    /// What sources could do, and may not.
    #[error("not merged: {}", dangers(.0))]
    Refused(Vec<Danger>),
    /// What is to be written would go where something else is.
    #[error("{} is there already and holds something else", .0.display())]
    Taken(PathBuf),
    /// No entry of that name.
    #[error("no {kind} `{name}` in {files}{}", Near(near))]
    Unknown {
        /// `cluster` or `user`.
        kind: &'static str,
        /// The name that was given.
        name: String,
        /// The files that were looked through.
        files: Place,
        /// Names that are near it.
        near: Vec<String>,
    },
}

/// What an entry of a kubeconfig from elsewhere could do.
#[derive(Clone, Debug)]
pub struct Danger {
    /// The kubeconfig.
    pub file: PathBuf,
    /// Such as `user admin`.
    pub entry: String,
    /// The rule that found it.
    pub rule: &'static str,
    /// What it does; never a secret.
    pub what: String,
}

/// The dangers, by the names of their rules, and what allows them.
const ALLOWED_BY: [(&str, &str); 5] = [
    ("exec", "--allow-exec"),
    ("auth-provider", "--allow-auth-provider"),
    ("reads-outside", "--allow-outside-files"),
    ("insecure", "--allow-insecure"),
    ("proxy", "--allow-proxy"),
];

impl Danger {
    fn flag(&self) -> Option<&'static str> {
        ALLOWED_BY.into_iter().find(|(rule, _)| *rule == self.rule).map(|(_, flag)| flag)
    }
}

impl EditsError {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Busy(_) => Some("try again".to_owned()),
            Self::Conflicts(_) => {
                Some("choose with --on-conflict: rename, keep or replace".to_owned())
            }
            Self::EditedSince { file, again, .. } => {
                let again = if *again { "--redo " } else { "" };
                let file = quoted(file);
                Some(format!(
                    "to go back all the same: kubepki kubeconfig undo {again}--force {file}"
                ))
            }
            Self::Exists { .. } => Some("choose another name, or delete that one first".to_owned()),
            Self::InUse { kind, name, option, .. } => {
                let name = quoted(Path::new(name));
                Some(format!("kubepki kubeconfig {kind} delete{option} --force -- {name}"))
            }
            Self::Lacks { what: "exec", .. } => Some("give --exec-command PROGRAM too".to_owned()),
            Self::Lacks { .. } => Some("give --auth-provider NAME too".to_owned()),
            Self::NothingCame(_) => {
                Some("see what the command before it says by itself".to_owned())
            }
            Self::NoText { .. } => {
                Some("put what it is to hold, and nothing else, on one line of it".to_owned())
            }
            Self::NotTyped(_) => Some("a file does too: give its name instead of -".to_owned()),
            Self::NothingToUndo { file, .. } => {
                Some(format!("kubepki kubeconfig undo --list {}", quoted(file)))
            }
            Self::Taken(_) => Some("choose another folder with --out-dir DIR".to_owned()),
            Self::Refused(dangers) => {
                let flags: BTreeSet<&str> = dangers.iter().filter_map(Danger::flag).collect();
                let flags = flags.into_iter().collect::<Vec<_>>().join(" ");
                Some(format!("look at each; what you trust may come in with {flags}"))
            }
            Self::Unknown { kind, files, .. } => {
                Some(format!("kubepki kubeconfig {kind} list{}", files.option()))
            }
        }
    }
}

/// Each with its entry and file.
fn dangers(dangers: &[Danger]) -> String {
    let one = |it: &Danger| format!("{} of {}: {}", it.entry, it.file.display(), it.what);
    dangers.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// `the contexts `a`, `b``
fn list(contexts: &[String]) -> String {
    let word = if contexts.len() == 1 { "context" } else { "contexts" };
    format!("the {word} `{}`", contexts.join("`, `"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::check::DANGERS;

    #[test]
    fn every_danger_has_an_option_that_allows_it() {
        let allowed = ALLOWED_BY.map(|(rule, _)| rule);
        assert!(DANGERS.iter().all(|rule| allowed.contains(rule)), "{DANGERS:?}");
    }
}
