//! Which fields a kubeconfig has and of which type, as far as scalars can be of a wrong one.

/// The type of a value.
pub enum Type {
    /// Data of other tools.
    Any,
    /// A mapping with any keys.
    Each(&'static Type),
    /// True or false.
    Flag,
    /// A list.
    List(&'static Type),
    /// A mapping with these keys, and others that nobody knows.
    Map(&'static [(&'static str, Type)]),
    /// A string.
    Text,
}

use Type::{Any, Each, Flag, List, Map, Text};

/// A whole kubeconfig.
pub const CONFIG: &[(&str, Type)] = &[
    ("apiVersion", Text),
    ("kind", Text),
    ("clusters", List(&Map(&[("name", Text), ("cluster", Map(CLUSTER))]))),
    ("users", List(&Map(&[("name", Text), ("user", Map(USER))]))),
    ("contexts", List(&Map(&[("name", Text), ("context", Map(CONTEXT))]))),
    ("current-context", Text),
    ("preferences", Map(&[("colors", Flag), ("extensions", EXTENSIONS)])),
    ("extensions", EXTENSIONS),
];

const CLUSTER: &[(&str, Type)] = &[
    ("server", Text),
    ("tls-server-name", Text),
    ("insecure-skip-tls-verify", Flag),
    ("certificate-authority", Text),
    ("certificate-authority-data", Text),
    ("proxy-url", Text),
    ("disable-compression", Flag),
    ("extensions", EXTENSIONS),
];

const USER: &[(&str, Type)] = &[
    ("client-certificate", Text),
    ("client-certificate-data", Text),
    ("client-key", Text),
    ("client-key-data", Text),
    ("token", Text),
    ("tokenFile", Text),
    ("as", Text),
    ("as-uid", Text),
    ("as-groups", List(&Text)),
    ("as-user-extra", Each(&List(&Text))),
    ("username", Text),
    ("password", Text),
    ("auth-provider", Map(&[("name", Text), ("config", Each(&Text))])),
    ("exec", Map(EXEC)),
    ("extensions", EXTENSIONS),
];

const EXEC: &[(&str, Type)] = &[
    ("command", Text),
    ("args", List(&Text)),
    ("env", List(&Map(&[("name", Text), ("value", Text)]))),
    ("apiVersion", Text),
    ("installHint", Text),
    ("provideClusterInfo", Flag),
    ("interactiveMode", Text),
];

const CONTEXT: &[(&str, Type)] =
    &[("cluster", Text), ("user", Text), ("namespace", Text), ("extensions", EXTENSIONS)];

const EXTENSIONS: Type = List(&Map(&[("name", Text), ("extension", Any)]));
