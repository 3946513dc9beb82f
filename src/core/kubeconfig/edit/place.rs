//! From an edit to the splices that make it.

use std::collections::BTreeMap;

use crate::core::kubeconfig::yaml::change::{Change, Edit, Step, changed, made};
use crate::core::kubeconfig::yaml::emit::Value;
use crate::core::kubeconfig::yaml::scalar::Resolved;
use crate::core::kubeconfig::yaml::tree::{Cursor, Kind};

use super::anchors::{move_anchor, move_anchors_in, verbatim};
use super::removal::{remove_item, remove_pair};
use super::splice::{Pair, Splice, add_items, add_pair, put_item, put_value};

/// Why there is no place for an edit.
#[derive(Debug)]
pub enum Error {
    /// A key on the way stands so often.
    Duplicate(String, usize),
    /// The path leads through something that is no collection, or to nothing.
    Nowhere,
}

/// A document whose lists have been counted once: many edits may be about the items of one.
pub struct Items<'a> {
    root: Cursor<'a>,
    lists: BTreeMap<usize, Vec<Cursor<'a>>>,
}

impl<'a> Items<'a> {
    /// Those of the document at `root`.
    pub fn new(root: Cursor<'a>) -> Self {
        Self { root, lists: BTreeMap::new() }
    }

    fn of(&mut self, list: Cursor<'a>, index: usize) -> Option<Cursor<'a>> {
        let all = || list.children().filter(|_| list.kind() == Kind::Seq).collect();
        self.lists.entry(list.index()).or_insert_with(all).get(index).copied()
    }
}

/// The same edit with a path that leads to something that is there, through no alias.
///
/// What is missing on the way is made with the value; what an alias stands for is written out in its place; the last entry of a
/// collection does not go, but leaves an empty one.
pub fn grounded<'v>(
    items: &mut Items<'_>,
    Edit { path, change }: Edit<'v>,
) -> Result<Edit<'v>, Error> {
    let (mut node, mut is_alone) = (items.root, false);
    for (depth, step) in path.iter().enumerate() {
        let (here, rest) = path.split_at(depth);
        if node.kind() == Kind::Alias {
            return written_out(node, here, rest, change);
        }
        let is_null = node.resolved() == Some(Resolved::Null);
        let child = match step {
            Step::Key(_) if is_null => return new(here, rest, change),
            Step::Key(key) => match single_pair(node, key)? {
                // There may be very many items: they are written where they come to stand.
                None if matches!(change, Change::Append(_)) && rest.len() == 1 => {
                    return Ok(Edit { path, change });
                }
                None => return new(&path[..=depth], &rest[1..], change),
                Some((_, value)) => value,
            },
            Step::Item(index) => items.of(node, *index).ok_or(Error::Nowhere)?,
        };
        is_alone = depth > 0 && rest.len() == 1 && entries(node).nth(1).is_none();
        node = child;
    }
    let is_null = node.resolved() == Some(Resolved::Null);
    match change {
        Change::Append(_) if node.kind() == Kind::Alias => written_out(node, &path, &[], change),
        Change::Append(_) if !is_null && node.kind() != Kind::Seq => Err(Error::Nowhere),
        Change::Remove if is_alone => Ok(emptied(&path)),
        _ => Ok(Edit { path, change }),
    }
}

/// The splices of an edit that [`grounded`] gave. `after` is the pair that a new key of the root comes after.
pub fn splices(
    items: &mut Items<'_>,
    edit: &Edit<'_>,
    after: Option<Pair<'_>>,
) -> Option<Vec<Splice>> {
    let (last, above) = edit.path.split_last()?;
    let (mut node, mut pair) = (items.root, None);
    let mut splices = Vec::new();
    for step in above {
        match step {
            Step::Key(key) => {
                let found = single_pair(node, key).ok()??;
                (pair, node) = (Some(found), found.1);
            }
            Step::Item(index) => node = items.of(node, *index)?,
        }
        splices.extend(move_anchor(node));
    }
    let more = match last {
        Step::Key(key) => in_map(node, key, &edit.change, after),
        Step::Item(index) => {
            let item = items.of(node, *index)?;
            splices.extend(move_anchors_in(item));
            match &edit.change {
                Change::Set(value) => Some(put_item(node, item, value)),
                Change::Remove => Some(remove_item(pair?, item)),
                Change::Append(_) => None,
            }
        }
    };
    splices.extend(more?);
    Some(splices)
}

fn in_map<'a>(
    map: Cursor<'a>,
    key: &str,
    change: &Change<'_>,
    after: Option<Pair<'a>>,
) -> Option<Vec<Splice>> {
    let pair = single_pair(map, key).ok()?;
    match (pair, change) {
        (Some(pair), Change::Set(value)) => {
            let mut splices = move_anchors_in(pair.1);
            splices.extend(put_value(map, pair, value));
            Some(splices)
        }
        (Some(pair), Change::Remove) => {
            let mut splices = move_anchors_in(pair.1);
            splices.extend(remove_pair(map, pair));
            Some(splices)
        }
        (Some(pair), Change::Append(items)) => {
            let is_list = pair.1.kind() == Kind::Seq;
            let mut splices = if is_list { move_anchor(pair.1) } else { move_anchors_in(pair.1) };
            splices.extend(add_items(map, pair, items));
            Some(splices)
        }
        (None, Change::Append(items)) => Some(add_pair(map, last(map, after), key, items)),
        (None, Change::Set(value)) => Some(add_pair(map, last(map, after), key, value)),
        (None, Change::Remove) => None,
    }
}

/// The pair that a new one comes after: `after` in the root.
fn last<'a>(map: Cursor<'a>, after: Option<Pair<'a>>) -> Option<Pair<'a>> {
    let is_root = map.index() == map.document().index();
    after.filter(|_| is_root).or_else(|| map.pairs().last())
}

fn new<'v>(at: &[Step], rest: &[Step], change: Change<'_>) -> Result<Edit<'v>, Error> {
    let value = made(rest, change).ok_or(Error::Nowhere)?;
    Ok(Edit::set(at.to_vec(), value))
}

fn written_out<'v>(
    alias: Cursor<'_>,
    at: &[Step],
    rest: &[Step],
    change: Change<'_>,
) -> Result<Edit<'v>, Error> {
    let value = verbatim(alias.target()).and_then(|value| changed(value, rest, change));
    value.map(|value| Edit::set(at.to_vec(), value)).ok_or(Error::Nowhere)
}

fn emptied<'v>(path: &[Step]) -> Edit<'v> {
    let (above, last) = path.split_at(path.len() - 1);
    let empty = match last {
        [Step::Item(_)] => Value::List(Vec::new()),
        _ => Value::Map(Vec::new()),
    };
    Edit::set(above.to_vec(), empty)
}

/// The keys of a mapping, or the items of a list.
fn entries(collection: Cursor<'_>) -> impl Iterator<Item = Cursor<'_>> {
    let step = if collection.kind() == Kind::Map { 2 } else { 1 };
    collection.children().step_by(step)
}

/// The pair with this key; an error where there are several.
pub fn single_pair<'a>(map: Cursor<'a>, key: &str) -> Result<Option<Pair<'a>>, Error> {
    if map.kind() != Kind::Map {
        return Err(Error::Nowhere);
    }
    let mut found = map.pairs().filter(|(found, _)| found.target().text() == key);
    let first = found.next();
    match found.count() {
        0 => Ok(first),
        more => Err(Error::Duplicate(key.to_owned(), more + 1)),
    }
}
