//! Anchors whose value changes or goes while aliases still stand for it: they move to the first of these.

use crate::core::kubeconfig::yaml::emit::{Brackets, Value, in_brackets};
use crate::core::kubeconfig::yaml::scalar::{self, Resolved};
use crate::core::kubeconfig::yaml::tree::{Cursor, Kind};

use super::splice::Splice;

/// How many values an alias may stand for to be written out: an alias may stand for many others.
const MOST: usize = 10_000;

/// The anchor of a node that stays and changes.
pub fn move_anchor(node: Cursor<'_>) -> Vec<Splice> {
    let (Some(start), Some(moved)) = (node.anchor_start(), moved(node, node)) else {
        return Vec::new();
    };
    let source = node.source();
    let after = start + name_of(source, start).len();
    let gap = &source[after..];
    let blanks = gap.len() - gap.trim_start_matches([' ', '\t']).len();
    let is_last = gap[blanks..].starts_with(['\r', '\n']);
    let before = source[..start].trim_end_matches([' ', '\t']).len();
    let at = if is_last { before..after } else { start..after + blanks };
    vec![moved, Splice { at, text: String::new() }]
}

/// The anchors in a node that goes, or becomes another one.
pub fn move_anchors_in(gone: Cursor<'_>) -> Vec<Splice> {
    gone.subtree().filter_map(|node| moved(node, gone)).collect()
}

/// Whether aliases outside of it stand for a node.
pub fn is_needed(node: Cursor<'_>) -> bool {
    first_alias(node, node).is_some()
}

/// The first alias outside of `gone`, with the anchor and the value of `node` in its place.
fn moved(node: Cursor<'_>, gone: Cursor<'_>) -> Option<Splice> {
    let alias = first_alias(node, gone)?;
    let name = name_of(node.source(), node.anchor_start()?);
    let text = match node.resolved() {
        Some(Resolved::Str) => scalar::write(node.text(), node.quote(), true),
        Some(_) => node.source()[node.span()].to_owned(),
        // What cannot be written leaves a hole, and so the edit fails.
        None => verbatim(node).map(|value| inline(&value)).unwrap_or_default(),
    };
    Some(Splice { at: alias.span(), text: format!("{name} {text}") })
}

fn first_alias<'a>(node: Cursor<'a>, gone: Cursor<'a>) -> Option<Cursor<'a>> {
    node.anchor_start()?;
    let inside = gone.index()..gone.index() + gone.subtree().len();
    node.aliases().find(|alias| !inside.contains(&alias.index()))
}

/// `&name`
fn name_of(source: &str, start: usize) -> &str {
    let rest = &source[start..];
    &rest[..rest.find([' ', '\t', '\r', '\n', ',', ']', '}']).unwrap_or(rest.len())]
}

fn inline(value: &Value) -> String {
    in_brackets(value, &Brackets { lines: None, gap: " " })
}

/// What a node says, in its order; `None` for merge keys, tags that convert, and what is too much.
pub fn verbatim(node: Cursor<'_>) -> Option<Value> {
    read(node, &mut MOST.clone())
}

fn read(node: Cursor<'_>, left: &mut usize) -> Option<Value> {
    *left = left.checked_sub(1)?;
    let node = node.target();
    match node.kind() {
        Kind::Alias => None,
        Kind::Map => {
            let pair = |(key, value): (Cursor<'_>, Cursor<'_>)| {
                let key = key.target();
                let is_text = key.resolved() == Some(Resolved::Str);
                let value = read(value, left)?;
                is_text.then(|| (key.text().to_owned(), value))
            };
            // Of a large file many are held at once.
            let mut pairs: Vec<_> = node.pairs().map(pair).collect::<Option<_>>()?;
            pairs.shrink_to_fit();
            Some(Value::Map(pairs))
        }
        Kind::Seq => {
            let items: Option<_> = node.children().map(|item| read(item, left)).collect();
            items.map(Value::List)
        }
        Kind::Scalar => Some(match node.resolved()? {
            Resolved::Bool(value) => Value::Bool(value),
            Resolved::Merge => return None,
            Resolved::Null => Value::Null,
            Resolved::Number => Value::Number(node.text().to_owned()),
            Resolved::Str => Value::str(node.text()),
        }),
    }
}
