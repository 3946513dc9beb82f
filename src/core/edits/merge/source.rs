//! Kubeconfigs that are merged: read, and looked through for what they could do.

use std::path::Path;

use crate::core::changes::Snapshot;
use crate::core::check::dangers;
use crate::core::edits::error::{Danger, EditsError};
use crate::core::edits::files::found;
use crate::core::inventory;
use crate::core::kubeconfig::{Config, File, Flattening, Merged, View};
use crate::core::x509::time::Moment;
use crate::core::{Error, store};

use super::Merge;

/// A kubeconfig that is merged.
pub(super) struct Source {
    /// As it stands there.
    pub file: File,
    /// What of it is to come in, where that is not just what it says.
    embedded: Option<Config>,
}

impl Source {
    /// What of it is to come in.
    pub fn config(&self) -> &Config {
        self.embedded.as_ref().unwrap_or_else(|| self.file.config())
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
    if !embed {
        return Ok(Source { file, embedded: None });
    }
    let mut config = file.config().clone();
    let snapshot = store::read(Merged::of(View::new(std::slice::from_ref(&file))).named_files());
    take_in(&file, &mut config, &snapshot)?;
    Ok(Source { file, embedded: Some(config) })
}

fn take_in(file: &File, config: &mut Config, snapshot: &Snapshot) -> Result<(), Error> {
    for entry in &mut config.clusters {
        let owner = format!("cluster {}", entry.name);
        Flattening { file, snapshot, owner }.cluster(&mut entry.cluster)?;
    }
    for entry in &mut config.users {
        let owner = format!("user {}", entry.name);
        Flattening { file, snapshot, owner }.user(&mut entry.user)?;
    }
    Ok(())
}
