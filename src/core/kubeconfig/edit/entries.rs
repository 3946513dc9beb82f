//! A cluster, a user and a context for a kubeconfig, new or existing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::core::changes::Bytes;
use crate::core::kubeconfig::entry::Entry;
use crate::core::kubeconfig::file::File;
use crate::core::kubeconfig::types::{NamedCluster, NamedContext, NamedUser};
use crate::core::kubeconfig::written::ToValue;
use crate::core::kubeconfig::yaml::change::{Change, Edit, Step, difference};
use crate::core::kubeconfig::yaml::emit::Value;
use crate::core::kubeconfig::yaml::meaning::Meaning;
use crate::core::kubeconfig::yaml::tree::Kind;

use super::{
    Error, are_equal_apart_from, current_context, edited, edited_to, place, removal, splice,
    unless_unsafe, unsafe_to_change, writable,
};

/// What is to be in a kubeconfig.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEntries {
    /// The cluster and its name.
    pub cluster: NamedCluster,
    /// The user and its name.
    pub user: NamedUser,
    /// The context and its name.
    pub context: NamedContext,
    /// Whether the context becomes the current one.
    pub set_current: bool,
    /// Whether it does in a file, too, where another one is current, and that may be replaced.
    pub takes_over: bool,
    /// Whether the user's certificate may take the place of another one for the same key.
    pub renews: bool,
}

impl NewEntries {
    /// The same, for a file that may have a current context already: that one stays, unless `force` lets this one take over.
    pub fn for_file(&self, file: &File, force: bool) -> Self {
        let is_free = file.config().current_context.is_empty();
        Self { set_current: is_free || (self.takes_over && force), ..self.clone() }
    }
}

/// The bytes of `file` with these entries in its lists, in the style of what is there; a file that says nothing becomes a
/// whole kubeconfig.
///
/// An entry of the same name that says the same stays as it is, byte for byte. A user that lacks nothing but its certificate
/// gets that. One that differs otherwise is replaced with `force` only; its extensions and unknown fields go with it.
///
/// # Errors
///
/// [`Error::Exists`] without `force`, and those of [`set_current_context`](super::set_current_context).
pub fn add_entries(file: &File, new: &NewEntries, force: bool) -> Result<Bytes, Error> {
    let NewEntries { cluster, user, context, set_current, takes_over: _, renews } = new;
    let mut file = add(writable(Cow::Borrowed(file))?, cluster, force)?;
    file = certificate(file, user, *renews || force)?;
    file = add(file, user, force)?;
    file = add(file, context, force)?;
    if *set_current {
        file = current_context(file, &context.name)?;
    }
    Ok(file.into_owned().into_bytes())
}

/// The file in which the entry of this name holds just that: it is added, or those of its fields are written that differ.
///
/// # Errors
///
/// Those of [`set_current_context`](super::set_current_context).
pub fn put<'a, E: Entry>(file: &'a File, new: &E) -> Result<Cow<'a, File>, Error> {
    let file = writable(Cow::Borrowed(file))?;
    match position::<E>(&file, new.name()) {
        None => append(&file, new).map(Cow::Owned),
        Some(index) => change(file, new, index),
    }
}

/// The file in which the entries of these names hold just that; it is parsed once where that can be done.
///
/// # Errors
///
/// As for [`put`].
pub fn put_all<'a, E: Entry>(file: &'a File, new: &[E]) -> Result<Cow<'a, File>, Error> {
    let file = writable(Cow::Borrowed(file))?;
    if let [_, _, ..] = new
        && let Some(new) = with_fields(&file, new)?
    {
        return Ok(Cow::Owned(new));
    }
    new.iter().try_fold(file, |file, new| Ok(Cow::Owned(put(&file, new)?.into_owned())))
}

/// All at once: only where each is there already, and no two changes meet.
///
/// # Errors
///
/// A result that is too large: it would be one by one, too.
fn with_fields<E: Entry>(file: &File, new: &[E]) -> Result<Option<File>, Error> {
    let entries = E::list(file.config());
    let places: BTreeMap<&str, usize> =
        entries.iter().enumerate().map(|(index, entry)| (entry.name(), index)).collect();
    let mut changed = BTreeMap::new();
    for new in new {
        let Some(place) = places.get(new.name()) else { return Ok(None) };
        if changed.insert(*place, new).is_some() {
            return Ok(None);
        }
    }
    let edits = || {
        let each = changed.iter().flat_map(|(index, new)| {
            let old = entries[*index].stanza().to_value();
            difference(&stanza::<E>(*index), &old, &new.stanza().to_value())
        });
        each.collect()
    };
    let Some(found) = unless_unsafe(in_two(file, edits, E::LIST))? else { return Ok(None) };
    let wanted = entries.iter().enumerate();
    let wanted = wanted.map(|(index, old)| changed.get(&index).copied().unwrap_or(old));
    let is_intended = wanted.eq(E::list(found.config()))
        && are_equal_apart_from(&[E::LIST], file.config(), found.config());
    Ok(is_intended.then_some(found))
}

