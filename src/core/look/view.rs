//! What several kubeconfigs say together.

use std::collections::BTreeSet;
use std::path::Path;

use crate::core::check::{DANGERS, dangers};
use crate::core::contexts::{load, named, unknown, warnings};
use crate::core::kubeconfig::{
    Config, Document, Item, LoadPaths, Merged, NamedContext, View, redact,
};
use crate::core::report::{OriginsReport, ViewReport};
use crate::core::x509::time::Moment;
use crate::core::{ContextError, Error, store};

/// What is to be shown.
#[derive(Clone, Debug, Default)]
pub struct ViewOf {
    /// Only what a context needs: the named one, or the current one.
    pub minify: Option<Option<String>>,
    /// With the files that it names taken in.
    pub flatten: bool,
    /// With all secrets.
    pub raw: bool,
    /// Where each entry comes from, instead of what it says.
    pub origin: bool,
}

/// What was asked for.
#[derive(Debug)]
pub enum Shown {
    /// Where each entry comes from.
    Origins(OriginsReport),
    /// What the entries say.
    View(ViewReport),
}

/// Shows what client-go makes of the files; `folder` is the working one.
///
/// # Errors
///
/// A file that cannot be read; with `minify`, a context that is not there or names what is not; with `flatten`, a named file
/// that cannot be taken in.
pub fn view(paths: &LoadPaths, of: &ViewOf, folder: &Path, now: Moment) -> Result<Shown, Error> {
    let files = load(paths)?;
    let view = View::new(&files);
    let mut merged = Merged::of(view);
    if let Some(name) = &of.minify {
        merged = merged.minified(context(view, name.as_deref(), paths)?)?;
    }
    let warnings = warnings(&files);
    if of.origin {
        return Ok(Shown::Origins(OriginsReport::new(&merged, view, warnings)));
    }
    let dangers = dangerous(&merged, view, now);
    let (mut config, mut notes) = match of.flatten {
        true => flattened(&merged, folder)?,
        false => (merged.config(), Vec::new()),
    };
    notes.extend(dangers);
    // They may be large, and all that counts is in the configuration now.
    drop(merged);
    drop(files);
    if !of.raw {
        redact(&mut config);
    }
    let contexts = config.contexts.iter().map(|context| context.name.clone()).collect();
    Ok(Shown::View(ViewReport { document: Document::of(&config), contexts, notes, warnings }))
}

/// What the entries that are shown could do: one of each kind, and how many there are besides.
fn dangerous(merged: &Merged<'_>, view: View<'_>, now: Moment) -> Vec<String> {
    let clusters = merged.clusters.iter().map(|item| format!("cluster {}", item.entry.name));
    let users = merged.users.iter().map(|item| format!("user {}", item.entry.name));
    let shown: BTreeSet<Option<String>> = clusters.chain(users).map(Some).collect();
    let mut found = dangers(view, now);
    found.retain(|danger| shown.contains(&danger.entry));
    let note = |rule: &&str| {
        let mut found = found.iter().filter(|danger| danger.rule == *rule);
        let first = found.next()?;
        let more = match found.count() {
            0 => String::new(),
            more => format!(" (and {more} more; see kubepki kubeconfig check)"),
        };
        Some(format!("{}: {}{more}", first.entry.as_deref()?, first.message))
    };
    DANGERS.iter().filter_map(note).collect()
}

/// The context of this name, or the current one.
pub(super) fn context<'a>(
    view: View<'a>,
    name: Option<&str>,
    paths: &LoadPaths,
) -> Result<Item<'a, NamedContext>, Error> {
    let current = || view.current_context().map(|(name, _)| name);
    let name = name.or_else(current).ok_or_else(|| ContextError::NoCurrent(named(paths)))?;
    Ok(view.context(name).ok_or_else(|| unknown(name, view, paths))?)
}

/// With the files that it names taken in.
pub(super) fn flattened(
    merged: &Merged<'_>,
    folder: &Path,
) -> Result<(Config, Vec<String>), Error> {
    let snapshot = store::read(merged.named_files());
    Ok(merged.flattened(&snapshot, folder)?)
}
