//! Taking an entry out, with what belongs to it and nothing of a neighbour.
//!
//! In block style whole lines go: those of the entry, comments below it that are indented deeper than it is, and comments right
//! above it in its own column. A blank line ends what belongs to it.

use std::ops::Range;

use crate::core::kubeconfig::yaml::tree::Cursor;

use super::splice::{Pair, Splice, column, pair_end, slot};

/// Takes a pair out of a mapping that has others.
pub fn remove_pair(map: Cursor<'_>, pair: Pair<'_>) -> Vec<Splice> {
    let pairs: Vec<_> = map.pairs().collect();
    let Some(at) = pairs.iter().position(|(key, _)| key.index() == pair.0.index()) else {
        return Vec::new();
    };
    let start = |(key, _): &Pair<'_>| key.anchor_start().unwrap_or(key.span().start);
    let neighbours = Neighbours {
        before: at.checked_sub(1).map(|at| pair_end(pairs[at])),
        after: pairs.get(at + 1).map(start),
    };
    if map.is_flow() {
        return in_brackets(map.source(), start(&pair)..pair_end(pair), &neighbours);
    }
    let column = column(map.source(), pair.0);
    in_block(map.source(), start(&pair)..pair_end(pair), column, &neighbours)
}

/// Takes an item out of the list that is the value of a pair, and has others.
pub fn remove_item((key, list): Pair<'_>, item: Cursor<'_>) -> Vec<Splice> {
    let items: Vec<_> = list.children().collect();
    let Some(at) = items.iter().position(|it| it.index() == item.index()) else {
        return Vec::new();
    };
    let start = |item: &Cursor<'_>| item.anchor_start().unwrap_or(item.span().start);
    let before = at.checked_sub(1).map(|at| items[at].span().end);
    let source = list.source();
    if list.is_flow() {
        let after = items.get(at + 1).map(start);
        let neighbours = Neighbours { before, after };
        return in_brackets(source, start(&item)..item.span().end, &neighbours);
    }
    let Some(dash) = dash_of(source, before.unwrap_or_else(|| slot(key)), start(&item)) else {
        return Vec::new();
    };
    let neighbours = Neighbours { before, after: None };
    in_block(source, dash..item.span().end, column_at(source, dash), &neighbours)
}

/// Takes several items out of such a list at once; `None` where none would be left, or a comment is in the way.
pub fn remove_items((key, list): Pair<'_>, goes: &[bool]) -> Option<Vec<Splice>> {
    let items: Vec<_> = list.children().collect();
    let last = goes.iter().rposition(|goes| !goes).filter(|_| goes.len() == items.len())?;
    let source = list.source();
    let start = |item: &Cursor<'_>| item.anchor_start().unwrap_or(item.span().start);
    let mut splices = Vec::new();
    for (at, item) in items.iter().enumerate().filter(|(at, _)| goes[*at]) {
        let before = at.checked_sub(1).map(|at| items[at].span().end);
        let entry = start(item)..item.span().end;
        if !list.is_flow() {
            let dash = dash_of(source, before.unwrap_or_else(|| slot(key)), entry.start)?;
            let neighbours = Neighbours { before, after: None };
            let column = column_at(source, dash);
            splices.extend(in_block(source, dash..entry.end, column, &neighbours));
        } else if at < last {
            let neighbours = Neighbours { before, after: items.get(at + 1).map(start) };
            splices.extend(in_brackets(source, entry, &neighbours));
        }
    }
    let (kept, end) = (items[last].span().end, items.last()?.span().end);
    if list.is_flow() && kept < end {
        let is_bare = !source[kept..end].contains('#');
        splices.push(is_bare.then(|| Splice { at: kept..end, text: String::new() })?);
    }
    Some(splices)
}

/// The lines that a block collection and what belongs to its entries take, which all go.
pub fn lines_of(collection: Cursor<'_>, key: Cursor<'_>) -> Option<Range<usize>> {
    let source = collection.source();
    let first = collection.children().next()?;
    let start = first.anchor_start().unwrap_or(first.span().start);
    let dash = dash_of(source, slot(key), start);
    let start = dash.unwrap_or(start);
    let here = Lines { source, column: column_at(source, start), from: slot(key) };
    let lines = here.around(start..collection.span().end)?;
    Some(lines)
}

/// What belongs to each pair of a block mapping, from its column on and with its line breaks; nothing before `from` does. `None`
/// where two pairs are on one line.
pub fn block_pairs(map: Cursor<'_>, from: usize) -> Option<Vec<Range<usize>>> {
    let start = |(key, _): &Pair<'_>| key.anchor_start().unwrap_or(key.span().start);
    belongings(map.source(), map.pairs().map(|pair| Some(start(&pair)..pair_end(pair))), from)
}

/// The same for the items of a block list.
pub fn block_items(list: Cursor<'_>, from: usize) -> Option<Vec<Range<usize>>> {
    let (source, mut before) = (list.source(), from);
    let items = list.children().map(|item| {
        let start = item.anchor_start().unwrap_or(item.span().start);
        let dash = dash_of(source, before, start)?;
        before = item.span().end;
        Some(dash..before)
    });
    belongings(source, items, from)
}

