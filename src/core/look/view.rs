//! What several kubeconfigs say together.

use std::path::Path;

use crate::core::contexts::{load, named, unknown, warnings};
use crate::core::kubeconfig::{
    Config, Document, Item, LoadPaths, Merged, NamedContext, View, redact,
};
use crate::core::report::{OriginsReport, ViewReport};
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
pub fn view(paths: &LoadPaths, of: &ViewOf, folder: &Path) -> Result<Shown, Error> {
    let files = load(paths, &store::read(paths.all().to_vec()))?;
    let view = View::new(&files);
    let mut merged = Merged::of(view);
    if let Some(name) = &of.minify {
        merged = merged.minified(context(view, name.as_deref(), paths)?)?;
    }
    let warnings = warnings(&files);
    if of.origin {
        return Ok(Shown::Origins(OriginsReport::new(&merged, view, warnings)));
    }
    let (mut config, notes) = match of.flatten {
        true => flattened(&merged, folder)?,
        false => (merged.config(), Vec::new()),
    };
    // They may be large, and all that counts is in the configuration now.
    drop(merged);
    drop(files);
    if !of.raw {
        redact(&mut config);
    }
    let contexts = config.contexts.iter().map(|context| context.name.clone()).collect();
    Ok(Shown::View(ViewReport { document: Document::of(&config), contexts, notes, warnings }))
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
