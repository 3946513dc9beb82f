//! The order in which kubectl writes: keys by their names, and entries by theirs.
//!
//! Nothing is written anew. What belongs to a pair or an item, its comments too, moves as it stands, and what lies between stays:
//! blank lines, commas, and comments that belong to nobody. Brackets with a comment in them are left as they are, since whom it
//! is about is not clear.

use std::borrow::Cow;
use std::ops::Range;

use zeroize::Zeroizing;

use crate::core::kubeconfig::file::File;
use crate::core::kubeconfig::yaml::meaning::{NAMED, apart_from_order};
use crate::core::kubeconfig::yaml::tree::{Cursor, Kind};

use super::removal::{block_items, block_pairs};
use super::splice::{newline, pair_end};
use super::{Error, unsafe_to_change};

/// So deep are the fields of a kubeconfig, extensions included. What lies deeper is data of others and stays.
const DEPTH: usize = 8;

/// The file in the order in which kubectl writes: keys in that of their bytes, and clusters, users, contexts and extensions in
/// that of their names. It says the same as before.
///
/// # Errors
///
/// Several documents; an alias that would come before its anchor.
pub fn order(file: &File) -> Result<Cow<'_, File>, Error> {
    if file.has_more_documents() {
        return Err(Error::SeveralDocuments { path: file.path().to_owned() });
    }
    let tree = file.tree();
    let Some(root) = tree.root(file.text()).filter(|root| root.kind() == Kind::Map) else {
        return Ok(Cow::Borrowed(file));
    };
    if !file.text().ends_with('\n') && !root.is_flow() {
        // The last line may come to stand before another one.
        let text = format!("{}{}", file.text(), newline(file.text()));
        let ended = File::from_text(file.path().to_owned(), Zeroizing::new(text))?;
        return order(&ended).map(|new| match new {
            Cow::Borrowed(_) => Cow::Borrowed(file),
            Cow::Owned(new) => Cow::Owned(new),
        });
    }
    // What stands at the top is about the file.
    let first = root.pairs().next().map_or(0, |(key, _)| key.span().start);
    let top =
        if root.is_flow() { 0 } else { file.text()[..first].rfind('\n').map_or(0, |at| at + 1) };
    let mut text = Zeroizing::new(String::with_capacity(file.text().len()));
    text.push_str(&file.text()[..top]);
    put(&mut text, root, top..file.text().len(), "", 0);
    if *text == file.text() {
        return Ok(Cow::Borrowed(file));
    }
    let failed = || unsafe_to_change(file.path(), "the order");
    let new = File::from_text(file.path().to_owned(), text).map_err(|_| failed())?;
    let is_same = new.tree().root(new.text()).map(apart_from_order) == Some(apart_from_order(root));
    if is_same { Ok(Cow::Owned(new)) } else { Err(failed()) }
}

/// Something that moves: what belongs to it, what it is sorted by, and what is put in order inside of it.
struct Part<'a> {
    at: Range<usize>,
    by: &'a str,
    inside: Cursor<'a>,
    /// The key that leads inside; empty for an item.
    key: &'a str,
}

/// Writes the text of `at`, in which `node` lies under `key`, with its parts in order.
fn put(text: &mut String, node: Cursor<'_>, at: Range<usize>, key: &str, depth: usize) {
    let source = node.source();
    let parts = parts(node, key, at.start).filter(|parts| depth < DEPTH && are_apart(parts, &at));
    let parts = parts.unwrap_or_default();
    let mut sorted: Vec<&Part<'_>> = parts.iter().collect();
    sorted.sort_by_key(|part| part.by);
    let mut done = at.start;
    for (place, part) in parts.iter().zip(sorted) {
        text.push_str(&source[done..place.at.start]);
        put(text, part.inside, part.at.clone(), part.key, depth + 1);
        done = place.at.end;
    }
    text.push_str(&source[done..at.end]);
}

