//! In what two kubeconfigs differ, by what they say: order, style and comments do not count.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::types::{Config, NamedExtension};
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

/// What changes from `old` to `new`.
pub fn differences(old: &Config, new: &Config) -> Vec<Difference> {
    let clusters =
        |config: &Config| named(&config.clusters, |it| (&it.name, it.cluster.to_value()));
    let users = |config: &Config| named(&config.users, |it| (&it.name, it.user.to_value()));
    let contexts =
        |config: &Config| named(&config.contexts, |it| (&it.name, it.context.to_value()));
    let extensions = |config: &Config| named(&config.extensions, content);
    let current = |config: &Config| single(Value::str(&config.current_context));
    let preferences = |config: &Config| single(config.preferences.to_value());
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

fn named<T>(list: &[T], of: impl Fn(&T) -> (&String, Value)) -> BTreeMap<String, Value> {
    list.iter().map(of).map(|(name, value)| (name.clone(), value)).collect()
}

fn content(extension: &NamedExtension) -> (&String, Value) {
    (&extension.name, extension.extension.clone())
}

/// Something of which there is one, or none.
fn single(value: Value) -> BTreeMap<String, Value> {
    let is_empty = value == Value::str("") || value == Value::Map(Vec::new());
    if is_empty { BTreeMap::new() } else { BTreeMap::from([(String::new(), value)]) }
}

fn between(
    kind: &'static str,
    old: &BTreeMap<String, Value>,
    new: &BTreeMap<String, Value>,
) -> Vec<Difference> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let difference = |name: &String| {
        let (change, fields) = match (old.get(name), new.get(name)) {
            (Some(_), None) => (Change::Removed, Vec::new()),
            (None, _) => (Change::Added, Vec::new()),
            (Some(old), Some(new)) if old == new => return None,
            (Some(old), Some(new)) => (Change::Changed, fields("", old, new)),
        };
        Some(Difference { change, kind, name: name.clone(), fields })
    };
    names.into_iter().filter_map(difference).collect()
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
