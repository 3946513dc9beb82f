//! A tree as a serde deserializer with client-go's habits, which are those of go-yaml followed by Go's JSON decoder.
//!
//! Null leaves a field as it is; a scalar of another type is an error; the later of two equal keys wins, and so does a key
//! after a merge key, or a merge key after a key. Errors name the place and the two types, never a content.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, DeserializeSeed, Expected, Unexpected, Visitor};

use super::scalar::{self, Number, Resolved};
use super::tree::{Cursor, Kind, MAX_NODES};

/// The most bytes that what is read may take, texts and the entries that hold them: aliases multiply both, and `{}` is two bytes
/// that become hundreds. An edit holds that twice, and both texts, in the 128 MB that any input should be answered in.
pub const MOST_BYTES: usize = 22 << 20;

/// How deep data of other tools may be nested. Everything else is as deep as its type.
const MAX_DEPTH: usize = 256;

/// Why a tree is not of the wanted type.
#[derive(Debug)]
pub struct Error {
    /// Line from 1; `None` where it is not known yet.
    pub line: Option<usize>,
    /// Such as `users[2].user.token`.
    pub field: String,
    /// Such as `wanted a string, found a number`.
    pub what: String,
    /// Whether there is more than may be read.
    pub is_too_much: bool,
}

/// Reads a value from `root`.
pub fn read<'a, T: de::Deserialize<'a>>(root: Cursor<'a>) -> Result<T, Error> {
    let budget = Budget { nodes: Cell::new(MAX_NODES), bytes: Cell::new(MOST_BYTES) };
    T::deserialize(Typed { node: root, budget: &budget, depth: 0 })
}

/// How much may still be read: aliases multiply both.
struct Budget {
    nodes: Cell<usize>,
    bytes: Cell<usize>,
}

#[derive(Clone, Copy)]
struct Typed<'a, 'b> {
    node: Cursor<'a>,
    budget: &'b Budget,
    depth: usize,
}

/// Takes each pair in the order in which a later one wins.
type Keep<'k, 'a> = dyn FnMut(&'a str, Cursor<'a>) + 'k;

