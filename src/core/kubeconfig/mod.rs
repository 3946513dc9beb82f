//! Kubeconfigs: the file that prints back byte for byte, the merged view, edits, new files.
//!
//! There are two types, since one cannot be both. A [`File`] is one file as it stands on the disk; an edit takes it and gives
//! bytes. A [`View`] is what client-go sees of several files: read-only, and each item knows the file that it came from.
//!
//! All semantics are client-go's (v0.36, `tools/clientcmd`), tested against kubectl. Pure: nothing here opens a file, runs
//! a program, or asks for the time.

mod build;
mod differences;
mod edit;
mod entry;
mod file;
mod flatten;
mod input;
mod merged;
mod near;
mod redact;
mod secret;
mod states;
#[cfg(test)]
mod tests;
mod types;
mod view;
mod written;
mod yaml;

pub use build::build;
pub use differences::{Change, Difference, differences};
pub use edit::{
    Added, Error as EditError, NewEntries, Repair, Taken, add_entries, changed_fields,
    clear_current, entries_of, order, put, put_all, remove, remove_all, rename, rename_referred,
    repair, replace_all, set_current_context, take, with_current_of,
};
pub use entry::{Entry, Referred};
pub use file::{Error, File, MAX_BYTES};
pub use flatten::{Flattening, clean};
pub use input::{
    Error as InputError, check_name, check_namespace, check_proxy_url, check_server,
    check_server_url, check_tls_server_name,
};
pub use merged::{Document, Error as MergedError, Merged};
pub use near::near;
pub use redact::{redact, redact_url};
pub use secret::{Data, Secret};
pub use states::{State, States};
pub use types::{
    AuthInfo, AuthProvider, Cluster, Config, Context, EnvVar, Exec, NamedCluster, NamedContext,
    NamedExtension, NamedUser, Preferences,
};
pub use view::{Item, LoadPaths, View, load_paths};
