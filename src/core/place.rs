//! Kubeconfigs that are put where they were asked for: one that is there as asked stays, one that differs stays unless it may go.
//! And what an edit leaves beside them: what they said before.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::core::changes::{Before, Bytes, Change, Changes, Secrecy, folder_of};
use crate::core::inventory::Inventory;
use crate::core::kubeconfig::States;
use crate::core::plan::{self, Difference};
use crate::core::report::{Action, MadeReport};
use crate::core::store::{self, Guard, Lockable};
use crate::core::x509::time::Moment;
use crate::core::{Error, World};

/// A kubeconfig that is to be a file.
pub(super) struct Whole {
    /// Where.
    pub path: PathBuf,
    /// All that it is to hold.
    pub bytes: Bytes,
    /// That in a few words.
    pub about: String,
    /// What is to be said of another one in its place.
    pub differs: String,
}

/// Puts all of `files` into their places, or none, and adds them to `report`.
///
/// # Errors
///
/// Others in their places, without `force`; files that cannot be locked, read or written.
pub(super) fn place(
    files: Vec<Whole>,
    force: bool,
    report: &mut MadeReport,
    world: &World<'_>,
) -> Result<(), Error> {
    let guard = match report.dry_run {
        true => None,
        false => Some(lock(&files, world)?),
    };
    let snapshot = store::read(files.iter().map(|file| file.path.clone()));
    let inventory = Inventory::new(&snapshot);
    let (mut list, mut differ) = (Vec::new(), Vec::new());
    for Whole { path, bytes, about, differs } in files {
        let (action, before) = match inventory.bytes("kubeconfig", &path)? {
            None => (Action::Create, Before::Absent),
            Some(old) if *old == bytes => (Action::Keep, Before::Anything),
            Some(old) if force => (Action::Replace, Before::Exactly(old.clone())),
            Some(_) => {
                differ.push(Difference::new(path, vec![differs]));
                continue;
            }
        };
        report.add_file(action, path.clone(), about);
        if action != Action::Keep {
            list.push(Change { path, bytes, secrecy: Secrecy::Secret, before });
        }
    }
    if !differ.is_empty() {
        return Err(plan::Error::Differs(differ).into());
    }
    if let (Some(first), Some(guard)) = (list.first(), guard) {
        guard.commit(&Changes { home: folder_of(&first.path).to_owned(), list })?;
    }
    Ok(())
}

/// What an edit of a kubeconfig leaves beside it: all that it said before, so that it can come back.
pub(super) fn keep_before(
    kubeconfig: &Path,
    old: &[u8],
    new: &[u8],
    what: &str,
    now: Moment,
) -> Change {
    let mut states = states_of(kubeconfig);
    states.push(now.unix(), what, old, new);
    states.change(kubeconfig)
}

/// What is kept beside a kubeconfig.
pub(super) fn states_of(kubeconfig: &Path) -> States {
    States::of(kubeconfig, store::read([States::path(kubeconfig)]))
}

fn lock(files: &[Whole], world: &World<'_>) -> Result<Guard, Error> {
    let folders: BTreeSet<_> = files.iter().map(|file| folder_of(&file.path).to_owned()).collect();
    let folders = folders.into_iter().map(Lockable::Folder);
    let kubeconfigs = files.iter().map(|file| Lockable::Kubeconfig(file.path.clone()));
    Ok(store::lock(&folders.chain(kubeconfigs).collect::<Vec<_>>(), &world.locks)?)
}
