//! The acts that edit contexts, clusters and users: set, rename, delete, merge; edits of whole files; and the lists of clusters and
//! users.
//!
//! An act decides over the files as they were read, and what comes of it is written under the locks of the files that change,
//! after they were read again. The merged view says which file owns an entry; only that one changes.

mod cluster;
mod contexts;
mod desk;
mod entries;
mod error;
mod files;
mod list;
mod merge;
mod repair;
mod undo;
mod user;
mod whole;

pub use cluster::{ClusterFields, set_cluster};
pub use contexts::{
    ContextFields, Delete, Which, delete_contexts, rename_context, set_context, set_namespace,
};
pub use desk::How;
pub use entries::{delete_clusters, delete_users, rename_cluster, rename_user};
pub use error::EditsError;
pub use files::{read_text, read_token};
pub use list::{clusters, users};
pub use merge::{Merge, MergedFile, OnConflict, Template, merge, merge_into_new};
pub use repair::repair;
pub use undo::{Undo, states, undo};
pub use user::{ExecFields, Given, UserFields, set_user};
pub use whole::{Only, embed, extract, order, prune};
