//! Edits of contexts.

use std::collections::BTreeSet;

use crate::core::kubeconfig::{Item, NamedCluster, NamedContext, NamedUser, Referred, View};
use crate::core::report::EditReport;
use crate::core::{Error, World};

use super::desk::{Desk, How, carry_out};
use super::entries::each_once;

/// Which context is meant.
#[derive(Clone, Debug)]
pub enum Which {
    /// The current one.
    Current,
    /// The one of this name.
    By(String),
}

/// What a context is to name; `None` stays as it is, and an empty text goes.
#[derive(Clone, Debug, Default)]
pub struct ContextFields {
    /// A cluster.
    pub cluster: Option<String>,
    /// A user.
    pub user: Option<String>,
    /// A namespace.
    pub namespace: Option<String>,
}

/// What goes.
#[derive(Clone, Debug)]
pub struct Delete {
    /// The names.
    pub names: Vec<String>,
    /// Contexts: whether clusters and users go too that nothing else names. Others: whether they go although contexts name them.
    pub more: bool,
}

/// Changes a context, or makes one; the fields that are not given stay.
///
/// # Errors
///
/// No current context where that is meant; a file that cannot be read, edited or locked. No file has changed then.
pub fn set_context(
    how: &How,
    which: &Which,
    fields: &ContextFields,
    world: &World<'_>,
) -> Result<EditReport, Error> {
    carry_out::<NamedContext>(how, world, |desk| {
        let name = name_of(desk, which)?;
        desk.put::<NamedContext>(&name, |context, _| {
            let places = [
                (&mut context.cluster, &fields.cluster),
                (&mut context.user, &fields.user),
                (&mut context.namespace, &fields.namespace),
            ];
            for (place, given) in places {
                if let Some(given) = given {
                    place.clone_from(given);
                }
            }
            Ok(())
        })?;
        Ok(vec![name])
    })
}

/// Gives the current context another namespace; an empty one goes.
///
/// # Errors
///
/// As for [`set_context`]; and a current context that is not there.
pub fn set_namespace(how: &How, namespace: &str, world: &World<'_>) -> Result<EditReport, Error> {
    carry_out::<NamedContext>(how, world, |desk| {
        let name = desk.current()?;
        desk.need::<NamedContext>(&name)?;
        desk.put::<NamedContext>(&name, |context, _| {
            namespace.clone_into(&mut context.namespace);
            Ok(())
        })?;
        Ok(vec![name])
    })
}

/// Gives a context another name; the current context stays the current one.
///
/// # Errors
///
/// As for [`set_context`]; no context of the old name, or one of the new.
pub fn rename_context(
    how: &How,
    old: &str,
    new: &str,
    world: &World<'_>,
) -> Result<EditReport, Error> {
    carry_out::<NamedContext>(how, world, |desk| {
        let was_current = desk.current().is_ok_and(|current| current == old);
        desk.rename::<NamedContext>(old, new)?;
        if was_current {
            desk.switch(new)?;
        }
        Ok(vec![new.to_owned()])
    })
}

/// Takes contexts out; where the current one goes, none is current any more.
///
/// # Errors
///
/// As for [`set_context`]; no context of a name.
pub fn delete_contexts(
    how: &How,
    Delete { names, more: cascade }: &Delete,
    world: &World<'_>,
) -> Result<EditReport, Error> {
    carry_out::<NamedContext>(how, world, |desk| {
        let (mut clusters, mut users) = (BTreeSet::new(), BTreeSet::new());
        let names = each_once(names);
        for name in &names {
            let context = &desk.need::<NamedContext>(name)?.entry.context;
            clusters.insert(context.cluster.clone());
            users.insert(context.user.clone());
            desk.remove::<NamedContext>(name)?;
            if desk.view().context(name).is_none() {
                leave(desk, name)?;
            }
        }
        if *cascade {
            let view = desk.view();
            clusters.retain(|it| is_unused::<NamedCluster>(view, it));
            users.retain(|it| is_unused::<NamedUser>(view, it));
            clusters.iter().try_for_each(|name| desk.remove::<NamedCluster>(name))?;
            users.iter().try_for_each(|name| desk.remove::<NamedUser>(name))?;
        }
        Ok(names)
    })
}

/// A context that is gone is not to be the current one.
pub(super) fn leave(desk: &mut Desk<'_>, name: &str) -> Result<(), Error> {
    if desk.current().is_ok_and(|current| current == name) {
        desk.clear_current(name)?;
        if let Ok(current) = desk.current() {
            desk.note(format!("the current context is `{current}` now, as another file says"));
        }
    }
    Ok(())
}

/// Whether it is there, and no context of any file, hidden ones too, names it.
fn is_unused<E: Referred>(view: View<'_>, name: &str) -> bool {
    let names_it = |item: Item<'_, NamedContext>| E::named_by(&item.entry.context) == name;
    view.entry::<E>(name).is_some() && !view.everywhere::<NamedContext>().any(names_it)
}

fn name_of(desk: &Desk<'_>, which: &Which) -> Result<String, Error> {
    Ok(match which {
        Which::Current => desk.current()?,
        Which::By(name) => name.clone(),
    })
}
