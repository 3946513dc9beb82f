//! Taking edits back.

use std::path::{Path, PathBuf};

use crate::core::changes::{Before, Bytes, Change, Changes, Secrecy, folder_of};
use crate::core::contexts::{named, remembered};
use crate::core::inventory;
use crate::core::kubeconfig::{self, File, LoadPaths, State, View};
use crate::core::place::states_of;
use crate::core::report::{StateRow, StatesReport, UndoReport};
use crate::core::store::{self, Lockable};
use crate::core::x509::time::Moment;
use crate::core::{ContextError, Error, World};

use super::error::EditsError;

/// How an edit is taken back.
#[derive(Clone, Debug)]
pub struct Undo {
    /// The files; the one that was edited last is meant.
    pub paths: LoadPaths,
    /// Whether one that was taken back is made again instead.
    pub again: bool,
    /// Whether also a file is replaced that somebody else has edited since.
    pub force: bool,
    /// Whether nothing is written.
    pub dry_run: bool,
}

/// Puts the state back that a file had before the last edit. What it says now is kept in its place.
///
/// # Errors
///
/// No edit is known; the file has been edited by somebody else since; it cannot be read, locked or written.
pub fn undo(wanted: &Undo, world: &World<'_>) -> Result<UndoReport, Error> {
    let Undo { paths, again, force, dry_run } = wanted;
    let file = edited_last(paths, *again)?;
    let folder = folder_of(&file).to_owned();
    let guard = match dry_run {
        true => None,
        false => Some(store::lock(
            &[Lockable::Folder(folder.clone()), Lockable::Kubeconfig(file.clone())],
            &world.locks,
        )?),
    };
    let now = inventory::needed(store::read([file.clone()]), "kubeconfig", &file)?;
    let mut states = states_of(&file);
    let next = states.next(*again).ok_or_else(|| nothing(&file, *again))?;
    let fits = next.fits(&now);
    let current = if fits { None } else { switched_to(&file, &now, next) };
    if current.is_none() && !fits && !force {
        return Err(EditsError::EditedSince { file, what: next.what.clone(), again: *again }.into());
    }
    let (what, when) = (next.what.clone(), moment(next));
    let put = |bytes: Bytes| match &current {
        Some(current) => with_current(&file, bytes, current),
        None => bytes,
    };
    let bytes = states.step(*again, &now, put).unwrap_or_default();
    if let Some(guard) = guard {
        let (path, secrecy) = (file.clone(), Secrecy::AsFound);
        let change = Change { path, bytes, secrecy, before: Before::Exactly(now) };
        let list = vec![change, states.change(&file)];
        guard.commit(&Changes { home: folder, list })?;
    }
    Ok(UndoReport { dry_run: *dry_run, again: *again, file, what, when })
}

/// The edits that are known of each file, the newest first.
///
/// # Errors
///
/// No file is there.
pub fn states(paths: &LoadPaths) -> Result<StatesReport, Error> {
    let there = is_there(paths)?;
    let rows = |file: &PathBuf| {
        let states = states_of(file);
        let row = |(state, undone): (&State, bool)| StateRow {
            when: moment(state),
            what: state.what.clone(),
            undone,
            file: file.clone(),
        };
        states.all().map(row).collect::<Vec<_>>()
    };
    Ok(StatesReport { states: there.iter().flat_map(rows).collect() })
}

fn edited_last(paths: &LoadPaths, again: bool) -> Result<PathBuf, Error> {
    let there = is_there(paths)?;
    let when = |file: &PathBuf| states_of(file).next(again).map(|state| state.when);
    // Of several of one moment, the first.
    let newest = there.iter().rev().max_by_key(|file| when(file));
    newest.cloned().ok_or_else(|| ContextError::NoFile(named(paths)).into())
}

fn is_there(paths: &LoadPaths) -> Result<Vec<PathBuf>, Error> {
    let there = paths.all().iter().filter(|path| !store::is_absent(path));
    let there: Vec<PathBuf> = there.cloned().collect();
    match there.is_empty() {
        true => Err(ContextError::NoFile(named(paths)).into()),
        false => Ok(there),
    }
}

/// The context that is the current one by now, where switches are all that happened since an edit: `context use -` takes those
/// back, and not an undo.
fn switched_to(path: &Path, now: &Bytes, edit: &State) -> Option<String> {
    let file = File::parse(path, now).ok()?;
    let before = File::parse(path, edit.bytes()).ok()?;
    let was = || kubeconfig::set_current_context(&file, &remembered(path)?).ok();
    let is_all = kubeconfig::with_current_of(&file, &before).is_some_and(|text| edit.fits(&text))
        || was().is_some_and(|file| edit.fits(file.bytes()));
    is_all.then(|| file.config().current_context.clone())
}

/// With a current context that stays, if there is one of that name.
fn with_current(path: &Path, bytes: Bytes, name: &str) -> Bytes {
    let Ok(file) = File::parse(path, &bytes) else { return bytes };
    let is_there = View::new(std::slice::from_ref(&file)).context(name).is_some();
    match kubeconfig::set_current_context(&file, name) {
        Ok(new) if is_there => new.to_bytes(),
        _ => bytes,
    }
}

fn nothing(file: &Path, again: bool) -> EditsError {
    EditsError::NothingToUndo { file: file.to_owned(), again }
}

fn moment(state: &State) -> Option<Moment> {
    Moment::from_unix(state.when)
}
