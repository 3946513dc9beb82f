//! New values as YAML text: in block style, in brackets, as JSON.

use zeroize::Zeroizing;

use super::scalar::{self, Quote};

/// A value to be written. Mappings keep their order; texts are wiped when dropped.
#[derive(Clone, Eq, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// `[...]`.
    List(Vec<Self>),
    /// `{...}`.
    Map(Vec<(String, Self)>),
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
}

/// `key: value` in block style, as the lines that a mapping at column `indent` holds; the first line without indentation.
pub fn block_pair(key: &str, value: &Value, indent: usize, newline: &str) -> String {
    let key = scalar::write(key, Quote::Plain, false);
    let start_of_line = format!("{newline}{}", " ".repeat(indent));
    match value {
        Value::Map(pairs) if !pairs.is_empty() => {
            format!("{key}:{start_of_line}  {}", block(value, indent + 2, newline))
        }
        // As kubectl does, a list is not indented under its key.
        Value::List(items) if !items.is_empty() => {
            format!("{key}:{start_of_line}{}", block(value, indent, newline))
        }
        _ => format!("{key}: {}", block(value, indent, newline)),
    }
}

/// A value in block style at column `indent`; its first line without indentation.
pub fn block(value: &Value, indent: usize, newline: &str) -> String {
    let between = format!("{newline}{}", " ".repeat(indent));
    match value {
        Value::Map(pairs) if !pairs.is_empty() => {
            let pairs = pairs.iter().map(|(key, value)| block_pair(key, value, indent, newline));
            pairs.collect::<Vec<_>>().join(&between)
        }
        Value::List(items) if !items.is_empty() => {
            let items = items.iter().map(|item| format!("- {}", block(item, indent + 2, newline)));
            items.collect::<Vec<_>>().join(&between)
        }
        Value::Str(text) => scalar::write(text, Quote::Plain, false),
        _ => in_brackets(value, &Brackets { lines: None, gap: " " }),
    }
}

/// A value in brackets; every string in double quotes, so that JSON stays JSON.
pub fn in_brackets(value: &Value, brackets: &Brackets<'_>) -> String {
    let inner = brackets.deeper();
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Str(text) => scalar::write(text, Quote::Double, true),
        Value::List(items) => {
            brackets.wrap('[', ']', items.iter().map(|item| in_brackets(item, &inner)))
        }
        Value::Map(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| pair_in_brackets(key, value, &inner));
            brackets.wrap('{', '}', pairs)
        }
    }
}

/// `"key": value`.
pub fn pair_in_brackets(key: &str, value: &Value, brackets: &Brackets<'_>) -> String {
    let key = scalar::write(key, Quote::Double, true);
    format!("{key}:{}{}", brackets.gap, in_brackets(value, brackets))
}

impl Brackets<'_> {
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
