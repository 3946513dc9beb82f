//! Entries of another file, with all that they say there: what nobody knows comes along.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::core::kubeconfig::entry::Entry;
use crate::core::kubeconfig::file::File;
use crate::core::kubeconfig::types::{NamedCluster, NamedContext, NamedUser};
use crate::core::kubeconfig::yaml::change::{Edit, Values, changed, difference};
use crate::core::kubeconfig::yaml::emit::{self, Value};
use crate::core::kubeconfig::yaml::tree::{Cursor, NodeIndex};

use super::anchors::verbatim;
use super::entries::{self, item, position, stanza};
use super::{
    CURRENT_CONTEXT, Error, are_equal_apart_from, edited_from, edited_in_turn, unless_unsafe,
    unsafe_to_change, writable,
};

/// An entry of another file on its way.
pub struct Taken<'a, E: Entry> {
    /// The file, where it stands there, and what is read from that.
    from: &'a File,
    node: Option<NodeIndex>,
    old: &'a E,
    new: Option<Box<New<E>>>,
}

/// What an entry is to be here that is not just what it is there.
struct New<E: Entry> {
    name: Box<str>,
    /// Where that is another one.
    stanza: Option<Box<E::Stanza>>,
}

/// Entries of other files that a file takes in.
#[derive(Default)]
pub struct Added<'a> {
    /// To the end of `clusters`.
    pub clusters: Vec<Taken<'a, NamedCluster>>,
    /// To the end of `users`.
    pub users: Vec<Taken<'a, NamedUser>>,
    /// To the end of `contexts`.
    pub contexts: Vec<Taken<'a, NamedContext>>,
}

/// How entries are written that can be had as they stand there; of any other, what we know of it.
#[derive(Clone, Copy)]
enum Written {
    /// As they stand there, whatever is read from that.
    Whole,
    /// The same where just that is read from it.
    AsRead,
}

/// All entries of one kind that a file has, in their order, to be the same elsewhere.
pub fn entries_of<E: Entry>(from: &File) -> Vec<Taken<'_, E>> {
    let tree = from.tree();
    let pairs = tree.root(from.text()).into_iter().flat_map(Cursor::pairs);
    let list = pairs.filter(|(key, _)| key.target().text() == E::LIST).last();
    let mut nodes = list.into_iter().flat_map(|(_, list)| list.target().children());
    let entries = E::list(from.config()).iter();
    let entries = entries.map(|old| {
        let node = nodes.next().map(Cursor::number);
        Taken { from, node, old, new: None }
    });
    entries.collect()
}

impl<E: Entry> Taken<'_, E> {
    /// The name that it is to have here.
    pub fn name(&self) -> &str {
        self.new.as_ref().map_or(self.old.name(), |new| &new.name)
    }

    /// What it is to be here.
    fn stanza(&self) -> &E::Stanza {
        let new = self.new.as_ref().and_then(|new| new.stanza.as_deref());
        new.unwrap_or(self.old.stanza())
    }

    /// Makes it another one.
    pub fn become_new(&mut self, name: &str, stanza: E::Stanza) {
        let stanza = (stanza != *self.old.stanza()).then(|| Box::new(stanza));
        let is_other = stanza.is_some() || *name != *self.old.name();
        self.new = is_other.then(|| Box::new(New { name: name.into(), stanza }));
    }

    fn entry(&self) -> E {
        E::new(self.name(), self.stanza().clone())
    }

    /// Whether it is what stands there.
    fn is(&self, entry: &E) -> bool {
        self.name() == entry.name() && self.stanza() == entry.stanza()
    }

    fn value(&self, how: Written) -> Value {
        let is_fine = |value: &Value| match how {
            Written::Whole => true,
            Written::AsRead => self.is_said_by(value),
        };
        self.whole().filter(is_fine).unwrap_or_else(|| item(&self.entry()))
    }

    /// The same without its name.
    fn stanza_value(&self, how: Written) -> Value {
        self.value(how).get(E::KIND).cloned().unwrap_or_default()
    }

    /// As it stands there, but for what is to differ; `None` where that cannot be had, as with merge keys.
    fn whole(&self) -> Option<Value> {
        let tree = self.from.tree();
        let value = verbatim(tree.root(self.from.text())?.nth(self.node?))?;
        if self.new.is_none() {
            return Some(value);
        }
        let mut edits = difference(&[], &item(self.old), &item(&self.entry())).into_iter();
        edits.try_fold(value, |value, edit| changed(value, &edit.path, edit.change))
    }

    /// Whether client-go would read the value as this entry.
    fn is_said_by(&self, value: &Value) -> bool {
        let list = Value::Map(vec![(E::LIST.to_owned(), Value::List(vec![value.clone()]))]);
        let text = zeroize::Zeroizing::new(emit::block(&list, 0, "\n"));
        let file = File::from_text("".into(), text);
        file.is_ok_and(|file| matches!(E::list(file.config()), [entry] if self.is(entry)))
    }
}

