//! The act of making: plan, draw, sign, write.

use std::collections::BTreeSet;

use crate::core::changes::{Bytes, Change, folder_of};
use crate::core::inventory::Inventory;
use crate::core::place::keep_before;
use crate::core::plan::{self, Plan};
use crate::core::report::MadeReport;
use crate::core::sign::{Entries, Outcome};
use crate::core::spec::Spec;
use crate::core::store::{self, Guard, Lockable};
use crate::core::{Error, World, keys, log, parallel, sign};

/// What came of making.
#[derive(Debug, Default)]
pub struct Made {
    /// What happened, or would.
    pub report: MadeReport,
    /// What was asked for on standard output.
    pub stdout: Bytes,
}

/// How far making has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// With the keys of a set.
    pub keys: keys::Progress,
    /// The number of that set.
    pub set: usize,
    /// So many sets there are.
    pub sets: usize,
}

impl Progress {
    /// Whether nothing is left to draw.
    pub fn is_over(&self) -> bool {
        self.keys.drawn == self.keys.of && self.set == self.sets
    }
}

impl Made {
    fn add(&mut self, other: Self) {
        self.report.add(other.report);
        self.stdout.extend_from_slice(&other.stdout);
    }
}

/// Makes everything in `specs` that is not there as asked, one after the other. All the files of each come into place together,
/// or none does; and nothing is made at all where a file of any differs from what is asked. `watch` is told how far the drawing of
/// keys has come.
///
/// # Errors
///
/// Whatever stops any of its parts; of that one no file has changed then.
pub fn make(
    specs: &[Spec],
    world: &World<'_>,
    watch: &mut dyn FnMut(Progress),
) -> Result<Made, Error> {
    let homes = specs.iter().filter_map(|spec| spec.home.clone()).take(1);
    let folders: BTreeSet<_> = homes.chain(specs.iter().flat_map(Spec::ca_folders)).collect();
    let folders: Vec<_> = folders.into_iter().map(Lockable::Folder).collect();
    let folder = match folders.is_empty() {
        true => None,
        false => Some(store::lock(&folders, &world.locks)?),
    };
    if folder.is_some() {
        specs.iter().for_each(|spec| store::unlock_dead(&spec.kubeconfigs()));
    }
    let mut made = Made::default();
    made.report.notes.extend(folder.iter().flat_map(Guard::recovered).map(ToString::to_string));
    let [alone] = specs else {
        return make_several(specs, made, folder.as_ref(), world, watch);
    };
    let plan = decide(alone, world)?.fit()?;
    let watch = &mut |keys| watch(Progress { keys, set: 1, sets: 1 });
    made.add(carry_out(plan, folder.as_ref(), world, watch)?);
    Ok(made)
}

/// All are planned before anything of the first is made; what is as asked is not planned again.
fn make_several(
    specs: &[Spec],
    mut made: Made,
    folder: Option<&Guard>,
    world: &World<'_>,
    watch: &mut dyn FnMut(Progress),
) -> Result<Made, Error> {
    let sets = specs.len();
    for (index, (spec, planned)) in specs.iter().zip(fitting(specs, world)?).enumerate() {
        let watch = &mut |keys| watch(Progress { keys, set: index + 1, sets });
        made.add(match planned.changed {
            false => Made { report: planned, stdout: Bytes::default() },
            true => carry_out(decide(spec, world)?.fit()?, folder, world, watch)?,
        });
    }
    Ok(Made { report: made.report.tell_once(), ..made })
}

/// Carries a plan out.
fn carry_out(
    plan: Plan,
    folder: Option<&Guard>,
    world: &World<'_>,
    watch: &mut dyn FnMut(keys::Progress),
) -> Result<Made, Error> {
    let mut report = MadeReport::of_plan(&plan);
    let drawn = keys::draw_for(&plan, world.entropy, watch)?;
    let place = |entries| place(&entries, world);
    let (signed, placed) =
        sign::carry_out_and(plan, drawn, world.entropy, place, |outcome, give| {
            // Only now: a search for RSA primes is long, and meanwhile kubectl may want the files.
            let files = lock_kubeconfigs(&outcome.kubeconfigs, folder.is_some(), world)?;
            let Outcome { mut changes, kubeconfigs, stdout, made, issued } = outcome;
            kubeconfigs.into_iter().for_each(give);
            let issued = issued.iter().map(|(ca, certificate)| (ca.clone(), certificate));
            changes.list.extend(log::issued(issued, world));
            Ok::<_, Error>((changes, stdout, made, files))
        })?;
    let (mut changes, stdout, made, files) = signed;
    for placed in placed {
        changes.list.extend(placed?);
    }
    // Without a folder of its own, the journal is where the log of the CA is, or beside the kubeconfig.
    if changes.home.as_os_str().is_empty()
        && let Some(first) = changes.list.first()
    {
        changes.home = folder_of(&first.path).to_owned();
    }
    if let Some(guard) = folder.or(files.as_ref()) {
        guard.commit(&changes)?;
    }
    report.add_made(made, world.now);
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
    let plan_one = |spec: &Spec| {
        let plan = decide(spec, world)?;
        let mut report = MadeReport::of_plan(&plan);
        report.add_kept_certificates(&plan, world.now);
        Ok::<_, Error>((report, plan.fit().err()))
    };
    let planned = parallel::map(specs, plan_one);
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

fn lock_kubeconfigs(
    kubeconfigs: &[Entries],
    has_folder: bool,
    world: &World<'_>,
) -> Result<Option<Guard>, Error> {
    if kubeconfigs.is_empty() {
        return Ok(None);
    }
    let files = kubeconfigs.iter().map(|one| Lockable::Kubeconfig(one.out.clone()));
    // Without a folder of its own, the journal is beside the kubeconfig.
    let folders = kubeconfigs.iter().filter(|_| !has_folder);
    let folders = folders.map(|one| Lockable::Folder(folder_of(&one.out).to_owned()));
    Ok(Some(store::lock(&folders.chain(files).collect::<Vec<_>>(), &world.locks)?))
}

/// Brings entries into a kubeconfig as it is now, and keeps what it said before.
fn place(
    Entries { out, entries, force }: &Entries,
    world: &World<'_>,
) -> Result<Vec<Change>, Error> {
    let now = store::read([out.clone()]);
    let old = Inventory::new(&now).bytes("kubeconfig", out)?;
    let change = plan::place(out, entries, old, *force)?;
    let kept = change.as_ref().zip(old).map(|(change, old)| {
        let what = format!("added the context `{}`", entries.context.name);
        keep_before(out, old, &change.bytes, &what, world.now)
    });
    Ok(kept.into_iter().chain(change).collect())
}