/// All edits at once; or those that go after the others, since a field that comes at the end meets a last one that goes.
fn in_two(file: &File, edits: impl Fn() -> Vec<Edit<'static>>, what: &str) -> Result<File, Error> {
    if let Some(new) = unless_unsafe(edited(file, edits(), what))? {
        return Ok(new);
    }
    let goes = |edit: &Edit<'_>| matches!(edit.change, Change::Remove);
    let (gone, others): (Vec<_>, Vec<_>) = edits().into_iter().partition(goes);
    match gone.is_empty() || others.is_empty() {
        true => Err(unsafe_to_change(file.path(), what)),
        false => edited(&edited(file, others, what)?, gone, what),
    }
}

/// The file in which an entry has another name; as it is where no entry has the old one.
///
/// # Errors
///
/// As for [`put`].
pub fn rename<'a, E: Entry>(file: &'a File, old: &str, new: &str) -> Result<Cow<'a, File>, Error> {
    let Some(index) = position::<E>(file, old) else { return Ok(Cow::Borrowed(file)) };
    let file = writable(Cow::Borrowed(file))?;
    let edit = || vec![renaming::<E>(index, new)];
    let renamed = E::new(new, E::list(file.config())[index].stanza().clone());
    let what = format!("{}[{index}].name", E::LIST);
    edited_to(&file, edit, &what, index..index + 1, [&renamed]).map(Cow::Owned)
}

/// The file without an entry; as it is where no entry has that name.
///
/// # Errors
///
/// As for [`put`].
pub fn remove<'a, E: Entry>(file: &'a File, name: &str) -> Result<Cow<'a, File>, Error> {
    let Some(index) = position::<E>(file, name) else { return Ok(Cow::Borrowed(file)) };
    let file = writable(Cow::Borrowed(file))?;
    let edit = || vec![Edit::remove([E::LIST.into(), index.into()])];
    let what = format!("{}[{index}]", E::LIST);
    edited_to::<E>(&file, edit, &what, index..index + 1, []).map(Cow::Owned)
}

/// The file without several entries, of which it has all; it is parsed once where that can be done.
///
/// # Errors
///
/// As for [`put`].
pub fn remove_all<'a, E: Entry>(
    file: &'a File,
    names: &BTreeSet<String>,
) -> Result<Cow<'a, File>, Error> {
    let file = writable(Cow::Borrowed(file))?;
    let goes = |entry: &E| names.contains(entry.name());
    if let Some(new) = without(&file, goes) {
        return Ok(Cow::Owned(new));
    }
    // The last one of a list goes in another way.
    if let [others @ .., last] = E::list(file.config())
        && others.iter().chain([last]).all(goes)
        && let Some(new) = without(&file, |entry: &E| goes(entry) && entry.name() != last.name())
    {
        return Ok(Cow::Owned(remove::<E>(&new, last.name())?.into_owned()));
    }
    names.iter().try_fold(file, |file, name| {
        let new = remove::<E>(&file, name)?.into_owned();
        Ok(Cow::Owned(new))
    })
}

/// All at once: only for lists that stand in the file as they are, without anchors that have to move.
fn without<E: Entry>(file: &File, goes: impl Fn(&E) -> bool) -> Option<File> {
    let tree = file.tree();
    let root = tree.root(file.text())?;
    let (key, list) = place::single_pair(root, E::LIST).ok()??;
    let entries = E::list(file.config());
    let all: Vec<bool> = entries.iter().map(&goes).collect();
    if list.kind() != Kind::Seq || list.subtree().any(|node| node.anchor_start().is_some()) {
        return None;
    }
    let text = splice::apply(file.text(), removal::remove_items((key, list), &all)?)?;
    let intended = Meaning::without(root, E::LIST, &all);
    drop(tree);
    file.rest();
    let new = File::from_text_saying(file.path().to_owned(), text, intended).ok()??;
    let is_intended = entries.iter().filter(|entry| !goes(entry)).eq(E::list(new.config()))
        && are_equal_apart_from(&[E::LIST], file.config(), new.config());
    is_intended.then_some(new)
}

