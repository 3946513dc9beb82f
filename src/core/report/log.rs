//! What CAs have signed, and what they have taken back.

use std::path::PathBuf;

use serde::Serialize;

use crate::core::log::{Issued, State};
use crate::core::x509::number::Number;
use crate::core::x509::revocation::Reason;
use crate::core::x509::time::Moment;

/// One certificate of a log.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogRow {
    /// The file of the CA that signed it.
    #[serde(serialize_with = "super::as_text")]
    pub ca: PathBuf,
    /// How it stands.
    pub state: State,
    /// What the log says of it.
    #[serde(flatten)]
    pub issued: Issued<'static>,
    /// Since when and why it does not count any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revocation>,
    /// The user who ran it.
    pub who: String,
    /// The command.
    pub why: String,
    /// The moment of the run.
    pub when: Moment,
}

/// Since when and why a certificate is revoked.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Revocation {
    /// Since when.
    pub since: Moment,
    /// Why.
    pub reason: Reason,
}

/// Certificates that no log tells of, or that were taken into one.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StraysReport {
    /// Whether they are in a log now.
    pub logged: bool,
    /// Whether nothing was done yet.
    pub dry_run: bool,
    /// How many certificates of CAs that are here were looked at.
    pub looked_at: usize,
    /// One for each.
    pub certificates: Vec<StrayRow>,
    /// What could not be read, and so was not looked at.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// The same of certificates that were taken in: word of what was done, and not what was asked for.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct ImportReport(pub StraysReport);

/// A certificate that no log tells of.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StrayRow {
    /// Where it is.
    #[serde(serialize_with = "super::as_text")]
    pub file: PathBuf,
    /// Where in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The file of the CA that signed it.
    #[serde(serialize_with = "super::as_text")]
    pub ca: PathBuf,
    /// Its serial number.
    pub serial: Number,
    /// Who it is for.
    pub subject: String,
    /// Its last second.
    pub until: Moment,
}
