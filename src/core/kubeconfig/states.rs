//! What a kubeconfig said before its last edits: all of it in one hidden file beside the kubeconfig.
//!
//! Each state is the whole file, so that it comes back byte for byte. The number of states and their size are bounded; the
//! oldest go first.

use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::core::changes::{Before, Bytes, Change, Secrecy, Snapshot, digest_of};

/// How many states are kept.
const MOST: usize = 10;

/// How many bytes they may have together.
const MOST_BYTES: usize = 16 << 20;

/// The first line, so that no other file is taken for ours.
const HEAD: &[u8] = b"kubepki states 1\n";

/// The states of one kubeconfig.
#[derive(Debug, Default)]
pub struct States {
    /// Before its edits, the oldest first.
    past: Vec<State>,
    /// After edits that were undone, the one to be made again next at the end.
    undone: Vec<State>,
}

/// A state that can come back.
pub struct State {
    /// When the edit was made that it belongs to, in seconds since 1970.
    pub when: u64,
    /// What that edit did: names, and no values.
    pub what: String,
    /// The digest of what that edit, or its undoing, left in the file.
    left: String,
    /// All of the file.
    bytes: Content,
}

/// A part of what was read of the states, so that large ones are not held twice; or one of its own.
#[derive(Clone)]
struct Content {
    all: Arc<Bytes>,
    part: Range<usize>,
}

impl Content {
    fn own(bytes: &[u8]) -> Self {
        Self { part: 0..bytes.len(), all: Arc::new(Zeroizing::new(bytes.to_vec())) }
    }

    fn bytes(&self) -> &[u8] {
        &self.all[self.part.clone()]
    }
}

/// Hand-written so that a content can never reach a log.
impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { when, what, left: _, bytes } = self;
        f.debug_struct("State")
            .field("when", when)
            .field("what", what)
            .field("bytes", &bytes.part.len())
            .finish_non_exhaustive()
    }
}

impl State {
    /// What the file is to hold when it comes back.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.bytes()
    }

    /// Whether the file is as this edit, or its undoing, left it.
    pub fn fits(&self, now: &[u8]) -> bool {
        self.left == digest_of(now)
    }
}

impl States {
    /// Where those of a kubeconfig are.
    pub fn path(kubeconfig: &Path) -> PathBuf {
        let mut name = OsString::from(".");
        name.push(kubeconfig.file_name().unwrap_or_default());
        name.push(".states");
        kubeconfig.with_file_name(name)
    }

    /// Those of a kubeconfig, from what was found; none where none were kept.
    pub fn of(kubeconfig: &Path, mut snapshot: Snapshot) -> Self {
        snapshot.take(&Self::path(kubeconfig)).map(Self::parse).unwrap_or_default()
    }

    /// Reads them. What is damaged has none: it must not stop an edit.
    pub fn parse(bytes: Bytes) -> Self {
        let (all, mut states) = (Arc::new(bytes), Self::default());
        let Some(_) = all.strip_prefix(HEAD) else { return states };
        let mut rest = HEAD.len();
        while let Some((is_undone, state, after)) = parse_one(&all, rest) {
            if is_undone {
                states.undone.push(state)
            } else {
                states.past.push(state)
            }
            rest = after;
        }
        states
    }

    /// An edit made `after` of `before`; what was undone cannot be made again then.
    pub fn push(&mut self, when: u64, what: &str, before: &[u8], after: &[u8]) {
        let bytes = Content::own(before);
        let (what, left) = (one_line(what), digest_of(after));
        self.past.push(State { when, what, left, bytes });
        self.undone.clear();
        self.trim();
    }

    /// The edit that would be undone next, or made again.
    pub fn next(&self, again: bool) -> Option<&State> {
        if again { self.undone.last() } else { self.past.last() }
    }

    /// Takes the step that [`next`](Self::next) names away from `now`. Returns what the file is to hold: what `put` makes of what
    /// it held.
    pub fn step(
        &mut self,
        again: bool,
        now: &[u8],
        put: impl FnOnce(Bytes) -> Bytes,
    ) -> Option<Bytes> {
        let (from, to) = match again {
            true => (&mut self.undone, &mut self.past),
            false => (&mut self.past, &mut self.undone),
        };
        let State { when, what, left: _, bytes } = from.pop()?;
        let bytes = put(Zeroizing::new(bytes.bytes().to_vec()));
        let left = digest_of(&bytes);
        to.push(State { when, what, left, bytes: Content::own(now) });
        self.trim();
        Some(bytes)
    }

