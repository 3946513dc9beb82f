//! Every context as a file of its own.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::core::contexts::{ContextError, load, named, warnings};
use crate::core::kubeconfig::{LoadPaths, Merged, View};
use crate::core::place::place;
use crate::core::report::MadeReport;
use crate::core::spec::file_name;
use crate::core::{Error, World};

use super::one::{OneContext, whole};
use super::view::context;

/// What is to be split off.
#[derive(Debug)]
pub struct Split {
    /// The contexts; none means all.
    pub names: Vec<String>,
    /// The folder of the files.
    pub out_dir: PathBuf,
    /// Whether files that are there and differ are replaced.
    pub force: bool,
    /// Whether nothing is written.
    pub dry_run: bool,
    /// The working folder.
    pub folder: PathBuf,
}

/// Writes a kubeconfig for each context, with all that it needs: certificates and keys are in it.
///
/// # Errors
///
/// No such context, or none at all; something that one of them names is nowhere or cannot be read; another file in a place.
/// No file has been written then.
pub fn split(paths: &LoadPaths, wanted: &Split, world: &World<'_>) -> Result<MadeReport, Error> {
    let files = load(paths)?;
    let view = View::new(&files);
    let merged = Merged::of(view);
    let mut contexts = match wanted.names.as_slice() {
        [] => merged.contexts.clone(),
        names => {
            let named = names.iter().map(|name| context(view, Some(name), paths));
            named.collect::<Result<_, _>>()?
        }
    };
    if contexts.is_empty() {
        return Err(ContextError::Empty(named(paths)).into());
    }
    contexts.sort_by_key(|item| &item.entry.name);
    contexts.dedup_by_key(|item| &item.entry.name);
    if contexts.len() > MOST_FILES {
        return Err(ContextError::TooMany { contexts: contexts.len(), most: MOST_FILES }.into());
    }
    let mut report = MadeReport { dry_run: wanted.dry_run, ..MadeReport::default() };
    report.warnings = warnings(&files);
    let (mut files, mut taken) = (Vec::new(), BTreeSet::new());
    for context in contexts {
        let name = &context.entry.name;
        let OneContext { bytes, notes, warning } =
            OneContext::of(&merged, context, &wanted.folder)?;
        report.notes.extend(notes);
        report.warnings.extend(warning);
        files.push(whole(name, wanted.out_dir.join(free_name(name, &mut taken)), bytes));
    }
    place(files, wanted.force, &mut report, world)?;
    Ok(report)
}

/// The most files that are written at once: they come into place together, and a journal names each.
const MOST_FILES: usize = 10_000;

/// A name for the file of a context that no other one has, large or small: some disks tell no difference.
fn free_name(context: &str, taken: &mut BTreeSet<String>) -> String {
    let name = file_name(context);
    let numbered = (2..).map(|number| format!("{name}-{number}.conf"));
    let names = std::iter::once(format!("{name}.conf")).chain(numbered);
    let mut free = names.skip_while(|name| !taken.insert(name.to_lowercase()));
    free.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_contexts_share_a_file() {
        let mut taken = BTreeSet::new();
        let names = ["a/b", "a:b", "a_b", "A-B", "a-b"].map(|name| free_name(name, &mut taken));
        assert_eq!(names, ["a-b.conf", "a:b.conf", "a_b.conf", "A-B-2.conf", "a-b-3.conf"]);
    }
}
