//! The smallest replacements of text that give a value, a pair or an item another content.
//!
//! Nothing here is trusted: whoever splices parses the result again and compares what it says.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::core::kubeconfig::yaml::change::Values;
use crate::core::kubeconfig::yaml::emit::{self, Behind, Brackets, Lines, Value};
use crate::core::kubeconfig::yaml::scalar::{self, Resolved};
use crate::core::kubeconfig::yaml::tree::{Cursor, Kind};

use super::anchors::is_needed;
use super::removal::lines_of;

/// One replacement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Splice {
    /// The bytes that go.
    pub at: Range<usize>,
    /// What comes in their place.
    pub text: String,
}

/// A key and its value in a mapping.
pub type Pair<'a> = (Cursor<'a>, Cursor<'a>);

/// The text with all replacements made; `None` where they overlap or lie outside.
pub fn apply(text: &str, mut splices: Vec<Splice>) -> Option<Zeroizing<String>> {
    splices.sort_by_key(|splice| (splice.at.start, splice.at.end));
    let added: usize = splices.iter().map(|splice| splice.text.len()).sum();
    let mut result = Zeroizing::new(String::with_capacity(text.len() + added));
    let mut done = 0;
    for splice in splices {
        result.push_str(text.get(done..splice.at.start)?);
        result.push_str(&splice.text);
        done = splice.at.end;
    }
    result.push_str(text.get(done..)?);
    Some(result)
}

/// Gives a pair another value, in the style of the old one: a string is quoted as the old one was, where that is safe.
///
/// An alias is replaced just there. Block text becomes one line, and a comment in its header goes with the header.
pub fn put_value(map: Cursor<'_>, pair: Pair<'_>, new: &Value) -> Vec<Splice> {
    let (key, value) = pair;
    let is_lines = matches!(value.kind(), Kind::Map | Kind::Seq) && !value.is_flow();
    match new {
        Value::Map(pairs) if is_lines && value.kind() == Kind::Map && !pairs.is_empty() => {
            put_lines(value, new)
        }
        _ if is_lines => put_after_key(key, value, new).unwrap_or_default(),
        Value::List(_) | Value::Map(_)
            if is_compound(new) && is_nothing(value) && !map.is_flow() =>
        {
            // As kubectl does, a list is not indented under its key.
            let more = if matches!(new, Value::Map(_)) { 2 } else { 0 };
            let indent = column(key.source(), key) + more;
            open_block(pair, indent, |indent, newline| emit::block(new, indent, newline))
        }
        _ => put_inline(map, pair, new),
    }
}

/// Gives an item of a list another value, on its line.
pub fn put_item(list: Cursor<'_>, item: Cursor<'_>, new: &Value) -> Vec<Splice> {
    let span = item.span();
    let end = span.start + list.source()[span.clone()].trim_end().len();
    vec![Splice { at: start_of(item)..end, text: inline(list, item, new) }]
}

/// Adds a pair to a mapping, after the pair `after` or as the only one.
pub fn add_pair(
    map: Cursor<'_>,
    after: Option<Pair<'_>>,
    key: &str,
    new: &impl Behind,
) -> Vec<Splice> {
    let source = map.source();
    let Some(last) = after else {
        return fill_brackets(map, |inner| emit::pair_in_brackets(key, new, inner));
    };
    if map.is_flow() {
        let inner = brackets_inside(map);
        let text = emit::pair_in_brackets(key, new, &inner);
        return vec![insert(pair_end(last), separated(&inner, &text))];
    }
    let (first_key, _) = map.pairs().next().unwrap_or(last);
    let indent = column(source, first_key);
    let lines = emit::block_pair(key, new, indent, newline(source));
    vec![insert_lines(source, pair_end(last), last.1.is_block_text(), indent, &lines)]
}

/// Adds items to the list that is the value of a pair of `map`; null and `[]` are lists too.
pub fn add_items(map: Cursor<'_>, pair: Pair<'_>, new: &Values<'_>) -> Vec<Splice> {
    let (key, value) = pair;
    let last = value.children().last().filter(|_| value.kind() == Kind::Seq);
    match last {
        None if map.is_flow() && value.kind() == Kind::Seq => {
            fill_brackets(value, |inner| new.joined(inner))
        }
        None if map.is_flow() => put_text(pair, new.in_brackets(&brackets_inside(map))),
        None => open_block(pair, column(key.source(), key), |indent, newline| {
            new.lines(indent, newline)
        }),
        Some(last) if value.is_flow() => {
            let inner = brackets_inside(value);
            vec![insert(last.span().end, separated(&inner, &new.joined(&inner)))]
        }
        Some(last) => {
            let source = map.source();
            let indent = dash_column(key, value);
            let lines = new.lines(indent, newline(source));
            vec![insert_lines(source, last.span().end, ends_in_block_text(last), indent, &lines)]
        }
    }
}

