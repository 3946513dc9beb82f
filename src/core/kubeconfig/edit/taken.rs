//! Entries of another file, with all that they say there: what nobody knows comes along.

use std::borrow::Cow;

use crate::core::kubeconfig::entry::Entry;
use crate::core::kubeconfig::file::File;
use crate::core::kubeconfig::yaml::change::{Edit, changed, difference};
use crate::core::kubeconfig::yaml::emit::{self, Value};

use super::anchors::verbatim;
use super::entries::{self, item, position};
use super::{Error, edited_to, writable};

/// An entry of another file on its way.
#[derive(Debug)]
pub struct Taken<'a, E> {
    /// The file that it stands in.
    pub from: &'a File,
    /// Its name there.
    pub name: &'a str,
    /// What it is to be here.
    pub new: E,
}

impl<E: Entry> Taken<'_, E> {
    /// As it stands there, but for what is to differ; what we know of it where that cannot be had, as with merge keys.
    fn value(&self) -> Value {
        self.whole().filter(|value| says(value, &self.new)).unwrap_or_else(|| item(&self.new))
    }

    fn whole(&self) -> Option<Value> {
        let index = position::<E>(self.from, self.name)?;
        let lists = self.from.root()?.pairs().filter(|(key, _)| key.target().text() == E::LIST);
        let entry = lists.last()?.1.target().children().nth(index)?;
        let edits = difference(&[], &item(&E::list(self.from.config())[index]), &item(&self.new));
        let mut edits = edits.into_iter();
        edits.try_fold(verbatim(entry)?, |value, edit| changed(value, &edit.path, edit.change))
    }
}

/// Whether client-go would read the value as that entry.
fn says<E: Entry>(value: &Value, entry: &E) -> bool {
    let list = Value::Map(vec![(E::LIST.to_owned(), Value::List(vec![value.clone()]))]);
    let text = zeroize::Zeroizing::new(emit::block(&list, 0, "\n"));
    File::from_text("".into(), text)
        .is_ok_and(|file| E::list(file.config()) == std::slice::from_ref(entry))
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
    let edit = Edit::append([E::LIST.into()], taken.iter().map(Taken::value).collect());
    let new = taken.iter().map(|it| it.new.clone());
    edited_to(&file, &[edit], E::LIST, |config| E::list_mut(config).extend(new)).map(Cow::Owned)
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

    fn taken<'a, E: Entry>(from: &'a File, name: &'a str, new_name: &str) -> Taken<'a, E> {
        let index = position::<E>(from, name).expect(name);
        let new = E::new(new_name, E::list(from.config())[index].stanza().clone());
        Taken { from, name, new }
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