fn belongings(
    source: &str,
    entries: impl Iterator<Item = Option<Range<usize>>>,
    mut from: usize,
) -> Option<Vec<Range<usize>>> {
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let lines = Lines { source, column: column_at(source, entry.start), from };
        let at = match lines.around(entry.clone()) {
            Some(at) => {
                at.end - source[at.clone()].trim_start_matches(['\u{feff}', ' ', '\t']).len()
                    ..at.end
            }
            // Behind a dash.
            None if found.is_empty() => entry.start..lines.end_of(entry),
            None => return None,
        };
        from = at.end;
        found.push(at);
    }
    Some(found)
}

/// Where the entries before and after end and begin.
struct Neighbours {
    before: Option<usize>,
    after: Option<usize>,
}

fn in_block(
    source: &str,
    entry: Range<usize>,
    column: usize,
    neighbours: &Neighbours,
) -> Vec<Splice> {
    let lines = Lines { source, column, from: neighbours.before.unwrap_or_default() };
    let at = match (lines.around(entry.clone()), neighbours.after) {
        (Some(lines), _) => lines,
        // Behind a dash: the next one takes its place.
        (None, Some(after)) => entry.start..after,
        (None, None) => return Vec::new(),
    };
    vec![Splice { at, text: String::new() }]
}

/// One comma goes too. A comment on the way to a neighbour may be about that one.
fn in_brackets(source: &str, entry: Range<usize>, neighbours: &Neighbours) -> Vec<Splice> {
    let gone = |at| vec![Splice { at, text: String::new() }];
    let before = source[..entry.start].trim_end_matches([' ', '\t', '\r', '\n']).len();
    match (neighbours.before, neighbours.after) {
        (_, Some(after)) if !source[entry.end..after].contains('#') => gone(entry.start..after),
        (_, Some(_)) => {
            let comma = source[entry.end..].find(',').map_or(entry.end, |at| entry.end + at + 1);
            gone(entry.start..comma)
        }
        (Some(end), None) if !source[end..entry.start].contains('#') => gone(end..entry.end),
        (Some(_), None) => gone(before..entry.end),
        (None, None) => gone(entry),
    }
}

/// The lines of a block collection.
struct Lines<'a> {
    source: &'a str,
    /// The column of its entries.
    column: usize,
    /// Where what stands above ends.
    from: usize,
}

impl Lines<'_> {
    /// The lines of an entry and of its comments, with one line break; `None` where it does not begin its line.
    fn around(&self, entry: Range<usize>) -> Option<Range<usize>> {
        let source = self.source;
        let start = line_start(source, entry.start);
        let is_first = source[start..entry.start].trim_start_matches('\u{feff}').trim().is_empty();
        if !is_first || start < self.from {
            return None;
        }
        let start = self.with_comments_above(start);
        let end = self.end_of(entry);
        let has_break = source[..end].ends_with('\n');
        match source[..start].strip_suffix('\n') {
            // The last line of a file without a line break at its end: the one before it becomes that.
            Some(above) if !has_break => Some(above.trim_end_matches('\r').len()..end),
            _ => Some(start..end),
        }
    }

    /// Where the lines of an entry and of its comments end.
    fn end_of(&self, entry: Range<usize>) -> usize {
        // Block text reaches into the next line.
        let end = entry.start + self.source[entry].trim_end().len();
        self.with_comments_below(line_end(self.source, end))
    }

    fn with_comments_above(&self, mut start: usize) -> usize {
        while start > self.from {
            let above = line_start(self.source, start.saturating_sub(1));
            let is_ours = self.comment_column(above..start) == Some(self.column);
            if !is_ours || above < self.from {
                break;
            }
            start = above;
        }
        start
    }

    fn with_comments_below(&self, mut end: usize) -> usize {
        loop {
            let below = line_end(self.source, end);
            let is_ours = self.comment_column(end..below).is_some_and(|it| it > self.column);
            if !is_ours {
                return end;
            }
            end = below;
        }
    }

    /// The column of a comment that has its line for itself.
    fn comment_column(&self, line: Range<usize>) -> Option<usize> {
        let line = &self.source[line];
        let column = line.len() - line.trim_start_matches([' ', '\t']).len();
        line[column..].starts_with('#').then_some(column)
    }
}

/// The dash of an item that begins at `item`, after `from`.
fn dash_of(source: &str, from: usize, item: usize) -> Option<usize> {
    let mut at = from;
    for line in source.get(from..item)?.split_inclusive('\n') {
        let blanks =
            line.len() - line.trim_start_matches([' ', '\t', '\r', '\n', '\u{feff}']).len();
        let text = &line[blanks..];
        let is_dash = text
            .strip_prefix('-')
            .is_some_and(|rest| rest.trim_start().len() < rest.len() || rest.is_empty());
        if is_dash {
            return Some(at + blanks);
        }
        at += line.len();
    }
    None
}

fn column_at(source: &str, at: usize) -> usize {
    source[line_start(source, at)..at].trim_start_matches('\u{feff}').len()
}

fn line_start(source: &str, at: usize) -> usize {
    source[..at].rfind('\n').map_or(0, |at| at + 1)
}

/// The start of the next line.
fn line_end(source: &str, at: usize) -> usize {
    source[at..].find('\n').map_or(source.len(), |found| at + found + 1)
}
