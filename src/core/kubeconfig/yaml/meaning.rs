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

    /// What the document at `root` is to say once `edit` is made; `None` where its path leads nowhere.
    pub fn edited(root: Cursor<'_>, Edit { path, change }: &Edit) -> Option<Self> {
        let (Step::Key(key), rest) = path.split_first()? else { return None };
        let digests = digests(root);
        let meaning = Self::read(root, &digests);
        let name = digest(&Value::str(key));
        let old = || meaning.0.iter().filter(|(found, _)| *found == name).map(|(_, value)| *value);
        let intended = Intended { digests: &digests, change };
        let value = root.pairs().find(|(found, _)| found.target().text() == key);
        let new: Vec<Digest> = match (rest, change, value) {
            ([], Change::Append(items), _) => old().chain(items.iter().map(digest)).collect(),
            ([], Change::Remove, _) => Vec::new(),
            ([], Change::Set(Value::List(items)), _) => items.iter().map(digest).collect(),
            ([], Change::Set(Value::Null), _) => Vec::new(),
            ([], Change::Set(new), _) => vec![digest(new)],
            (rest, _, Some((_, value))) if value.target().kind() == Kind::Seq => {
                intended.children(value.target(), rest)?
            }
            (rest, _, Some((_, value))) => vec![intended.digest(value, rest)?],
            (_, _, None) => return None,
        };
        Some(meaning.with(name, new))
    }

    /// What the document at `root` is to say once each of these items of a list has its edit, whose path begins below the item.
    pub fn edited_items(
        root: Cursor<'_>,
        key: &str,
        edits: &BTreeMap<usize, Edit>,
    ) -> Option<Self> {
        let digests = digests(root);
        let (_, list) = root.pairs().find(|(found, _)| found.target().text() == key)?;
        let items = list.target().children().enumerate().map(|(index, item)| {
            let Some(Edit { path, change }) = edits.get(&index) else {
                return Some(digests[item.index()]);
            };
            Intended { digests: &digests, change }.digest(item, path)
        });
        let items = items.collect::<Option<Vec<_>>>()?;
        Some(Self::read(root, &digests).with(digest(&Value::str(key)), items))
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

/// A tree with one change in it. An alias has the digest of what its target says without the change.
struct Intended<'a> {
    digests: &'a [Digest],
    change: &'a Change,
}

impl Intended<'_> {
    /// The digest of a node in which the change is made at `path`.
    fn digest(&self, node: Cursor<'_>, path: &[Step]) -> Option<Digest> {
        let target = node.target();
        match (path, self.change) {
            ([], Change::Set(new)) => Some(digest(new)),
            ([], Change::Remove) => None,
            _ => {
                let children = self.children(target, path)?;
                let kind = if target.kind() == Kind::Map { Kind::Map } else { Kind::Seq };
                Some(collection(kind, children.into_iter()))
            }
        }
    }

    /// Those of its children: keys and values in turn for a mapping.
    fn children(&self, target: Cursor<'_>, path: &[Step]) -> Option<Vec<Digest>> {
        let of = |node: Cursor<'_>| self.digests[node.index()];
        let all = || target.children().map(of).collect::<Vec<_>>();
        let Some((step, rest)) = path.split_first() else {
            let Change::Append(items) = self.change else { return None };
            return Some(all().into_iter().chain(items.iter().map(digest)).collect());
        };
        let is_removed = rest.is_empty() && *self.change == Change::Remove;
        match step {
            Step::Item(index) => {
                let (child, mut found) = (target.children().nth(*index)?, all());
                match is_removed {
                    true => drop(found.remove(*index)),
                    false => found[*index] = self.digest(child, rest)?,
                }
                Some(found)
            }
            Step::Key(key) => self.pairs(target, key, rest, is_removed),
        }
    }

    fn pairs(
        &self,
        map: Cursor<'_>,
        key: &str,
        rest: &[Step],
        is_removed: bool,
    ) -> Option<Vec<Digest>> {
        let of = |node: Cursor<'_>| self.digests[node.index()];
        let (mut found, mut is_there) = (Vec::new(), false);
        for (name, value) in map.pairs() {
            let is_it = name.target().text() == key;
            is_there |= is_it;
            match (is_it, is_removed) {
                (true, true) => {}
                (true, false) => found.extend([of(name), self.digest(value, rest)?]),
                (false, _) => found.extend([of(name), of(value)]),
            }
        }
        if let (false, [], Change::Set(new)) = (is_there, rest, self.change) {
            found.extend([digest(&Value::str(key)), digest(new)]);
        }
        Some(found)
    }
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
    let mut walk = Walk { open: Vec::new(), found: Vec::new() };
    for node in root.subtree() {
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
