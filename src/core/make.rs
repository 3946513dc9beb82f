//! The act of making: plan, draw, sign, write.

use std::path::PathBuf;

use crate::core::changes::{Bytes, Change};
use crate::core::inventory::Inventory;
use crate::core::keys::Progress;
use crate::core::plan::{self, Plan};
use crate::core::report::MadeReport;
use crate::core::sign::{Entries, Outcome};
use crate::core::spec::Spec;
use crate::core::store::{self, Guard, Lockable};
use crate::core::{Error, World, keys, sign};

/// What came of making.
#[derive(Debug, Default)]
pub struct Made {
    /// What happened, or would.
    pub report: MadeReport,
    /// What was asked for on standard output.
    pub stdout: Bytes,
}

/// Makes everything in `spec` that is not there as asked. All the files come into place together, or none does. `watch` is
/// told how far the drawing of keys has come.
///
/// # Errors
///
/// Whatever stops any of its parts; no file has changed then.
pub fn make(
    spec: &Spec,
    world: &World<'_>,
    watch: &mut dyn FnMut(Progress),
) -> Result<Made, Error> {
    let folder = spec
        .home
        .clone()
        .map(|home| store::lock(&[Lockable::Folder(home)], &world.locks))
        .transpose()?;
    if folder.is_some() {
        store::unlock_dead(&spec.kubeconfigs());
    }
    let plan = fit(decide(spec, world)?)?;
    let mut report = MadeReport::of_plan(&plan);
    report.notes.extend(folder.iter().flat_map(Guard::recovered).map(ToString::to_string));
    let drawn = keys::draw_for(&plan, world.entropy, watch)?;
    let Outcome { mut changes, kubeconfigs, stdout, made } =
        sign::carry_out(plan, drawn, world.entropy)?;
    report.add_made(&made, world.now);

    // Only now: a search for RSA primes is long, and meanwhile kubectl may want the files.
    let files = lock_kubeconfigs(&kubeconfigs, world)?;
    changes.list.extend(place(kubeconfigs)?);
    if let Some(guard) = folder.as_ref().or(files.as_ref()) {
        guard.commit(&changes)?;
    }
    Ok(Made { report, stdout })
}

/// Tells what [`make`] would do: its first half.
///
/// # Errors
///
/// Files that cannot be read, or something that could not be signed.
pub fn plan(spec: &Spec, world: &World<'_>) -> Result<MadeReport, Error> {
    Ok(preview(&decide(spec, world)?))
}

/// The same, where a difference is an error as it would be for [`make`].
///
/// # Errors
///
/// What stops [`plan()`]; a file that differs from what is asked.
pub fn dry_run(spec: &Spec, world: &World<'_>) -> Result<Made, Error> {
    let report = preview(&fit(decide(spec, world)?)?);
    Ok(Made { report, stdout: Bytes::default() })
}

/// What is on disk, and what is to be done about it.
fn decide(spec: &Spec, world: &World<'_>) -> Result<Plan, Error> {
    let snapshot = store::read(spec.paths());
    Ok(plan::make(spec, Inventory::new(&snapshot), world.now)?)
}

fn preview(plan: &Plan) -> MadeReport {
    MadeReport { dry_run: true, ..MadeReport::of_plan(plan) }
}

/// A plan that may be carried out: nothing that is there differs from what is asked.
fn fit(plan: Plan) -> Result<Plan, Error> {
    let differences: Vec<_> = plan.differences().cloned().collect();
    if differences.is_empty() { Ok(plan) } else { Err(plan::Error::Differs(differences).into()) }
}

fn lock_kubeconfigs(kubeconfigs: &[Entries], world: &World<'_>) -> Result<Option<Guard>, Error> {
    if kubeconfigs.is_empty() {
        return Ok(None);
    }
    let files: Vec<_> =
        kubeconfigs.iter().map(|one| Lockable::Kubeconfig(one.out.clone())).collect();
    Ok(Some(store::lock(&files, &world.locks)?))
}

/// Brings entries into kubeconfigs as they are now.
fn place(kubeconfigs: Vec<Entries>) -> Result<Vec<Change>, Error> {
    let files: Vec<PathBuf> = kubeconfigs.iter().map(|one| one.out.clone()).collect();
    let now = store::read(files);
    let mut changes = Vec::new();
    for Entries { out, entries, force } in kubeconfigs {
        let old = Inventory::new(&now).bytes("kubeconfig", &out)?;
        changes.extend(plan::place(&out, &entries, old, force)?);
    }
    Ok(changes)
}
