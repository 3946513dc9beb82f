//! The act of packing: what one node must have, as one file for `tar -xp`.

use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::core::changes::{Before, Bytes, Change, Changes, Found, Secrecy, Snapshot, folder_of};
use crate::core::inventory::Inventory;
use crate::core::make::Made;
use crate::core::plan::{self, Difference};
use crate::core::report::{Action, MadeReport};
use crate::core::spec::{Destination, Spec};
use crate::core::store::{self, Lockable};
use crate::core::{self as acts, World};

/// What is to be packed.
#[derive(Debug)]
pub struct Pack {
    /// The name of the node.
    pub node: String,
    /// Everything that it must have, and what that comes from.
    pub spec: Spec,
    /// Its folder.
    pub folder: PathBuf,
    /// Where the archive goes.
    pub out: Destination,
    /// Whether an archive that is there and differs is replaced.
    pub force: bool,
    /// Whether nothing is written.
    pub dry_run: bool,
}

/// Why there is no archive.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something is missing, or not as asked.
    #[error("{node} is not complete: {path} {how}")]
    Incomplete {
        /// The node.
        node: String,
        /// The first file that is not as asked.
        path: PathBuf,
        /// What is wrong with it.
        how: String,
    },
    /// It cannot be put together.
    #[error("the archive of {node} cannot be put together: {source}")]
    Archive {
        /// The node.
        node: String,
        /// Why not.
        source: io::Error,
    },
}

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Incomplete { .. } => {
                Some("see all that is missing, then make it: kubepki cluster plan --config FILE; kubepki cluster init --config FILE".into())
            }
            Self::Archive { .. } => None,
        }
    }
}

/// Puts the files of one node into one archive, whose paths begin in the node's folder.
///
/// # Errors
///
/// A node that has not everything as asked; another file in the archive's place.
pub fn pack(wanted: &Pack, world: &World<'_>) -> Result<Made, acts::Error> {
    let home = wanted.spec.home.iter().cloned().map(Lockable::Folder).collect::<Vec<_>>();
    let _nobody_writes = store::lock(&home, &world.locks)?;
    let mut paths = wanted.spec.paths();
    paths.extend(wanted.out.path().map(Path::to_owned));
    let snapshot = store::read(paths);
    check_complete(wanted, &snapshot, world)?;
    let archive = archive(wanted, &snapshot)
        .map_err(|source| Error::Archive { node: wanted.node.clone(), source })?;
    match &wanted.out {
        Destination::File(out) => place(wanted, out, archive, &snapshot, world),
        Destination::Inside { .. } | Destination::Stdout => {
            Ok(Made { report: MadeReport::default(), stdout: archive })
        }
    }
}

fn check_complete(
    wanted: &Pack,
    snapshot: &Snapshot,
    world: &World<'_>,
) -> Result<(), acts::Error> {
    let plan = plan::make(&wanted.spec, Inventory::new(snapshot), world.now)?;
    let files = MadeReport::of_plan(&plan).files;
    let Some(first) = files.into_iter().find(|file| file.action != Action::Keep) else {
        return Ok(());
    };
    let how = match first.action {
        Action::Differ => format!("differs: {}", first.about),
        _ => "is missing".to_owned(),
    };
    Err(Error::Incomplete { node: wanted.node.clone(), path: first.path, how }.into())
}

/// Owned by root, as everything in `/etc/kubernetes` is; modes and times are those of the files.
fn archive(wanted: &Pack, snapshot: &Snapshot) -> io::Result<Bytes> {
    let files: Vec<(PathBuf, &Found)> = wanted
        .spec
        .paths()
        .into_iter()
        .filter_map(|path| {
            let found = snapshot.get(&path);
            Some((path.strip_prefix(&wanted.folder).ok()?.to_owned(), found))
        })
        .collect();
    // All that it takes at once: growing would leave copies of keys behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(files.iter().map(|(_, it)| room(it)).sum()));
    let mut archive = tar::Builder::new(&mut *bytes);
    for (path, found) in &files {
        if let Found::File { bytes, mode, modified } = found {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(*mode);
            header.set_mtime(*modified);
            header.set_uid(0);
            header.set_gid(0);
            archive.append_data(&mut header, path, bytes.as_slice())?;
        }
    }
    archive.finish()?;
    drop(archive);
    Ok(bytes)
}

/// The most that a file takes in an archive: its content, its header, that of a long name, and what fills the blocks up.
fn room(found: &Found) -> usize {
    const BLOCKS: usize = 8 * 512;
    match found {
        Found::File { bytes, .. } => bytes.len() + BLOCKS,
        Found::Absent | Found::Unreadable(_) => BLOCKS,
    }
}

fn place(
    wanted: &Pack,
    out: &Path,
    archive: Bytes,
    snapshot: &Snapshot,
    world: &World<'_>,
) -> Result<Made, acts::Error> {
    let old = Inventory::new(snapshot).bytes("archive", out)?;
    let (action, before) = match old {
        None => (Action::Create, Before::Absent),
        Some(old) if *old == archive => (Action::Keep, Before::Anything),
        Some(old) if wanted.force => (Action::Replace, Before::Exactly(old.clone())),
        Some(_) => {
            let how = vec![format!("it is not what {} has now", wanted.folder.display())];
            let path = out.to_owned();
            return Err(plan::Error::Differs(vec![Difference::new(path, how)]).into());
        }
    };
    let mut report = MadeReport { dry_run: wanted.dry_run, ..MadeReport::default() };
    report.add_file(action, out.to_owned(), format!("all that {} must have", wanted.node));
    if report.changed && !wanted.dry_run {
        let home = folder_of(out).to_owned();
        let change =
            Change { path: out.to_owned(), bytes: archive, secrecy: Secrecy::Secret, before };
        let folder = store::lock(&[Lockable::Folder(home.clone())], &world.locks)?;
        folder.commit(&Changes { home, list: vec![change] })?;
    }
    Ok(Made { report, stdout: Bytes::default() })
}
