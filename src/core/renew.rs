//! The act of renewing: look, decide, draw, sign, write.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::slice;

use crate::core::backup::{self, Backup};
use crate::core::catalog::ROWS;
use crate::core::changes::{Change, Changes, Snapshot, folder_of, quoted};
use crate::core::inventory::Inventory;
use crate::core::keys::{self, draw_all, draw_serial};
use crate::core::log;
use crate::core::renewal::{
    At, Drawn, Failure, Item, Outcome, Renewals, Sought, Step, Survey, Wanted, Which, carry_out,
    decide, is_looked_at, place, referred, sought,
};
use crate::core::report::{RenewAction, RenewReport};
use crate::core::spec::Folders;
use crate::core::store::{self, Guard, Lockable};
use crate::core::{Error, World, logs};

/// What came of renewing.
#[derive(Debug)]
pub struct Renewed {
    /// What happened, or would.
    pub report: RenewReport,
    /// What cannot be renewed: with any, nothing was done.
    pub failures: Vec<Failure>,
}

/// Renews what was asked for: all of it, or nothing. `what` tells those who read the backups what was done. `watch` is told how
/// far the drawing of keys has come.
///
/// # Errors
///
/// Whatever stops any part of it; no file has changed then.
pub fn renew(
    wanted: &Wanted,
    what: &str,
    dry_run: bool,
    world: &World<'_>,
    watch: &mut dyn FnMut(keys::Progress),
) -> Result<Renewed, Error> {
    if dry_run {
        let (_, plan) = look(wanted, world)?;
        return Ok(told(plan, true));
    }
    let mut guard = store::lock(&[Lockable::Folder(wanted.home.clone())], &world.locks)?;
    let mut renewed = renew_locked(wanted, what, &mut guard, world, watch)?;
    renewed.report.notes.extend(guard.recovered().iter().map(ToString::to_string));
    Ok(renewed)
}

fn renew_locked(
    wanted: &Wanted,
    what: &str,
    guard: &mut Guard,
    world: &World<'_>,
    watch: &mut dyn FnMut(keys::Progress),
) -> Result<Renewed, Error> {
    let (_, plan) = look(wanted, world)?;
    let kubeconfigs: Vec<PathBuf> = kubeconfigs(&plan).collect();
    if !plan.failures.is_empty() || !plan.items.iter().any(Item::is_work) {
        store::unlock_dead(&kubeconfigs);
        return Ok(told(plan, false));
    }
    let kinds = plan.new_keys();
    let keys = draw_all(&kinds, world.entropy, watch)?;

    // Only now, as drawing takes long and kubectl may want the files; and what they say then is what counts.
    let folders = ca_folders(&plan, &wanted.home).into_iter().map(Lockable::Folder);
    let others: Vec<_> = kubeconfigs.into_iter().map(Lockable::Kubeconfig).chain(folders).collect();
    guard.join(store::lock(&others, &world.locks)?);
    let (snapshot, plan) = look(wanted, world)?;
    if !plan.failures.is_empty() {
        return Ok(told(plan, false));
    }
    let keys = match plan.new_keys() == kinds {
        true => keys,
        false => draw_all(&plan.new_keys(), world.entropy, watch)?,
    };
    let serials = (0..plan.signatures()).map(|_| draw_serial(world.entropy));
    let serials = serials.collect::<Result<Vec<_>, _>>()?;
    let Outcome { changes, issued } =
        carry_out(&plan, &snapshot, Drawn { keys, serials }, world.entropy)?;

    let mut renewed = told(plan, false);
    issued.iter().for_each(|one| renewed.report.name_serial(one));
    let issued = issued.iter().map(|one| (one.authority.clone(), &one.certificate));
    let changes = Written { changes, logs: log::issued(issued, world) };
    write(wanted, what, changes, &snapshot, guard, world, &mut renewed.report)?;
    Ok(renewed)
}

/// The names in these folders that can be renewed, each once and in order. For whoever is in the middle of a word: what cannot be
/// read has none.
pub fn renewable(folders: &Folders) -> Vec<String> {
    let files = store::files_in(&folders.certificates).unwrap_or_default().into_iter();
    let own = files.filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned()));
    let names: BTreeSet<String> = ROWS.iter().map(|row| row.name.to_owned()).chain(own).collect();
    let is_there = |name: &String| {
        let sought = place(name, slice::from_ref(folders));
        sought.is_ok_and(|sought| sought.paths.iter().any(|path| is_leaf(path)))
    };
    names.into_iter().filter(is_there).collect()
}

/// Whether a file is there and is no CA's.
fn is_leaf(path: &Path) -> bool {
    let snapshot = store::read([path.to_owned()]);
    let chain = Inventory::new(&snapshot).chain("certificate", path).ok().flatten();
    let is_ca = chain.is_some_and(|chain| chain[0].extensions().is_ca());
    store::is_file(path) && !is_ca
}

/// Where the CAs that sign keep their logs, besides what is locked already.
fn ca_folders(plan: &Renewals, home: &Path) -> BTreeSet<PathBuf> {
    let folder = |item: &Item| match &item.step {
        Step::Renew { authority, .. } => Some(store::real_path(folder_of(authority))),
        _ => None,
    };
    let mut folders: BTreeSet<PathBuf> = plan.items.iter().filter_map(folder).collect();
    folders.remove(&store::real_path(home));
    folders
}

