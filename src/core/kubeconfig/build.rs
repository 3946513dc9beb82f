//! A whole new kubeconfig.

use std::path::Path;

use zeroize::Zeroizing;

use crate::core::changes::Bytes;

use super::edit::{self, NewEntries, item};
use super::entry::Entry;
use super::file::File;
use super::types::{Config, NamedCluster, NamedContext, NamedUser};
use super::yaml::emit::{self, Value};

/// A kubeconfig with these entries alone, for `path`: what adding them to an empty file gives, written and read back once.
///
/// # Errors
///
/// [`edit::Error::Unsafe`], which entries that client-go can read do not come to.
pub fn build(path: &Path, entries: &NewEntries) -> Result<Bytes, edit::Error> {
    let NewEntries { cluster, user, context, set_current, takes_over: _, renews: _ } = entries;
    let current = Some(&context.name).filter(|name| *set_current && !name.is_empty());
    let mut pairs = vec![("apiVersion", Value::str("v1")), ("kind", Value::str("Config"))];
    pairs.extend(current.map(|name| (edit::CURRENT_CONTEXT, Value::str(name))));
    pairs.extend([list(cluster), list(user), list(context)]);
    let pairs = pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let mut text = Zeroizing::new(emit::block(&Value::Map(pairs), 0, "\n"));
    text.push('\n');
    let file = File::from_text(path.to_owned(), text)?;
    let intended = Config {
        api_version: "v1".to_owned(),
        kind: "Config".to_owned(),
        clusters: vec![NamedCluster::clone(cluster)],
        users: vec![NamedUser::clone(user)],
        contexts: vec![NamedContext::clone(context)],
        current_context: current.cloned().unwrap_or_default(),
        ..Config::default()
    };
    match *file.config() == intended {
        true => Ok(file.into_bytes()),
        false => Err(edit::Error::Unsafe { path: path.to_owned(), what: "it".to_owned() }),
    }
}

fn list<E: Entry>(entry: &E) -> (&'static str, Value) {
    (E::LIST, Value::List(vec![item(entry)]))
}
