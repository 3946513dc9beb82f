//! In what two kubeconfigs differ, by what they say: order, style and comments do not count.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::types::{Config, Preferences};
use super::written::ToValue;
use super::yaml::emit::Value;

/// How two files differ in one entry.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Difference {
    /// What became of it.
    pub change: Change,
    /// `cluster`, `user`, `context`, `current-context`, `preferences` or `extension`.
    pub kind: &'static str,
    /// Its name; empty where there is only one.
    pub name: String,
    /// The fields that differ, never their values; empty where it is new or gone.
    pub fields: Vec<String>,
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is new.
    Added,
    /// It says something else.
    Changed,
    /// It is gone.
    Removed,
}

/// What changes from `old` to `new`. Both may be large: values are made of what differs, and of nothing else.
pub fn differences(old: &Config, new: &Config) -> Vec<Difference> {
    let clusters = |config| named(config, |it: &Config| &it.clusters, |one| &one.name);
    let users = |config| named(config, |it: &Config| &it.users, |one| &one.name);
    let contexts = |config| named(config, |it: &Config| &it.contexts, |one| &one.name);
    let extensions = |config| named(config, |it: &Config| &it.extensions, |one| &one.name);
    [
        between("cluster", &clusters(old), &clusters(new)),
        between("user", &users(old), &users(new)),
        between("context", &contexts(old), &contexts(new)),
        between("current-context", &current(old), &current(new)),
        between("preferences", &preferences(old), &preferences(new)),
        between("extension", &extensions(old), &extensions(new)),
    ]
    .concat()
}

fn named<T>(
    config: &Config,
    list: fn(&Config) -> &Vec<T>,
    name: fn(&T) -> &String,
) -> BTreeMap<&str, &T> {
    list(config).iter().map(|entry| (name(entry).as_str(), entry)).collect()
}

fn current(config: &Config) -> BTreeMap<&str, &String> {
    let current = Some(&config.current_context).filter(|current| !current.is_empty());
    current.into_iter().map(|current| ("", current)).collect()
}

fn preferences(config: &Config) -> BTreeMap<&str, &Preferences> {
    let is_set = config.preferences != Preferences::default();
    is_set.then_some(("", &config.preferences)).into_iter().collect()
}

fn between<T: PartialEq + ToValue>(
    kind: &'static str,
    old: &BTreeMap<&str, &T>,
    new: &BTreeMap<&str, &T>,
) -> Vec<Difference> {
    let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    let difference = |name: &str| {
        let (change, fields) = match (old.get(name), new.get(name)) {
            (Some(_), None) => (Change::Removed, Vec::new()),
            (None, _) => (Change::Added, Vec::new()),
            (Some(old), Some(new)) if old == new => return None,
            (Some(old), Some(new)) => (Change::Changed, fields_of(*old, *new)),
        };
        Some(Difference { change, kind, name: name.to_owned(), fields })
    };
    names.into_iter().filter_map(difference).collect()
}

/// The fields below the one that holds all of an entry but its name.
fn fields_of(old: &impl ToValue, new: &impl ToValue) -> Vec<String> {
    let all = fields("", &old.to_value(), &new.to_value());
    let below = |field: String| match field.split_once('.') {
        Some(("cluster" | "user" | "context" | "extension", field)) => field.to_owned(),
        _ => field,
    };
    all.into_iter().map(below).collect()
}

/// The fields in which two mappings differ, such as `exec.args`.
fn fields(above: &str, old: &Value, new: &Value) -> Vec<String> {
    let keys: BTreeSet<&str> =
        old.pairs().iter().chain(new.pairs()).map(|(key, _)| key.as_str()).collect();
    let differing = keys.into_iter().filter(|key| old.get(key) != new.get(key));
    let below = |key: &str| {
        let path = format!("{above}{key}");
        match (old.get(key), new.get(key)) {
            (Some(old @ Value::Map(_)), Some(new @ Value::Map(_))) => {
                fields(&format!("{path}."), old, new)
            }
            _ => vec![path],
        }
    };
    differing.flat_map(below).collect()
}

#[cfg(test)]
mod tests {
    use super::super::File;
    use super::*;

    fn between_texts(old: &str, new: &str) -> Vec<String> {
        let read = |text: &str| File::parse("config", text.as_bytes()).unwrap().config().clone();
        let show = |it: &Difference| {
            format!("{:?} {} {} {}", it.change, it.kind, it.name, it.fields.join(","))
        };
        differences(&read(old), &read(new)).iter().map(show).collect()
    }

    #[test]
    fn order_style_and_comments_do_not_count() {
        let old = "users: [{name: a, user: {token: x}}, {name: b}]\ncurrent-context: c\n";
        let new = "# c\ncurrent-context: 'c'\nusers:\n- name: b\n  user: {}\n- user:\n    token: \"x\"\n  name: a\n";
        assert_eq!(between_texts(old, new), Vec::<String>::new());
    }

    #[test]
    fn fields_are_named_and_values_are_not() {
        let old = "users: [{name: a, user: {token: hunter2, exec: {command: x, args: [hunter2]}}}, {name: gone}]\n";
        let new = "users: [{name: a, user: {exec: {command: x, env: [{name: A, value: hunter3}]}}}, {name: new}]\ncurrent-context: a\n";
        let expected = [
            "Changed user a exec.args,exec.env,token",
            "Removed user gone ",
            "Added user new ",
            "Added current-context  ",
        ];
        assert_eq!(between_texts(old, new), expected);
    }
}
