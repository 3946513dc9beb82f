//! Which scalars are strings, and how to write one so that every reader sees the same string.
//!
//! Reading follows go-yaml v2 (`resolve.go`), which client-go uses through sigs.k8s.io/yaml: YAML 1.1 words such as `on` are
//! no strings. Writing is stricter than reading: what any YAML reader might take for something else is quoted.

/// What go-yaml makes of a plain scalar.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Resolved {
    /// `true`, `on`, `y` and so on.
    Bool(bool),
    /// `<<`, the merge key.
    Merge,
    /// Nothing, `~`, `null`.
    Null,
    /// An integer or a float.
    Number,
    /// Anything else.
    Str,
}

/// How a scalar is quoted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Quote {
    /// `"x"`, with JSON's escapes only.
    Double,
    /// `x`, where it can only be read as that string.
    Plain,
    /// `'x'`.
    Single,
}

const TRUE: [&str; 11] = ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"];
const FALSE: [&str; 11] =
    ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"];
const NULL: [&str; 5] = ["", "~", "null", "Null", "NULL"];
const LONGEST_WORD: usize = "false".len();
const NOT_FINITE: [&str; 12] = [
    ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", ".nan", ".NaN",
    ".NAN",
];

/// What go-yaml makes of the plain scalar `text`.
pub fn resolve(text: &str) -> Resolved {
    match text {
        // Most texts are longer than any such word, and this is asked of each several times.
        _ if text.len() > LONGEST_WORD => match is_number(text) {
            true => Resolved::Number,
            false => Resolved::Str,
        },
        "<<" => Resolved::Merge,
        _ if NULL.contains(&text) => Resolved::Null,
        _ if TRUE.contains(&text) => Resolved::Bool(true),
        _ if FALSE.contains(&text) => Resolved::Bool(false),
        _ if is_number(text) => Resolved::Number,
        _ => Resolved::Str,
    }
}

/// `text` as a YAML scalar on one line, quoted as `wanted` where that is safe, else with double quotes.
///
/// `in_flow` is true between brackets, where commas and colons mean more.
pub fn write(text: &str, wanted: Quote, in_flow: bool) -> String {
    match wanted {
        Quote::Plain if is_plainly_a_string(text, in_flow) => text.to_owned(),
        Quote::Single if text.chars().all(is_harmless) => format!("'{}'", text.replace('\'', "''")),
        _ => double_quoted(text),
    }
}

/// The value of a plain scalar that is a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Anything that is not an integer, or too large for one.
    Float(f64),
    /// An integer below zero.
    Signed(i64),
    /// Any other integer.
    Unsigned(u64),
}

/// What number go-yaml reads: `0x1F`, `0b1` and `0o7` are integers, and so is `012`, which is ten.
pub fn number(text: &str) -> Option<Number> {
    let text = text.replace('_', "");
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let prefix = digits.get(..2).map(str::to_ascii_lowercase);
    let (digits, radix) = match prefix.as_deref() {
        Some("0x") => (&digits[2..], 16),
        Some("0o") => (&digits[2..], 8),
        Some("0b") => (&digits[2..], 2),
        _ if digits.len() > 1 && digits.starts_with('0') => (&digits[1..], 8),
        _ => (digits, 10),
    };
    if let Ok(value) = u64::from_str_radix(digits, radix) {
        match is_negative {
            false => return Some(Number::Unsigned(value)),
            true => {
                let value = 0_i64.checked_sub_unsigned(value);
                if let Some(value) = value {
                    return Some(Number::Signed(value));
                }
            }
        }
    }
    text.parse().ok().map(Number::Float).filter(|_| is_float(&text))
}

fn is_number(text: &str) -> bool {
    if !text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) {
        return false;
    }
    if NOT_FINITE.contains(&text) {
        return true;
    }
    let text = text.replace('_', "");
    is_integer(&text) || is_float(&text)
}

/// Go's `strconv.ParseInt(text, 0, 64)`, apart from its limits: a longer decimal is a float, which is a number too.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (digits, radix) = match digits.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => (&digits[2..], 16),
        Some("0o") => (&digits[2..], 8),
        Some("0b") => (&digits[2..], 2),
        _ => (digits, 10),
    };
    !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix))
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let exponent = exponent.map(|text| text.strip_prefix(['+', '-']).unwrap_or(text));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    all_digits(whole)
        && all_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && all_digits(exponent))
}

/// A narrow set on purpose: a letter or `/` first, then letters, digits and `._/@+=:-`, with single spaces between.
fn is_plainly_a_string(text: &str, in_flow: bool) -> bool {
    let may_start = |c: char| c.is_ascii_alphabetic() || c == '/';
    let may_follow = |c: char| c.is_ascii_alphanumeric() || "._/@+=:- ".contains(c);
    let means_more = text.ends_with([' ', ':'])
        || text.contains("  ")
        || text.contains(": ")
        || (in_flow && text.contains(':'));
    let is_word = text.starts_with(may_start) && text.chars().all(may_follow);
    is_word && !means_more && resolve(text) == Resolved::Str
}

/// Printable, and no line break in YAML 1.1 or 1.2, no mark that an editor or terminal acts on.
fn is_harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{61c}')
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn double_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if is_harmless(c) => quoted.push(c),
            c => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_go_yaml_takes_for_something_else_are_no_strings() {
        for text in ["on", "y", "NO", "~", "", "null", "<<", "1", "1e3", "0x1F", "0o7", "012", "09"]
        {
            assert_ne!(resolve(text), Resolved::Str, "{text}");
        }
        for text in ["1_000", "+1", "-1", ".5", "5.", "-.inf", ".NaN", "0b1", "1__0", "1E-3"] {
            assert_eq!(resolve(text), Resolved::Number, "{text}");
        }
    }

    #[test]
    fn words_that_go_yaml_takes_for_strings_are_strings() {
        for text in
            ["dev", "1:30", ".", "=", "_1", ".1e", "2020-01-01", "10.0.0.1", "0x", "oN", "e3"]
        {
            assert_eq!(resolve(text), Resolved::Str, "{text}");
        }
    }

    #[test]
    fn a_style_is_kept_only_where_it_is_safe() {
        assert_eq!(write("kind-dev", Quote::Plain, false), "kind-dev");
        assert_eq!(write("on", Quote::Plain, false), "\"on\"");
        assert_eq!(write("a: b", Quote::Plain, false), "\"a: b\"");
        assert_eq!(write("a:b", Quote::Plain, true), "\"a:b\"");
        assert_eq!(write("it's", Quote::Single, false), "'it''s'");
        assert_eq!(write("a\nb", Quote::Single, false), "\"a\\nb\"");
        assert_eq!(write("\u{85}\u{feff}", Quote::Double, false), "\"\\u0085\\ufeff\"");
    }
}
