//! Kubeconfigs that are merged: read, and looked through for what they could do.

use std::path::Path;

use crate::core::check::dangers;
use crate::core::edits::error::{Danger, EditsError};
use crate::core::edits::files::found;
use crate::core::inventory;
use crate::core::kubeconfig::{Config, Entry, File, Flattening, Merged, MergedError, View};
use crate::core::x509::time::Moment;
use crate::core::{Error, show, store};

use super::Merge;

/// A kubeconfig that is merged.
pub(super) struct Source {
    /// As it stands there.
    pub file: File,
    /// Its entries that are to come in as something else than what it says, in their order.
    embedded: Config,
}

impl Source {
    /// The entries that are to come in, in the order of the file, which has no name twice.
    pub fn entries<E: Entry>(&self) -> impl Iterator<Item = &E> {
        let mut embedded = E::list(&self.embedded).iter().peekable();
        E::list(self.file.config())
            .iter()
            .map(move |entry| embedded.next_if(|new| new.name() == entry.name()).unwrap_or(entry))
    }

    /// The name of the file, without what follows its last dot.
    pub fn stem(&self) -> String {
        let stem = self.file.path().file_stem().unwrap_or_default().to_string_lossy();
        stem.chars().map(|c| if c.is_control() || c == ' ' { '-' } else { c }).collect()
    }
}

/// Reads all of them. What they could do must be allowed before a file that they name is opened.
pub(super) fn read(wanted: &Merge, folder: &Path, now: Moment) -> Result<Vec<Source>, Error> {
    let (mut files, mut refused) = (Vec::new(), Vec::new());
    for source in &wanted.sources {
        let (path, snapshot) = found(source);
        let bytes = inventory::needed(snapshot, "kubeconfig", &path)?;
        if matches!(source, show::Source::Bytes(..)) && bytes.trim_ascii().is_empty() {
            return Err(EditsError::NothingCame(path).into());
        }
        let file = File::of(&path, bytes)?;
        let (file, dangers) = screen(file, folder, &wanted.allowed, now);
        refused.extend(dangers);
        files.push(file);
    }
    if !refused.is_empty() {
        return Err(EditsError::Refused(refused).into());
    }
    files.into_iter().map(|file| source(file, wanted.embed)).collect()
}

/// What is not allowed. Where the file is must be known in full, to tell what lies outside of its folder.
fn screen(file: File, folder: &Path, allowed: &[&str], now: Moment) -> (File, Vec<Danger>) {
    let path = file.path().to_owned();
    let files = [file.at(folder.join(&path))];
    let found = dangers(View::new(&files), now).into_iter();
    let found = found.filter(|danger| !allowed.contains(&danger.rule));
    let dangers = found.map(|found| Danger {
        file: path.clone(),
        entry: found.entry.unwrap_or_default(),
        rule: found.rule,
        what: found.message,
    });
    let dangers = dangers.collect();
    let [file] = files;
    (file.at(path), dangers)
}

fn source(file: File, embed: bool) -> Result<Source, Error> {
    let mut embedded = Config::default();
    if embed {
        let view = View::new(std::slice::from_ref(&file));
        let snapshot = store::read(Merged::of(view).named_files());
        let config = file.config();
        embedded.clusters = taken_in(&config.clusters, |entry| {
            let owner = format!("cluster {}", entry.name);
            Flattening { file: &file, snapshot: &snapshot, owner }.cluster(&mut entry.cluster)
        })?;
        embedded.users = taken_in(&config.users, |entry| {
            let owner = format!("user {}", entry.name);
            Flattening { file: &file, snapshot: &snapshot, owner }.user(&mut entry.user)
        })?;
    }
    Ok(Source { file, embedded })
}

/// Those that change.
fn taken_in<E: Entry>(
    entries: &[E],
    take_in: impl Fn(&mut E) -> Result<(), MergedError>,
) -> Result<Vec<E>, Error> {
    let mut changed = Vec::new();
    for old in entries {
        let mut new = old.clone();
        take_in(&mut new)?;
        if new != *old {
            changed.push(new);
        }
    }
    Ok(changed)
}
