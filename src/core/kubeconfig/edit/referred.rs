//! Another name for what contexts name.

use std::borrow::Cow;

use crate::core::kubeconfig::entry::{Entry, Referred};
use crate::core::kubeconfig::file::File;
use crate::core::kubeconfig::types::NamedContext;
use crate::core::kubeconfig::yaml::change::Edit;
use crate::core::kubeconfig::yaml::emit::Value;

use super::entries::{position, put_all, rename, renaming};
use super::{Error, are_equal_apart_from, edited, unless_unsafe, writable};

/// The file in which the entry `old` is called `new`, where it `is_here`, and whatever context names `old` names `new`; as it is
/// where neither is. It is parsed once where that can be done: there may be very many such contexts.
///
/// # Errors
///
/// As for [`put`](super::put).
pub fn rename_referred<'a, E: Referred>(
    file: &'a File,
    old: &str,
    new: &str,
    is_here: bool,
) -> Result<Cow<'a, File>, Error> {
    let index = position::<E>(file, old).filter(|_| is_here);
    let contexts = &file.config().contexts;
    let names_it = |context: &NamedContext| E::named_by(&context.context) == old;
    if index.is_none() && !contexts.iter().any(names_it) {
        return Ok(Cow::Borrowed(file));
    }
    let file = writable(Cow::Borrowed(file))?;
    if let Some(new) = at_once::<E>(&file, index, old, new)? {
        return Ok(Cow::Owned(new));
    }
    let file = match is_here {
        true => Cow::Owned(rename::<E>(&file, old, new)?.into_owned()),
        false => file,
    };
    let contexts = file.config().contexts.iter().filter(|context| names_it(context));
    let contexts: Vec<_> = contexts.map(|context| naming::<E>(context, new)).collect();
    Ok(Cow::Owned(put_all(&file, &contexts)?.into_owned()))
}

fn at_once<E: Referred>(
    file: &File,
    index: Option<usize>,
    old: &str,
    new: &str,
) -> Result<Option<File>, Error> {
    let (entries, contexts) = (E::list(file.config()), &file.config().contexts);
    let names_it = |context: &NamedContext| E::named_by(&context.context) == old;
    let path = |at: usize| {
        let context = [NamedContext::LIST.into(), at.into(), NamedContext::KIND.into()];
        context.into_iter().chain([E::KIND.into()])
    };
    let naming_it = contexts.iter().enumerate().filter(|(_, context)| names_it(context));
    let naming_it = naming_it.map(|(at, _)| Edit::set(path(at), Value::str(new)));
    let edits = index.map(|at| renaming::<E>(at, new)).into_iter().chain(naming_it).collect();
    let Some(found) = unless_unsafe(edited(file, edits, E::LIST))? else { return Ok(None) };
    // Copies one at a time: there may be very many.
    let is_renamed = |(at, (was, is)): (usize, (&E, &E))| match Some(at) == index {
        true => *is == E::new(new, was.stanza().clone()),
        false => is == was,
    };
    let follows = |(was, is): (&NamedContext, &NamedContext)| match names_it(was) {
        true => *is == naming::<E>(was, new),
        false => is == was,
    };
    let (new_entries, new_contexts) = (E::list(found.config()), &found.config().contexts);
    let is_intended = entries.len() == new_entries.len()
        && entries.iter().zip(new_entries).enumerate().all(is_renamed)
        && contexts.len() == new_contexts.len()
        && contexts.iter().zip(new_contexts).all(follows)
        && are_equal_apart_from(&[E::LIST, NamedContext::LIST], file.config(), found.config());
    Ok(is_intended.then_some(found))
}

/// The context with another cluster or user.
fn naming<E: Referred>(context: &NamedContext, new: &str) -> NamedContext {
    let mut context = context.clone();
    new.clone_into(E::named_by_mut(&mut context.context));
    context
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::kubeconfig::{NamedCluster, NamedUser};

    /// What all at once gives, and one after the other; and whether all at once was possible.
    fn both<E: Referred>(text: &str) -> (String, String, bool) {
        let file = File::parse("config", text.as_bytes()).expect(text);
        let all = rename_referred::<E>(&file, "old", "new", true).expect(text).into_owned();
        let mut single = rename::<E>(&file, "old", "new").expect(text).into_owned();
        for context in &file.config().contexts {
            if E::named_by(&context.context) == "old" {
                let new = [naming::<E>(context, "new")];
                single = put_all(&single, &new).expect(text).into_owned();
            }
        }
        let at_once =
            at_once::<E>(&file, position::<E>(&file, "old"), "old", "new").expect(text).is_some();
        let text = |file: &File| String::from_utf8(file.bytes().to_vec()).expect("UTF-8");
        (text(&all), text(&single), at_once)
    }

    #[test]
    fn contexts_follow_at_once_as_they_would_one_by_one() {
        for text in [
            "clusters:\n- name: old # mine\n  cluster: {}\ncontexts:\n- name: a # one\n  context: {cluster: old, user: old}\n- context:\n    cluster: 'old' # two\n  name: b\n- name: c\n  context: {cluster: other}\n",
            "{\"contexts\":[{\"name\":\"a\",\"context\":{\"cluster\":\"old\"}}],\"clusters\":[{\"name\":\"old\"}]}",
        ] {
            let (all, single, at_once) = both::<NamedCluster>(text);
            assert!(at_once, "{text}");
            assert_eq!(all, single, "{text}");
            assert!(!all.replace("user: old", "").contains("old"), "{all}");
        }
    }

    #[test]
    fn where_changes_meet_they_are_made_one_after_the_other() {
        let text = "users: [{name: old}]\ncontexts: [{name: a, context: &x {user: old}}, {name: b, context: *x}]\n";
        let (all, single, _) = both::<NamedUser>(text);
        assert_eq!(all, single);
        assert!(!all.contains("old"), "{all}");
    }

    #[test]
    fn a_file_that_has_neither_stays_as_it_is() {
        let text = "clusters: [{name: old}]\n---\n";
        let file = File::parse("config", text.as_bytes()).expect(text);
        assert!(rename_referred::<NamedCluster>(&file, "old", "new", true).is_err());
        let other = rename_referred::<NamedCluster>(&file, "old", "new", false).expect(text);
        assert_eq!(other.bytes(), text.as_bytes());
    }
}
