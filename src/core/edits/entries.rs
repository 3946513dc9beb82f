//! Renaming and deleting clusters and users, which contexts name.

use crate::core::kubeconfig::{NamedCluster, NamedContext, NamedUser, Referred, View};
use crate::core::report::EditReport;
use crate::core::{Error, World};

use super::contexts::Delete;
use super::desk::{How, carry_out};
use super::error::EditsError;

/// Gives a cluster another name; contexts that name it follow, in all files.
///
/// # Errors
///
/// No cluster of the old name, or one of the new; a file that cannot be read, edited or locked. No file has changed then.
pub fn rename_cluster(
    how: &How,
    old: &str,
    new: &str,
    world: &World<'_>,
) -> Result<EditReport, Error> {
    rename::<NamedCluster>(how, old, new, world)
}

/// Gives a user another name; contexts that name it follow, in all files.
///
/// # Errors
///
/// As for [`rename_cluster`].
pub fn rename_user(
    how: &How,
    old: &str,
    new: &str,
    world: &World<'_>,
) -> Result<EditReport, Error> {
    rename::<NamedUser>(how, old, new, world)
}

/// Takes clusters out.
///
/// # Errors
///
/// No cluster of a name; contexts that name it, unless it is to go all the same.
pub fn delete_clusters(how: &How, delete: &Delete, world: &World<'_>) -> Result<EditReport, Error> {
    self::delete::<NamedCluster>(how, delete, world)
}

/// Takes users out.
///
/// # Errors
///
/// As for [`delete_clusters`].
pub fn delete_users(how: &How, delete: &Delete, world: &World<'_>) -> Result<EditReport, Error> {
    self::delete::<NamedUser>(how, delete, world)
}

fn rename<E: Referred>(
    how: &How,
    old: &str,
    new: &str,
    world: &World<'_>,
) -> Result<EditReport, Error> {
    carry_out::<E>(how, world, |desk| {
        // Where another one of the old name counts now, contexts still mean what they meant: the one that was renamed.
        desk.rename_referred::<E>(old, new)?;
        Ok(vec![new.to_owned()])
    })
}

fn delete<E: Referred>(
    how: &How,
    Delete { names, more: force }: &Delete,
    world: &World<'_>,
) -> Result<EditReport, Error> {
    carry_out::<E>(how, world, |desk| {
        let names = each_once(names);
        for name in &names {
            desk.need::<E>(name)?;
            let contexts = contexts_of::<E>(desk.view(), name);
            if !contexts.is_empty() && !force {
                let (kind, name) = (E::KIND, name.clone());
                let option = crate::core::contexts::named(&how.paths).option();
                return Err(EditsError::InUse { kind, name, contexts, option }.into());
            }
            desk.remove::<E>(name)?;
            if !contexts.is_empty() && desk.view().entry::<E>(name).is_none() {
                let contexts = contexts.join("`, `");
                desk.note(format!("no {} `{name}` is left for `{contexts}`", E::KIND));
            }
        }
        Ok(names)
    })
}

/// What was named twice is meant once.
pub(super) fn each_once(names: &[String]) -> Vec<String> {
    let is_first = |(at, name): &(usize, &String)| !names[..*at].contains(name);
    names.iter().enumerate().filter(is_first).map(|(_, name)| name.clone()).collect()
}

/// The contexts that name an entry, hidden ones too, each once.
fn contexts_of<E: Referred>(view: View<'_>, name: &str) -> Vec<String> {
    let all = view.everywhere::<NamedContext>();
    let naming = all.filter(|item| E::named_by(&item.entry.context) == name);
    let mut names: Vec<String> = naming.map(|item| item.entry.name.clone()).collect();
    names.sort();
    names.dedup();
    names
}
