//! The act of making: plan, draw, sign, write.

use std::path::PathBuf;

use crate::core::changes::{Bytes, Change};
use crate::core::inventory::Inventory;
use crate::core::plan::{self, Plan};
use crate::core::report::MadeReport;
use crate::core::sign::{Entries, Outcome};
use crate::core::spec::Spec;
use crate::core::store::{self, Guard, Lockable};
use crate::core::{Error, World, keys, parallel, sign};

/// What came of making.
#[derive(Debug, Default)]
pub struct Made {
    /// What happened, or would.
    pub report: MadeReport,
    /// What was asked for on standard output.
    pub stdout: Bytes,
}

impl Made {
    fn add(&mut self, other: Self) {
        self.report.add(other.report);
        self.stdout.extend_from_slice(&other.stdout);
    }
}

/// Makes everything in `specs` that is not there as asked, one after the other. All the files of each come into place together,
/// or none does; and nothing is made at all where a file of any differs from what is asked.
///
/// # Errors
///
/// Whatever stops any of its parts; of that one no file has changed then.
pub fn make(specs: &[Spec], world: &World<'_>) -> Result<Made, Error> {
    let home = specs.iter().find_map(|spec| spec.home.clone());
    let folder =
        home.map(|home| store::lock(&[Lockable::Folder(home)], &world.locks)).transpose()?;
    if folder.is_some() {
        specs.iter().for_each(|spec| store::unlock_dead(&spec.kubeconfigs()));
    }
    let mut made = Made::default();
    made.report.notes.extend(folder.iter().flat_map(Guard::recovered).map(ToString::to_string));
    let [alone] = specs else {
        return make_several(specs, made, folder.as_ref(), world);
    };
    let plan = decide(alone, world)?.fit()?;
    made.add(carry_out(plan, folder.as_ref(), world)?);
    Ok(made)
}

/// All are planned before anything of the first is made; what is as asked is not planned again.
fn make_several(
    specs: &[Spec],
    mut made: Made,
    folder: Option<&Guard>,
    world: &World<'_>,
) -> Result<Made, Error> {
    for (spec, planned) in specs.iter().zip(fitting(specs, world)?) {
        made.add(match planned.changed {
            false => Made { report: planned, stdout: Bytes::default() },
            true => carry_out(decide(spec, world)?.fit()?, folder, world)?,
        });
    }
    Ok(Made { report: made.report.tell_once(), ..made })
}

/// Carries a plan out.
fn carry_out(plan: Plan, folder: Option<&Guard>, world: &World<'_>) -> Result<Made, Error> {
    let mut report = MadeReport::of_plan(&plan);
    let drawn = keys::draw_for(&plan, world.entropy)?;
    let Outcome { mut changes, kubeconfigs, stdout, made } =
        sign::carry_out(plan, drawn, world.entropy)?;
    report.add_made(&made, world.now);

    // Only now: a search for RSA primes is long, and meanwhile kubectl may want the files.
    let files = lock_kubeconfigs(&kubeconfigs, world)?;
    changes.list.extend(place(kubeconfigs)?);
    if let Some(guard) = folder.or(files.as_ref()) {
        guard.commit(&changes)?;
    }
    Ok(Made { report, stdout })
}

/// Tells what [`make`] would do: its first half.
///
/// # Errors
///
/// Files that cannot be read, or something that could not be signed.
pub fn plan(specs: &[Spec], world: &World<'_>) -> Result<MadeReport, Error> {
    let planned =
        parallel::map(specs, |spec| decide(spec, world).map(|plan| MadeReport::of_plan(&plan)));
    let mut report = MadeReport { dry_run: true, ..MadeReport::default() };
    for one in planned {
        report.add(one?);
    }
    Ok(report.tell_once())
}

/// The same, where a difference is an error as it would be for [`make`].
///
/// # Errors
///
/// What stops [`plan()`]; a file that differs from what is asked.
pub fn dry_run(specs: &[Spec], world: &World<'_>) -> Result<Made, Error> {
    let mut report = MadeReport { dry_run: true, ..MadeReport::default() };
    fitting(specs, world)?.into_iter().for_each(|one| report.add(one));
    Ok(Made { report: report.tell_once(), stdout: Bytes::default() })
}

/// What would be done about each, where nothing stands in the way of any.
fn fitting(specs: &[Spec], world: &World<'_>) -> Result<Vec<MadeReport>, Error> {
    let planned = parallel::map(specs, |spec| {
        let plan = decide(spec, world)?;
        let mut report = MadeReport::of_plan(&plan);
        report.add_kept_certificates(&plan, world.now);
        Ok::<_, Error>((report, plan.fit().err()))
    });
    let planned = planned.into_iter().collect::<Result<Vec<_>, _>>()?;
    let (reports, errors): (Vec<_>, Vec<_>) = planned.into_iter().unzip();
    match plan::Error::of_sets(errors.into_iter().flatten()) {
        Some(error) => Err(error.into()),
        None => Ok(reports),
    }
}

/// What is on disk, and what is to be done about it.
fn decide(spec: &Spec, world: &World<'_>) -> Result<Plan, Error> {
    let snapshot = store::read(spec.paths());
    Ok(plan::make(spec, Inventory::new(&snapshot), world.now)?)
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