impl Added<'_> {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.clusters.is_empty() && self.users.is_empty() && self.contexts.is_empty()
    }

    /// Where they come from.
    fn files(&self) -> Vec<&File> {
        let clusters = self.clusters.iter().map(|it| it.from);
        let users = self.users.iter().map(|it| it.from);
        let contexts = self.contexts.iter().map(|it| it.from);
        let mut files: Vec<&File> = clusters.chain(users).chain(contexts).collect();
        files.dedup_by(|one, other| std::ptr::eq(*one, *other));
        files
    }

    fn edits(&self, current: Option<&str>, how: Written) -> Vec<Edit<'_>> {
        let lists =
            [append(&self.clusters, how), append(&self.users, how), append(&self.contexts, how)];
        let current = current.map(|name| Edit::set([CURRENT_CONTEXT.into()], Value::str(name)));
        lists.into_iter().flatten().chain(current).collect()
    }
}

/// The edit for one list; none where nothing comes to it.
fn append<'v, E: Entry>(taken: &'v [Taken<'_, E>], how: Written) -> Option<Edit<'v>> {
    let values = Values::new(taken.len(), move |at| taken[at].value(how));
    (!taken.is_empty()).then(|| Edit::append([E::LIST.into()], values))
}

/// The file with these entries at the end of their lists, and another current context where one is given; it is parsed once where
/// that can be done.
///
/// # Errors
///
/// Those of [`set_current_context`](super::set_current_context).
pub fn take<'a>(
    file: &'a File,
    added: &Added<'_>,
    current: Option<&str>,
) -> Result<Cow<'a, File>, Error> {
    let current = current.filter(|name| file.config().current_context != *name);
    if added.is_empty() && current.is_none() {
        return Ok(Cow::Borrowed(file));
    }
    let file = writable(Cow::Borrowed(file))?;
    let with = |how| {
        let new = edited_in_turn(&file, &added.files(), || added.edits(current, how), "entries")?;
        let is_intended = has_come(&file, &new, &added.clusters)
            && has_come(&file, &new, &added.users)
            && has_come(&file, &new, &added.contexts)
            && current.is_none_or(|name| new.config().current_context == name)
            && are_equal_apart_from(
                &[NamedCluster::LIST, NamedUser::LIST, NamedContext::LIST]
                    .into_iter()
                    .chain(current.map(|_| CURRENT_CONTEXT))
                    .collect::<Vec<_>>(),
                file.config(),
                new.config(),
            );
        if is_intended { Ok(new) } else { Err(unsafe_to_change(file.path(), "entries")) }
    };
    // They are looked at one by one only where one of them is odd.
    match with(Written::Whole) {
        Err(Error::Unsafe { .. }) => with(Written::AsRead),
        other => other,
    }
    .map(Cow::Owned)
}

fn has_come<E: Entry>(file: &File, new: &File, taken: &[Taken<'_, E>]) -> bool {
    let old = E::list(file.config());
    let come = E::list(new.config()).strip_prefix(old);
    come.is_some_and(|come| {
        come.len() == taken.len() && taken.iter().zip(come).all(|(taken, entry)| taken.is(entry))
    })
}

/// The file in which these entries have taken the places of those of their names; what nobody knows goes with those. It is parsed
/// once where that can be done.
///
/// # Errors
///
/// As for [`take`].
pub fn replace_all<'a, E: Entry>(
    file: &'a File,
    taken: &[&Taken<'_, E>],
) -> Result<Cow<'a, File>, Error> {
    let file = writable(Cow::Borrowed(file))?;
    if let [_, _, ..] = taken
        && let Some(new) = replaced(&file, taken)?
    {
        return Ok(Cow::Owned(new));
    }
    taken.iter().try_fold(file, |file, taken| Ok(Cow::Owned(replace(&file, taken)?.into_owned())))
}

