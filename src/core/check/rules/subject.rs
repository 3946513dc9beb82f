//! What is checked, with what the rules ask for more than once.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::core::changes::{Bytes, Found};
use crate::core::kubeconfig::{Data, File, Item, NamedCluster, NamedContext, NamedUser, View};
use crate::core::x509::time::{Moment, Period};

/// Kubeconfigs that are read together, at one moment.
pub struct Subject<'a> {
    /// The files.
    pub view: View<'a>,
    /// The clusters that count.
    pub clusters: Vec<Item<'a, NamedCluster>>,
    /// The users that count.
    pub users: Vec<Item<'a, NamedUser>>,
    /// The contexts that count.
    pub contexts: Vec<Item<'a, NamedContext>>,
    /// Their names.
    pub cluster_names: BTreeSet<&'a str>,
    /// Their names.
    pub user_names: BTreeSet<&'a str>,
    /// Clusters that some context names.
    pub used_clusters: BTreeSet<&'a str>,
    /// Users that some context names.
    pub used_users: BTreeSet<&'a str>,
    /// The moment.
    pub now: Moment,
    /// How soon an end is worth a warning.
    pub within: Period,
    read: &'a dyn Fn(&Path) -> Found,
    /// What was read last: rules ask one after the other for the same file, and not all files fit into memory at once.
    last: RefCell<Option<(PathBuf, Found)>>,
}

/// What a field and its `-data` twin hold.
pub enum Held {
    /// This.
    Bytes(Bytes),
    /// Neither is set.
    Nothing,
    /// A file that cannot be read, and why.
    Unreadable(PathBuf, String),
}

impl<'a> Subject<'a> {
    /// A subject; `read` reads a file that an entry names.
    pub fn new(
        view: View<'a>,
        now: Moment,
        within: Period,
        read: &'a dyn Fn(&Path) -> Found,
    ) -> Self {
        let (clusters, users, contexts) = (view.clusters(), view.users(), view.contexts());
        Self {
            view,
            cluster_names: clusters.iter().map(|item| item.entry.name.as_str()).collect(),
            user_names: users.iter().map(|item| item.entry.name.as_str()).collect(),
            used_clusters: contexts.iter().map(|it| it.entry.context.cluster.as_str()).collect(),
            used_users: contexts.iter().map(|item| item.entry.context.user.as_str()).collect(),
            clusters,
            users,
            contexts,
            now,
            within,
            read,
            last: RefCell::default(),
        }
    }

    /// What is at a path.
    pub fn found(&self, path: &Path) -> Found {
        let mut last = self.last.borrow_mut();
        match &*last {
            Some((at, found)) if at == path => found.clone(),
            _ => {
                // The old one goes before the new one comes.
                *last = None;
                let found = (self.read)(path);
                *last = Some((path.to_owned(), found.clone()));
                found
            }
        }
    }

    /// What a field means: data wins over a path.
    pub fn held(&self, file: &File, data: &Data, path: &str) -> Held {
        match (data.is_empty(), path) {
            (false, _) => Held::Bytes(Bytes::new(data.expose().to_vec())),
            (true, "") => Held::Nothing,
            (true, path) => self.held_by(file.resolve(path)),
        }
    }

    /// Why the file that a field names cannot be read.
    pub fn unreadable(&self, file: &File, field: &str, path: &str) -> Option<String> {
        match self.held(file, &Data::default(), path) {
            Held::Bytes(_) | Held::Nothing => None,
            Held::Unreadable(path, why) => {
                Some(format!("cannot read {}, its `{field}`: {why}", path.display()))
            }
        }
    }

    fn held_by(&self, path: PathBuf) -> Held {
        match self.found(&path) {
            Found::Absent => Held::Unreadable(path, "it does not exist".to_owned()),
            Found::File { bytes, .. } => Held::Bytes(bytes),
            Found::Unreadable(why) => Held::Unreadable(path, why),
        }
    }
}

/// The fields, of these, that lead out of the folder of their kubeconfig, which is odd in one that came from elsewhere.
pub fn leading_outside(file: &File, fields: &[(&str, &str)]) -> Option<String> {
    let folder = file.path().parent().unwrap_or(Path::new(""));
    let leads = |path: &str| {
        let path = Path::new(path);
        let is_inside = folder.is_absolute() && path.starts_with(folder);
        (path.is_absolute() && !is_inside) || path.components().any(|part| part.as_os_str() == "..")
    };
    let fields = fields.iter().filter(|(_, path)| leads(path));
    let named: Vec<String> = fields.map(|(field, path)| format!("`{field}` {path}")).collect();
    (!named.is_empty()).then(|| format!("reads outside of its folder: {}", named.join(", ")))
}
