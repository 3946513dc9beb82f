//! What a file says, apart from how it says it: the proof that an edit did what was intended and nothing else.
//!
//! A node's digest covers its type, its text and its children; an alias has the digest of what it stands for. Each digest
//! is made once, so an alias bomb costs no more than its text.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::change::{Change, Edit, Step};
use super::emit::Value;
use super::scalar::Resolved;
use super::tree::{Cursor, Kind};

/// Top-level keys, each with the digest of its value or of an item of its list, sorted by key and then in the order of the
/// text. A key without items is as good as absent.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Meaning(Vec<(Digest, Digest)>);

/// Stands for a value and all in it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Digest(u64);

impl Meaning {
    /// What the document at `root` says.
    pub fn of(root: Option<Cursor<'_>>) -> Self {
        root.map_or_else(Self::default, |root| Self::read(root, &digests(root)))
    }

    fn read(root: Cursor<'_>, digests: &[Digest]) -> Self {
        let of = |node: Cursor<'_>| digests[node.index()];
        let mut found = Vec::new();
        for (key, value) in root.pairs() {
            let target = value.target();
            match target.kind() {
                Kind::Seq => found.extend(target.children().map(|item| (of(key), of(item)))),
                Kind::Scalar if target.resolved() == Some(Resolved::Null) => {}
                _ => found.push((of(key), of(value))),
            }
        }
        Self(found).sorted()
    }

    /// What the document at `root` is to say once all of `edits` are made; `None` where a path leads nowhere, or two meet.
    pub fn edited(root: Cursor<'_>, edits: &[Edit<'_>]) -> Option<Self> {
        let digests = digests(root);
        let mut meaning = Self::read(root, &digests);
        let (intended, mut by_key) = (Intended { digests: &digests }, BTreeMap::new());
        for edit in edits {
            let (Step::Key(key), rest) = edit.path.split_first()? else { return None };
            by_key.entry(key).or_insert_with(Vec::new).push((rest, &edit.change));
        }
        for (key, edits) in by_key {
            let name = digest(&Value::str(key));
            let old = || meaning.0.iter().filter(|(found, _)| *found == name).map(|(_, old)| *old);
            let value = root.pairs().find(|(found, _)| found.target().text() == key);
            let new: Vec<Digest> = match (edits.as_slice(), value) {
                ([([], Change::Append(items))], _) => {
                    old().chain(items.iter().map(|item| digest(&item))).collect()
                }
                ([([], Change::Remove)], _) => Vec::new(),
                ([([], Change::Set(Value::List(items)))], _) => items.iter().map(digest).collect(),
                ([([], Change::Set(Value::Null))], _) => Vec::new(),
                ([([], Change::Set(new))], _) => vec![digest(new)],
                (edits, Some((_, value))) if value.target().kind() == Kind::Seq => {
                    intended.children(value.target(), edits)?
                }
                (edits, Some((_, value))) => vec![intended.digest(value, edits)?],
                (_, None) => return None,
            };
            meaning = meaning.with(name, new);
        }
        Some(meaning)
    }

    /// With other values of a key.
    fn with(mut self, name: Digest, values: Vec<Digest>) -> Self {
        self.0.retain(|(found, _)| *found != name);
        self.0.extend(values.into_iter().map(|value| (name, value)));
        self.sorted()
    }

    /// What the document at `root` is to say without those items of a list that go.
    pub fn without(root: Cursor<'_>, key: &str, goes: &[bool]) -> Self {
        let (mut meaning, name) = (Self::of(Some(root)), digest(&Value::str(key)));
        let mut goes = goes.iter();
        meaning.0.retain(|(found, _)| *found != name || !goes.next().copied().unwrap_or_default());
        meaning
    }

    /// The sort is stable: items of one list keep their order.
    fn sorted(mut self) -> Self {
        self.0.sort_by_key(|(key, _)| *key);
        self
    }
}

/// A tree with changes in it. An alias has the digest of what its target says without them.
struct Intended<'a> {
    digests: &'a [Digest],
}

/// Where below a node, and what becomes of it there.
type Below<'e> = (&'e [Step], &'e Change<'e>);

