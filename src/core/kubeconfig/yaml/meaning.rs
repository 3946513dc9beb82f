//! What a file says, apart from how it says it: the proof that an edit did what was intended and nothing else.
//!
//! A node's digest covers its type, its text and its children; an alias has the digest of what it stands for. Each digest
//! is made once, so an alias bomb costs no more than its text.

use std::hash::{DefaultHasher, Hash, Hasher};

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
        let Some(root) = root else { return Self::default() };
        let digests = digests(root);
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

    /// The same with another scalar at a top-level key.
    pub fn with_value(mut self, key: &str, value: &Value) -> Self {
        let key = digest(&Value::str(key));
        self.0.retain(|(found, _)| *found != key);
        self.0.push((key, digest(value)));
        self.sorted()
    }

    /// The same with one more item in a list.
    pub fn with_item(mut self, list: &str, item: &Value) -> Self {
        self.0.push((digest(&Value::str(list)), digest(item)));
        self.sorted()
    }

    /// The same apart from one item of a list, which may be anything.
    pub fn without_item(mut self, list: &str, index: usize) -> Self {
        let list = digest(&Value::str(list));
        let first = self.0.iter().position(|(found, _)| *found == list);
        if let Some(at) = first.map(|first| first + index).filter(|at| *at < self.0.len()) {
            self.0.remove(at);
        }
        self
    }

    /// The sort is stable: items of one list keep their order.
    fn sorted(mut self) -> Self {
        self.0.sort_by_key(|(key, _)| *key);
        self
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
