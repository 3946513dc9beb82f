//! Rules about contexts.

use crate::core::kubeconfig::{Item, NamedContext, check_namespace};

use super::Subject;

pub(super) fn name(_: &Subject<'_>, item: Item<'_, NamedContext>) -> Option<String> {
    item.entry.name.is_empty().then(|| "it has no name".to_owned())
}

pub(super) fn cluster(subject: &Subject<'_>, item: Item<'_, NamedContext>) -> Option<String> {
    let name = item.entry.context.cluster.as_str();
    match name {
        "" => Some("it names no cluster".to_owned()),
        _ if subject.cluster_names.contains(name) => None,
        _ => Some(format!("it names the cluster `{name}`, which is nowhere")),
    }
}

pub(super) fn user(subject: &Subject<'_>, item: Item<'_, NamedContext>) -> Option<String> {
    let name = item.entry.context.user.as_str();
    match name {
        "" => Some("it names no user".to_owned()),
        _ if subject.user_names.contains(name) => None,
        _ => Some(format!("it names the user `{name}`, which is nowhere")),
    }
}

pub(super) fn namespace(_: &Subject<'_>, item: Item<'_, NamedContext>) -> Option<String> {
    let namespace = item.entry.context.namespace.as_str();
    if namespace.is_empty() {
        return None;
    }
    check_namespace(namespace).err().map(|error| error.to_string())
}
