//! The acts around contexts: list them, name the current one, switch.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::core::changes::{Before, Bytes, Change, Changes, Secrecy, folder_of};
use crate::core::check::{ClientCertificate, certificate_file};
use crate::core::inventory;
use crate::core::kubeconfig::{
    self, File, Item, LoadPaths, NamedContext, NamedUser, View, near, redact_url,
};
use crate::core::report::{ContextRow, ContextsReport, CurrentReport, SwitchReport};
use crate::core::store::{self, Lockable};
use crate::core::x509::time::Moment;
use crate::core::{Error, World};

mod error;

pub use self::error::ContextError;
pub(super) use self::error::{Near, Place, named};

/// Which context to switch to.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// The one of this name.
    Named(String),
    /// The one that has this in its name, large or small.
    Part(String),
    /// The one before the last switch.
    Previous,
}

/// What has a name in a kubeconfig.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Named {
    /// An API server.
    Cluster,
    /// A cluster and a user.
    Context,
    /// Who one is.
    User,
}

/// What there is to choose from.
#[derive(Clone, Debug)]
pub struct ContextNames {
    /// By name.
    pub names: Vec<String>,
    /// The name of the current one, whether it is there or not.
    pub current: Option<String>,
}

/// The names of the contexts that client-go would see, and nothing more of them.
///
/// # Errors
///
/// A file that cannot be read; no context at all.
pub fn context_names(paths: &LoadPaths) -> Result<ContextNames, Error> {
    let files = load(paths)?;
    let view = View::new(&files);
    let mut names: Vec<String> =
        view.contexts().iter().map(|item| item.entry.name.clone()).collect();
    names.sort();
    if names.is_empty() {
        return Err(ContextError::Empty(named(paths)).into());
    }
    let current = view.current_context().map(|(name, _)| name.to_owned());
    Ok(ContextNames { names, current })
}

/// The names of one kind in the files that can be read, each once and in order. For whoever is in the middle of a word: what
/// cannot be read has none.
pub fn names(named: Named, paths: &LoadPaths) -> Vec<String> {
    let parsed = |path: &PathBuf| {
        let bytes = store::read([path.clone()]).take(path)?;
        File::to_read(path, bytes).ok()
    };
    let files: Vec<File> = paths.all().iter().filter_map(parsed).collect();
    let view = View::new(&files);
    let names: BTreeSet<&String> = match named {
        Named::Cluster => view.clusters().iter().map(|item| &item.entry.name).collect(),
        Named::Context => view.contexts().iter().map(|item| &item.entry.name).collect(),
        Named::User => view.users().iter().map(|item| &item.entry.name).collect(),
    };
    names.into_iter().cloned().collect()
}

/// All contexts that client-go would see, and until when their certificates count at `now`.
///
/// # Errors
///
/// A file that cannot be read: client-go would stop at it too. A certificate that cannot be read is told of in its row.
pub fn contexts(paths: &LoadPaths, now: Moment) -> Result<ContextsReport, Error> {
    let files = load(paths)?;
    let view = View::new(&files);
    let current = view.current_context().map(|(name, _)| name);
    // Looked up once for each context, and there may be thousands of both.
    let servers: BTreeMap<&str, String> = view
        .clusters()
        .into_iter()
        .map(|item| (item.entry.name.as_str(), redact_url(&item.entry.cluster.server)))
        .collect();
    let found = view.contexts();
    let certificates = certificates(view, &found, now);
    let mut contexts: Vec<ContextRow> = found
        .into_iter()
        .map(|item| {
            let context = &item.entry.context;
            let server = servers.get(context.cluster.as_str());
            ContextRow {
                current: current == Some(item.entry.name.as_str()),
                name: item.entry.name.clone(),
                cluster: context.cluster.clone(),
                user: context.user.clone(),
                namespace: context.namespace.clone(),
                server: server.cloned().unwrap_or_default(),
                certificate: certificates.get(context.user.as_str()).cloned(),
                file: item.file.path().to_owned(),
            }
        })
        .collect();
    contexts.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(ContextsReport { contexts, warnings: warnings(&files) })
}

