//! Lines that are added to a file, which is never rewritten for that: a log may be long.
//!
//! How far that has come is seen by comparing what follows the old end with what waits beside the file. So an interrupted run
//! is finished or cut back, also in the middle of a line, and what somebody else has written there is left alone.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

use super::{Mark, State};

/// Whether a file ends with a newline, or has nothing in it: what is added then begins a line.
pub(in crate::core::store) fn ends_a_line(path: &Path) -> io::Result<bool> {
    let (mut file, metadata) = open(path, OpenOptions::new().read(true))?;
    let Some(last) = metadata.len().checked_sub(1) else { return Ok(true) };
    let mut byte = [0];
    file.seek(SeekFrom::Start(last))?;
    file.read_exact(&mut byte)?;
    Ok(byte == *b"\n")
}

/// Adds what `staged` holds to `target` behind its `old` end, or the rest of it, and makes that durable. Where something else
/// follows that end, it is an error ([`io::ErrorKind::InvalidData`]).
pub(super) fn add(staged: &Path, target: &Path, old: Mark) -> io::Result<()> {
    let new = whole(staged)?;
    let added = added(target, old, new.len())?;
    let rest = added.and_then(|added| new.strip_prefix(&*added));
    // To append is all that is asked for: where a log is kept from being rewritten (chattr +a), nothing else may be.
    let (mut file, _) = open(target, OpenOptions::new().append(true))?;
    file.write_all(rest.ok_or(io::ErrorKind::InvalidData)?)?;
    file.sync_all()
}

/// Takes away what was added, unless something else follows.
pub(super) fn cut(staged: &Path, target: &Path, old: Mark) -> io::Result<()> {
    let new = whole(staged)?;
    match added(target, old, new.len())? {
        Some(added) if !added.is_empty() && new.starts_with(&added) => {
            let (file, _) = open(target, OpenOptions::new().write(true))?;
            file.set_len(old.size())?;
            file.sync_all()
        }
        _ => Ok(()),
    }
}

/// How far the adding has come.
pub(super) fn state(staged: &Path, target: &Path, old: Mark) -> State {
    let Ok(new) = whole(staged) else { return State::Gone };
    match added(target, old, new.len()) {
        Ok(Some(added)) if added.starts_with(&new) => State::Done,
        Ok(Some(added)) if new.starts_with(&added) => State::Waiting,
        _ => State::Conflict,
    }
}

/// What follows the old end, as far as a little more than `length`; `None` where it is another file, or a shorter one.
fn added(target: &Path, old: Mark, length: usize) -> io::Result<Option<Vec<u8>>> {
    let (mut file, metadata) = match open(target, OpenOptions::new().read(true)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    if !old.is_of(&metadata) || metadata.len() < old.size() {
        return Ok(None);
    }
    let mut added = Vec::new();
    file.seek(SeekFrom::Start(old.size()))?;
    file.take(length as u64 + 1).read_to_end(&mut added)?;
    Ok(Some(added))
}

/// What waits: this program wrote it, and its mark has been looked at.
fn whole(staged: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(staged, OpenOptions::new().read(true))?.0.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a file, never through a symlink, never waiting for one that is no file.
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<(File, Metadata)> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = options.custom_flags(flags.bits().cast_signed()).open(path)?;
    let metadata = file.metadata()?;
    match metadata.is_file() {
        true => Ok((file, metadata)),
        false => Err(io::ErrorKind::InvalidInput.into()),
    }
}