/// What is to be written.
struct Written {
    /// The new files.
    changes: Vec<Change>,
    /// What is added to the logs, of which nothing is to come back.
    logs: Vec<Change>,
}

/// Writes all in one set: the new files, what the logs say of them, and the archive of the old ones.
fn write(
    wanted: &Wanted,
    what: &str,
    Written { changes: mut list, logs }: Written,
    snapshot: &Snapshot,
    guard: &Guard,
    world: &World<'_>,
    report: &mut RenewReport,
) -> Result<(), Error> {
    let home = &wanted.home;
    report.changed = !list.is_empty();
    let archives = archives(home)?;
    if let Some(backup) = Backup::new(&list, snapshot, what, world.now) {
        let archive = backup.change(home, &wanted.folder, &archives)?;
        report.backup = Some(archive.path.clone());
        report.undo = Some(format!("kubepki cert undo --cert-dir {}", quoted(home)));
        list.push(archive);
    }
    list.extend(logs);
    guard.commit(&Changes { home: home.clone(), list })?;
    let excess = (archives.len() + 1).saturating_sub(backup::MOST);
    guard.remove(&archives[..excess.min(archives.len())]);
    Ok(())
}

/// The archives of a folder, the oldest first.
pub(super) fn archives(home: &Path) -> Result<Vec<PathBuf>, Error> {
    Ok(backup::in_order(store::files(&home.join(backup::FOLDER))?))
}

/// What is there, and what is to be done about it.
fn look(wanted: &Wanted, world: &World<'_>) -> Result<(Snapshot, Renewals), Error> {
    let (snapshot, survey) = survey(wanted, world)?;
    let plan = decide(survey, wanted, &snapshot, world.now)?;
    Ok((snapshot, plan))
}

/// What is there: the files of the folders, those that were named, and those that kubeconfigs among them name.
pub(super) fn survey(wanted: &Wanted, world: &World<'_>) -> Result<(Snapshot, Survey), Error> {
    let mut files = files(wanted)?;
    let named = referred(&files, &store::read(files.clone()));
    files.extend(named);
    let mut first = BTreeMap::new();
    let mut spelling = BTreeMap::new();
    for path in &files {
        let one = first.entry(store::real_path(path)).or_insert_with(|| path.clone());
        spelling.insert(path.clone(), one.clone());
    }
    let mut seen = BTreeSet::new();
    files.retain(|path| spelling.get(path) == Some(path) && seen.insert(path.clone()));
    let requests = files.iter().map(|path| path.with_extension("csr"));
    let snapshot = store::read(files.iter().cloned().chain(requests));
    let mut survey = Survey::new(&files, spelling, &snapshot, wanted, world.now);
    for authority in &mut survey.authorities {
        authority.revoked = logs::standing(&authority.file)?.revoked;
    }
    Ok((snapshot, survey))
}

/// The files to look at: the CA that was named, what was named, and what is in the folders.
fn files(wanted: &Wanted) -> Result<Vec<PathBuf>, Error> {
    let ca = wanted.ca.iter().flat_map(|ca| [ca.certificate.clone(), ca.key.clone()]);
    let mut files: Vec<PathBuf> = ca.collect();
    let named: Vec<PathBuf> = sought(wanted)?.iter().flat_map(Sought::all).cloned().collect();
    let beside: Vec<PathBuf> = named.iter().flat_map(|path| keys_beside(path)).collect();
    files.extend(named);
    files.extend(beside);
    let folders = wanted.folders.iter().map(|folders| &folders.certificates);
    for folder in folders.chain([&wanted.cas]).collect::<BTreeSet<_>>() {
        files.extend(in_folder(folder, false)?);
    }
    if matches!(wanted.which, Which::All { .. }) {
        for folders in &wanted.folders {
            files.extend(in_folder(&folders.kubeconfigs, true)?);
        }
    }
    Ok(files)
}

fn in_folder(folder: &Path, is_for_kubeconfigs: bool) -> Result<Vec<PathBuf>, Error> {
    let found = match is_for_kubeconfigs {
        true => store::files_in(folder)?,
        false => store::files(folder)?,
    };
    let is_wanted = |path: &PathBuf| {
        let below = path.strip_prefix(folder).unwrap_or(path);
        is_looked_at(below, is_for_kubeconfigs)
    };
    Ok(found.into_iter().filter(is_wanted).collect())
}

/// Files beside a certificate outside of the folders that may hold its key, by how keys are called: there may be anything else.
fn keys_beside(certificate: &Path) -> Vec<PathBuf> {
    let is_called_so = |path: &PathBuf| {
        let suffix = path.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        ["key", "pem"].contains(&suffix) || stem.contains("key")
    };
    let mut files = store::files_in(folder_of(certificate)).unwrap_or_default();
    files.retain(is_called_so);
    files
}

fn told(plan: Renewals, dry_run: bool) -> Renewed {
    let mut report = RenewReport::new(&plan, dry_run);
    if !dry_run && (!plan.failures.is_empty() || !report.has(RenewAction::Renew)) {
        report.changed = false;
    }
    Renewed { report, failures: plan.failures }
}

fn kubeconfigs(plan: &Renewals) -> impl Iterator<Item = PathBuf> {
    let places = plan.items.iter().map(|item| &item.found.place);
    let places = places.flat_map(|place| [&place.certificate, &place.key]);
    places.filter_map(|at| match at {
        At::User(file, _) => Some(file.clone()),
        At::File(_) => None,
    })
}
