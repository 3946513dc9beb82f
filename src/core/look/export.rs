//! One context as a file of its own.

use std::path::{Path, PathBuf};

use crate::core::changes::{Before, Bytes, Change, Changes, Secrecy, folder_of};
use crate::core::contexts::{load, warnings};
use crate::core::inventory::Inventory;
use crate::core::kubeconfig::{Document, LoadPaths, Merged, View};
use crate::core::plan::{self, Difference};
use crate::core::report::{Action, MadeReport};
use crate::core::spec::Destination;
use crate::core::store::{self, Lockable};
use crate::core::{Error, Made, World};

use super::view::{context, flattened};

/// What is to be exported.
#[derive(Debug)]
pub struct Export {
    /// The context.
    pub name: String,
    /// Where it goes.
    pub out: Destination,
    /// Whether a file that is there and differs is replaced.
    pub force: bool,
    /// Whether nothing is written.
    pub dry_run: bool,
    /// The working folder.
    pub folder: PathBuf,
}

/// Writes a kubeconfig with one context and all that it needs: certificates and keys are in it.
///
/// # Errors
///
/// No such context; something that it names is nowhere or cannot be read; another file in its place.
pub fn export(paths: &LoadPaths, wanted: &Export, world: &World<'_>) -> Result<Made, Error> {
    let files = load(paths, &store::read(paths.all().to_vec()))?;
    let view = View::new(&files);
    let merged = Merged::of(view).minified(context(view, Some(&wanted.name), paths)?)?;
    let (config, notes) = flattened(&merged, &wanted.folder)?;
    let bytes = Document::of(&config).yaml();
    let mut report = MadeReport { dry_run: wanted.dry_run, notes, ..MadeReport::default() };
    report.warnings = warnings(&files);
    report.warnings.extend(lacking(&merged));
    match wanted.out.path() {
        Some(out) => place(wanted, out, bytes, report, world),
        None => Ok(Made { report, stdout: bytes }),
    }
}

/// kubectl exports such a context as well, and nobody can use it.
pub(super) fn lacking(merged: &Merged<'_>) -> Option<String> {
    let lacks = match (merged.clusters.is_empty(), merged.users.is_empty()) {
        (false, false) => return None,
        (true, true) => "no cluster and no user",
        (true, false) => "no cluster",
        (false, true) => "no user",
    };
    Some(format!("the context `{}` names {lacks}", merged.current))
}

fn place(
    wanted: &Export,
    out: &Path,
    bytes: Bytes,
    mut report: MadeReport,
    world: &World<'_>,
) -> Result<Made, Error> {
    let locks = [Lockable::Folder(folder_of(out).to_owned()), Lockable::Kubeconfig(out.to_owned())];
    let guard = match wanted.dry_run {
        true => None,
        false => Some(store::lock(&locks, &world.locks)?),
    };
    let snapshot = store::read([out.to_owned()]);
    let old = Inventory::new(&snapshot).bytes("kubeconfig", out)?;
    let (action, before) = match old {
        None => (Action::Create, Before::Absent),
        Some(old) if *old == bytes => (Action::Keep, Before::Anything),
        Some(old) if wanted.force => (Action::Replace, Before::Exactly(old.clone())),
        Some(_) => {
            let how = vec![format!("it is not the context `{}` alone", wanted.name)];
            return Err(plan::Error::Differs(vec![Difference { path: out.to_owned(), how }]).into());
        }
    };
    report.add_file(action, out.to_owned(), format!("kubeconfig with the context {}", wanted.name));
    if let (true, Some(guard)) = (report.changed, guard) {
        let path = out.to_owned();
        let change = Change { path, bytes, secrecy: Secrecy::Secret, before };
        guard.commit(&Changes { home: folder_of(out).to_owned(), list: vec![change] })?;
    }
    Ok(Made { report, stdout: Bytes::default() })
}
