//! The three kinds of entries, which most commands treat alike.

use super::types::{AuthInfo, Cluster, Config, Context, NamedCluster, NamedContext, NamedUser};
use super::written::ToValue;

/// An entry of one of the three lists of a kubeconfig.
pub trait Entry: Clone + PartialEq + 'static {
    /// What it holds besides its name.
    type Stanza: Clone + Default + PartialEq + ToValue;
    /// The key of its list.
    const LIST: &'static str;
    /// The key of what it holds, which is also the word for it.
    const KIND: &'static str;

    /// An entry.
    fn new(name: &str, stanza: Self::Stanza) -> Self;

    /// Its name.
    fn name(&self) -> &str;

    /// What it holds.
    fn stanza(&self) -> &Self::Stanza;

    /// All of a file.
    fn list(config: &Config) -> &[Self];
}

/// An entry that contexts name.
pub trait Referred: Entry {
    /// The name that a context says.
    fn named_by(context: &Context) -> &String;

    /// The same, to be changed.
    fn named_by_mut(context: &mut Context) -> &mut String;
}

macro_rules! entry {
    ($named:ident, $stanza:ident, $kind:ident, $list:ident) => {
        impl Entry for $named {
            type Stanza = $stanza;
            const LIST: &'static str = stringify!($list);
            const KIND: &'static str = stringify!($kind);

            fn new(name: &str, stanza: $stanza) -> Self {
                Self { name: name.to_owned(), $kind: stanza }
            }

            fn name(&self) -> &str {
                &self.name
            }

            fn stanza(&self) -> &$stanza {
                &self.$kind
            }

            fn list(config: &Config) -> &[Self] {
                &config.$list
            }
        }
    };
}

entry!(NamedCluster, Cluster, cluster, clusters);
entry!(NamedUser, AuthInfo, user, users);
entry!(NamedContext, Context, context, contexts);

macro_rules! referred {
    ($named:ident, $kind:ident) => {
        impl Referred for $named {
            fn named_by(context: &Context) -> &String {
                &context.$kind
            }

            fn named_by_mut(context: &mut Context) -> &mut String {
                &mut context.$kind
            }
        }
    };
}

referred!(NamedCluster, cluster);
referred!(NamedUser, user);
