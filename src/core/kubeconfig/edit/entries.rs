//! A cluster, a user and a context for a kubeconfig, new or existing.

use std::borrow::Cow;

use crate::core::changes::Bytes;
use crate::core::kubeconfig::file::File;
use crate::core::kubeconfig::types::{
    AuthInfo, Cluster, Config, Context, NamedCluster, NamedContext, NamedUser,
};
use crate::core::kubeconfig::written::ToValue;
use crate::core::kubeconfig::yaml::emit::Value;
use crate::core::kubeconfig::yaml::tree::Kind;

use super::{
    Error, current_context, root_of, single_pair, splice, spliced, unsafe_to_change, writable,
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
    /// Whether the user's certificate may take the place of another one for the same key.
    pub renews: bool,
}

impl NewEntries {
    /// The same, for a file that may have a current context already: that one stays.
    pub fn for_file(&self, file: &File) -> Self {
        Self { set_current: file.config().current_context.is_empty(), ..self.clone() }
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
    let NewEntries { cluster, user, context, set_current, renews } = new;
    let mut file = add(writable(Cow::Borrowed(file))?, cluster, force)?;
    file = certificate(file, user, *renews || force)?;
    file = add(file, user, force)?;
    file = add(file, context, force)?;
    if *set_current {
        file = current_context(file, &context.name)?;
    }
    Ok(file.into_owned().into_bytes())
}

/// One of the three kinds of entries.
trait Entry: Clone {
    type Stanza: ToValue + PartialEq;
    const LIST: &'static str;
    const KIND: &'static str;
    fn name(&self) -> &str;
    fn stanza(&self) -> &Self::Stanza;
    fn list(config: &Config) -> &[Self];
    fn list_mut(config: &mut Config) -> &mut Vec<Self>;
}

macro_rules! entry {
    ($named:ident, $stanza:ident, $kind:ident, $list:ident) => {
        impl Entry for $named {
            type Stanza = $stanza;
            const LIST: &'static str = stringify!($list);
            const KIND: &'static str = stringify!($kind);

            fn name(&self) -> &str {
                &self.name
            }

            fn stanza(&self) -> &$stanza {
                &self.$kind
            }

            fn list(config: &Config) -> &[Self] {
                &config.$list
            }

            fn list_mut(config: &mut Config) -> &mut Vec<Self> {
                &mut config.$list
            }
        }
    };
}

entry!(NamedCluster, Cluster, cluster, clusters);
entry!(NamedUser, AuthInfo, user, users);
entry!(NamedContext, Context, context, contexts);

fn add<'a, E: Entry>(file: Cow<'a, File>, new: &E, force: bool) -> Result<Cow<'a, File>, Error> {
    let same_name = E::list(file.config()).iter().position(|old| old.name() == new.name());
    let Some(index) = same_name else { return append(&file, new).map(Cow::Owned) };
    let fields = differing_fields(&E::list(file.config())[index], new);
    match (fields.is_empty(), force) {
        (true, _) => Ok(file),
        (false, true) => replace(&file, new, index).map(Cow::Owned),
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
    const KEY: &str = "client-certificate-data";
    let users = &file.config().users;
    let Some(index) = users.iter().position(|old| old.name == new.name) else { return Ok(file) };
    let (found, wanted) = (&users[index], &new.user.client_certificate_data);
    let is_free = may_replace || found.user.client_certificate_data.is_empty();
    if !is_free || wanted.is_empty() || differing_fields(found, new) != [format!("`{KEY}`")] {
        return Ok(file);
    }
    let failed = || unsafe_to_change(file.path(), KEY);
    let root = root_of(&file, KEY)?;
    let (_, list) = single_pair(&file, root, NamedUser::LIST)?.ok_or_else(failed)?;
    let entry = list.children().nth(index).ok_or_else(failed)?;
    let (_, user) = single_pair(&file, entry, NamedUser::KIND)?.ok_or_else(failed)?;
    let user = Some(user).filter(|user| user.kind() == Kind::Map).ok_or_else(failed)?;
    let text = wanted.to_base64();
    let splices = match single_pair(&file, user, KEY)? {
        Some(pair) => splice::put_string(user, pair, &text),
        None => splice::add_pair(user, user.pairs().last(), KEY, &Value::str(&text)),
    };
    let result = spliced(&file, splices, KEY)?;
    let mut config = file.config().clone();
    config.users[index].user.client_certificate_data = wanted.clone();
    let others = |file: &File| file.meaning().without_item(NamedUser::LIST, index);
    let is_intended = others(&result) == others(&file) && *result.config() == config;
    if is_intended { Ok(Cow::Owned(result)) } else { Err(failed()) }
}

/// Names of the fields in which two stanzas differ.
fn differing_fields<E: Entry>(old: &E, new: &E) -> Vec<String> {
    let (old, new) = (old.stanza().to_value(), new.stanza().to_value());
    let keys = new.pairs().iter().chain(old.pairs()).map(|(key, _)| key);
    let mut fields: Vec<String> =
        keys.filter(|key| old.get(key) != new.get(key)).cloned().collect();
    fields.sort();
    fields.dedup();
    fields.into_iter().map(|field| format!("`{field}`")).collect()
}

fn append<E: Entry>(file: &File, new: &E) -> Result<File, Error> {
    let root = root_of(file, E::LIST)?;
    let item = item(new);
    let splices = match single_pair(file, root, E::LIST)? {
        Some(pair) => splice::add_item(root, pair, &item),
        None => {
            let list = Value::List(vec![item.clone()]);
            splice::add_pair(root, root.pairs().last(), E::LIST, &list)
        }
    };
    let result = spliced(file, splices, E::LIST)?;
    let mut config = file.config().clone();
    E::list_mut(&mut config).push(new.clone());
    let meaning = file.meaning().with_item(E::LIST, &item);
    let is_intended = result.meaning() == meaning && *result.config() == config;
    if is_intended { Ok(result) } else { Err(unsafe_to_change(file.path(), E::LIST)) }
}

fn replace<E: Entry>(file: &File, new: &E, index: usize) -> Result<File, Error> {
    let what = format!("{}[{index}]", E::LIST);
    let failed = || unsafe_to_change(file.path(), &what);
    let root = root_of(file, E::LIST)?;
    let (_, list) = single_pair(file, root, E::LIST)?.ok_or_else(failed)?;
    let entry =
        list.children().nth(index).filter(|entry| entry.kind() == Kind::Map).ok_or_else(failed)?;
    let stanza = new.stanza().to_value();
    let splices = match single_pair(file, entry, E::KIND)? {
        Some(pair) => splice::put_map(entry, pair, &stanza),
        None => splice::add_pair(entry, entry.pairs().last(), E::KIND, &stanza),
    };
    let result = spliced(file, splices, &what)?;
    let mut config = file.config().clone();
    E::list_mut(&mut config)[index] = new.clone();
    // The entry is wholly another one now: the types say what it is, the digests that the rest is as it was.
    let others = |file: &File| file.meaning().without_item(E::LIST, index);
    let is_intended = others(&result) == others(file) && *result.config() == config;
    if is_intended { Ok(result) } else { Err(failed()) }
}

fn item<E: Entry>(entry: &E) -> Value {
    let pairs = [(E::KIND, entry.stanza().to_value()), ("name", Value::str(entry.name()))];
    Value::Map(pairs.map(|(key, value)| (key.to_owned(), value)).to_vec())
}
