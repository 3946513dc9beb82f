//! Reading: whole files, bounded, never blocking.

use std::collections::BTreeSet;
use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::error::{Error, plain};
use crate::core::changes::{Bytes, Found, Snapshot};

/// The most that is ever read of one file, in bytes: 64 MiB. A kubeconfig of ten thousand clusters has about 50.
pub const LIMIT: u64 = 64 << 20;

/// Reads each file whole. Symlinks are followed; what is too long, no file, or forbidden is
/// [`Found::Unreadable`], and nothing blocks. A path that is asked for again, as the CA of many certificates is, is not read
/// again.
pub fn read(paths: impl IntoIterator<Item = PathBuf>) -> Snapshot {
    let paths: BTreeSet<PathBuf> = paths.into_iter().collect();
    paths.into_iter().map(|path| (path.clone(), found(&path))).collect()
}

/// Whether there is a file at `path`, which is not read for that; one that nobody may look at is taken for none.
pub fn is_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file())
}

/// Whether nothing is at `path`, as [`read`] would tell, without reading it.
pub fn is_absent(path: &Path) -> bool {
    fs::metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Reads a stream, such as standard input, to its end. `what` names it in errors.
///
/// # Errors
///
/// A stream that fails, or one longer than [`LIMIT`].
pub fn read_stream(what: &str, stream: impl Read) -> Result<Bytes, Error> {
    let bytes = read_all(stream, 0, LIMIT).map_err(Error::io("read", what.as_ref()))?;
    bytes.ok_or_else(|| Error::TooLong { what: what.into(), limit: LIMIT })
}

/// What is at `path`, as a word with its article; for errors.
pub(super) fn kind(file_type: FileType) -> &'static str {
    match file_type {
        t if t.is_file() => "a file",
        t if t.is_dir() => "a folder",
        t if t.is_symlink() => "a symlink",
        t if t.is_fifo() => "a named pipe",
        t if t.is_socket() => "a socket",
        _ => "a device",
    }
}

/// Opens a regular file to read, and never waits for the other end of a pipe. The outer error is the system's, the inner
/// one says what is there instead of a file.
pub(super) fn open_file(path: &Path) -> io::Result<Result<(File, Metadata), &'static str>> {
    // Looked at before it is opened, since opening alone makes some devices act; and after, since it may be another.
    let before = fs::metadata(path)?;
    if !before.is_file() {
        return Ok(Err(kind(before.file_type())));
    }
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    let file = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)?;
    let metadata = file.metadata()?;
    match metadata.is_file() {
        true => Ok(Ok((file, metadata))),
        false => Ok(Err(kind(metadata.file_type()))),
    }
}

/// Reads to the end, or gives `None` when there are more than `limit` bytes. No copy of the content is left in memory.
pub(super) fn read_all(
    mut from: impl Read,
    expected: u64,
    limit: u64,
) -> io::Result<Option<Bytes>> {
    const STEP: usize = 64 << 10;
    let expected = usize::try_from(expected.min(limit)).unwrap_or(0);
    let mut bytes = Bytes::new(Vec::with_capacity(expected + 1));
    loop {
        if bytes.len() == bytes.capacity() {
            bytes = larger(&bytes);
        }
        let start = bytes.len();
        let end = bytes.capacity().min(start + STEP);
        bytes.resize(end, 0);
        let read = match from.read(&mut bytes[start..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Ok(0) => {
                bytes.truncate(start);
                return Ok(Some(bytes));
            }
            other => other?,
        };
        bytes.truncate(start + read);
        if bytes.len() as u64 > limit {
            return Ok(None);
        }
    }
}

fn found(path: &Path) -> Found {
    match open_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Absent,
        Err(error) => Found::Unreadable(plain(&error)),
        Ok(Err(what)) => Found::Unreadable(format!("it is {what}, not a file")),
        Ok(Ok((file, metadata))) => content(file, &metadata),
    }
}

fn content(file: File, metadata: &Metadata) -> Found {
    let size = metadata.len();
    if size > LIMIT {
        return Found::Unreadable(format!("it has {size} bytes; the limit is {LIMIT}"));
    }
    match read_all(file, size, LIMIT) {
        Err(error) => Found::Unreadable(plain(&error)),
        Ok(None) => Found::Unreadable(format!("it has more than {LIMIT} bytes, the limit")),
        Ok(Some(bytes)) => Found::File {
            bytes,
            mode: metadata.permissions().mode() & 0o7777,
            modified: u64::try_from(metadata.mtime()).unwrap_or_default(),
        },
    }
}

/// A copy with twice the room; the old one is wiped, which growing in place would not do.
fn larger(bytes: &Bytes) -> Bytes {
    let mut larger = Bytes::new(Vec::with_capacity(bytes.capacity().max(512) * 2));
    larger.extend_from_slice(bytes);
    larger
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn read_one(path: &Path) -> Found {
        read([path.to_owned()]).get(path).clone()
    }

    fn why(path: &Path) -> String {
        match read_one(path) {
            Found::Unreadable(why) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_file_is_read_whole_through_a_symlink_with_its_mode() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        fs::write(&file, [7; 100_000]).unwrap();
        fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
        symlink("file", &link).unwrap();
        match read_one(&link) {
            Found::File { bytes, mode, .. } => {
                assert_eq!((&**bytes, mode), (&[7; 100_000][..], 0o640))
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_and_a_dangling_symlink_are_absent() {
        let dir = tempfile::tempdir().unwrap();
        symlink("nowhere", dir.path().join("link")).unwrap();
        assert!(matches!(read_one(&dir.path().join("link")), Found::Absent));
        assert!(matches!(read_one(&dir.path().join("none")), Found::Absent));
    }

    #[test]
    fn what_is_no_file_is_unreadable_and_does_not_block() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0)
            .unwrap();
        let circle = dir.path().join("circle");
        symlink("circle", &circle).unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "x").unwrap();
        assert_eq!(why(&fifo), "it is a named pipe, not a file");
        assert_eq!(why(dir.path()), "it is a folder, not a file");
        assert_eq!(why(Path::new("/dev/zero")), "it is a device, not a file");
        assert_eq!(why(&circle), "its symlinks lead in a circle");
        assert_eq!(why(&file.join("below")), "a part of the path is a file, not a folder");
    }

    #[test]
    fn a_file_over_the_limit_is_named_with_both_sizes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("huge");
        File::create(&path).unwrap().set_len(200 << 20).unwrap();
        assert_eq!(why(&path), "it has 209715200 bytes; the limit is 67108864");
        let at_the_limit = read_all(&[b'x'; 100][..], 0, 100).unwrap();
        assert_eq!(at_the_limit.map(|bytes| bytes.len()), Some(100));
        assert!(read_all(&[b'x'; 101][..], 0, 100).unwrap().is_none());
    }

    #[test]
    fn a_stream_is_read_to_its_end_or_to_the_limit() {
        let text = vec![b'x'; 300_001];
        assert_eq!(**read_stream("standard input", &text[..]).unwrap(), text);
        let error = read_stream("standard input", io::repeat(0)).unwrap_err();
        assert_eq!(error.to_string(), "standard input is longer than the limit of 67108864 bytes");
    }
}
