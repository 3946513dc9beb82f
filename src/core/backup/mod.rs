//! What a renewal replaced: all of it in one archive per run, beside the CA, that `tar` reads too.
//!
//! An archive is written in the same set as what it keeps, so there is none without a renewal and no renewal without one. Which
//! of them can be taken back is not written down: it is seen by the files, each of which must still be what that run left.

mod archive;

use std::io;
use std::path::{Path, PathBuf};

use archive::{Entry, FORM, MANIFEST, Manifest, absolute, entries, tidy};

use crate::core::changes::{Before, Bytes, Change, Found, Secrecy, Snapshot, digest_of, quoted};
use crate::core::x509::time::Moment;

/// The folder of the archives, below the one that keeps the lock.
pub const FOLDER: &str = ".kubepki-backups";

/// How many archives are kept.
pub const MOST: usize = 10;

/// What a run replaced.
#[derive(Debug)]
pub struct Backup {
    /// When.
    pub when: Moment,
    /// What it did, in a few words.
    pub what: String,
    /// Each file.
    pub files: Vec<Kept>,
}

/// A file that was replaced.
pub struct Kept {
    /// Where it is.
    pub path: PathBuf,
    /// All that it held.
    pub bytes: Bytes,
    /// Its permission bits then.
    pub mode: u32,
    /// The digest of what the run left in its place.
    left: String,
}

/// Hand-written so that a content can never reach a log.
impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, bytes, mode, left: _ } = self;
        write!(f, "Kept({}, {} bytes, {mode:04o})", path.display(), bytes.len())
    }
}

/// How the files stand to a backup.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum State {
    /// This file is neither what the run left nor what it replaced.
    Changed(PathBuf),
    /// Later runs have replaced them again: those are taken back first.
    Covered,
    /// All are as the run left them: it can be taken back.
    Current,
    /// All are as they were before.
    TakenBack,
}

impl State {
    fn weight(&self) -> u8 {
        match self {
            Self::Current => 0,
            Self::TakenBack => 1,
            Self::Covered => 2,
            Self::Changed(_) => 3,
        }
    }
}

/// Why there is no backup, or it cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be put together.
    #[error("what is replaced cannot be kept in an archive: {0}")]
    Archive(#[from] io::Error),
    /// A file is not as the run left it.
    #[error("{} has changed since {what} at {when}: it is not what that left", file.display())]
    ChangedSince {
        /// The file.
        file: PathBuf,
        /// What the run did.
        what: String,
        /// When.
        when: Moment,
    },
    /// It is no archive of ours.
    #[error("{} is no backup of kubepki, or is damaged: {why}", path.display())]
    Damaged {
        /// The archive.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// There is none.
    #[error("there is nothing to take back in {}", .0.display())]
    None(PathBuf),
    /// Somebody else may have written it.
    #[error("{} may be read or written by others (mode {mode:04o}): it is not used", path.display())]
    Open {
        /// The archive.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Archive(_) => None,
            Self::ChangedSince { .. } => Some(
                "see what there is with --list; put the old files back all the same with --force"
                    .into(),
            ),
            Self::Damaged { path, .. } => {
                Some(format!("see what it holds: tar -tvf {}", quoted(path)))
            }
            Self::None(_) => Some("name the folder of the CA with --cert-dir DIR".into()),
            Self::Open { path, .. } => Some(format!("if it is yours: chmod 600 {}", quoted(path))),
        }
    }
}

impl Backup {
    /// What `changes` replace; `None` where they replace nothing.
    pub fn new(changes: &[Change], snapshot: &Snapshot, what: &str, when: Moment) -> Option<Self> {
        let kept = |change: &Change| {
            let Before::Exactly(bytes) = &change.before else { return None };
            let mode = match snapshot.get(&change.path) {
                Found::File { mode, .. } => *mode,
                Found::Absent | Found::Unreadable(_) => 0o600,
            };
            let (path, left) = (change.path.clone(), digest_of(&change.bytes));
            Some(Kept { path, bytes: bytes.clone(), mode, left })
        };
        let files: Vec<Kept> = changes.iter().filter_map(kept).collect();
        (!files.is_empty()).then(|| Self { when, what: what.to_owned(), files })
    }

