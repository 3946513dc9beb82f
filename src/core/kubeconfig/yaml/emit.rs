//! Values as YAML text: in block style, in brackets, as JSON.

use std::borrow::Borrow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use zeroize::Zeroizing;

use super::scalar::{self, Quote};

/// A value to be written. Mappings keep their order; texts are wiped when dropped.
#[derive(Clone, Default, Eq, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// `[...]`.
    List(Vec<Self>),
    /// `{...}`.
    Map(Vec<(String, Self)>),
    /// `null`.
    #[default]
    Null,
    /// A number, as JSON writes it.
    Number(String),
    /// A string.
    Str(Zeroizing<String>),
}

/// How values in brackets are laid out, taken from what stands around them.
#[derive(Clone, Debug)]
pub struct Brackets<'a> {
    /// Between an entry and the next: the line break and the indentation, or `None` on one line.
    pub lines: Option<Lines<'a>>,
    /// After commas and colons: a space, or nothing in compact JSON.
    pub gap: &'static str,
}

/// Brackets over several lines.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    /// `\n` or `\r\n`.
    pub newline: &'a str,
    /// Spaces (or tabs) before the line that holds the opening bracket.
    pub indent: String,
    /// What one level adds.
    pub unit: &'a str,
}

impl Value {
    /// A string.
    pub fn str(text: &str) -> Self {
        Self::Str(Zeroizing::new(text.to_owned()))
    }

    /// The value of a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.pairs().iter().find(|(found, _)| found == key).map(|(_, value)| value)
    }

    /// The pairs of a mapping; none for other values.
    pub fn pairs(&self) -> &[(String, Self)] {
        match self {
            Self::Map(pairs) => pairs,
            _ => &[],
        }
    }

    /// The same with the keys of every mapping in alphabetical order, as kubectl prints them.
    pub fn sorted(self) -> Self {
        match self {
            Self::List(items) => Self::List(items.into_iter().map(Self::sorted).collect()),
            Self::Map(pairs) => {
                let pairs = pairs.into_iter().map(|(key, value)| (key, value.sorted()));
                let mut pairs: Vec<_> = pairs.collect();
                pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
                Self::Map(pairs)
            }
            other => other,
        }
    }
}

/// Hand-written so that a content can never reach a log.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool(_) => "Bool",
            Self::List(_) => "List",
            Self::Map(_) => "Map",
            Self::Null => "Null",
            Self::Number(_) => "Number",
            Self::Str(_) => "Str",
        })
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(pairs) => {
                serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
            }
            Self::Null => serializer.serialize_unit(),
            Self::Number(text) => number(text, serializer),
            Self::Str(text) => serializer.serialize_str(text),
        }
    }
}

fn number<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    if let Ok(value) = text.parse::<i64>() {
        return serializer.serialize_i64(value);
    }
    match text.parse::<u64>() {
        Ok(value) => serializer.serialize_u64(value),
        Err(_) => serializer.serialize_f64(text.parse().unwrap_or_default()),
    }
}

/// Data of which only the owner knows the type.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Value::Map(pairs))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::str(text))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

/// What can stand behind a key: a value, or a list of which one item is there at a time.
pub trait Behind {
    /// What follows the colon in a block mapping at column `indent`.
    fn behind_colon(&self, indent: usize, newline: &str) -> String;

    /// As JSON has it.
    fn in_brackets(&self, brackets: &Brackets<'_>) -> String;
}

impl Behind for Value {
    fn behind_colon(&self, indent: usize, newline: &str) -> String {
        let mut text = String::new();
        write_behind_colon(&mut text, self, indent, newline);
        text
    }

