//! What can go wrong with the disk, in words.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::io::Errno;

use super::holder::Holder;
pub(super) use crate::core::changes::{folder_of, quoted};

/// Why something could not be read, locked or written. What that means for the
/// files is told at [`Guard::commit`](super::Guard::commit).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file was changed after it had been read.
    #[error("{} was changed by somebody else meanwhile", path.display())]
    Edited {
        /// The file.
        path: PathBuf,
    },
    /// A file is there that must not be.
    #[error("{} exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The set was neither written nor undone; the journal is kept for the next run.
    #[error("{cause}; and undoing it failed: {undoing}")]
    HalfDone {
        /// Why it could not be written.
        cause: Box<Self>,
        /// Why it could not be undone.
        undoing: Box<Self>,
    },
    /// A call to the system failed.
    #[error("cannot {doing} {}: {}", path.display(), plain(source))]
    Io {
        /// What was being done, as in "cannot ... PATH".
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The journal of an interrupted run cannot be used.
    #[error("the journal of an interrupted run, {}, cannot be used: {why}", path.display())]
    Journal {
        /// The journal.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Another run holds the lock.
    #[error("{} is locked by {holder}; gave up after {}", path.display(), seconds(*waited))]
    Locked {
        /// What was to be locked.
        path: PathBuf,
        /// The file that is the lock.
        lock: PathBuf,
        /// Who holds it, as far as its file tells.
        holder: Holder,
        /// How long this run has waited.
        waited: Duration,
    },
    /// A rename over a mount point.
    #[error("{} is a mount point, which cannot be replaced in one step", path.display())]
    MountPoint {
        /// The file.
        path: PathBuf,
    },
    /// Something else is where a file should be.
    #[error("{} is {found}, not a file", path.display())]
    NotAFile {
        /// The place.
        path: PathBuf,
        /// What is there, with its article.
        found: &'static str,
    },
    /// Something else is where a folder should be.
    #[error("{} is {found}, not a folder", path.display())]
    NotAFolder {
        /// The place.
        path: PathBuf,
        /// What is there, with its article.
        found: &'static str,
    },
    /// Several files are to change together, or a log is to go on, in a folder that this run has not locked.
    #[error("{} is not locked, as it has to be for a set of files or a log", path.display())]
    NotLocked {
        /// The folder that would keep the journal.
        path: PathBuf,
    },
    /// A folder for secrets that is not of this user alone.
    #[error("{} is not a folder of this user alone", path.display())]
    NotPrivate {
        /// The folder.
        path: PathBuf,
    },
    /// A new secret would leave its folder through a symlink.
    #[error("{} is a symlink to {}, in another folder, where no file is yet", path.display(), target.display())]
    SecretBehindLink {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// More than is ever read.
    #[error("{what} is longer than the limit of {limit} bytes")]
    TooLong {
        /// What was being read.
        what: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// More files than are ever read of one folder.
    #[error("{} has more than {limit} files", path.display())]
    TooManyFiles {
        /// The folder.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// One file is named twice.
    #[error("{} and {} are the same file, and both are to be written", first.display(), second.display())]
    Twice {
        /// One name.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// A file that was read is not there any more.
    #[error("{} was removed by somebody else meanwhile", path.display())]
    Vanished {
        /// The file.
        path: PathBuf,
    },
}

impl Error {
    /// What to type or to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Edited { .. } | Self::Vanished { .. } => Some("run the command again".into()),
            Self::Exists { .. } => Some("choose another name, or replace it with --force".into()),
            Self::HalfDone { .. } => {
                Some("run the command again: it first mends what is half done".into())
            }
            Self::Io { path, source, .. } => hint_of_io(path, source),
            Self::Journal { path, .. } => {
                Some(format!("look at the files that it names, then: rm {}", quoted(path)))
            }
            Self::Locked { lock, holder, .. } => Some(holder.hint(lock)),
            Self::MountPoint { .. } => {
                Some("mount the folder of the file instead of the file".into())
            }
            Self::NotLocked { .. } => None,
            Self::Twice { .. } => Some("give each file a name of its own".into()),
            Self::NotAFile { .. } | Self::NotAFolder { .. } => {
                Some("choose another path, or move away what is there".into())
            }
            Self::NotPrivate { path } => {
                Some(format!("see whose it is, and move it away: ls -ld {}", quoted(path)))
            }
            Self::SecretBehindLink { path, .. } => {
                Some(format!("if the link is not wanted: rm {}", quoted(path)))
            }
            Self::TooManyFiles { .. } => Some("name a folder with certificates alone".into()),
            Self::TooLong { .. } => Some("is this the right input?".into()),
        }
    }

    /// For `map_err`: what was being done, to what.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}

/// What the system said, in plain words and without its number.
pub(super) fn plain(error: &io::Error) -> String {
    use io::ErrorKind::*;
    let text = match error.kind() {
        AlreadyExists => "something is there already",
        FileTooLarge => "it would be larger than this user may write",
        InvalidFilename => "the name is too long",
        IsADirectory => "it is a folder",
        NotADirectory => "a part of the path is a file, not a folder",
        NotFound => "there is no such file or folder",
        PermissionDenied => "permission denied",
        QuotaExceeded => "the disk quota is used up",
        ReadOnlyFilesystem => "the folder is read-only",
        ResourceBusy => "it is in use by the system",
        StorageFull => "no space left on device",
        // The kind of this one is not stable yet.
        _ if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            "its symlinks lead in a circle"
        }
        _ => return without_number(error),
    };
    text.into()
}

/// A span of time as people say it: `5 s`, `3 min`, `2 h`, `4 d`.
pub(super) fn seconds(span: Duration) -> String {
    match span.as_secs() {
        0 => "less than 1 s".into(),
        s @ ..120 => format!("{s} s"),
        s @ ..7_200 => format!("{} min", s / 60),
        s @ ..172_800 => format!("{} h", s / 3_600),
        s => format!("{} d", s / 86_400),
    }
}

fn hint_of_io(path: &Path, error: &io::Error) -> Option<String> {
    let folder = quoted(folder_of(path));
    // A file that is not there is no help to look at.
    let file = if path.symlink_metadata().is_ok() { quoted(path) } else { String::new() };
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            Some(format!("see who may: ls -ld {folder} {file}").trim_end().to_owned())
        }
        io::ErrorKind::FileTooLarge => Some("see the limit: ulimit -f".into()),
        io::ErrorKind::StorageFull => Some(format!("see what is full: df -h {folder}")),
        _ => None,
    }
}

/// `Some Text (os error 5)` without the number, which only helps who wrote it.
fn without_number(error: &io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    text[..end].to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_io_error_says_what_was_done_to_what_and_why() {
        let source = io::Error::from_raw_os_error(Errno::NOSPC.raw_os_error());
        let error = Error::io("write", Path::new("pki/ca.key"))(source);
        assert_eq!(error.to_string(), "cannot write pki/ca.key: no space left on device");
        assert_eq!(error.hint().unwrap(), "see what is full: df -h pki");
    }

    #[test]
    fn an_unknown_system_error_loses_its_number() {
        let source = io::Error::from_raw_os_error(Errno::IO.raw_os_error());
        assert_eq!(plain(&source), "input/output error");
    }

    #[test]
    fn a_path_in_a_hint_is_one_word_of_a_shell() {
        assert_eq!(quoted(Path::new("/a/b-c.lock")), "/a/b-c.lock");
        assert_eq!(quoted(Path::new("it's here")), r"'it'\''s here'");
        assert_eq!(quoted(Path::new("-rf")), "'-rf'");
    }
}