pub(super) fn position<E: Entry>(file: &File, name: &str) -> Option<usize> {
    E::list(file.config()).iter().position(|entry| entry.name() == name)
}

fn add<'a, E: Entry>(file: Cow<'a, File>, new: &E, force: bool) -> Result<Cow<'a, File>, Error> {
    let Some(index) = position::<E>(&file, new.name()) else {
        return append(&file, new).map(Cow::Owned);
    };
    let fields = differing_fields(&E::list(file.config())[index], new);
    match (fields.is_empty(), force) {
        (true, _) => Ok(file),
        (false, true) => replace(&file, new, index, new.stanza().to_value()).map(Cow::Owned),
        (false, false) => Err(Error::Exists {
            path: file.path().to_owned(),
            kind: E::KIND,
            name: new.name().to_owned(),
            fields,
        }),
    }
}

/// The certificate of a user where nothing else of it differs: one value is written. In the place of another one only where
/// that is wanted.
fn certificate<'a>(
    file: Cow<'a, File>,
    new: &NamedUser,
    may_replace: bool,
) -> Result<Cow<'a, File>, Error> {
    let Some(index) = position::<NamedUser>(&file, &new.name) else { return Ok(file) };
    let (found, wanted) = (&file.config().users[index], &new.user.client_certificate_data);
    let is_free = may_replace || found.user.client_certificate_data.is_empty();
    let is_all = differing_fields(found, new) == ["`client-certificate-data`"];
    if is_free && is_all && !wanted.is_empty() { change(file, new, index) } else { Ok(file) }
}

fn differing_fields<E: Entry>(old: &E, new: &E) -> Vec<String> {
    let fields = changed_fields::<E>(old.stanza(), new.stanza());
    fields.into_iter().map(|field| format!("`{field}`")).collect()
}

/// Names of the fields in which two stanzas differ.
pub fn changed_fields<E: Entry>(old: &E::Stanza, new: &E::Stanza) -> Vec<String> {
    let (old, new) = (old.to_value(), new.to_value());
    let keys = new.pairs().iter().chain(old.pairs()).map(|(key, _)| key);
    let mut fields: Vec<String> =
        keys.filter(|key| old.get(key) != new.get(key)).cloned().collect();
    fields.sort();
    fields.dedup();
    fields
}

fn append<E: Entry>(file: &File, new: &E) -> Result<File, Error> {
    let edit = || vec![Edit::append([E::LIST.into()], vec![item(new)])];
    let end = E::list(file.config()).len();
    edited_to(file, edit, E::LIST, end..end, [new])
}

/// Writes the fields that differ.
fn change<'a, E: Entry>(
    file: Cow<'a, File>,
    new: &E,
    index: usize,
) -> Result<Cow<'a, File>, Error> {
    let old = E::list(file.config())[index].stanza().to_value();
    let wanted = new.stanza().to_value();
    if old == wanted {
        return Ok(file);
    }
    let edits = || difference(&stanza::<E>(index), &old, &wanted);
    let what = format!("{}[{index}]", E::LIST);
    edited_to(&file, edits, &what, index..index + 1, [new]).map(Cow::Owned)
}

/// The stanza becomes wholly `stanza`, which says the same as `new`; what nobody knows goes with the old one.
pub(super) fn replace<E: Entry>(
    file: &File,
    new: &E,
    index: usize,
    stanza: Value,
) -> Result<File, Error> {
    let what = format!("{}[{index}]", E::LIST);
    let edit = || vec![Edit::set(self::stanza::<E>(index), stanza.clone())];
    edited_to(file, edit, &what, index..index + 1, [new])
}

/// The edit that gives an entry another name.
pub(super) fn renaming<'v, E: Entry>(index: usize, new: &str) -> Edit<'v> {
    Edit::set([E::LIST.into(), index.into(), "name".into()], Value::str(new))
}

pub(super) fn stanza<E: Entry>(index: usize) -> [Step; 3] {
    [E::LIST.into(), index.into(), E::KIND.into()]
}

