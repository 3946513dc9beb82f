//! What tells the next run in a folder that the journal of what waits there is in another one.
//!
//! A set may write in several folders that it has locked, and has its journal in one of them. Without this file a run that locks
//! only another of them would take what is staged there for waste, and half of the set would be lost. A folder right below that of
//! the journal needs none: whoever locks it looks there as well.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::super::temp::{self, Owner, Part};
use super::text::{escape, unescape};
use super::{Error, read_own};

const NAME: &str = ".kubepki.elsewhere";

const HEAD: &str = "kubepki elsewhere 1";
const ABOUT: &str = "# An interrupted run: its journal is in this folder.";

/// Writes into `folder`, which is locked, that the journal is in `home`. It is not synced; returns its path.
pub(in crate::core::store) fn point(
    folder: &Path,
    home: &Path,
    pid: u32,
) -> Result<PathBuf, Error> {
    let path = folder.join(NAME);
    let (temporary, mut file) = temp::create(&path, Owner { pid, part: Part::Alone })?;
    let text = format!("{HEAD}\n{ABOUT}\n{}\n", escape(home.as_os_str()));
    let written = file.write_all(text.as_bytes()).and_then(|()| fs::rename(&temporary, &path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(Error::io("write", &path)).map(|()| path)
}

/// Removes what tells of a journal in `home`. Best effort: without that journal it says nothing.
pub(in crate::core::store) fn forget(folder: &Path, home: &Path) {
    if read(folder).is_ok_and(|there| there.as_deref() == Some(home)) {
        let _ = fs::remove_file(folder.join(NAME));
    }
}

/// Where the journal is that tells of this folder.
pub(super) fn read(folder: &Path) -> Result<Option<PathBuf>, Error> {
    read_own(&folder.join(NAME), decode)
}

fn decode(content: &[u8]) -> Option<PathBuf> {
    let lines = std::str::from_utf8(content).ok()?.strip_suffix('\n')?.split('\n');
    let [HEAD, ABOUT, home] = lines.collect::<Vec<_>>()[..] else { return None };
    let home = PathBuf::from(unescape(home)?);
    home.is_absolute().then_some(home)
}
