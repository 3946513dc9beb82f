//! The waist of the program: what was found on disk, and what is to be written there.
//!
//! Pure values. Nothing here opens a file; only [`store`](crate::core::store) does.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};
use zeroize::Zeroizing;

/// The content of a file; wiped when dropped, since any of them may hold a key.
pub type Bytes = Zeroizing<Vec<u8>>;

/// Who may read a file. The mode follows from it, and is never wider than that of the file that is replaced.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Secrecy {
    /// A file that people keep and share as they like, such as a kubeconfig: its mode stays; 0600 for a new one.
    AsFound,
    /// Certificates, requests, public keys: 0644.
    Public,
    /// Private keys, tokens, and files that hold one: 0600.
    Secret,
}

/// What must hold of the old file for a change to be carried out.
#[derive(Clone, Eq, PartialEq)]
pub enum Before {
    /// No file is there: nothing is ever overwritten by accident.
    Absent,
    /// Whatever is there may go (`--force`).
    Anything,
    /// The file holds exactly the bytes that were read: nobody edited it meanwhile.
    Exactly(Bytes),
    /// Whatever is there stays, and the bytes are lines that come after it: a log. The folder of such a file must be locked.
    Stays,
}

/// One file to write.
#[derive(Clone)]
pub struct Change {
    /// Where the file is to be.
    pub path: PathBuf,
    /// All that it is to hold; with [`Before::Stays`], what is added.
    pub bytes: Bytes,
    /// Who may read it.
    pub secrecy: Secrecy,
    /// What must hold of the old file.
    pub before: Before,
}

/// A set of files that is written wholly or not at all.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The folder that keeps the journal of the set: the one that the next run looks into first.
    pub home: PathBuf,
    /// The files, in the order in which they come into place.
    pub list: Vec<Change>,
}

/// What was found at one path.
#[derive(Clone)]
pub enum Found {
    /// There is nothing.
    Absent,
    /// A file, read whole.
    File {
        /// Its content.
        bytes: Bytes,
        /// Its permission bits, such as `0o600`.
        mode: u32,
        /// When it was written, in seconds since 1970.
        modified: u64,
    },
    /// Something is there that cannot be read; the text says why.
    Unreadable(String),
}

/// What was found at all the paths that were asked for, at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot(BTreeMap<PathBuf, Found>);

impl Snapshot {
    /// What was found at `path`; [`Found::Absent`] also for a path that was not asked for.
    pub fn get(&self, path: &Path) -> &Found {
        self.0.get(path).unwrap_or(&Found::Absent)
    }

    /// The content of a file that was found, which is not in there any more: a large one is not held twice.
    pub fn take(&mut self, path: &Path) -> Option<Bytes> {
        match self.0.remove(path) {
            Some(Found::File { bytes, .. }) => Some(bytes),
            Some(Found::Absent | Found::Unreadable(_)) | None => None,
        }
    }
}

impl FromIterator<(PathBuf, Found)> for Snapshot {
    fn from_iter<I: IntoIterator<Item = (PathBuf, Found)>>(found: I) -> Self {
        Self(found.into_iter().collect())
    }
}

/// Hand-written so that a content can never reach a log.
impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, bytes, secrecy, before } = self;
        f.debug_struct("Change")
            .field("path", path)
            .field("bytes", &bytes.len())
            .field("secrecy", secrecy)
            .field("before", before)
            .finish()
    }
}

impl fmt::Debug for Before {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Anything => f.write_str("Anything"),
            Self::Exactly(bytes) => write!(f, "Exactly({} bytes)", bytes.len()),
            Self::Stays => f.write_str("Stays"),
        }
    }
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::File { bytes, mode, modified: _ } => {
                write!(f, "File({} bytes, {mode:04o})", bytes.len())
            }
            Self::Unreadable(why) => write!(f, "Unreadable({why})"),
        }
    }
}

/// The SHA-256 of a content in lower-case hexadecimal: whether a file still holds it can be told without keeping it.
pub fn digest_of(content: &[u8]) -> String {
    digest(&SHA256, content).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The folder of a file, as one would type it; `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The file's path as one word of a shell.
pub fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:,@%=".contains(&byte);
    if text.bytes().all(plain) && !text.starts_with('-') {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}