    /// As a file in `home`, under a name that none of `taken` has. `folder` is the working folder.
    ///
    /// # Errors
    ///
    /// A path that is no text.
    pub fn change(&self, home: &Path, folder: &Path, taken: &[PathBuf]) -> Result<Change, Error> {
        let stamp = self.when.to_string().replace(':', "");
        let name = |number: usize| match number {
            1 => format!("{stamp}.tar"),
            _ => format!("{stamp}-{number}.tar"),
        };
        let free = (1..).map(|number| home.join(FOLDER).join(name(number)));
        let path = free.into_iter().find(|path| !taken.contains(path)).unwrap_or_default();
        let bytes = self.archive(&absolute(folder, home), folder)?;
        Ok(Change { path, bytes, secrecy: Secrecy::Secret, before: Before::Absent })
    }

    /// Reads an archive of `home`.
    ///
    /// # Errors
    ///
    /// One that others may have written, that is damaged, or that is not ours.
    pub fn read(home: &Path, path: &Path, bytes: &Bytes, mode: u32) -> Result<Self, Error> {
        if mode & 0o077 != 0 {
            return Err(Error::Open { path: path.to_owned(), mode });
        }
        let damaged = |why: String| Error::Damaged { path: path.to_owned(), why };
        let entries = entries(bytes).map_err(|error| damaged(error.to_string()))?;
        let (_, manifest, _) = entries
            .iter()
            .find(|(name, ..)| name == Path::new(MANIFEST))
            .ok_or_else(|| damaged("it has no manifest".into()))?;
        let manifest: Manifest =
            serde_json::from_slice(manifest).map_err(|error| damaged(error.to_string()))?;
        let when = Moment::from_unix(manifest.when).filter(|_| manifest.form == FORM);
        let when = when.ok_or_else(|| damaged("its form is another".into()))?;
        let mut files = Vec::new();
        for Entry { path, name, left } in manifest.files {
            let entry = entries.iter().find(|(known, ..)| known == Path::new(&name));
            let (_, bytes, mode) = entry.ok_or_else(|| damaged(format!("{name} is not in it")))?;
            let path = tidy(&home.join(path));
            files.push(Kept { path, bytes: bytes.clone(), mode: *mode, left });
        }
        Ok(Self { when, what: manifest.what, files })
    }

    /// How the files stand to it, between the `older` and the `newer` ones of the same folder.
    pub fn state(&self, snapshot: &Snapshot, older: &[Self], newer: &[Self]) -> State {
        let of = |others: &'_ [Self], kept: &Kept, now: &str, digest: fn(&Kept) -> String| {
            let mut files = others.iter().flat_map(|other| &other.files);
            files.any(|other| other.path == kept.path && digest(other) == now)
        };
        let (before, left) =
            (|kept: &Kept| digest_of(&kept.bytes), |kept: &Kept| kept.left.clone());
        let mut states = self.files.iter().map(|kept| {
            let now = match snapshot.get(&kept.path) {
                Found::File { bytes, .. } => digest_of(bytes),
                Found::Absent | Found::Unreadable(_) => String::new(),
            };
            if now == kept.left {
                State::Current
            } else if now == before(kept) || of(older, kept, &now, before) {
                State::TakenBack
            } else if of(newer, kept, &now, left) {
                State::Covered
            } else {
                State::Changed(kept.path.clone())
            }
        });
        // One file that is not as it was left is enough; one that somebody changed tells most.
        states.by_ref().max_by_key(State::weight).unwrap_or(State::TakenBack)
    }
}

/// The archives in order, the oldest first: by their moment, then by their number.
pub fn in_order(mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
    paths.retain(|path| age(path).is_some());
    paths.sort_by_key(|path| age(path));
    paths
}