    /// Each edit, the newest first, and whether it is undone.
    pub fn all(&self) -> impl Iterator<Item = (&State, bool)> {
        let undone = self.undone.iter().map(|state| (state, true));
        undone.chain(self.past.iter().rev().map(|state| (state, false)))
    }

    /// As the file beside the kubeconfig, which only its owner may read.
    pub fn change(&self, kubeconfig: &Path) -> Change {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.size() + 4096));
        bytes.extend_from_slice(HEAD);
        let past = self.past.iter().map(|state| ("past", state));
        for (word, state) in past.chain(self.undone.iter().map(|state| ("undone", state))) {
            let State { when, what, left, bytes: content } = state;
            let line = format!("{word} {when} {} {left} {what}\n", content.part.len());
            bytes.extend_from_slice(line.as_bytes());
            bytes.extend_from_slice(content.bytes());
        }
        let (path, secrecy) = (Self::path(kubeconfig), Secrecy::Secret);
        Change { path, bytes, secrecy, before: Before::Anything }
    }

    fn size(&self) -> usize {
        self.past.iter().chain(&self.undone).map(|state| state.bytes.part.len()).sum()
    }

    fn trim(&mut self) {
        while !self.past.is_empty()
            && (self.past.len() + self.undone.len() > MOST || self.size() > MOST_BYTES)
        {
            self.past.remove(0);
        }
    }
}

/// The state that begins at `from`, and where it ends.
fn parse_one(all: &Arc<Bytes>, from: usize) -> Option<(bool, State, usize)> {
    let end = from + all[from..].iter().position(|byte| *byte == b'\n')?;
    let line = str::from_utf8(&all[from..end]).ok()?;
    let mut words = line.splitn(5, ' ');
    let is_undone = words.next()? == "undone";
    let (when, length) = (words.next()?.parse().ok()?, words.next()?.parse::<usize>().ok()?);
    let (left, what) = (words.next()?.to_owned(), words.next()?.to_owned());
    let part = end + 1..(end + 1).checked_add(length)?;
    let after = part.end;
    all.get(part.clone())?;
    let bytes = Content { all: Arc::clone(all), part };
    Some((is_undone, State { when, what, left, bytes }, after))
}

fn one_line(text: &str) -> String {
    let shown = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_it_is(bytes: Bytes) -> Bytes {
        bytes
    }

    fn again(states: &States) -> States {
        States::parse(states.change(Path::new("config")).bytes)
    }

    #[test]
    fn edits_are_undone_and_made_again_in_turn() {
        let mut states = States::default();
        states.push(1, "one\nline", b"a\n", b"b");
        states.push(2, "two", b"b", b"c");
        let mut states = again(&states);
        assert!(states.next(false).unwrap().fits(b"c") && states.next(true).is_none());
        assert_eq!(**states.step(false, b"c", as_it_is).unwrap(), *b"b");
        assert_eq!(**states.step(false, b"b", as_it_is).unwrap(), *b"a\n");
        let mut states = again(&states);
        assert!(
            states.next(true).unwrap().fits(b"a\n") && states.step(false, b"", as_it_is).is_none()
        );
        assert_eq!(**states.step(true, b"a\n", as_it_is).unwrap(), *b"b");
        assert!(states.next(true).unwrap().fits(b"b"));
        states.push(3, "three", b"b", b"d");
        let all: Vec<_> = states.all().map(|(state, undone)| (state.when, undone)).collect();
        assert_eq!(all, [(3, false), (1, false)]);
    }

    #[test]
    fn they_are_bounded_in_number_and_size() {
        let mut states = States::default();
        (0..25).for_each(|when| states.push(when, "edit", b"x", b"y"));
        assert_eq!((states.past.len(), states.past[0].when), (MOST, 15));
        let large = vec![b'x'; MOST_BYTES / 2];
        (0..5).for_each(|when| states.push(when, "edit", &large, b"y"));
        assert!(states.past.len() == 2 && states.size() <= MOST_BYTES);
    }

    #[test]
    fn what_is_damaged_has_none() {
        for bytes in
            [&b"else"[..], b"kubepki states 1\npast 1 99 0 x\nshort", b"kubepki states 1\n\xff\n"]
        {
            assert_eq!(States::parse(Bytes::new(bytes.to_vec())).all().count(), 0);
        }
    }
}