/// The line break of a text: that of its first line.
pub fn newline(source: &str) -> &'static str {
    match source.find('\n') {
        Some(at) if source[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

fn insert(at: usize, text: String) -> Splice {
    Splice { at: at..at, text }
}

/// The content of a block mapping becomes another one.
fn put_lines(map: Cursor<'_>, new: &Value) -> Vec<Splice> {
    let source = map.source();
    let indent = map.pairs().next().map_or(0, |(key, _)| column(source, key));
    let span = map.span();
    let end = span.start + source[span.clone()].trim_end().len();
    vec![Splice { at: span.start..end, text: emit::block(new, indent, newline(source)) }]
}

/// Lines of a block collection go, and what is new stands behind the key, or in lines of its own.
fn put_after_key(key: Cursor<'_>, value: Cursor<'_>, new: &Value) -> Option<Vec<Splice>> {
    let source = key.source();
    let gone = Splice { at: lines_of(value, key)?, text: String::new() };
    let after_colon = slot(key);
    let come = match new {
        Value::List(_) if is_compound(new) => {
            let indent = column(source, key);
            let lines = emit::block(new, indent, newline(source));
            insert_lines(source, after_colon, false, indent, &lines)
        }
        _ => {
            let rest = source[after_colon..].lines().next().unwrap_or_default();
            let words = rest.split(" #").next().unwrap_or_default().trim_end();
            let text = inline(key, value, new);
            insert(after_colon + words.len(), format!(" {text}"))
        }
    };
    Some(vec![come, gone])
}

fn put_inline(map: Cursor<'_>, pair: Pair<'_>, new: &Value) -> Vec<Splice> {
    put_text(pair, inline(map, pair.1, new))
}

fn put_text((key, value): Pair<'_>, text: String) -> Vec<Splice> {
    if is_empty(value) {
        return vec![insert(slot(key), format!(" {text}"))];
    }
    let span = value_span(key, value);
    let at = start_of(value).min(span.start)..span.end;
    vec![Splice { at, text }]
}

/// Between the brackets of `around`, or on one line.
fn inline(around: Cursor<'_>, old: Cursor<'_>, new: &Value) -> String {
    match new {
        Value::Str(text) => scalar::write(text, old.quote(), around.is_flow()),
        _ => emit::in_brackets(new, &brackets_inside(around)),
    }
}

/// Where the text of a value begins: with its anchor, where that has moved.
fn start_of(value: Cursor<'_>) -> usize {
    let moved = value.anchor_start().filter(|_| is_needed(value));
    moved.unwrap_or(value.span().start)
}

fn is_compound(value: &Value) -> bool {
    match value {
        Value::List(items) => !items.is_empty(),
        Value::Map(pairs) => !pairs.is_empty(),
        _ => false,
    }
}

/// Null, `[]` and `{}`.
fn is_nothing(value: Cursor<'_>) -> bool {
    value.resolved() == Some(Resolved::Null)
        || (value.is_flow() && value.children().next().is_none())
}

/// Puts the only entry between empty brackets.
fn fill_brackets(collection: Cursor<'_>, entry: impl Fn(&Brackets<'_>) -> String) -> Vec<Splice> {
    let source = collection.source();
    let open = collection.span().start + 1;
    let close = collection.span().end.saturating_sub(1);
    let brackets = document_brackets(collection);
    let is_blank = source.get(open..close).is_some_and(|inside| inside.trim().is_empty());
    let Some(lines) = brackets.lines.as_ref().filter(|_| is_blank) else {
        return vec![insert(open, entry(&Brackets { lines: None, ..brackets }))];
    };
    let Lines { newline, indent, unit } = lines;
    let inner = Lines { newline, indent: format!("{indent}{unit}"), unit };
    let inner = Brackets { lines: Some(inner), gap: brackets.gap };
    let text = format!("{newline}{indent}{unit}{}{newline}{indent}", entry(&inner));
    vec![Splice { at: open..close, text }]
}

/// `key: null`, `key: []` or `key:` in block style becomes a block collection; a comment on that line stays there.
fn open_block(
    (key, value): Pair<'_>,
    indent: usize,
    lines: impl Fn(usize, &str) -> String,
) -> Vec<Splice> {
    let source = key.source();
    let span = value_span(key, value);
    let lines = lines(indent, newline(source));
    let before = source[..span.start].trim_end_matches([' ', '\t']).len();
    vec![
        Splice { at: before..span.end, text: String::new() },
        insert_lines(source, span.end, false, indent, &lines),
    ]
}

/// Puts whole lines after the line on which `end` lies; what ends in block text has taken its line break already.
fn insert_lines(
    source: &str,
    end: usize,
    after_block_text: bool,
    indent: usize,
    lines: &str,
) -> Splice {
    let newline = newline(source);
    let indent = " ".repeat(indent);
    let line_start = source[..end].trim_end_matches([' ', '\t']).len();
    if after_block_text && source[..line_start].ends_with('\n') {
        return insert(line_start, format!("{indent}{lines}{newline}"));
    }
    let rest = &source[end..];
    let at = end + rest.find(['\r', '\n']).unwrap_or(rest.len());
    insert(at, format!("{newline}{indent}{lines}"))
}

/// The span of a value with the header of block text but without its last line break; right after the colon where there is
/// no value.
fn value_span(key: Cursor<'_>, value: Cursor<'_>) -> Range<usize> {
    let source = key.source();
    let span = value.span();
    if is_empty(value) {
        let after_colon = slot(key);
        return after_colon..after_colon;
    }
    if !value.is_block_text() {
        return span;
    }
    let header = source[key.span().end..span.start].find(['>', '|']);
    let start = header.map_or(span.start, |at| key.span().end + at);
    start..start + source[start..span.end].trim_end().len()
}

fn is_empty(value: Cursor<'_>) -> bool {
    value.kind() == Kind::Scalar && value.span().is_empty()
}

fn ends_in_block_text(node: Cursor<'_>) -> bool {
    node.subtree().last().is_some_and(Cursor::is_block_text)
}

/// Where a pair ends.
pub fn pair_end((key, value): Pair<'_>) -> usize {
    if is_empty(value) { slot(key) } else { value.span().end }
}

/// Right after the colon of a key.
pub fn slot(key: Cursor<'_>) -> usize {
    let end = key.span().end;
    let rest = &key.source()[end..];
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    end + blanks + usize::from(rest[blanks..].starts_with(':'))
}

/// The blanks before the line of a node.
fn indentation<'a>(source: &'a str, node: Cursor<'_>) -> &'a str {
    let start = source[..node.span().start].rfind('\n').map_or(0, |at| at + 1);
    let line = source[start..].trim_start_matches('\u{feff}');
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// How many bytes stand before a node on its line; a BOM is none.
pub fn column(source: &str, node: Cursor<'_>) -> usize {
    let before = source[..node.span().start].trim_start_matches('\u{feff}');
    before.len() - before.rfind('\n').map_or(0, |at| at + 1)
}

/// The column of the dashes of a block list. Where they are not indented under their key, the parser's span starts after the
/// first dash.
fn dash_column(key: Cursor<'_>, list: Cursor<'_>) -> usize {
    let rest = &list.source()[list.span().start..];
    let is_dash =
        rest.strip_prefix('-').is_some_and(|rest| rest.starts_with([' ', '\t', '\r', '\n']));
    column(key.source(), if is_dash { list } else { key })
}

/// The layout of the entries of a collection in brackets that has some.
fn brackets_inside(collection: Cursor<'_>) -> Brackets<'_> {
    let source = collection.source();
    let gap = document_brackets(collection).gap;
    let inside = source.get(collection.span().start + 1..).unwrap_or_default();
    let blank = &inside[..inside.len() - inside.trim_start().len()];
    let indent = blank.rfind('\n').map(|at| &blank[at + 1..]);
    match indent.filter(|_| collection.is_flow()) {
        Some(indent) => {
            let unit = document_brackets(collection).lines.map_or("  ", |lines| lines.unit);
            Brackets {
                lines: Some(Lines { newline: newline(source), indent: indent.to_owned(), unit }),
                gap,
            }
        }
        None => Brackets { lines: None, gap },
    }
}

/// The layout of a document in brackets, from its first entry, at the indentation of a node's line; block documents have
/// brackets on one line.
fn document_brackets(node: Cursor<'_>) -> Brackets<'_> {
    let root = node.document();
    let source = node.source();
    let Some((key, _)) = root.pairs().next().filter(|_| root.is_flow()) else {
        return Brackets { lines: None, gap: " " };
    };
    let gap = if source[slot(key)..].starts_with([' ', '\t', '\r', '\n']) { " " } else { "" };
    let blank = &source[root.span().start + 1..key.span().start];
    let lines = blank.rfind('\n').filter(|_| blank.trim().is_empty()).map(|at| {
        let unit = &blank[at + 1..];
        Lines { newline: newline(source), indent: indentation(source, node).to_owned(), unit }
    });
    Brackets { lines, gap }
}

fn separated(brackets: &Brackets<'_>, entry: &str) -> String {
    brackets.comma() + entry
}
