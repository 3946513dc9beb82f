//! Several files as the one document that they mean: all of it, or what one context needs; as it stands there, or with the files
//! that it names taken in.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::core::changes::{Bytes, Snapshot, quoted};

use super::entry::Entry;
use super::file::File;
use super::flatten::Flattening;
use super::types::{Config, NamedCluster, NamedContext, NamedExtension, NamedUser, Preferences};
use super::view::{Item, View};
use super::written::ToValue;
use super::yaml::emit::{self, Value};

/// What client-go makes of several files.
#[derive(Clone, Debug)]
pub struct Merged<'a> {
    /// By name.
    pub clusters: Vec<Item<'a, NamedCluster>>,
    /// By name.
    pub users: Vec<Item<'a, NamedUser>>,
    /// By name.
    pub contexts: Vec<Item<'a, NamedContext>>,
    /// The name of the context in use; empty for none.
    pub current: String,
    files: &'a [File],
}

/// A kubeconfig ready to be printed or written, in kubectl's order.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(transparent)]
pub struct Document(Value);

/// Why there is no such document.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// client-go would fail too.
    #[error("{}: {owner} has both `{field}` and `{field}-data`", file.display())]
    Both {
        /// The kubeconfig.
        file: PathBuf,
        /// Such as `user admin`.
        owner: String,
        /// The field.
        field: &'static str,
    },
    /// The context names something that is nowhere.
    #[error("{}: context `{context}` names the {kind} `{name}`, which is nowhere", file.display())]
    Dangling {
        /// The file of the context.
        file: PathBuf,
        /// The context.
        context: String,
        /// `cluster` or `user`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A file that is to be taken in.
    #[error("cannot read {}, the `{field}` of {owner} in {}: {why}", path.display(), file.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The field that names it.
        field: &'static str,
        /// Such as `user admin`.
        owner: String,
        /// The kubeconfig.
        file: PathBuf,
        /// The disk's answer.
        why: String,
    },
}

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Both { field, file, .. } => Some(format!(
                "client-go takes `{field}-data`; to keep that alone: kubepki kubeconfig repair {}",
                quoted(file)
            )),
            Self::Dangling { file, .. } => {
                Some(format!("kubepki kubeconfig check {}", quoted(file)))
            }
            Self::Unreadable { path, .. } => {
                Some(format!("see what it is: ls -l {}", quoted(path)))
            }
        }
    }
}

impl<'a> Merged<'a> {
    /// All that a view shows.
    pub fn of(view: View<'a>) -> Self {
        let (mut clusters, mut users, mut contexts) =
            (view.clusters(), view.users(), view.contexts());
        clusters.sort_by(|a, b| a.entry.name.cmp(&b.entry.name));
        users.sort_by(|a, b| a.entry.name.cmp(&b.entry.name));
        contexts.sort_by(|a, b| a.entry.name.cmp(&b.entry.name));
        let current = view.current_context().map(|(name, _)| name.to_owned()).unwrap_or_default();
        Self { clusters, users, contexts, current, files: view.files() }
    }

    /// What `context` needs, and no more; it becomes the current one. A context may do without a cluster or a user.
    ///
    /// # Errors
    ///
    /// A cluster or user of that name is nowhere.
    pub fn minified(&self, context: Item<'a, NamedContext>) -> Result<Self, Error> {
        let names = &context.entry.context;
        let dangling = |kind, name: &str| Error::Dangling {
            file: context.file.path().to_owned(),
            context: context.entry.name.clone(),
            kind,
            name: name.to_owned(),
        };
        let clusters = of_name(&self.clusters, &names.cluster);
        let users = of_name(&self.users, &names.user);
        if clusters.is_empty() && !names.cluster.is_empty() {
            return Err(dangling("cluster", &names.cluster));
        }
        if users.is_empty() && !names.user.is_empty() {
            return Err(dangling("user", &names.user));
        }
        let (current, contexts) = (context.entry.name.clone(), vec![context]);
        Ok(Self { clusters, users, contexts, current, files: self.files })
    }

