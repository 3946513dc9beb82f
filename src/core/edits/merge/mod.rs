//! Merging kubeconfigs into one.
//!
//! Names are decided over values first: for each entry of each source, whether it comes in, and by which name. Then all of them are
//! written at once.

mod names;
mod rooted;
mod source;

use std::borrow::Cow;
use std::path::PathBuf;

use crate::core::changes::Bytes;
use crate::core::kubeconfig::{Added, Context, NamedCluster, NamedContext, NamedUser, Referred};
use crate::core::place::{Whole, place};
use crate::core::report::{MadeReport, MergeReport, MergedEntry};
use crate::core::show;
use crate::core::{Error, World};

use super::desk::{Desk, How, Told, edited_from};
use super::error::EditsError;
use names::{Names, NewNames};
use rooted::Rooted;
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
    // The sources, which may be large, are gone when it is written.
    let (desk, (file, outcome)) = edited_from(how, world, || {
        let sources = source::read(wanted, &how.folder, world.now)?;
        let mut desk = Desk::read(how)?;
        let (file, outcome) = (desk.default_file()?, decide(&mut desk, wanted, &sources)?);
        Ok((desk, (file, outcome)))
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
    drop(sources);
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
        let new_clusters = clusters.add(source, wanted, |_, _| {});
        let new_users = users.add(source, wanted, |_, _| {});
        let new_contexts = contexts.add(source, wanted, |name, context| {
            let cluster = follow(context, &new_clusters, &clusters);
            let user = follow(context, &new_users, &users);
            let others = [("cluster", cluster), ("user", user)].into_iter();
            let others = others.filter_map(|(kind, other)| Some((kind, other?)));
            warnings.extend(others.map(|(kind, other)| strange(source, name, kind, &other)));
        });
        let first = || new_contexts.get(source.file.config().current_context.as_str());
        current = current.or_else(|| first().map(ToString::to_string));
    }
    let (clusters, users, contexts) = (clusters.decided(), users.decided(), contexts.decided());
    let conflicts = [clusters.conflicts, users.conflicts, contexts.conflicts].concat();
    if !conflicts.is_empty() {
        return Err(EditsError::Conflicts(conflicts).into());
    }
    warnings.into_iter().for_each(|warning| desk.warn(warning));
    sources.iter().filter_map(left_out).for_each(|note| desk.note(note));
    desk.replace_all(&clusters.replaced)?;
    desk.replace_all(&users.replaced)?;
    desk.replace_all(&contexts.replaced)?;
    let current = switched(desk, current, wanted.switch);
    let added = Added { clusters: clusters.added, users: users.added, contexts: contexts.added };
    desk.take(&added, current.as_deref())?;
    let entries = clusters.entries.into_iter().chain(users.entries).chain(contexts.entries);
    Ok(Outcome { entries: entries.collect(), current })
}

/// Makes a context name what came in by another name. Tells what is not from its own file, but there.
fn follow<'k, 'a: 'k, E: Rooted + Referred>(
    context: &mut Cow<'_, Context>,
    new: &NewNames<'_>,
    there: &Names<'k, 'a, E>,
) -> Option<String> {
    let old = E::named_by(context);
    match new.get(old.as_str()) {
        Some(new) if new != old => *E::named_by_mut(context.to_mut()) = new.to_string(),
        None if there.has(old) => return Some(old.clone()),
        _ => {}
    }
    None
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
    let has_more = !source.file.config().extensions.is_empty();
    let file = source.file.path().display();
    has_more.then(|| format!("{file} has extensions of its own, which stay there"))
}

/// The context that becomes the current one: one that is current already stays, unless another one is wanted.
fn switched(desk: &Desk<'_>, current: Option<String>, is_wanted: bool) -> Option<String> {
    let old = desk.current().ok();
    current.filter(|name| (is_wanted || old.is_none()) && old.as_ref() != Some(name))
}
