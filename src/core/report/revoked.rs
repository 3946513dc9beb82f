//! What was taken back, and what that is worth.

use std::path::PathBuf;

use serde::Serialize;

use super::{Action, Revocation};
use crate::core::x509::number::Number;
use crate::core::x509::time::Moment;

/// What was taken back, and the lists that say so.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokeReport {
    /// Whether any file is not as before.
    pub changed: bool,
    /// Whether nothing was done yet.
    pub dry_run: bool,
    /// The certificate; absent where only lists were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<TakenBack>,
    /// The lists.
    pub lists: Vec<ListRow>,
    /// The same lists in DER.
    #[serde(serialize_with = "super::as_texts")]
    pub also: Vec<PathBuf>,
    /// Who takes the list into account, who does not, and what helps with those.
    pub advice: Vec<Advice>,
    /// Dangers.
    pub warnings: Vec<String>,
    /// Facts that may surprise.
    pub notes: Vec<String>,
}

/// A certificate that was revoked, or counts again.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TakenBack {
    /// Its serial number.
    pub serial: Number,
    /// The file of the CA that signed it.
    #[serde(serialize_with = "super::as_text")]
    pub ca: PathBuf,
    /// Who it is for, where that is known.
    pub subject: Option<String>,
    /// Whether it was not so before.
    pub changed: bool,
    /// Since when and why; `None` where it counts again.
    pub revoked: Option<Revocation>,
}

/// A list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListRow {
    /// What is done with it.
    pub action: Action,
    /// Where it is.
    #[serde(serialize_with = "super::as_text")]
    pub path: PathBuf,
    /// Whose it is.
    pub ca: String,
    /// Its number.
    pub number: Number,
    /// How many certificates it revokes.
    pub entries: usize,
    /// When the next one is due.
    pub next_update: Moment,
}

/// One thing to know or to do, with the commands for it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Advice {
    /// What holds.
    pub about: String,
    /// What to type, or to write into a configuration.
    pub commands: Vec<String>,
}