impl Intended<'_> {
    /// The digest of a node in which these are made.
    fn digest(&self, node: Cursor<'_>, edits: &[Below<'_>]) -> Option<Digest> {
        match edits {
            [] => Some(self.digests[node.index()]),
            [([], Change::Set(new))] => Some(digest(new)),
            [([], Change::Remove)] => None,
            _ => {
                let target = node.target();
                let children = self.children(target, edits)?;
                let kind = if target.kind() == Kind::Map { Kind::Map } else { Kind::Seq };
                Some(collection(kind, children.into_iter()))
            }
        }
    }

    /// Those of its children: keys and values in turn for a mapping.
    fn children(&self, target: Cursor<'_>, edits: &[Below<'_>]) -> Option<Vec<Digest>> {
        let (here, below): (Vec<_>, Vec<_>) = edits.iter().partition(|(path, _)| path.is_empty());
        let mut children = match target.kind() {
            Kind::Map => self.pairs(target, &below)?,
            _ => self.items(target, &below)?,
        };
        match here.as_slice() {
            [] => {}
            [(_, Change::Append(items))] => children.extend(items.iter().map(|item| digest(&item))),
            _ => return None,
        }
        Some(children)
    }

    fn items(&self, list: Cursor<'_>, edits: &[Below<'_>]) -> Option<Vec<Digest>> {
        let (mut edits, mut found) = (by_step(edits), Vec::new());
        for (index, item) in list.children().enumerate() {
            let edits = edits.remove(&Step::Item(index)).unwrap_or_default();
            if !is_removed(&edits) {
                found.push(self.digest(item, &edits)?);
            }
        }
        // What is left leads nowhere.
        edits.is_empty().then_some(found)
    }

    fn pairs(&self, map: Cursor<'_>, all: &[Below<'_>]) -> Option<Vec<Digest>> {
        let (mut edits, mut found) = (by_step(all), Vec::new());
        for (name, value) in map.pairs() {
            let step = Step::Key(name.target().text().to_owned().into());
            let edits = edits.remove(&step).unwrap_or_default();
            if !is_removed(&edits) {
                found.extend([self.digests[name.index()], self.digest(value, &edits)?]);
            }
        }
        // What is new comes at the end, in the order in which it was given.
        for (path, _) in all {
            let Some(edits) = path.first().and_then(|step| edits.remove(step)) else { continue };
            let ([Step::Key(key)], [(_, change)]) = (*path, edits.as_slice()) else { return None };
            let new = match change {
                Change::Append(items) => {
                    collection(Kind::Seq, items.iter().map(|item| digest(&item)))
                }
                Change::Remove => return None,
                Change::Set(new) => digest(new),
            };
            found.extend([digest(&Value::str(key)), new]);
        }
        Some(found)
    }
}

/// The first step of each, and those that go on from there.
fn by_step<'e>(edits: &[Below<'e>]) -> BTreeMap<&'e Step, Vec<Below<'e>>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (path, change) in edits {
        if let Some((step, rest)) = path.split_first() {
            found.entry(step).or_default().push((rest, *change));
        }
    }
    found
}