impl<'a> Typed<'a, '_> {
    fn enter(self, node: Cursor<'a>) -> Self {
        Self { node, depth: self.depth + 1, ..self }
    }

    /// Pays for one node that takes so many bytes.
    fn spend(self, bytes: usize) -> Result<(), Error> {
        let Budget { nodes: left_nodes, bytes: left_bytes } = self.budget;
        match (left_nodes.get().checked_sub(1), left_bytes.get().checked_sub(bytes)) {
            (Some(nodes), Some(bytes)) => {
                left_nodes.set(nodes);
                left_bytes.set(bytes);
                Ok(())
            }
            _ => Err(Error { is_too_much: true, ..self.error("too many values") }),
        }
    }

    fn error(self, what: impl Into<String>) -> Error {
        let (line, field, what) = (Some(self.node.line()), String::new(), what.into());
        Error { line, field, what, is_too_much: false }
    }

    fn mismatch(self, wanted: &str) -> Error {
        let target = self.node.target();
        let found = match (target.kind(), target.resolved()) {
            (Kind::Map, _) => "a mapping",
            (Kind::Seq, _) => "a list",
            (_, Some(Resolved::Bool(_))) => "true or false (unquoted)",
            (_, Some(Resolved::Number)) => "a number (unquoted)",
            (_, Some(Resolved::Str)) => "a string",
            (_, Some(Resolved::Null)) => "nothing",
            (_, Some(Resolved::Merge)) => "a merge key",
            (_, None) => "a value with a YAML tag",
        };
        self.error(format!("wanted {wanted}, found {found}"))
    }

    fn is_null(self) -> bool {
        self.node.target().resolved() == Some(Resolved::Null)
    }

    fn each_pair(self, map: Cursor<'a>, keep: &mut Keep<'_, 'a>) -> Result<(), Error> {
        for (key, value) in map.pairs() {
            let key = key.target();
            self.spend(0)?;
            match key.resolved() {
                Some(Resolved::Merge) => self.enter(value).merge(keep)?,
                // JSON, which client-go goes through, has strings only.
                Some(Resolved::Bool(true)) => keep("true", value),
                Some(Resolved::Bool(false)) => keep("false", value),
                Some(Resolved::Null) => return Err(self.enter(key).error("wanted a key")),
                Some(Resolved::Number | Resolved::Str) => keep(key.text(), value),
                None => return Err(self.enter(key).error("wanted a plain key")),
            }
        }
        Ok(())
    }

    fn pairs_of_mapping(self, keep: &mut Keep<'_, 'a>) -> Result<(), Error> {
        match self.node.target().kind() {
            Kind::Map => self.each_pair(self.node.target(), keep),
            _ if self.is_null() => Ok(()),
            _ => Err(self.mismatch("a mapping")),
        }
    }

    fn visit_pairs<V: Visitor<'a>>(
        self,
        mut pairs: Vec<(&'a str, Cursor<'a>)>,
        entry: Entry,
        visitor: V,
    ) -> Result<V::Value, Error> {
        // Go's JSON decoder takes null for "leave the field alone".
        pairs.retain(|(_, value)| !self.enter(*value).is_null());
        self.visit_all(pairs, entry, visitor)
    }

    fn visit_all<V: Visitor<'a>>(
        self,
        pairs: Vec<(&'a str, Cursor<'a>)>,
        entry: Entry,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(Fields { typed: self, pairs: pairs.into_iter(), value: None, entry })
    }

    fn sorted_pairs(self) -> Result<Vec<(&'a str, Cursor<'a>)>, Error> {
        let mut pairs = BTreeMap::new();
        self.pairs_of_mapping(&mut |key, value| {
            pairs.insert(key, value);
        })?;
        Ok(pairs.into_iter().collect())
    }

    fn visit_number<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        let text = self.node.target().text();
        self.spend(text.len())?;
        match scalar::number(text) {
            Some(Number::Float(value)) if value.is_finite() => visitor.visit_f64(value),
            Some(Number::Signed(value)) => visitor.visit_i64(value),
            Some(Number::Unsigned(value)) => visitor.visit_u64(value),
            Some(Number::Float(_)) | None => Err(self.error("wanted a number that JSON can hold")),
        }
    }

    /// `<<: *a` or `<<: [*a, *b]`, where the first wins.
    fn merge(self, keep: &mut Keep<'_, 'a>) -> Result<(), Error> {
        let target = self.node.target();
        match target.kind() {
            Kind::Map => self.each_pair(target, keep),
            Kind::Seq => {
                let maps: Vec<_> = target.children().map(Cursor::target).collect();
                maps.into_iter().rev().try_for_each(|map| match map.kind() {
                    Kind::Map => self.each_pair(map, keep),
                    _ => Err(self.enter(map).mismatch("a mapping to merge")),
                })
            }
            _ => Err(self.mismatch("a mapping to merge")),
        }
    }
}

impl<'a> de::Deserializer<'a> for Typed<'a, '_> {
    type Error = Error;