/// The certificates of the users that some context names. One file after the other, so that not all of them are held at once.
fn certificates<'a>(
    view: View<'a>,
    contexts: &[Item<'a, NamedContext>],
    now: Moment,
) -> BTreeMap<&'a str, ClientCertificate> {
    let used: BTreeSet<&str> =
        contexts.iter().map(|item| item.entry.context.user.as_str()).collect();
    let certificate = |user: Item<'a, NamedUser>| {
        let snapshot = store::read(certificate_file(user));
        Some((user.entry.name.as_str(), ClientCertificate::of(user, &snapshot, now)?))
    };
    let users = view.users().into_iter();
    users.filter(|user| used.contains(user.entry.name.as_str())).filter_map(certificate).collect()
}

/// The current context.
///
/// # Errors
///
/// None is set, or a file cannot be read.
pub fn current_context(paths: &LoadPaths) -> Result<CurrentReport, Error> {
    let files = load(paths)?;
    let view = View::new(&files);
    let (name, file) =
        view.current_context().ok_or_else(|| ContextError::NoCurrent(named(paths)))?;
    let mut warnings = warnings(&files);
    if view.context(name).is_none() {
        warnings.push(format!("no context has the name `{name}`: kubectl would fail"));
    }
    Ok(CurrentReport { name: name.to_owned(), file: file.path().to_owned(), warnings })
}

/// Makes another context the current one, by changing that one value in the file that client-go would change.
///
/// # Errors
///
/// No such context; a file that cannot be read or edited, or that is locked by somebody else. No file has changed then.
pub fn use_context(
    paths: &LoadPaths,
    wanted: &Wanted,
    dry_run: bool,
    world: &World<'_>,
) -> Result<SwitchReport, Error> {
    let exists = |path: &Path| !store::is_absent(path);
    let no_file = || ContextError::NoFile(named(paths));
    let target =
        paths.default_file(exists).filter(|path| exists(path)).ok_or_else(no_file)?.to_owned();
    let folder = folder_of(&target).to_owned();
    let guard = match dry_run {
        true => None,
        false => Some(store::lock(
            &[Lockable::Folder(folder.clone()), Lockable::Kubeconfig(target.clone())],
            &world.locks,
        )?),
    };
    let files = load_any(paths, |path, bytes| match path == target {
        true => File::of(path, bytes),
        false => File::to_read(path, bytes),
    })?;
    let view = View::new(&files);
    let name = name_of(wanted, view, &target, paths)?;
    if view.context(&name).is_none() {
        return Err(unknown(&name, view, paths).into());
    }
    let previous = view.current_context().map(|(name, _)| name.to_owned());
    let changed = previous.as_deref() != Some(name.as_str());
    if let (true, Some(guard)) = (changed, guard) {
        // Both or neither: a killed run must not leave a memory of some older switch.
        let list = std::iter::once(switch(&target, &files, &name)?)
            .chain(previous.as_deref().map(|previous| remember(memory(&target), previous)))
            .collect();
        guard.commit(&Changes { home: folder, list })?;
    }
    Ok(SwitchReport { changed, dry_run, name, previous, file: target, warnings: warnings(&files) })
}

/// Whether all of these are there, as files that were typed must be.
///
/// # Errors
///
/// One that is not.
pub fn are_there(paths: &[PathBuf]) -> Result<(), ContextError> {
    let missing = paths.iter().find(|path| store::is_absent(path));
    let error = |path: &PathBuf| ContextError::NoFile(named(&LoadPaths::Explicit(path.clone())));
    missing.map_or(Ok(()), |path| Err(error(path)))
}

