//! Renaming and deleting clusters and users, which contexts name.

use crate::core::kubeconfig::{Context, Entry, NamedCluster, NamedContext, NamedUser};
use crate::core::report::EditReport;
use crate::core::{Error, World};

use super::contexts::Delete;
use super::desk::{Desk, How, carry_out};
use super::error::EditsError;

/// Where a context names an entry of a kind.
type Field = fn(&mut Context) -> &mut String;

const CLUSTER: Field = |context| &mut context.cluster;
const USER: Field = |context| &mut context.user;

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
    rename::<NamedCluster>(how, old, new, CLUSTER, world)
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
    rename::<NamedUser>(how, old, new, USER, world)
}

/// Takes clusters out.
///
/// # Errors
///
/// No cluster of a name; contexts that name it, unless it is to go all the same.
pub fn delete_clusters(how: &How, delete: &Delete, world: &World<'_>) -> Result<EditReport, Error> {
    self::delete::<NamedCluster>(how, delete, CLUSTER, world)
}

/// Takes users out.
///
/// # Errors
///
/// As for [`delete_clusters`].
pub fn delete_users(how: &How, delete: &Delete, world: &World<'_>) -> Result<EditReport, Error> {
    self::delete::<NamedUser>(how, delete, USER, world)
}

fn rename<E: Entry>(
    how: &How,
    old: &str,
    new: &str,
    field: Field,
    world: &World<'_>,
) -> Result<EditReport, Error> {
    carry_out::<E>(how, world, |desk| {
        desk.rename::<E>(old, new)?;
        // Where another one of the old name counts now, contexts still mean what they meant: the one that was renamed.
        desk.each::<NamedContext>(|it| {
            let mut context = it.entry.clone();
            let name = field(&mut context.context);
            let names_it = name == old;
            new.clone_into(name);
            Ok(names_it.then_some(context))
        })?;
        Ok(vec![new.to_owned()])
    })
}

fn delete<E: Entry>(
    how: &How,
    Delete { names, more: force }: &Delete,
    field: Field,
    world: &World<'_>,
) -> Result<EditReport, Error> {
    carry_out::<E>(how, world, |desk| {
        for name in names {
            desk.need::<E>(name)?;
            let contexts = contexts_of(desk, name, field);
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
        Ok(names.clone())
    })
}

/// The contexts that name an entry, hidden ones too, each once.
fn contexts_of(desk: &Desk<'_>, name: &str, field: Field) -> Vec<String> {
    let all = desk.view().everywhere::<NamedContext>();
    let naming = all.filter(|item| field(&mut item.entry.context.clone()) == name);
    let mut names: Vec<String> = naming.map(|item| item.entry.name.clone()).collect();
    names.sort();
    names.dedup();
    names
}