pub(in crate::core::kubeconfig) fn item<E: Entry>(entry: &E) -> Value {
    let pairs = [(E::KIND, entry.stanza().to_value()), ("name", Value::str(entry.name()))];
    Value::Map(pairs.map(|(key, value)| (key.to_owned(), value)).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::kubeconfig::types::NamedExtension;

    /// What all at once gives, and one after the other; and whether all at once was possible.
    fn both(text: &str, cluster: &str) -> [Option<String>; 3] {
        let file = File::parse("config", text.as_bytes()).expect(text);
        let renamed = |old: &NamedContext| {
            let mut new = old.clone();
            cluster.clone_into(&mut new.context.cluster);
            new
        };
        let new: Vec<_> = file.config().contexts.iter().map(renamed).collect();
        let text = |file: &File| String::from_utf8(file.bytes().to_vec()).expect("UTF-8");
        let single = new.iter().try_fold(Cow::Borrowed(&file), |file, new| {
            put(&file, new).map(|new| Cow::Owned(new.into_owned()))
        });
        let all = put_all(&file, &new);
        [
            single.ok().map(|file| text(&file)),
            all.ok().map(|file| text(&file)),
            with_fields(&file, &new).ok().flatten().map(|file| text(&file)),
        ]
    }

    #[test]
    fn several_entries_change_at_once_as_they_would_one_by_one() {
        for plain in [
            "contexts:\n- name: a # one\n  context: {cluster: x, user: u}\n- context:\n    cluster: x # two\n  name: b\n",
            "contexts: [{name: a, context: {cluster: x}}, {name: b, context: {user: u}}]\r\n",
            "{\"contexts\":[{\"name\":\"a\",\"context\":{\"cluster\":\"x\"}},{\"name\":\"b\",\"context\":{}}]}",
        ] {
            for name in ["new", "a: b", "null", ""] {
                let [single, all, at_once] = both(plain, name);
                assert!(single.is_some(), "{plain:?} {name:?}");
                assert_eq!(single, all, "{plain:?} {name:?}");
                assert!(at_once.is_none() || at_once == single, "{plain:?} {name:?}");
            }
            assert!(both(plain, "new")[2].is_some(), "{plain:?}");
        }
    }

    #[test]
    fn fields_that_go_do_so_after_those_that_come() {
        let text = "contexts:\n- name: a\n  context:\n    cluster: x\n    namespace: ns # one\n- name: b\n  context:\n    cluster: z\n    namespace: ns\n";
        let file = File::parse("config", text.as_bytes()).expect(text);
        let extension = || NamedExtension { name: "e".to_owned(), extension: Value::Bool(true) };
        let renamed = |old: &NamedContext| {
            let mut new = old.clone();
            new.context.namespace.clear();
            new.context.extensions.push(extension());
            new
        };
        let new: Vec<_> = file.config().contexts.iter().map(renamed).collect();
        let single =
            new.iter().fold(file.clone(), |file, new| put(&file, new).expect(text).into_owned());
        let at_once = with_fields(&file, &new).expect(text).expect("at once");
        assert_eq!(at_once.text(), single.text());
        assert_eq!(at_once.config().contexts, new);
    }

    #[test]
    fn a_whole_list_goes_as_it_would_one_by_one() {
        for text in [
            "contexts:\n- name: a # one\n  context: {}\n# two\n- name: b\n- name: c\nkind: Config\n",
            "kind: Config\ncontexts: [{name: a}, {name: b}, {name: c}] # all\n",
            "{\"contexts\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"}]}",
        ] {
            let file = File::parse("config", text.as_bytes()).expect(text);
            let names = ["a", "b", "c"];
            let single = names.iter().fold(file.clone(), |file, name| {
                remove::<NamedContext>(&file, name).expect(text).into_owned()
            });
            let all = names.map(str::to_owned).into();
            let new = remove_all::<NamedContext>(&file, &all).expect(text);
            assert_eq!(new.text(), single.text(), "{text}");
            assert!(new.config().contexts.is_empty(), "{text}");
        }
    }

    #[test]
    fn what_meets_is_changed_one_by_one() {
        let shared = "x: &x {cluster: old}\ncontexts: [{name: a, context: *x}, {name: b, context: &y {cluster: z}}, {name: c, context: *y}]\n";
        let [single, all, _] = both(shared, "new");
        assert!(single.is_some_and(|text| text.starts_with("x: &x {cluster: old}\n")));
        assert_eq!(both(shared, "new")[0], all);
    }
}
