//! The act of making: plan, draw, sign, write.

use crate::core::changes::{Bytes, Snapshot};
use crate::core::inventory::Inventory;
use crate::core::plan::{self, Plan};
use crate::core::report::MadeReport;
use crate::core::sign::Outcome;
use crate::core::spec::Spec;
use crate::core::store::{self, Guard, Lockable};
use crate::core::{Error, World, keys, sign};

/// What came of making.
#[derive(Debug, Default)]
pub struct Made {
    /// What happened, or would.
    pub report: MadeReport,
    /// PEM that was asked for on standard output.
    pub stdout: Bytes,
}

/// Makes everything in `spec` that is not there as asked, or only tells what it would do.
///
/// # Errors
///
/// Whatever stops any of its parts; no file has changed then.
pub fn make(spec: &Spec, dry_run: bool, world: &World<'_>) -> Result<Made, Error> {
    let Some(guard) = lock(spec, dry_run, world)? else {
        let plan = decide(spec, &store::read(spec.paths()), world)?;
        let report = MadeReport { dry_run, ..MadeReport::of_plan(&plan) };
        let stdout = if dry_run { Bytes::default() } else { carry_out(plan, world)?.stdout };
        return Ok(Made { report, stdout });
    };
    let plan = decide(spec, &guard.read(spec.paths()), world)?;
    let mut report = MadeReport::of_plan(&plan);
    report.notes.extend(guard.recovered().iter().map(ToString::to_string));
    let outcome = carry_out(plan, world)?;
    guard.commit(&outcome.changes)?;
    report.add_made(&outcome.made, world.now);
    Ok(Made { report, stdout: outcome.stdout })
}

/// The lock of the folder that is written to; none for a dry run, nor where no file is written.
fn lock(spec: &Spec, dry_run: bool, world: &World<'_>) -> Result<Option<Guard>, Error> {
    match &spec.home {
        Some(home) if !dry_run => {
            Ok(Some(store::lock(&[Lockable::Folder(home.clone())], &world.locks)?))
        }
        _ => Ok(None),
    }
}

pub(super) fn decide(spec: &Spec, snapshot: &Snapshot, world: &World<'_>) -> Result<Plan, Error> {
    Ok(plan::make(spec, Inventory::new(snapshot), world.now)?)
}

pub(super) fn carry_out(plan: Plan, world: &World<'_>) -> Result<Outcome, Error> {
    let drawn = keys::draw_for(&plan, world.entropy)?;
    Ok(sign::carry_out(plan, drawn, world.entropy)?)
}
