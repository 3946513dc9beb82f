//! What clients trip over in a file, and the smallest changes after which they do not.
//!
//! It works on the text alone, since such a file often cannot be read as a kubeconfig. Aliases are left as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::core::kubeconfig::file::{self, File, broken, decode};
use crate::core::kubeconfig::yaml::change::Edit;
use crate::core::kubeconfig::yaml::emit::Value;
use crate::core::kubeconfig::yaml::scalar::{self, Quote, Resolved};
use crate::core::kubeconfig::yaml::tree::{Cursor, Kind, Tree};

use super::anchors::verbatim;
use super::place::single_pair;
use super::removal::{remove_item, remove_pair};
use super::schema::{CONFIG, Type};
use super::splice::{self, Pair, Splice, column};
use super::{Error, edited, set_current_context};

/// So many repairs are made at most: a file that needs more is no kubeconfig.
const MOST: usize = 500;

/// One thing that was repaired.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Repair {
    /// Line from 1; in the text as it is once the repairs before have been made.
    pub line: usize,
    /// Column from 1.
    pub column: usize,
    /// What was wrong, and what becomes of it; never a value.
    pub what: String,
}

/// The file as clients can read it, and what had to be repaired for that.
///
/// # Errors
///
/// What cannot be repaired: no YAML, no text, another kind of object.
pub fn repair(path: impl Into<PathBuf>, bytes: &[u8]) -> Result<(File, Vec<Repair>), file::Error> {
    let path = path.into();
    let mut text = Zeroizing::new(decode(&path, bytes)?.to_owned());
    let mut repairs = Vec::new();
    while repairs.len() < MOST {
        let tree = Tree::parse(&text).map_err(|error| broken(&path, &text, error))?;
        let mut pass = Pass::default();
        if let Some(root) = tree.root(&text).filter(|_| !tree.has_more_documents()) {
            pass.map(root, CONFIG, "");
        }
        let Some(new) = splice::apply(&text, pass.splices).filter(|_| !pass.repairs.is_empty())
        else {
            break;
        };
        pass.repairs.sort_by_key(|it| (it.line, it.column));
        repairs.extend(pass.repairs);
        text = new;
    }
    let mut file = File::from_text(path, text)?;
    for (key, value) in [("apiVersion", "v1"), ("kind", "Config")] {
        if file.tree().root(file.text()).is_some_and(|root| lacks(root, key))
            && let Ok(new) = edited(&file, vec![Edit::set([key.into()], Value::str(value))], key)
        {
            file = new;
            let what = format!("`{key}` is missing: it is `{value}` now, as clients take it");
            repairs.push(Repair { line: 1, column: 1, what });
        }
    }
    Ok((file, repairs))
}

/// The file without the current context that it names.
///
/// # Errors
///
/// Those of [`set_current_context`].
pub fn clear_current(file: &File) -> Result<(File, Repair), Error> {
    let name = &file.config().current_context;
    let tree = file.tree();
    let root = tree.root(file.text());
    let pair = root.and_then(|root| single_pair(root, "current-context").ok()?);
    let (line, column) = pair.map_or((1, 1), |(_, value)| position(value));
    let what = format!("the current context `{name}` is nowhere: none is current any more");
    let new = set_current_context(file, "")?.into_owned();
    Ok((new, Repair { line, column, what }))
}

fn lacks(root: Cursor<'_>, key: &str) -> bool {
    let is_map = root.kind() == Kind::Map && root.pairs().next().is_some();
    is_map && root.pairs().all(|(found, _)| found.target().text() != key)
}

fn position(node: Cursor<'_>) -> (usize, usize) {
    (node.line(), column(node.source(), node) + 1)
}

/// What one walk over the tree has found. What would touch the same place waits for the next.
#[derive(Default)]
struct Pass {
    repairs: Vec<Repair>,
    splices: Vec<Splice>,
    /// Where something changes already.
    touched: Vec<(usize, usize)>,
}

impl Pass {
    fn value(&mut self, map: Cursor<'_>, node: Cursor<'_>, wanted: &Type, field: &str) {
        match (wanted, node.kind()) {
            (Type::Flag, Kind::Scalar) => self.flag(node, field),
            (Type::Text, Kind::Scalar) => self.text(map, node, field),
            (Type::Map(fields), Kind::Map) => self.map(node, fields, field),
            (Type::Each(wanted), Kind::Map) => {
                self.keys(node, field);
                for (key, value) in node.pairs() {
                    self.value(node, value, wanted, &format!("{field}.{}", key.text()));
                }
            }
            (Type::List(wanted), Kind::Seq) => {
                for (index, item) in node.children().enumerate() {
                    self.value(node, item, wanted, &format!("{field}[{index}]"));
                }
            }
            _ => {}
        }
    }

