//! What a change meets on the disk: where it really goes, what is there, which mode it gets.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::commit::How;
use super::error::Error;
use super::folders::{MadeFolders, PRIVATE, SHARED, name, parent, real_folder, resolve};
use super::read::{LIMIT, kind, open_file, read_all};
use crate::core::changes::{Before, Bytes, Change, Secrecy};

/// Where each change really goes, each file once. Missing folders are made, those for secrets first.
pub(super) fn targets(list: &[Change], made: &mut MadeFolders) -> Result<Vec<PathBuf>, Error> {
    let resolved: Vec<PathBuf> = list.iter().map(follow).collect::<Result<_, _>>()?;
    // Many files are in one folder, which is looked at once.
    let folders = |is_private: bool| -> BTreeSet<&Path> {
        let files = list.iter().zip(&resolved);
        let files = files.filter(|(one, _)| (one.secrecy != Secrecy::Public) == is_private);
        files.map(|(_, path)| parent(path)).collect()
    };
    folders(true).into_iter().try_for_each(|folder| made.make(folder, PRIVATE))?;
    folders(false).into_iter().try_for_each(|folder| made.make(folder, SHARED))?;
    let mut real = BTreeMap::new();
    let mut targets = Vec::new();
    let mut seen = BTreeMap::new();
    for (change, path) in list.iter().zip(&resolved) {
        let folder = match real.get(parent(path)) {
            Some(folder) => folder,
            None => real.entry(parent(path)).or_insert(real_folder(path)?),
        };
        let target = folder.join(name(path)?);
        if let Some(first) = seen.insert(target.clone(), &change.path) {
            let (first, second) = (first.clone(), change.path.clone());
            return Err(Error::Twice { first, second });
        }
        targets.push(target);
    }
    Ok(targets)
}

/// Follows a symlink to the file that it means. A new secret must stay where it was meant to be.
fn follow(change: &Change) -> Result<PathBuf, Error> {
    let path = &change.path;
    let target = resolve(path)?;
    let leaves = |target: &Path| match (parent(path).canonicalize(), parent(target).canonicalize())
    {
        (Ok(here), Ok(there)) => !there.starts_with(here),
        _ => true,
    };
    let is_new = || fs::symlink_metadata(&target).is_err();
    if change.secrecy == Secrecy::Secret && target != *path && is_new() && leaves(&target) {
        return Err(Error::SecretBehindLink { path: path.clone(), target });
    }
    Ok(target)
}

/// Looks at the old file, and whether it is as the change demands.
pub(super) fn look(change: &Change, target: &Path) -> Result<(Option<Metadata>, How), Error> {
    let path = || change.path.clone();
    let old = match fs::symlink_metadata(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        other => Some(other.map_err(Error::io("look at", target))?),
    };
    if let Some(old) = old.as_ref().filter(|old| !old.is_file()) {
        return Err(Error::NotAFile { path: path(), found: kind(old.file_type()) });
    }
    let is_like = |bytes: &Bytes| Ok(content(target)?.is_some_and(|old| old == *bytes));
    match (&change.before, &old) {
        (Before::Absent, Some(_)) => return Err(Error::Exists { path: path() }),
        (Before::Exactly(_), None) => return Err(Error::Vanished { path: path() }),
        (Before::Exactly(bytes), Some(_)) if !is_like(bytes)? => {
            return Err(Error::Edited { path: path() });
        }
        _ => {}
    }
    let how = match &old {
        None => How::Created,
        Some(_) if change.before == Before::Stays => How::Extended,
        Some(old) if old.mode() & 0o7777 != mode(change.secrecy, Some(old)) => How::Replaced,
        Some(old) if old.len() != change.bytes.len() as u64 => How::Replaced,
        Some(_) if is_like(&change.bytes)? => How::Unchanged,
        Some(_) => How::Replaced,
    };
    Ok((old, how))
}

/// The content of a file; `None` for one that is longer than any of ours.
pub(super) fn content(path: &Path) -> Result<Option<Bytes>, Error> {
    let opened = open_file(path).map_err(Error::io("read", path))?;
    let (file, metadata) =
        opened.map_err(|found| Error::NotAFile { path: path.to_owned(), found })?;
    read_all(file, metadata.len(), LIMIT).map_err(Error::io("read", path))
}

/// The mode of a file: as its secrecy wants, and never wider than the old one.
pub(super) fn mode(secrecy: Secrecy, old: Option<&Metadata>) -> u32 {
    let old = old.map(|old| old.mode() & 0o777);
    match secrecy {
        Secrecy::AsFound => old.unwrap_or(0o600),
        Secrecy::Public => old.unwrap_or(0o644) & 0o644,
        Secrecy::Secret => old.unwrap_or(0o600) & 0o600,
    }
}
