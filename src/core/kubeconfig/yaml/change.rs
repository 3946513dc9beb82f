//! One change of what a document says, as a path and what becomes of the value there.

use std::borrow::Cow;

use super::emit::{self, Behind, Brackets, Value};

/// From a collection to something in it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Step {
    /// To the item of this index.
    Item(usize),
    /// To the value of this key.
    Key(Cow<'static, str>),
}

/// Values that are made when they are asked for, and each time anew: of very many, one is there at a time.
pub struct Values<'v> {
    count: usize,
    make: Box<dyn Fn(usize) -> Value + 'v>,
}

/// What becomes of the value at a path.
pub enum Change<'v> {
    /// These are added to the list that it is; null and a key that is absent are lists too.
    Append(Values<'v>),
    /// It goes, with its key.
    Remove,
    /// It becomes this; a key that is absent is added.
    Set(Value),
}

/// One change of a document.
pub struct Edit<'v> {
    /// From the root to the value.
    pub path: Vec<Step>,
    /// What becomes of it.
    pub change: Change<'v>,
}

impl<'v> Values<'v> {
    /// So many, each made by its index.
    pub fn new(count: usize, make: impl Fn(usize) -> Value + 'v) -> Self {
        Self { count, make: Box::new(make) }
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Value> {
        (0..self.count).map(&self.make)
    }

    /// As lines of a list in block style.
    pub fn lines(&self, indent: usize, newline: &str) -> String {
        emit::lines(self.iter(), indent, newline)
    }

    /// Between the brackets of a list.
    pub fn joined(&self, brackets: &Brackets<'_>) -> String {
        emit::joined(self.iter(), brackets)
    }
}

impl From<Vec<Value>> for Values<'_> {
    fn from(values: Vec<Value>) -> Self {
        Self::new(values.len(), move |at| values[at].clone())
    }
}

impl Behind for Values<'_> {
    fn behind_colon(&self, indent: usize, newline: &str) -> String {
        format!("{newline}{}{}", " ".repeat(indent), self.lines(indent, newline))
    }

    fn in_brackets(&self, brackets: &Brackets<'_>) -> String {
        emit::list_in_brackets(self.iter(), brackets)
    }
}

impl<'v> Edit<'v> {
    /// A value is set.
    pub fn set(path: impl IntoIterator<Item = Step>, value: Value) -> Self {
        Self { path: path.into_iter().collect(), change: Change::Set(value) }
    }

    /// Something goes.
    pub fn remove(path: impl IntoIterator<Item = Step>) -> Self {
        Self { path: path.into_iter().collect(), change: Change::Remove }
    }

    /// Items come to a list.
    pub fn append(path: impl IntoIterator<Item = Step>, items: impl Into<Values<'v>>) -> Self {
        Self { path: path.into_iter().collect(), change: Change::Append(items.into()) }
    }
}

impl From<&'static str> for Step {
    fn from(key: &'static str) -> Self {
        Self::Key(Cow::Borrowed(key))
    }
}

impl From<String> for Step {
    fn from(key: String) -> Self {
        Self::Key(Cow::Owned(key))
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Item(index)
    }
}

/// The edits that make `new` of `old`, which stands at `path`: as few and as small as can be had without much thought.
pub fn difference(path: &[Step], old: &Value, new: &Value) -> Vec<Edit<'static>> {
    let below = |step: Step| [path, &[step]].concat();
    match (old, new) {
        _ if old == new => Vec::new(),
        (Value::Map(old_pairs), Value::Map(pairs)) => {
            let changed = pairs.iter().flat_map(|(key, value)| match old.get(key) {
                Some(before) => difference(&below(key.clone().into()), before, value),
                None => vec![Edit::set(below(key.clone().into()), value.clone())],
            });
            let gone = old_pairs.iter().filter(|(key, _)| new.get(key).is_none());
            let gone = gone.map(|(key, _)| Edit::remove(below(key.clone().into())));
            changed.chain(gone).collect()
        }
        (Value::List(old_items), Value::List(items)) => difference_of_lists(path, old_items, items),
        (_, Value::Null) => vec![Edit::remove(path.to_vec())],
        _ => vec![Edit::set(path.to_vec(), new.clone())],
    }
}

/// Items that come at the end, that go, or that change in their places; else the list is another one.
fn difference_of_lists(path: &[Step], old: &[Value], new: &[Value]) -> Vec<Edit<'static>> {
    let below = |index: usize| [path, &[index.into()]].concat();
    if let Some(added) = new.strip_prefix(old) {
        return vec![Edit::append(path.to_vec(), added.to_vec())];
    }
    if let Some(gone) = missing_of(old, new) {
        // From the end, so that the indices before it stay what they are.
        return gone.into_iter().rev().map(|index| Edit::remove(below(index))).collect();
    }
    if old.len() == new.len() {
        let pairs = old.iter().zip(new).enumerate();
        return pairs.flat_map(|(index, (old, new))| difference(&below(index), old, new)).collect();
    }
    vec![Edit::set(path.to_vec(), Value::List(new.to_vec()))]
}

/// The indices of the items of `old` that are not in `new`, where that is the only difference.
fn missing_of(old: &[Value], new: &[Value]) -> Option<Vec<usize>> {
    let (mut rest, mut gone) = (new, Vec::new());
    for (index, item) in old.iter().enumerate() {
        match rest.split_first() {
            Some((first, others)) if first == item => rest = others,
            _ => gone.push(index),
        }
    }
    rest.is_empty().then_some(gone)
}

/// The value with a change made in it; `None` where the path leads nowhere.
pub fn changed(mut value: Value, path: &[Step], change: Change<'_>) -> Option<Value> {
    let Some((step, rest)) = path.split_first() else {
        return match (change, value) {
            (Change::Set(new), _) => Some(new),
            (Change::Append(added), Value::List(items)) => {
                Some(Value::List(items.into_iter().chain(added.iter()).collect()))
            }
            (Change::Append(added), Value::Null) => Some(Value::List(added.iter().collect())),
            (Change::Append(_) | Change::Remove, _) => None,
        };
    };
    let is_removed = rest.is_empty() && matches!(change, Change::Remove);
    match (step, &mut value) {
        (Step::Key(key), Value::Map(pairs)) => {
            match pairs.iter().position(|(it, _)| *it == **key) {
                Some(at) if is_removed => drop(pairs.remove(at)),
                Some(at) => pairs[at].1 = changed(std::mem::take(&mut pairs[at].1), rest, change)?,
                None => pairs.push((key.to_string(), made(rest, change)?)),
            }
        }
        (Step::Key(_), Value::Null) => value = made(path, change)?,
        (Step::Item(at), Value::List(items)) if *at < items.len() => match is_removed {
            true => drop(items.remove(*at)),
            false => items[*at] = changed(std::mem::take(&mut items[*at]), rest, change)?,
        },
        _ => return None,
    }
    Some(value)
}

/// What stands where there was nothing, with mappings for the keys of the path.
pub fn made(path: &[Step], change: Change<'_>) -> Option<Value> {
    let innermost = match change {
        Change::Set(value) => value,
        Change::Append(items) => Value::List(items.iter().collect()),
        Change::Remove => return None,
    };
    path.iter().rev().try_fold(innermost, |inner, step| match step {
        Step::Key(key) => Some(Value::Map(vec![(key.to_string(), inner)])),
        Step::Item(_) => None,
    })
}