    fn map(&mut self, map: Cursor<'_>, fields: &'static [(&'static str, Type)], field: &str) {
        self.keys(map, field);
        self.pairs(map, field);
        for (key, value) in map.pairs() {
            let known = fields.iter().find(|(name, _)| *name == key.text());
            let Some((name, wanted)) = known else { continue };
            let dot = if field.is_empty() { "" } else { "." };
            let field = format!("{field}{dot}{name}");
            if matches!(*name, "clusters" | "users" | "contexts" | "extensions") {
                self.names((key, value), &field);
            }
            self.value(map, value, wanted, &field);
        }
    }

    /// Of equal keys the last counts.
    fn keys(&mut self, map: Cursor<'_>, field: &str) {
        let pairs: Vec<_> = map.pairs().collect();
        let mut seen = BTreeSet::new();
        for (key, value) in pairs.into_iter().rev() {
            let is_merge = key.resolved() == Some(Resolved::Merge);
            if key.kind() == Kind::Scalar && !is_merge && !seen.insert(key.text()) {
                let (place, name) = (place(field), key.text());
                let what = format!(
                    "the key `{name}` stands twice in {place}: the earlier one goes, clients read the later"
                );
                self.add(key, what, remove_pair(map, (key, value)));
            }
        }
    }

    /// A path beside its content: clients refuse it, and would take the content.
    fn pairs(&mut self, map: Cursor<'_>, field: &str) {
        for path in ["certificate-authority", "client-certificate", "client-key"] {
            let says = |name: &str| {
                let is_it = |(key, value): &Pair<'_>| {
                    key.text() == name && !value.target().text().is_empty()
                };
                map.pairs().find(is_it)
            };
            if let (Some(pair), Some(_)) = (says(path), says(&format!("{path}-data"))) {
                let place = place(field);
                let what = format!("both `{path}` and `{path}-data` are in {place}: the path goes");
                self.add(pair.0, what, remove_pair(map, pair));
            }
        }
    }

    /// Entries of one list with one name: clients refuse the file.
    fn names(&mut self, (key, list): Pair<'_>, field: &str) {
        let items: Vec<_> = list.children().filter(|_| list.kind() == Kind::Seq).collect();
        let taken: BTreeSet<&str> =
            items.iter().filter_map(|item| Some(name_of(*item)?.text())).collect();
        let mut taken = taken.into_iter().map(str::to_owned).collect();
        let mut first = BTreeMap::new();
        for item in &items {
            let Some(name) = name_of(*item) else { continue };
            let text = name.text();
            let Some(other) = first.get(text).copied() else {
                first.insert(text, *item);
                continue;
            };
            if self.is_full() {
                return;
            }
            let is_same = verbatim(other).is_some_and(|value| Some(value) == verbatim(*item));
            if is_same {
                let what = format!("`{text}` stands twice in {field} and says the same: one goes");
                self.add(name, what, remove_item((key, list), *item));
            } else {
                let free = free(text, &mut taken);
                let what =
                    format!("`{text}` stands twice in {field}: the later one becomes `{free}`");
                let text = scalar::write(&free, name.quote(), item.is_flow());
                self.add(name, what, vec![Splice { at: name.span(), text }]);
            }
        }
    }

    fn text(&mut self, around: Cursor<'_>, node: Cursor<'_>, field: &str) {
        let found = match node.resolved() {
            Some(Resolved::Bool(_)) => "true or false",
            Some(Resolved::Number) => "a number",
            _ => return,
        };
        let what = format!("`{field}` is {found}, and must be a string: it is quoted");
        let text = scalar::write(node.text(), Quote::Double, around.is_flow());
        self.add(node, what, vec![Splice { at: node.span(), text }]);
    }

    fn flag(&mut self, node: Cursor<'_>, field: &str) {
        let is_text = node.resolved() == Some(Resolved::Str);
        if let (true, Resolved::Bool(value)) = (is_text, scalar::resolve(node.text())) {
            let what =
                format!("`{field}` is a string, and must be true or false: it is `{value}` now");
            self.add(node, what, vec![Splice { at: node.span(), text: value.to_string() }]);
        }
    }

    fn is_full(&self) -> bool {
        self.repairs.len() >= MOST
    }

    fn add(&mut self, node: Cursor<'_>, what: String, splices: Vec<Splice>) {
        let overlaps = |splice: &Splice| {
            let is_here =
                |(start, end): &(usize, usize)| splice.at.start < *end && *start < splice.at.end;
            self.touched.iter().any(is_here)
        };
        if splices.is_empty() || self.is_full() || splices.iter().any(overlaps) {
            return;
        }
        self.touched.extend(splices.iter().map(|splice| (splice.at.start, splice.at.end)));
        let (line, column) = position(node);
        self.repairs.push(Repair { line, column, what });
        self.splices.extend(splices);
    }
}

/// The last one counts.
fn name_of(item: Cursor<'_>) -> Option<Cursor<'_>> {
    let (_, name) = item.pairs().filter(|(key, _)| key.text() == "name").last()?;
    (name.kind() == Kind::Scalar).then_some(name)
}

fn place(field: &str) -> String {
    if field.is_empty() { "the file".to_owned() } else { format!("`{field}`") }
}

/// The first of `NAME-2`, `NAME-3`... that nothing has.
fn free(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut number = 2;
    loop {
        let free = format!("{name}-{number}");
        if taken.insert(free.clone()) {
            return free;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repaired(text: &str) -> (String, Vec<String>) {
        let (file, repairs) = repair("config", text.as_bytes()).unwrap();
        let text = String::from_utf8(file.bytes().to_vec()).unwrap();
        (text, repairs.into_iter().map(|it| it.what).collect())
    }

    #[test]
    fn what_is_right_stays_byte_for_byte() {
        let text =
            "apiVersion: v1\nkind: Config\nusers: # mine\n- {name: \"1\", user: {token: ~}}\n";
        assert_eq!(repaired(text), (text.to_owned(), Vec::new()));
    }

    #[test]
    fn a_second_repair_finds_nothing() {
        let text = "users:\n- {name: 1, user: {token: 012, token: on}}\n- {name: 1, user: {}}\n\
                    - {name: 1-2, user: {}}\n- {name: 1, user: {}}\nusers: [{name: x, name: y}]\n";
        let (once, found) = repaired(text);
        assert!(found.len() > 3, "{found:?}");
        assert_eq!(repaired(&once), (once.clone(), Vec::new()));
    }

    #[test]
    fn no_value_is_told() {
        let (_, found) = repaired("users: [{name: u, user: {token: 31337, password: 4711}}]\n");
        assert!(found.len() >= 2);
        assert!(!found.iter().any(|what| what.contains("31337") || what.contains("4711")));
    }
}
