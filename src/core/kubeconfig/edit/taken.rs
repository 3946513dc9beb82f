//! Entries of another file, with all that they say there: what nobody knows comes along.

use std::borrow::Cow;

use crate::core::kubeconfig::entry::Entry;
use crate::core::kubeconfig::file::File;
use crate::core::kubeconfig::yaml::change::{Edit, changed, difference};
use crate::core::kubeconfig::yaml::emit::{self, Value};
use crate::core::kubeconfig::yaml::tree::Cursor;

use super::anchors::verbatim;
use super::entries::{self, item, position};
use super::{Error, edited_to, writable};

/// An entry of another file on its way.
pub struct Taken<'a, E> {
    /// Where it stands there, and what is read from that.
    node: Option<Cursor<'a>>,
    old: &'a E,
    /// What it is to be here.
    pub new: E,
}

/// All entries of one kind that a file has, in their order, to be the same elsewhere.
pub fn entries_of<E: Entry>(from: &File) -> Vec<Taken<'_, E>> {
    let pairs = from.root().into_iter().flat_map(Cursor::pairs);
    let list = pairs.filter(|(key, _)| key.target().text() == E::LIST).last();
    let mut nodes = list.into_iter().flat_map(|(_, list)| list.target().children());
    let entries = E::list(from.config()).iter();
    entries.map(|old| Taken { node: nodes.next(), old, new: old.clone() }).collect()
}

impl<E: Entry> Taken<'_, E> {
    /// As it stands there, but for what is to differ; what we know of it where that cannot be had, as with merge keys.
    fn value(&self) -> Value {
        self.whole().filter(|value| self.is_said_by(value)).unwrap_or_else(|| item(&self.new))
    }

    fn whole(&self) -> Option<Value> {
        let value = verbatim(self.node?)?;
        if *self.old == self.new {
            return Some(value);
        }
        let mut edits = difference(&[], &item(self.old), &item(&self.new)).into_iter();
        edits.try_fold(value, |value, edit| changed(value, &edit.path, edit.change))
    }

    /// Whether client-go would read the value as this entry.
    fn is_said_by(&self, value: &Value) -> bool {
        let list = Value::Map(vec![(E::LIST.to_owned(), Value::List(vec![value.clone()]))]);
        let text = zeroize::Zeroizing::new(emit::block(&list, 0, "\n"));
        let file = File::from_text("".into(), text);
        file.is_ok_and(|file| E::list(file.config()) == std::slice::from_ref(&self.new))
    }
}

/// The file with these entries at the end of their list, all at once.
///
/// # Errors
///
/// Those of [`set_current_context`](super::set_current_context).
pub fn take<'a, E: Entry>(file: &'a File, taken: &[Taken<'_, E>]) -> Result<Cow<'a, File>, Error> {
    if taken.is_empty() {
        return Ok(Cow::Borrowed(file));
    }
    let file = writable(Cow::Borrowed(file))?;
    let end = E::list(file.config()).len();
    let with = |values: Vec<Value>| {
        let edit = Edit::append([E::LIST.into()], values);
        edited_to(&file, vec![edit], E::LIST, end..end, taken.iter().map(|it| &it.new))
    };
    let whole: Option<Vec<Value>> = taken.iter().map(Taken::whole).collect();
    // They are looked at one by one only where one of them is odd.
    let new = match whole.map(&with) {
        Some(Ok(new)) => new,
        _ => with(taken.iter().map(Taken::value).collect())?,
    };
    Ok(Cow::Owned(new))
}

/// The file in which this entry has taken the place of the one of its name; what nobody knows goes with that one.
///
/// # Errors
///
/// As for [`take`].
pub fn replace<'a, E: Entry>(file: &'a File, taken: &Taken<'_, E>) -> Result<Cow<'a, File>, Error> {
    let Some(index) = position::<E>(file, taken.new.name()) else {
        return Ok(Cow::Borrowed(file));
    };
    let file = writable(Cow::Borrowed(file))?;
    let stanza = taken.value().get(E::KIND).cloned().unwrap_or_default();
    entries::replace(&file, &taken.new, index, stanza).map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::kubeconfig::{NamedCluster, NamedUser};

    fn file(text: &str) -> File {
        File::parse("config", text.as_bytes()).expect(text)
    }

    fn taken<'a, E: Entry>(from: &'a File, name: &str, new_name: &str) -> Taken<'a, E> {
        let mut all = entries_of::<E>(from).into_iter();
        let mut taken = all.find(|it| it.old.name() == name).expect(name);
        new_name.clone_into(taken.new.name_mut());
        taken
    }

    #[test]
    fn what_nobody_knows_comes_along_in_every_style() {
        let from = file(
            "x: &c {server: s, odd: [1, {a: b}]}\nclusters: [{name: c, more: 7, cluster: *c}, {name: d, cluster: {}}]\n",
        );
        let all = [taken::<NamedCluster>(&from, "c", "e"), taken(&from, "d", "d")];
        let added = |text: &str| {
            let target = file(text);
            let new = take(&target, &all).expect(text).into_owned();
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
    fn what_cannot_be_copied_comes_in_as_it_is_read() {
        let from = file("b: &b {token: x}\nusers: [{name: u, user: {<<: *b, username: me}}]\n");
        let target = file("users:\n- name: v\n");
        let new = take(&target, &[taken::<NamedUser>(&from, "u", "u")]).expect("added");
        assert_eq!(new.config().users[1], from.config().users[0]);
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
