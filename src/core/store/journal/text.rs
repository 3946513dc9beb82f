//! The journal as text: lines that people can read, in which any name fits.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use super::{Entry, Mark};
use crate::core::store::temp;

const HEAD: &str = "kubepki journal 1";
const ABOUT: &str = "# An interrupted run: the next one in this folder finishes or undoes it.";
const END: &str = "end";
const NONE: &str = "-";
const ADDS: &str = "+";

/// A journal of these entries.
pub(super) fn encode(entries: &[Entry]) -> String {
    let lines: Vec<String> = entries.iter().map(encode_entry).collect();
    format!("{HEAD}\n{ABOUT}\n{}\n{END}\n", lines.join("\n"))
}

/// `TARGET STAGED KEPT NEW OLD`: a path, two names beside it, two marks; `-` for none. Where lines are added to the old file, `+`
/// stands for the name under which it would be kept.
fn encode_entry(entry: &Entry) -> String {
    let Entry { target, staged, kept, adds, new, old } = entry;
    let name = |path: &PathBuf| escape(path.file_name().unwrap_or_default());
    let none = if *adds { ADDS } else { NONE };
    let kept = kept.as_ref().map_or_else(|| none.into(), name);
    let old = old.as_ref().map_or_else(|| NONE.into(), encode_mark);
    format!("{} {} {kept} {} {old}", escape(target.as_os_str()), name(staged), encode_mark(new))
}

fn encode_mark(Mark([inode, size, seconds, nanoseconds]): &Mark) -> String {
    format!("{inode}:{size}:{seconds}:{nanoseconds}")
}

/// The entries of a journal; `None` for a damaged one.
pub(super) fn decode(content: &[u8]) -> Option<Vec<Entry>> {
    let mut lines = std::str::from_utf8(content).ok()?.strip_suffix('\n')?.split('\n');
    let known = lines.next()? == HEAD && lines.next()? == ABOUT && lines.next_back()? == END;
    known.then(|| lines.map(decode_entry).collect()).flatten()
}

fn decode_entry(line: &str) -> Option<Entry> {
    let mut words = line.split(' ');
    let target = PathBuf::from(unescape(words.next()?)?);
    let beside = |word: &str| {
        let path = target.with_file_name(unescape(word)?);
        temp::belongs_to(&path, &target).then_some(path)
    };
    let staged = beside(words.next()?)?;
    let kept = words.next()?;
    let adds = kept == ADDS;
    let kept = if adds { None } else { optional(kept, beside)? };
    let new = decode_mark(words.next()?)?;
    let old = optional(words.next()?, decode_mark)?;
    let fits = (adds || kept.is_some()) == old.is_some();
    let whole = words.next().is_none() && target.is_absolute() && fits;
    whole.then_some(Entry { target, staged, kept, adds, new, old })
}

/// The outer `None` is an error, the inner one a `-`.
fn optional<T>(word: &str, read: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    if word == NONE { Some(None) } else { read(word).map(Some) }
}

fn decode_mark(word: &str) -> Option<Mark> {
    let numbers: Option<Vec<i64>> = word.split(':').map(|number| number.parse().ok()).collect();
    numbers?.try_into().ok().map(Mark)
}

/// Any name as one word of printable ASCII.
pub(super) fn escape(name: &OsStr) -> String {
    let escape = |&byte: &u8| match byte {
        b'%' => "%25".into(),
        b'!'..=b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    name.as_bytes().iter().map(escape).collect()
}

pub(super) fn unescape(word: &str) -> Option<OsString> {
    let mut pieces = word.split('%');
    let mut name = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (hex, rest) = piece.split_at_checked(2)?;
        name.push(u8::from_str_radix(hex, 16).ok()?);
        name.extend_from_slice(rest.as_bytes());
    }
    Some(OsString::from_vec(name))
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    /// An entry in `/pki`.
    pub(in super::super) fn entry(target: &OsStr, old: bool) -> Entry {
        let target = Path::new("/pki").join(target);
        let beside = |number: u32| {
            let mut name = OsString::from(".");
            name.push(target.file_name().unwrap());
            name.push(format!(".kubepki-set-7-{number}"));
            target.with_file_name(name)
        };
        Entry {
            staged: beside(0),
            kept: old.then(|| beside(1)),
            adds: false,
            new: Mark([1, 2, -3, i64::MAX]),
            old: old.then_some(Mark([i64::MIN, 0, 0, 0])),
            target,
        }
    }

    #[test]
    fn a_journal_is_readable_lines() {
        let text = encode(&[entry("a b".as_ref(), true), entry("ca.crt".as_ref(), false)]);
        let lines: Vec<&str> = text.lines().skip(2).collect();
        let max = i64::MAX;
        let (first, second) =
            (".a%20b.kubepki-set-7-0 .a%20b.kubepki-set-7-1", ".ca.crt.kubepki-set-7-0 -");
        assert_eq!(lines[0], format!("/pki/a%20b {first} 1:2:-3:{max} {}:0:0:0", i64::MIN));
        assert_eq!(lines[1], format!("/pki/ca.crt {second} 1:2:-3:{max} -"));
        assert_eq!(lines[2], "end");
    }

    #[test]
    fn an_entry_that_adds_says_so_and_keeps_no_second_name() {
        let added = Entry { kept: None, adds: true, ..entry("log".as_ref(), true) };
        let text = encode(std::slice::from_ref(&added));
        assert!(text.contains("/pki/log .log.kubepki-set-7-0 + 1:2:-3:"), "{text}");
        assert_eq!(decode(text.as_bytes()), Some(vec![added]));
        assert_eq!(decode(text.replace(" + ", " - ").as_bytes()), None);
    }

    proptest! {
        #[test]
        fn a_journal_is_read_back(names in proptest::collection::vec(
            (proptest::collection::vec(any::<u8>().prop_filter("a name", |b| !b"/\0.".contains(b)), 1..40), any::<bool>()),
            1..5,
        )) {
            let entry = |(name, old): &(Vec<u8>, bool)| entry(OsStr::from_bytes(name), *old);
            let entries: Vec<Entry> = names.iter().map(entry).collect();
            prop_assert_eq!(decode(encode(&entries).as_bytes()), Some(entries));
        }

        #[test]
        fn no_journal_makes_the_reader_panic(line in "\\PC{0,80}", cut in 0_usize..400) {
            decode_entry(&line);
            let text = encode(&[entry("x".as_ref(), true)]);
            let cut = &text.as_bytes()[..cut.min(text.len())];
            prop_assert_eq!(decode(cut).is_some(), cut.len() == text.len());
        }
    }
}