    /// Data of another tool. Here null is a value like any other.
    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        let target = self.node.target();
        match (target.kind(), target.resolved()) {
            _ if self.depth > MAX_DEPTH => Err(self.error("it is nested too deeply")),
            (Kind::Map, _) => self.visit_all(self.sorted_pairs()?, Entry::Made, visitor),
            (Kind::Seq, _) => self.deserialize_seq(visitor),
            (_, Some(Resolved::Bool(value))) => visitor.visit_bool(value),
            (_, Some(Resolved::Null)) => visitor.visit_unit(),
            (_, Some(Resolved::Number)) => self.visit_number(visitor),
            (_, Some(Resolved::Str | Resolved::Merge)) => self.deserialize_str(visitor),
            (_, None) => {
                let wanted = (&visitor as &dyn Expected).to_string();
                Err(self.mismatch(&wanted))
            }
        }
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.target().resolved() {
            Some(Resolved::Bool(value)) => visitor.visit_bool(value),
            Some(Resolved::Null) => visitor.visit_bool(false),
            _ => Err(self.mismatch("true or false")),
        }
    }

    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        let target = self.node.target();
        self.spend(target.text().len())?;
        match target.resolved() {
            Some(Resolved::Str) => visitor.visit_str(target.text()),
            // As a value, `<<` is a string.
            Some(Resolved::Merge) => visitor.visit_str(target.text()),
            Some(Resolved::Null) => visitor.visit_str(""),
            _ => Err(self.mismatch("a string")),
        }
        .map_err(|error: Error| error.on(self.node))
    }

    fn deserialize_string<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        let target = self.node.target();
        match target.kind() {
            Kind::Seq => {
                visitor.visit_seq(Items { typed: self, items: target.children(), index: 0 })
            }
            _ if self.is_null() => {
                visitor.visit_seq(Items { typed: self, items: std::iter::empty(), index: 0 })
            }
            _ => Err(self.mismatch("a list")),
        }
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_pairs(self.sorted_pairs()?, Entry::Made, visitor)
    }

    /// Unknown keys are dropped at once, however many there are.
    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let mut pairs: Vec<(&'a str, Cursor<'a>)> = Vec::new();
        self.pairs_of_mapping(&mut |key, value| {
            let known = fields.contains(&key);
            match pairs.iter_mut().find(|(found, _)| known && *found == key) {
                Some((_, found)) => *found = value,
                None if known => pairs.push((key, value)),
                None => {}
            }
        })?;
        self.visit_pairs(pairs, Entry::Field, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'a>>
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple
        tuple_struct enum identifier
    }
}

struct Items<'a, 'b, I> {
    typed: Typed<'a, 'b>,
    items: I,
    index: usize,
}

impl<'a, I: Iterator<Item = Cursor<'a>>> de::SeqAccess<'a> for Items<'a, '_, I> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'a>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        self.typed.enter(item).spend(size_of::<T::Value>())?;
        let value = seed.deserialize(self.typed.enter(item));
        value.map(Some).map_err(|error| error.within(&format!("[{index}]")))
    }
}

struct Fields<'a, 'b> {
    typed: Typed<'a, 'b>,
    pairs: std::vec::IntoIter<(&'a str, Cursor<'a>)>,
    value: Option<(&'a str, Cursor<'a>)>,
    entry: Entry,
}

/// What becomes of a pair.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Entry {
    /// A field of a struct, which is paid for with that.
    Field,
    /// An entry of its own.
    Made,
}

impl<'a> de::MapAccess<'a> for Fields<'a, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        self.value = self.pairs.next();
        let Some((key, _)) = self.value else { return Ok(None) };
        if self.entry == Entry::Made {
            self.typed.spend(size_of::<K::Value>() + key.len())?;
        }
        seed.deserialize(de::value::BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some((key, value)) = self.value.take() else {
            return Err(self.typed.error("a value without a key"));
        };
        if self.entry == Entry::Made {
            self.typed.spend(size_of::<V::Value>())?;
        }
        seed.deserialize(self.typed.enter(value)).map_err(|error| error.within(key))
    }
}

impl Error {
    /// Gives it a line, unless a node further in has done so.
    fn on(mut self, node: Cursor<'_>) -> Self {
        self.line = self.line.or_else(|| Some(node.line()));
        self
    }

    /// Puts the step that led to it before its field.
    fn within(mut self, step: &str) -> Self {
        let dot = if self.field.is_empty() || self.field.starts_with('[') { "" } else { "." };
        self.field = format!("{step}{dot}{}", self.field);
        self
    }
}

impl de::Error for Error {
    fn custom<T: fmt::Display>(what: T) -> Self {
        Self { line: None, field: String::new(), what: what.to_string(), is_too_much: false }
    }

    /// Without the value, which may be secret.
    fn invalid_type(_: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::custom(format_args!("wanted {wanted}"))
    }

    /// Without the value, which may be secret.
    fn invalid_value(_: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::custom(format_args!("wanted {wanted}"))
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.what)
    }
}