    /// What it says, word by word.
    pub fn config(&self) -> Config {
        let mut config = Config {
            current_context: self.current.clone(),
            clusters: self.clusters.iter().map(|item| item.entry.clone()).collect(),
            users: self.users.iter().map(|item| item.entry.clone()).collect(),
            contexts: self.contexts.iter().map(|item| item.entry.clone()).collect(),
            preferences: self.preferences(),
            extensions: self.extensions(|config| &config.extensions),
            ..Config::default()
        };
        // client-go sets it as it reads, for protocols that are older than the field.
        for exec in config.users.iter_mut().filter_map(|entry| entry.user.exec.as_mut()) {
            exec.fill_in_interactive_mode();
        }
        let extensions = config.clusters.iter_mut().map(|entry| &mut entry.cluster.extensions);
        let extensions = extensions
            .chain(config.users.iter_mut().map(|entry| &mut entry.user.extensions))
            .chain(config.contexts.iter_mut().map(|entry| &mut entry.context.extensions));
        extensions.for_each(|list| list.sort_by(|a, b| a.name.cmp(&b.name)));
        config
    }

    /// The files that [`Merged::flattened`] takes in.
    pub fn named_files(&self) -> Vec<PathBuf> {
        let of_cluster = |item: &Item<'a, NamedCluster>| {
            item.file.resolve(&item.entry.cluster.certificate_authority)
        };
        let of_user = |item: &Item<'a, NamedUser>| {
            let user = &item.entry.user;
            [&user.client_certificate, &user.client_key].map(|path| item.file.resolve(path))
        };
        let clusters = self.clusters.iter().map(of_cluster);
        let paths = clusters.chain(self.users.iter().flat_map(of_user));
        paths.filter(|path| !path.as_os_str().is_empty()).collect()
    }

    /// The same with every certificate and key that it names by a path taken in, from `snapshot`; whatever else it names is named
    /// by an absolute path, as client-go understands it. `folder` is the working one. The second half tells of those.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or that stands beside its content.
    pub fn flattened(
        &self,
        snapshot: &Snapshot,
        folder: &Path,
    ) -> Result<(Config, Vec<String>), Error> {
        let (mut config, mut notes) = (self.config(), Vec::new());
        for (item, entry) in self.clusters.iter().zip(&mut config.clusters) {
            let owner = format!("cluster {}", entry.name);
            Flattening { file: item.file, snapshot, owner }.cluster(&mut entry.cluster)?;
        }
        for (item, entry) in self.users.iter().zip(&mut config.users) {
            let owner = format!("user {}", entry.name);
            let flattening = Flattening { file: item.file, snapshot, owner };
            flattening.user(&mut entry.user)?;
            notes.extend(flattening.absolute(&mut entry.user, folder));
        }
        Ok((config, notes))
    }

    /// Colours where any file asks for them.
    fn preferences(&self) -> Preferences {
        Preferences {
            colors: self.files.iter().any(|file| file.config().preferences.colors),
            extensions: self.extensions(|config| &config.preferences.extensions),
        }
    }

    /// By name; of those with one name the first wins.
    fn extensions(&self, list: fn(&Config) -> &Vec<NamedExtension>) -> Vec<NamedExtension> {
        let mut seen = BTreeSet::new();
        let all = self.files.iter().flat_map(|file| list(file.config()));
        let mut found: Vec<_> =
            all.filter(|extension| seen.insert(&extension.name)).cloned().collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }
}

impl Document {
    /// What is to be printed.
    pub fn of(config: &Config) -> Self {
        Self(config.to_value().sorted())
    }

    /// As YAML that every reader understands as we do.
    pub fn yaml(&self) -> Bytes {
        let mut text = Zeroizing::new(emit::block(&self.0, 0, "\n"));
        text.push('\n');
        Zeroizing::new(text.as_bytes().to_vec())
    }
}

/// The entry of a name among all, which stand by name; none for no name.
fn of_name<'a, E: Entry>(all: &[Item<'a, E>], name: &str) -> Vec<Item<'a, E>> {
    let first = all.partition_point(|item| item.entry.name() < name);
    let named = all[first..].iter().take_while(|item| item.entry.name() == name);
    named.filter(|_| !name.is_empty()).copied().collect()
}
