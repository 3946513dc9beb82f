//! Merging kubeconfigs into one.
//!
//! Names are decided over values first: for each entry of each source, whether it comes in, and by which name. Then all of them are
//! written at once.

mod names;
mod rooted;
mod source;

use std::path::PathBuf;

use crate::core::changes::Bytes;
use crate::core::kubeconfig::{NamedCluster, NamedContext, NamedUser};
use crate::core::place::{Whole, place};
use crate::core::report::{MadeReport, MergeReport, MergedEntry};
use crate::core::show;
use crate::core::{Error, World};

use super::desk::{Desk, How, Told, edited};
use super::error::EditsError;
use names::{Names, NewNames};
use source::Source;

pub use names::{OnConflict, Template};

/// What is to be merged, and how.
#[derive(Debug)]
pub struct Merge {
    /// The kubeconfigs.
    pub sources: Vec<show::Source>,
    /// Of two entries that have one name and differ.
    pub on_conflict: OnConflict,
    /// How an entry is called whose name another one has.
    pub rename_to: Template,
    /// Whether certificates and keys that are named by paths are taken in.
    pub embed: bool,
    /// Whether the current context of the first source that has one becomes the current one.
    pub switch: bool,
    /// The dangers that are allowed, by the names of their rules.
    pub allowed: Vec<&'static str>,
}

/// A new file that holds what was merged, and nothing else.
#[derive(Clone, Debug)]
pub struct MergedFile {
    /// Where it goes; `None` prints it.
    pub out: Option<PathBuf>,
    /// Whether a file that is there and differs is replaced.
    pub force: bool,
}

/// What a decision came to.
struct Outcome {
    entries: Vec<MergedEntry>,
    current: Option<String>,
}

/// Merges kubeconfigs into the files of `how`: new entries go to the default one.
///
/// # Errors
///
/// A source that cannot be read, or that is refused for what it could do; two entries of one name where that is to fail; a file
/// that cannot be edited or locked. No file has changed then.
pub fn merge(how: &How, wanted: &Merge, world: &World<'_>) -> Result<MergeReport, Error> {
    let sources = source::read(wanted, &how.folder, world.now)?;
    let (desk, (file, outcome)) = edited(how, world, |desk| {
        let file = desk.default_file()?;
        Ok((file, decide(desk, wanted, &sources)?))
    })?;
    Ok(report(desk, file, outcome, world))
}

/// Merges kubeconfigs into a file that holds nothing else; the one of `how`.
///
/// # Errors
///
/// As for [`merge`]; another file in its place.
pub fn merge_into_new(
    how: &How,
    wanted: &Merge,
    to: &MergedFile,
    world: &World<'_>,
) -> Result<(MergeReport, Bytes), Error> {
    let sources = source::read(wanted, &how.folder, world.now)?;
    let mut desk = Desk::empty(how);
    let file = desk.default_file()?;
    let outcome = decide(&mut desk, wanted, &sources)?;
    let bytes = desk.bytes(&file);
    let mut report = report(desk, file, outcome, world);
    let Some(out) = &to.out else { return Ok((report, bytes)) };
    let whole = Whole {
        path: out.clone(),
        bytes,
        about: String::new(),
        differs: "it is not what these files say together".to_owned(),
    };
    let mut made = MadeReport { dry_run: how.dry_run, ..MadeReport::default() };
    place(vec![whole], to.force, &mut made, world)?;
    report.changed = made.changed;
    Ok((report, Bytes::default()))
}

fn report(mut desk: Desk<'_>, file: PathBuf, outcome: Outcome, world: &World<'_>) -> MergeReport {
    let Outcome { entries, current } = outcome;
    let dry_run = desk.how.dry_run;
    let Told { changed, warnings, notes } = desk.told(world);
    MergeReport { changed, dry_run, file, entries, current, warnings, notes }
}

fn decide(desk: &mut Desk<'_>, wanted: &Merge, sources: &[Source]) -> Result<Outcome, Error> {
    let (how, target) = (desk.how, desk.default_file()?);
    let mut clusters = Names::<NamedCluster>::of(desk.view(), &target, how);
    let mut users = Names::<NamedUser>::of(desk.view(), &target, how);
    let mut contexts = Names::<NamedContext>::of(desk.view(), &target, how);
    let (mut current, mut warnings) = (None, Vec::new());
    for source in sources {
        let new_clusters = clusters.add(source, wanted, how, |_, _| {});
        let new_users = users.add(source, wanted, how, |_, _| {});
        let new_contexts = contexts.add(source, wanted, how, |name, context| {
            for (kind, field, new, is_there) in [
                ("cluster", &mut context.cluster, &new_clusters, &|it: &str| clusters.has(it)),
                ("user", &mut context.user, &new_users, &|it: &str| users.has(it)),
            ]
                as [(_, &mut String, &NewNames, &dyn Fn(&str) -> bool); 2]
            {
                match new.get(field) {
                    Some(new) => field.clone_from(new),
                    None if is_there(field) => {
                        warnings.push(strange(source, name, kind, field));
                    }
                    None => {}
                }
            }
        });
        current = current.or(new_contexts.get(&source.config().current_context).cloned());
    }
    let conflicts = [clusters.conflicts.as_slice(), &users.conflicts, &contexts.conflicts].concat();
    if !conflicts.is_empty() {
        return Err(EditsError::Conflicts(conflicts).into());
    }
    warnings.into_iter().for_each(|warning| desk.warn(warning));
    sources.iter().filter_map(left_out).for_each(|note| desk.note(note));
    clusters.write(desk)?;
    users.write(desk)?;
    contexts.write(desk)?;
    let entries = [clusters.entries, users.entries, contexts.entries].concat();
    Ok(Outcome { entries, current: switch(desk, current, wanted.switch)? })
}

/// A context that means something that its own file does not say.
fn strange(source: &Source, context: &str, kind: &str, name: &str) -> String {
    let file = source.file.path().display();
    format!(
        "the context `{context}` of {file} names the {kind} `{name}`, and gets one that is not from {file}"
    )
}

/// What is no entry stays where it is.
fn left_out(source: &Source) -> Option<String> {
    let has_more = !source.config().extensions.is_empty();
    let file = source.file.path().display();
    has_more.then(|| format!("{file} has extensions of its own, which stay there"))
}

/// A current context that is there stays, unless another one is wanted.
fn switch(
    desk: &mut Desk<'_>,
    current: Option<String>,
    is_wanted: bool,
) -> Result<Option<String>, Error> {
    let old = desk.current().ok();
    match current.filter(|_| is_wanted || old.is_none()) {
        Some(name) if old.as_ref() != Some(&name) => {
            desk.switch(&name)?;
            Ok(Some(name))
        }
        _ => Ok(None),
    }
}
