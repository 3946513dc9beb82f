//! What kubeconfigs say together, and where it comes from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::core::kubeconfig::{Config, Document, Item, Merged, View};

/// What kubeconfigs say together.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct ViewReport {
    /// What is to be seen.
    pub document: Document,
    /// The names of its contexts.
    #[serde(skip)]
    pub contexts: Vec<String>,
    /// What is not as it stands in the files.
    #[serde(skip)]
    pub notes: Vec<String>,
    /// What may surprise about the files.
    #[serde(skip)]
    pub warnings: Vec<String>,
}

/// Where everything comes from.
#[derive(Clone, Debug, Serialize)]
pub struct OriginsReport {
    /// Clusters, users, contexts, each by name, then the current context.
    pub entries: Vec<Origin>,
    /// What may surprise about the files.
    pub warnings: Vec<String>,
}

/// Where an entry comes from.
#[derive(Clone, Debug, Serialize)]
pub struct Origin {
    /// `cluster`, `user`, `context` or `current-context`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// The file that counts.
    #[serde(serialize_with = "super::as_text")]
    pub file: PathBuf,
    /// Other files that have one of this name, which does not count.
    pub hides: Vec<String>,
}

impl OriginsReport {
    /// Where what is in `merged` comes from, out of all that `view` has.
    pub fn new(merged: &Merged<'_>, view: View<'_>, warnings: Vec<String>) -> Self {
        let mut entries = Vec::new();
        add(&mut entries, "cluster", &merged.clusters, view, |one| &one.name, |it| &it.clusters);
        add(&mut entries, "user", &merged.users, view, |one| &one.name, |it| &it.users);
        add(&mut entries, "context", &merged.contexts, view, |one| &one.name, |it| &it.contexts);
        entries.extend(current(merged, view));
        Self { entries, warnings }
    }
}

fn add<T>(
    entries: &mut Vec<Origin>,
    kind: &'static str,
    items: &[Item<'_, T>],
    view: View<'_>,
    name: fn(&T) -> &String,
    list: fn(&Config) -> &Vec<T>,
) {
    let mut files: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for file in view.files() {
        for entry in list(file.config()) {
            files.entry(name(entry)).or_default().push(file.path().display().to_string());
        }
    }
    entries.extend(items.iter().map(|item| {
        let name = name(item.entry);
        let hides = files.get(name.as_str()).and_then(|files| files.get(1..)).unwrap_or_default();
        Origin {
            kind,
            name: name.clone(),
            file: item.file.path().to_owned(),
            hides: hides.to_vec(),
        }
    }));
}

/// What was asked for on the command line has no file.
fn current(merged: &Merged<'_>, view: View<'_>) -> Option<Origin> {
    let (name, file) = view.current_context().filter(|(name, _)| *name == merged.current)?;
    let files = view.files().iter().filter(|file| !file.config().current_context.is_empty());
    let hides = files.skip(1).map(|file| file.path().display().to_string()).collect();
    Some(Origin {
        kind: "current-context",
        name: name.to_owned(),
        file: file.path().to_owned(),
        hides,
    })
}