fn is_removed(edits: &[Below<'_>]) -> bool {
    matches!(edits, [([], Change::Remove)])
}

/// The digest of a value that we are going to write.
pub fn digest(value: &Value) -> Digest {
    match value {
        Value::Str(text) => scalar(Some(Resolved::Str), text),
        Value::Bool(value) => scalar(Some(Resolved::Bool(*value)), ""),
        Value::Null => scalar(Some(Resolved::Null), ""),
        Value::Number(text) => scalar(Some(Resolved::Number), text),
        Value::List(items) => collection(Kind::Seq, items.iter().map(digest)),
        Value::Map(pairs) => collection(
            Kind::Map,
            pairs.iter().flat_map(|(key, value)| [scalar(Some(Resolved::Str), key), digest(value)]),
        ),
    }
}

/// Lists whose items are told apart by their names.
pub const NAMED: &[&str] = &["clusters", "contexts", "extensions", "users"];

/// What a document says apart from the order of its keys, and of the items of [`NAMED`] lists.
pub fn apart_from_order(root: Cursor<'_>) -> Digest {
    let (mut found, mut open) = (vec![Digest(0); root.subtree().len()], Vec::new());
    for node in root.subtree() {
        close(&mut open, &mut found, node.index());
        match node.kind() {
            Kind::Alias => found[node.index()] = found[node.target().index()],
            Kind::Scalar => found[node.index()] = scalar(node.resolved(), node.text()),
            Kind::Map | Kind::Seq => open.push(node),
        }
    }
    close(&mut open, &mut found, usize::MAX);
    found[root.index()]
}

/// Gives the collections that end before `index` their digests; those of their children are there by then.
fn close(open: &mut Vec<Cursor<'_>>, found: &mut [Digest], index: usize) {
    while let Some(node) = open.pop_if(|node| node.index() + node.subtree().len() <= index) {
        let mut children: Vec<_> = node.children().map(|child| found[child.index()]).collect();
        if node.kind() == Kind::Map {
            let value = |(key, value): (Cursor<'_>, Cursor<'_>)| {
                let items = value.target();
                let is_named = NAMED.contains(&key.target().text()) && items.kind() == Kind::Seq;
                let value = if is_named { sorted(items, found) } else { found[value.index()] };
                [found[key.index()], value]
            };
            let mut pairs: Vec<_> = node.pairs().map(value).collect();
            pairs.sort_unstable();
            children = pairs.concat();
        }
        found[node.index()] = collection(node.kind(), children.into_iter());
    }
}

fn sorted(list: Cursor<'_>, found: &[Digest]) -> Digest {
    let mut items: Vec<_> = list.children().map(|item| found[item.index()]).collect();
    items.sort_unstable();
    collection(Kind::Seq, items.into_iter())
}

/// The digest of each node. The target of an alias is closed before the alias comes, so one walk in text order does it.
fn digests(root: Cursor<'_>) -> Vec<Digest> {
    let nodes = root.subtree();
    let mut walk = Walk { open: Vec::new(), found: Vec::with_capacity(nodes.len()) };
    for node in nodes {
        walk.close_before(node.index());
        walk.found.push(Digest(0));
        match node.kind() {
            Kind::Alias => walk.finish(node.index(), walk.found[node.target().index()]),
            Kind::Scalar => walk.finish(node.index(), scalar(node.resolved(), node.text())),
            Kind::Map | Kind::Seq => walk.open.push(Open {
                index: node.index(),
                end: node.index() + node.subtree().len(),
                hasher: collection_hasher(node.kind()),
            }),
        }
    }
    walk.close_before(usize::MAX);
    walk.found
}

struct Walk {
    open: Vec<Open>,
    found: Vec<Digest>,
}

struct Open {
    index: usize,
    end: usize,
    hasher: DefaultHasher,
}

impl Walk {
    fn close_before(&mut self, index: usize) {
        while let Some(open) = self.open.pop_if(|open| open.end <= index) {
            self.finish(open.index, Digest(open.hasher.finish()));
        }
    }

    fn finish(&mut self, index: usize, digest: Digest) {
        self.found[index] = digest;
        if let Some(parent) = self.open.last_mut() {
            (1_u8, digest).hash(&mut parent.hasher);
        }
    }
}

fn collection_hasher(kind: Kind) -> DefaultHasher {
    let mut hasher = DefaultHasher::new();
    (kind == Kind::Map).hash(&mut hasher);
    hasher
}

fn scalar(resolved: Option<Resolved>, text: &str) -> Digest {
    let mut hasher = DefaultHasher::new();
    resolved.hash(&mut hasher);
    match resolved {
        Some(Resolved::Bool(_) | Resolved::Null) => {}
        _ => text.hash(&mut hasher),
    }
    Digest(hasher.finish())
}

fn collection(kind: Kind, children: impl Iterator<Item = Digest>) -> Digest {
    let mut hasher = collection_hasher(kind);
    children.for_each(|child| (1_u8, child).hash(&mut hasher));
    Digest(hasher.finish())
}