/// The files that are there, in load order, to be read; at least one.
pub(super) fn load(paths: &LoadPaths) -> Result<Vec<File>, Error> {
    let files = load_any(paths, File::to_read)?;
    if files.is_empty() {
        return Err(ContextError::NoFile(named(paths)).into());
    }
    Ok(files)
}

/// The same, where there may be none; and what is made of them may be another thing.
pub(super) fn load_any<T>(
    paths: &LoadPaths,
    mut made: impl FnMut(PathBuf, Bytes) -> Result<T, kubeconfig::Error>,
) -> Result<Vec<T>, Error> {
    let mut files = Vec::new();
    for path in paths.all() {
        let bytes = inventory::taken(store::read([path.clone()]), "kubeconfig", path)?;
        if let Some(bytes) = bytes {
            files.push(made(path.clone(), bytes)?);
        }
    }
    Ok(files)
}

fn switch(target: &Path, files: &[File], name: &str) -> Result<Change, Error> {
    let file = files.iter().find(|file| file.path() == target);
    let file =
        file.ok_or_else(|| ContextError::NoFile(named(&LoadPaths::List(vec![target.to_owned()]))))?;
    let bytes = kubeconfig::set_current_context(file, name)?.into_owned().into_bytes();
    let before = Before::Exactly(Bytes::new(file.bytes().to_vec()));
    Ok(Change { path: target.to_owned(), bytes, secrecy: Secrecy::AsFound, before })
}

fn remember(memory: PathBuf, previous: &str) -> Change {
    let bytes = Zeroizing::new(format!("{previous}\n").into_bytes());
    Change { path: memory, bytes, secrecy: Secrecy::Secret, before: Before::Anything }
}

/// The context of a file before the last switch.
pub(super) fn remembered(target: &Path) -> Option<String> {
    let memory = memory(target);
    let bytes = store::read([memory.clone()]).take(&memory)?;
    let text = String::from_utf8_lossy(&bytes);
    Some(text.strip_suffix('\n').unwrap_or(&text).to_owned())
}

/// Where the context before the last switch is remembered: a hidden file beside the kubeconfig, so that each has its own.
fn memory(target: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".previous-context");
    target.with_file_name(name)
}

fn name_of(
    wanted: &Wanted,
    view: View<'_>,
    target: &Path,
    paths: &LoadPaths,
) -> Result<String, Error> {
    match wanted {
        Wanted::Named(name) => Ok(name.clone()),
        Wanted::Part(part) => Ok(only_one(part, view, paths)?),
        Wanted::Previous => {
            Ok(remembered(target).ok_or_else(|| ContextError::NoPrevious(named(paths)))?)
        }
    }
}

/// The one name that `part` is, or is a part of.
fn only_one(part: &str, view: View<'_>, paths: &LoadPaths) -> Result<String, ContextError> {
    if view.context(part).is_some() {
        return Ok(part.to_owned());
    }
    let (folded, contexts) = (part.to_lowercase(), view.contexts());
    let names = contexts.iter().map(|item| &item.entry.name);
    let mut found: Vec<String> =
        names.filter(|name| name.to_lowercase().contains(&folded)).cloned().collect();
    found.sort();
    match found.as_slice() {
        [] => Err(unknown(part, view, paths)),
        [one] => Ok(one.clone()),
        _ => {
            Err(ContextError::Several { part: part.to_owned(), files: named(paths), names: found })
        }
    }
}

pub(super) fn unknown(name: &str, view: View<'_>, paths: &LoadPaths) -> ContextError {
    let contexts = view.contexts();
    let near = near(name, contexts.iter().map(|item| item.entry.name.as_str()));
    ContextError::Unknown {
        name: name.to_owned(),
        files: named(paths),
        near: near.into_iter().map(ToOwned::to_owned).collect(),
    }
}

pub(super) fn warnings(files: &[File]) -> Vec<String> {
    let several = files.iter().filter(|file| file.has_more_documents());
    several
        .map(|file| {
            format!("{} holds several documents; only the first is read", file.path().display())
        })
        .collect()
}
