//! Documents of a YAML file: found by their kind, their fields spelt right.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Error;

/// A kind of document.
pub(super) struct Kind {
    /// Its `kind`.
    pub(super) name: &'static str,
    /// The `apiVersion`s in which its fields are those below.
    pub(super) versions: &'static [&'static str],
    /// What becomes of fields that are not below.
    pub(super) others: Others,
    /// The fields that count.
    pub(super) known: &'static [&'static str],
    /// The maps in it that count.
    pub(super) sections: &'static [Fields],
}

/// The fields of one map.
pub(super) struct Fields {
    /// The fields above it.
    pub(super) of: &'static [&'static str],
    /// Those in it.
    pub(super) known: &'static [&'static str],
}

/// What becomes of fields that are not known.
pub(super) enum Others {
    /// They are somebody else's concern, unless they are nearly one of ours.
    Passed {
        /// Near by chance.
        unlike: &'static [&'static str],
    },
    /// There are none: the whole document is ours.
    Refused,
}

/// The document of a kind, its version known and its fields spelt right.
pub(super) fn one<'a>(
    path: &Path,
    documents: &'a [Value],
    kind: &Kind,
) -> Result<Option<&'a Value>, Error> {
    let mut found = documents.iter().filter(|document| document["kind"] == kind.name);
    let Some(document) = found.next() else { return Ok(None) };
    if found.next().is_some() {
        return Err(Error::Twice { path: path.to_owned(), kind: kind.name.to_owned() });
    }
    let version = document["apiVersion"].as_str().unwrap_or_default();
    if !kind.versions.contains(&version) {
        return Err(Error::Version {
            path: path.to_owned(),
            found: version.to_owned(),
            known: kind.versions,
        });
    }
    let whole = Fields { of: &[], known: kind.known };
    for Fields { of, known } in std::iter::once(&whole).chain(kind.sections) {
        let map = of.iter().try_fold(document, |map, key| map.get(key)).and_then(Value::as_object);
        if let Some(map) = map {
            check_spelling(path, of, map, known, &kind.others)?;
        }
    }
    Ok(Some(document))
}

fn check_spelling(
    path: &Path,
    place: &[&str],
    map: &Map<String, Value>,
    known: &[&str],
    others: &Others,
) -> Result<(), Error> {
    let is_passed = |key: &str| match others {
        Others::Passed { unlike } => unlike.contains(&key),
        Others::Refused => place.is_empty() && ["apiVersion", "kind"].contains(&key),
    };
    for found in map.keys().filter(|key| !known.contains(&key.as_str()) && !is_passed(key)) {
        let near = known.iter().find(|field| is_near(found, field) && !map.contains_key(**field));
        let (path, field) = (path.to_owned(), || joined(place, found));
        match (near, others) {
            (Some(near), _) => {
                return Err(Error::Misspelt { path, field: field(), near: (*near).to_owned() });
            }
            (None, Others::Passed { .. }) => {}
            (None, Others::Refused) => {
                let known = known.iter().map(|known| (*known).to_owned()).collect();
                return Err(Error::Unknown { path, field: field(), known });
            }
        }
    }
    Ok(())
}

fn joined(place: &[&str], field: &str) -> String {
    place.iter().copied().chain([field]).collect::<Vec<_>>().join(".")
}

/// The kind of `kinds` that a document of a group may be meant to be, where it is none of them: misspelt, or cut short.
///
/// # Errors
///
/// One that is near to one of `ours`.
pub(super) fn check_kinds(
    path: &Path,
    documents: &[Value],
    group: &str,
    kinds: &[&str],
    ours: &[&str],
) -> Result<(), Error> {
    let is_of_group = |document: &&Value| {
        let version = document["apiVersion"].as_str().unwrap_or_default();
        version.split_once('/').is_some_and(|(of, _)| of == group)
    };
    for document in documents.iter().filter(is_of_group) {
        let found = document["kind"].as_str().unwrap_or_default();
        let is_cut = |kind: &str| {
            found.len() >= SHORTEST && kind.to_lowercase().starts_with(&found.to_lowercase())
        };
        let near = || kinds.iter().find(|kind| is_near(found, kind) || is_cut(kind));
        let near = if kinds.contains(&found) { None } else { near() };
        if let Some(near) = near.filter(|near| ours.contains(near)) {
            let (found, near) = (found.to_owned(), (*near).to_owned());
            return Err(Error::Kind { path: path.to_owned(), found, near });
        }
    }
    Ok(())
}

/// The fewest letters that tell one kind from another.
const SHORTEST: usize = 4;

/// Two letters apart, or the same but for their case.
fn is_near(found: &str, field: &str) -> bool {
    let (found, field) = (found.to_lowercase(), field.to_lowercase());
    strsim::osa_distance(&found, &field) <= 2
}

/// A value as the type that it must have; `place` says in errors where it stands.
pub(super) fn typed<T: for<'de> Deserialize<'de>>(
    path: &Path,
    value: &Value,
    place: &str,
) -> Result<T, Error> {
    T::deserialize(without_empty(value.clone())).map_err(|why| Error::Value {
        path: path.to_owned(),
        place: place.to_owned(),
        why: why.to_string(),
    })
}

/// An absent value and an empty one are the same to kubeadm.
fn without_empty(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(key, value)| !is_empty(key, value));
            Value::Object(kept.map(|(key, value)| (key, without_empty(value))).collect())
        }
        other => other,
    }
}

/// Whether a field says nothing: templates write such where they have no value.
fn is_empty(key: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        // kubeadm refuses a duration without anything in it.
        Value::String(text) if text.is_empty() => !key.ends_with("ValidityPeriod"),
        // Of the default route, as kubeadm reads it.
        Value::String(text) => key == "advertiseAddress" && text == "0.0.0.0",
        Value::Number(number) => key == "bindPort" && number.as_u64() == Some(0),
        _ => false,
    }
}