/// The parts of a collection that lies behind `from`, as they stand; `None` where one has no place of its own.
fn parts<'a>(node: Cursor<'a>, key: &str, from: usize) -> Option<Vec<Part<'a>>> {
    let is_clear = !node.is_flow() || !node.source()[node.span()].contains('#');
    match node.kind() {
        _ if !is_clear => None,
        Kind::Seq if key.is_empty() => None,
        Kind::Map => {
            let pairs: Vec<_> = node.pairs().collect();
            let start = |key: Cursor<'_>| key.anchor_start().unwrap_or(key.span().start);
            let at: Vec<_> = match node.is_flow() {
                true => pairs.iter().map(|pair| start(pair.0)..pair_end(*pair)).collect(),
                false => block_pairs(node, from)?,
            };
            let part = |((key, inside), at): ((Cursor<'a>, _), _)| Part {
                at,
                by: key.target().text(),
                inside,
                key: key.target().text(),
            };
            Some(pairs.into_iter().zip(at).map(part).collect())
        }
        Kind::Seq => {
            let items: Vec<_> = node.children().collect();
            let start = |item: &Cursor<'_>| item.anchor_start().unwrap_or(item.span().start);
            let at: Vec<_> = match node.is_flow() {
                true => items.iter().map(|item| start(item)..item.span().end).collect(),
                false => block_items(node, from)?,
            };
            let is_named = NAMED.contains(&key);
            let by = |item: Cursor<'a>| if is_named { name_of(item) } else { "" };
            let part = |(inside, at)| Part { at, by: by(inside), inside, key: "" };
            Some(items.into_iter().zip(at).map(part).collect())
        }
        Kind::Alias | Kind::Scalar => None,
    }
}

/// Whether the parts lie inside of `around`, one after the other.
fn are_apart(parts: &[Part<'_>], around: &Range<usize>) -> bool {
    let ends = std::iter::once(around.start).chain(parts.iter().map(|part| part.at.end));
    let starts = parts.iter().map(|part| part.at.start).chain([around.end]);
    ends.zip(starts).all(|(end, start)| end <= start)
}

/// Of several the last counts.
fn name_of(item: Cursor<'_>) -> &str {
    let names = item.target().pairs().filter(|(key, _)| key.target().text() == "name");
    names.last().map_or("", |(_, name)| name.target().text())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(text: &str) -> String {
        let file = File::parse("config", text.as_bytes()).expect("a kubeconfig");
        order(&file).expect("an order").text().to_owned()
    }

    #[test]
    fn entries_and_keys_move_with_what_belongs_to_them() {
        let text = "\
# my clusters
kind: Config
apiVersion: v1

# whom to be
users:
- user: {token: x, as: w}   # a bot
  name: b
# the other one
- name: a
  user:
    username: u
    # not that one
    as: v
    # nor this
contexts: []
";
        let found = "\
# my clusters
apiVersion: v1
contexts: []

kind: Config
# whom to be
users:
# the other one
- name: a
  user:
    # not that one
    as: v
    username: u
    # nor this
- name: b
  user: {as: w, token: x}   # a bot
";
        assert_eq!(ordered(text), found);
        assert_eq!(ordered(found), found, "a second time changes nothing");
    }

    #[test]
    fn json_keeps_its_commas_and_lines() {
        let text =
            "{\n  \"users\": [{\"name\": \"b\"}, {\"name\": \"a\"}],\n  \"kind\": \"Config\"\n}";
        let wanted =
            "{\n  \"kind\": \"Config\",\n  \"users\": [{\"name\": \"a\"}, {\"name\": \"b\"}]\n}";
        assert_eq!(ordered(text), wanted);
    }

    #[test]
    fn an_alias_does_not_come_before_its_anchor() {
        let text = "users:\n- name: b\n  user: &u {token: x}\n- name: a\n  user: *u\n";
        let file = File::parse("config", text.as_bytes()).expect("a kubeconfig");
        let error = order(&file).expect_err("no order");
        assert_eq!(
            error.to_string(),
            "config: cannot change `the order` without changing something else"
        );
    }
}