    fn in_brackets(&self, brackets: &Brackets<'_>) -> String {
        in_brackets(self, brackets)
    }
}

/// `key: value` in block style, as the lines that a mapping at column `indent` holds; the first line without indentation.
pub fn block_pair(key: &str, value: &impl Behind, indent: usize, newline: &str) -> String {
    format!("{}{}", block_key(key), value.behind_colon(indent, newline))
}

/// A value in block style at column `indent`; its first line without indentation.
pub fn block(value: &Value, indent: usize, newline: &str) -> String {
    let mut text = String::new();
    write_block(&mut text, value, indent, newline);
    text
}

/// The items of a list in block style at column `indent`; the first line without indentation.
pub fn lines(
    items: impl IntoIterator<Item = impl Borrow<Value>>,
    indent: usize,
    newline: &str,
) -> String {
    let mut text = String::new();
    write_lines(&mut text, items, indent, newline);
    text
}

fn block_key(key: &str) -> String {
    scalar::write(key, Quote::Plain, false) + ":"
}

fn write_behind_colon(text: &mut String, value: &Value, indent: usize, newline: &str) {
    match value {
        Value::Map(pairs) if !pairs.is_empty() => {
            start_line(text, indent + 2, newline);
            write_block(text, value, indent + 2, newline);
        }
        // As kubectl does, a list is not indented under its key.
        Value::List(items) if !items.is_empty() => {
            start_line(text, indent, newline);
            write_block(text, value, indent, newline);
        }
        _ => {
            text.push(' ');
            write_block(text, value, indent, newline);
        }
    }
}

fn write_block(text: &mut String, value: &Value, indent: usize, newline: &str) {
    match value {
        Value::Map(pairs) if !pairs.is_empty() => {
            for (at, (key, value)) in pairs.iter().enumerate() {
                if at > 0 {
                    start_line(text, indent, newline);
                }
                text.push_str(&block_key(key));
                write_behind_colon(text, value, indent, newline);
            }
        }
        Value::List(items) if !items.is_empty() => write_lines(text, items, indent, newline),
        Value::Str(string) => text.push_str(&scalar::write(string, Quote::Plain, false)),
        _ => text.push_str(&in_brackets(value, &Brackets { lines: None, gap: " " })),
    }
}

fn write_lines(
    text: &mut String,
    items: impl IntoIterator<Item = impl Borrow<Value>>,
    indent: usize,
    newline: &str,
) {
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            start_line(text, indent, newline);
        }
        text.push_str("- ");
        write_block(text, item.borrow(), indent + 2, newline);
    }
}

fn start_line(text: &mut String, indent: usize, newline: &str) {
    text.push_str(newline);
    text.extend(std::iter::repeat_n(' ', indent));
}

/// A value in brackets; every string in double quotes, so that JSON stays JSON.
pub fn in_brackets(value: &Value, brackets: &Brackets<'_>) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Null => "null".to_owned(),
        Value::Number(text) => text.clone(),
        Value::Str(text) => scalar::write(text, Quote::Double, true),
        Value::List(items) => list_in_brackets(items, brackets),
        Value::Map(pairs) => {
            let inner = brackets.deeper();
            let pairs = pairs.iter().map(|(key, value)| pair_in_brackets(key, value, &inner));
            brackets.wrap('{', '}', pairs)
        }
    }
}

/// `"key": value`.
pub fn pair_in_brackets(key: &str, value: &impl Behind, brackets: &Brackets<'_>) -> String {
    let key = scalar::write(key, Quote::Double, true);
    format!("{key}:{}{}", brackets.gap, value.in_brackets(brackets))
}

/// `[...]`.
pub fn list_in_brackets(
    items: impl IntoIterator<Item = impl Borrow<Value>>,
    brackets: &Brackets<'_>,
) -> String {
    let inner = brackets.deeper();
    let items = items.into_iter().map(|item| in_brackets(item.borrow(), &inner));
    brackets.wrap('[', ']', items)
}

/// Items between brackets that are there.
pub fn joined(items: impl Iterator<Item = Value>, brackets: &Brackets<'_>) -> String {
    let mut all = String::new();
    for item in items {
        if !all.is_empty() {
            all.push_str(&brackets.comma());
        }
        all.push_str(&in_brackets(&item, brackets));
    }
    all
}

impl Brackets<'_> {
    /// What stands between an entry and the next.
    pub fn comma(&self) -> String {
        match &self.lines {
            Some(Lines { newline, indent, .. }) => format!(",{newline}{indent}"),
            None => format!(",{}", self.gap),
        }
    }

    fn deeper(&self) -> Self {
        let mut inner = self.clone();
        if let Some(lines) = &mut inner.lines {
            lines.indent.push_str(lines.unit);
        }
        inner
    }

    fn wrap(&self, open: char, close: char, parts: impl Iterator<Item = String>) -> String {
        let parts: Vec<String> = parts.collect();
        match &self.lines {
            Some(Lines { newline, indent, unit }) if !parts.is_empty() => {
                let between = format!(",{newline}{indent}{unit}");
                let parts = parts.join(&between);
                format!("{open}{newline}{indent}{unit}{parts}{newline}{indent}{close}")
            }
            _ => format!("{open}{}{close}", parts.join(&format!(",{}", self.gap))),
        }
    }
}
