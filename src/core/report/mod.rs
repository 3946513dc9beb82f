//! What happened, or what is there: values that serialize, and that the screen is made of.

mod bindings;
mod contexts;
mod edits;
mod expiry;
mod facts;
mod files;
mod findings;
mod kubeadm;
mod log;
mod made;
mod merged;
mod renewed;
mod restarts;
mod revoked;
mod rotated;
mod shown;
mod view;

pub use bindings::{BindingsReport, ClusterRoleBinding, Reference};
pub use contexts::{ContextRow, ContextsReport, CurrentReport, SwitchReport};
pub use edits::{
    ClusterRow, ClustersReport, Credential, EditReport, EditStep, RepairReport, RepairRow,
    StateRow, StatesReport, Trust, UndoReport, UserRow, UsersReport,
};
pub use expiry::{
    ExpiryFacts, ExpiryKind, ExpiryPlace, ExpiryReport, ExpiryRow, ExpiryState, Judgement,
};
pub use facts::{CertificateFacts, CrlFacts, Days, Described, KeyFacts, RequestFacts};
pub use files::{FileRow, FilesReport, ReaderRow};
pub use findings::{DifferencesReport, FindingsReport};
pub use kubeadm::{KubeadmReport, KubeadmRow};
pub use log::{ImportReport, LogRow, Revocation, StrayRow, StraysReport};
pub use made::{Action, FileReport, MadeReport};
pub use merged::{Fate, MergeReport, MergedEntry};
pub use renewed::{BackupRow, BackupsReport, RenewAction, RenewReport, RenewRow, RestoreReport};
pub use restarts::{Check, Restart, Restarts, TakenUp};
pub use revoked::{Advice, ListRow, RevokeReport, TakenBack};
pub use rotated::{RotatedReport, RotationRow, SideRow, StandReport, StandRow};
pub use shown::{CaReport, Failure, KeyState, ShowReport, ShownFacts, ShownItem};
pub use view::{Origin, OriginsReport, ViewReport};

/// A path as text: one that is no UTF-8 is no reason to keep a report back.
fn as_text<S: serde::Serializer>(path: &std::path::Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// The same for several.
fn as_texts<S: serde::Serializer>(
    paths: &[std::path::PathBuf],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(|path| path.to_string_lossy()))
}