/// `(2026-11-27T231500Z, 2)` for `2026-11-27T231500Z-2.tar`.
fn age(path: &Path) -> Option<(String, usize)> {
    let name = path.file_name()?.to_str()?.strip_suffix(".tar")?;
    let (stamp, number) = match name.split_once("Z-") {
        Some((stamp, number)) => (format!("{stamp}Z"), number.parse().ok()?),
        None => (name.to_owned(), 1),
    };
    let is_stamp = |text: &str| {
        text.len() == "2026-11-27T231500Z".len()
            && text.ends_with('Z')
            && text.bytes().all(|b| b.is_ascii_digit() || b"-TZ".contains(&b))
    };
    is_stamp(&stamp).then_some((stamp, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(path: &str, old: &str, new: &str) -> Change {
        Change {
            path: path.into(),
            bytes: Bytes::new(new.into()),
            secrecy: Secrecy::AsFound,
            before: Before::Exactly(Bytes::new(old.into())),
        }
    }

    fn snapshot(files: &[(&str, &str)]) -> Snapshot {
        let file =
            |text: &str| Found::File { bytes: Bytes::new(text.into()), mode: 0o640, modified: 0 };
        files.iter().map(|(path, text)| (PathBuf::from(path), file(text))).collect()
    }

    const FILES: [(&str, &str, &str); 3] = [
        ("pki/etcd/server.crt", "a", "b"),
        ("./admin.conf", "c", "d"),
        ("/var/lib/kubelet/pki/kubelet-client-current.pem", "e", "f"),
    ];

    #[test]
    fn what_was_replaced_comes_back_by_its_path_as_long_as_nobody_changed_it() {
        let changes = FILES.map(|(path, old, new)| change(path, old, new));
        let old = snapshot(&FILES.map(|(path, old, _)| (path, old)));
        let when = Moment::from_unix(1_767_225_600).unwrap();
        let backup = Backup::new(&changes, &old, "cert renew --all", when).unwrap();
        let (home, folder) = (Path::new("pki"), Path::new("/srv/a"));
        let taken = [PathBuf::from("pki/.kubepki-backups/2026-01-01T000000Z.tar")];
        let change = backup.change(home, folder, &taken).unwrap();
        assert_eq!(change.path, Path::new("pki/.kubepki-backups/2026-01-01T000000Z-2.tar"));
        assert_eq!(change.secrecy, Secrecy::Secret);

        let read = Backup::read(home, &change.path, &change.bytes, 0o600).unwrap();
        let paths: Vec<_> = read.files.iter().map(|kept| kept.path.display().to_string()).collect();
        assert_eq!(paths, ["pki/etcd/server.crt", "admin.conf", FILES[2].0]);
        assert!(read.files.iter().all(|kept| kept.mode == 0o640));
        let moved = Backup::read(Path::new("/b/pki"), &change.path, &change.bytes, 0o600).unwrap();
        assert_eq!(moved.files[1].path, Path::new("/b/admin.conf"));

        let now = |text: [&str; 3]| {
            snapshot(&[(&*paths[0], text[0]), (&*paths[1], text[1]), (&*paths[2], text[2])])
        };
        assert_eq!(read.state(&now(["b", "d", "f"]), &[], &[]), State::Current);
        assert_eq!(read.state(&now(["a", "c", "e"]), &[], &[]), State::TakenBack);
        assert_eq!(
            read.state(&now(["b", "x", "f"]), &[], &[]),
            State::Changed("admin.conf".into())
        );
        let open = Backup::read(home, &change.path, &change.bytes, 0o644);
        assert!(matches!(open, Err(Error::Open { .. })));
    }

    #[test]
    fn nothing_but_our_archive_is_read() {
        for bytes in [&b""[..], b"words", &[0; 1024]] {
            let bytes = Bytes::new(bytes.to_vec());
            let read = Backup::read(Path::new("pki"), Path::new("x"), &bytes, 0o600);
            assert!(matches!(read, Err(Error::Damaged { .. })));
        }
    }

    #[test]
    fn the_second_of_a_moment_is_the_younger() {
        let names = [
            "b",
            "2026-01-01T000000Z-10.tar",
            "2026-01-01T000000Z-2.tar",
            "2026-01-01T000000Z.tar",
            "2025-12-31T000000Z.tar",
        ];
        let order = in_order(names.map(PathBuf::from).to_vec());
        let wanted = [4, 3, 2, 1].map(|index| PathBuf::from(names[index]));
        assert_eq!(order, wanted);
    }
}