/// All at once: only where each is there, and no two of them meet.
///
/// # Errors
///
/// A result that is too large: it would be one by one, too.
fn replaced<E: Entry>(file: &File, taken: &[&Taken<'_, E>]) -> Result<Option<File>, Error> {
    let entries = E::list(file.config());
    let by_name: BTreeMap<&str, &Taken<'_, E>> = taken.iter().map(|it| (it.name(), *it)).collect();
    let coming = |old: &E| by_name.get(old.name()).copied();
    let places = entries.iter().enumerate();
    let places = places.filter_map(|(index, old)| Some((index, coming(old)?)));
    let edits = places
        .map(|(index, taken)| Edit::set(stanza::<E>(index), taken.stanza_value(Written::Whole)));
    let edits: Vec<Edit<'_>> = edits.collect();
    if edits.len() != taken.len() {
        return Ok(None);
    }
    let from: Vec<&File> = taken.iter().map(|it| it.from).collect();
    let found = unless_unsafe(edited_from(file, &from, edits, E::LIST))?;
    let Some(found) = found else { return Ok(None) };
    let new = E::list(found.config());
    let is_as_wanted = |(old, new): (&E, &E)| match coming(old) {
        Some(taken) => taken.is(new),
        None => old == new,
    };
    let is_intended = entries.len() == new.len()
        && entries.iter().zip(new).all(is_as_wanted)
        && are_equal_apart_from(&[E::LIST], file.config(), found.config());
    Ok(is_intended.then_some(found))
}

/// The file in which this entry has taken the place of the one of its name.
fn replace<'a, E: Entry>(file: &'a File, taken: &Taken<'_, E>) -> Result<Cow<'a, File>, Error> {
    let Some(index) = position::<E>(file, taken.name()) else {
        return Ok(Cow::Borrowed(file));
    };
    let file = writable(Cow::Borrowed(file))?;
    let stanza = taken.stanza_value(Written::AsRead);
    entries::replace(&file, &taken.entry(), index, stanza).map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File::parse("config", text.as_bytes()).expect(text)
    }

    fn taken<'a, E: Entry>(from: &'a File, name: &str, new_name: &str) -> Taken<'a, E> {
        let mut all = entries_of::<E>(from).into_iter();
        let mut taken = all.find(|it| it.old.name() == name).expect(name);
        taken.become_new(new_name, taken.old.stanza().clone());
        taken
    }

    #[test]
    fn what_nobody_knows_comes_along_in_every_style() {
        let from = file(
            "x: &c {server: s, odd: [1, {a: b}]}\nclusters: [{name: c, more: 7, cluster: *c}, {name: d, cluster: {}}]\n",
        );
        let clusters = vec![taken(&from, "c", "e"), taken(&from, "d", "d")];
        let all = Added { clusters, ..Added::default() };
        let added = |text: &str| {
            let target = file(text);
            let new = take(&target, &all, None).expect(text).into_owned();
            String::from_utf8(new.bytes().to_vec()).expect("UTF-8")
        };
        let block = "- name: e\n  more: 7\n  cluster:\n    server: s\n    odd:\n    - 1\n    - a: b\n- name: d\n  cluster: {}\n";
        assert_eq!(added("clusters: # c\n"), format!("clusters: # c\n{block}"));
        assert_eq!(
            added("clusters: [{name: a}] # c\n"),
            "clusters: [{name: a}, {\"name\": \"e\", \"more\": 7, \"cluster\": {\"server\": \"s\", \"odd\": [1, {\"a\": \"b\"}]}}, {\"name\": \"d\", \"cluster\": {}}] # c\n"
        );
        assert_eq!(
            added("{\"clusters\":[]}"),
            "{\"clusters\":[{\"name\":\"e\",\"more\":7,\"cluster\":{\"server\":\"s\",\"odd\":[1,{\"a\":\"b\"}]}},{\"name\":\"d\",\"cluster\":{}}]}"
        );
    }

    #[test]
    fn null_and_what_is_absent_become_lists() {
        let from = file("clusters: [{name: c, cluster: {}}]\n");
        let all = Added { clusters: vec![taken(&from, "c", "c")], ..Added::default() };
        let lines = "- name: c\n  cluster: {}\n";
        let inside = "{\"name\": \"c\", \"cluster\": {}}";
        for (text, expected) in [
            ("clusters: null # c\n", format!("clusters: # c\n{lines}")),
            ("clusters: &n ~\nx: *n\n", format!("clusters: &n\n{lines}x: &n ~\n")),
            ("kind: Config\n", format!("kind: Config\nclusters:\n{lines}")),
            ("{clusters: null}", format!("{{clusters: [{inside}]}}")),
            ("{kind: Config}", format!("{{kind: Config, \"clusters\": [{inside}]}}")),
        ] {
            let target = file(text);
            let new = take(&target, &all, None).expect(text).into_owned();
            assert_eq!(new.text(), expected, "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_copied_comes_in_as_it_is_read() {
        let from = file("b: &b {token: x}\nusers: [{name: u, user: {<<: *b, username: me}}]\n");
        let target = file("users:\n- name: v\n");
        let all = Added { users: vec![taken(&from, "u", "u")], ..Added::default() };
        let new = take(&target, &all, None).expect("added");
        assert_eq!(new.config().users[1], from.config().users[0]);
    }

    #[test]
    fn all_kinds_come_at_once_and_in_the_order_in_which_they_would_one_by_one() {
        let from = file(
            "clusters: [{name: k}]\nusers: [{name: u}]\ncontexts: [{name: c, context: {cluster: k}}]\n",
        );
        let (clusters, users) = (vec![taken(&from, "k", "k")], vec![taken(&from, "u", "u")]);
        let all = Added { clusters, users, contexts: vec![taken(&from, "c", "c")] };
        for text in [
            "",
            "kind: Config",
            "kind: Config\nx: [1]\n",
            "{}",
            "{\"users\":[]}",
            "users:\n- name: v\n",
        ] {
            let target = file(text);
            let at_once = take(&target, &all, Some("c")).expect(text).into_owned();
            let mut single = target;
            for all in [
                Added { clusters: vec![taken(&from, "k", "k")], ..Added::default() },
                Added { users: vec![taken(&from, "u", "u")], ..Added::default() },
                Added { contexts: vec![taken(&from, "c", "c")], ..Added::default() },
            ] {
                single = take(&single, &all, None).expect(text).into_owned();
            }
            let single = take(&single, &Added::default(), Some("c")).expect(text).into_owned();
            assert_eq!(at_once.text(), single.text(), "{text:?}");
            assert_eq!(at_once.config(), single.config(), "{text:?}");
            assert_eq!(at_once.config().current_context, "c");
        }
    }

    #[test]
    fn several_take_their_places_at_once_as_they_would_one_by_one() {
        let from = file(
            "b: &b {token: x}\nusers: [{name: u, user: {token: new, odd: 1}}, {name: v, user: *b}, {name: w, user: {<<: *b}}]\n",
        );
        let all: Vec<Taken<'_, NamedUser>> = entries_of(&from);
        let all: Vec<_> = all.iter().collect();
        for (text, is_at_once) in [
            (
                "users:\n- name: w\n  user: {}\n- name: u # mine\n  user:\n    token: old\n- name: v\n",
                true,
            ),
            (
                "{\"users\":[{\"name\":\"u\"},{\"name\":\"v\",\"user\":{\"as\":\"x\"}},{\"name\":\"w\"}]}",
                true,
            ),
            ("users: [{name: u, user: &x {token: x}}, {name: v, user: *x}, {name: w}]\n", false),
            ("users: [{name: u}, {name: v}]\n", false),
        ] {
            let target = file(text);
            let single = all.iter().fold(target.clone(), |file, taken| {
                replace(&file, taken).expect(text).into_owned()
            });
            let new = replace_all(&target, &all).expect(text);
            assert_eq!(new.text(), single.text(), "{text}");
            assert_eq!(new.config(), single.config(), "{text}");
            assert_eq!(replaced(&target, &all).expect(text).is_some(), is_at_once, "{text}");
        }
    }

    #[test]
    fn one_takes_the_place_of_another() {
        let from = file("users: [{name: u, user: {token: new, odd: 1}}]\n");
        let target =
            file("users:\n- name: u # mine\n  user:\n    token: old\n    gone: 1\n- name: v\n");
        let new = replace(&target, &taken::<NamedUser>(&from, "u", "u")).expect("replaced");
        let expected =
            b"users:\n- name: u # mine\n  user:\n    token: new\n    odd: 1\n- name: v\n";
        assert_eq!(new.bytes(), expected);
    }
}
