//! The core: make, edit, share, check. Values in, values out; only [`store`] touches the disk.
//!
//! Imports go one way; a module uses only modules to its left:
//! `parallel changes x509 handshake catalog spec inventory kubeconfig bundle plan renewal backup keys log sign check rotation report
//! store error`, then the acts.

pub mod backup;
pub mod bundle;
pub mod catalog;
pub mod changes;
pub mod check;
pub mod error;
pub mod handshake;
pub mod inventory;
pub mod keys;
pub mod kubeconfig;
pub mod log;
pub mod parallel;
pub mod plan;
pub mod renewal;
pub mod report;
pub mod rotation;
pub mod sign;
pub mod spec;
pub mod store;
pub mod x509;

mod contexts;
mod edits;
mod expiry;
mod logs;
mod look;
mod make;
mod pack;
mod place;
mod renew;
mod restore;
mod revoke;
mod rotate;
mod share;
mod show;

pub use contexts::{
    ContextError, ContextNames, Named, Wanted, are_there, context_names, contexts, current_context,
    names, use_context,
};
pub use edits::{
    ClusterFields, ContextFields, Delete, EditsError, ExecFields, Given, How, Merge, MergedFile,
    OnConflict, Only, Template, Undo, UserFields, Which, clusters, delete_clusters,
    delete_contexts, delete_users, embed, extract, merge, merge_into_new, order, prune, read_text,
    read_token, rename_cluster, rename_context, rename_user, repair, set_cluster, set_context,
    set_namespace, set_user, states, undo, users,
};
pub use error::Error;
pub use expiry::{Error as ExpiryError, List, as_kubeadm, list, write_list};
pub use logs::{Among, LogError, import as import_into_log, log as read_log, logged_cas, strays};
pub use look::{
    Alone, Export, Shown, Split, ViewOf, alone, check as check_kubeconfigs, check_each, diff,
    export, split, view,
};
pub use make::{Made, Progress, dry_run, make, plan};
pub use pack::{Error as PackError, Pack, pack};
pub use renew::{Renewed, renew, renewable};
pub use restore::{Restore, backups, restore};
pub use revoke::{
    ListSpec, Refresh, Revoke, RevokeError, Target, What, refresh as refresh_lists, revoke,
};
pub use rotate::{Preparation, Rotate, prepare_rotation, rotate, rotation_status};
pub use share::{Open, Seal, open, seal};
pub use show::{Source, read_config, read_offers, show, show_ca};

use self::store::LockSettings;
use self::x509::entropy::Entropy;
use self::x509::time::Moment;

/// The world as an act sees it.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The one moment that a run knows.
    pub now: Moment,
    /// Where random bytes come from.
    pub entropy: &'a dyn Entropy,
    /// How long others are waited for.
    pub locks: LockSettings,
    /// The user who runs it, for the logs of CAs.
    pub who: &'a str,
    /// The command that is run, such as `cert issue`, for the same.
    pub command: &'a str,
}
