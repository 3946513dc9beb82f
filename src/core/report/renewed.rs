//! What a renewal did, or would do; and what it replaced, which can come back.

use std::path::PathBuf;

use serde::Serialize;

use super::restarts::Restarts;
use crate::core::backup::{Backup, State};
use crate::core::renewal::{At, Issued, Item, NextKey, Renewals, Step};
use crate::core::x509::time::Moment;

/// What a renewal did, or would do.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RenewReport {
    /// Whether any file is not as before.
    pub changed: bool,
    /// Whether nothing was done yet.
    pub dry_run: bool,
    /// Each certificate that was asked for.
    pub certificates: Vec<RenewRow>,
    /// The archive of what was replaced.
    #[serde(serialize_with = "optional_as_text")]
    pub backup: Option<PathBuf>,
    /// What takes it back.
    pub undo: Option<String>,
    /// What must be restarted.
    pub restarts: Restarts,
    /// Dangers.
    pub warnings: Vec<String>,
    /// Facts that may surprise.
    pub notes: Vec<String>,
}

/// One certificate.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RenewRow {
    /// What is done with it.
    pub action: RenewAction,
    /// What the catalog calls it.
    pub name: Option<&'static str>,
    /// The file that it is in.
    #[serde(serialize_with = "super::as_text")]
    pub file: PathBuf,
    /// The user, where the file is a kubeconfig.
    pub user: Option<String>,
    /// Who it is for.
    pub subject: Option<String>,
    /// The last second of the one that is, or was, there.
    pub not_after: Option<Moment>,
    /// The last second of the next one.
    pub renewed_until: Option<Moment>,
    /// The kind of a new key; nothing where the old one stays.
    pub new_key: Option<String>,
    /// The file of the CA that signs.
    pub signed_by: Option<String>,
    /// The serial number of the next one, hexadecimal, once it is signed.
    pub serial_number: Option<String>,
    /// The request, where the key of the CA is not here.
    pub request: Option<String>,
    /// Why it cannot be renewed.
    pub why: Option<String>,
}

/// What is done with a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RenewAction {
    /// It cannot be renewed, and so nothing is.
    Fail,
    /// It lives long enough.
    Keep,
    /// It gets a next one.
    Renew,
    /// The next one is asked for.
    Request,
}

impl RenewReport {
    /// What is going to be done.
    pub fn new(plan: &Renewals, dry_run: bool) -> Self {
        let mut report = Self { dry_run, ..Self::default() };
        report.certificates = plan.items.iter().map(row).collect();
        for failure in &plan.failures {
            let (file, user) = place(&failure.place.certificate);
            // It is told of once.
            report.certificates.retain(|row| row.file != file || row.user != user);
            report.certificates.push(RenewRow {
                why: Some(failure.why.to_string()),
                ..RenewRow::new(RenewAction::Fail, file, user)
            });
        }
        for note in &plan.notes {
            let list = if note.is_warning() { &mut report.warnings } else { &mut report.notes };
            list.push(note.to_string());
        }
        let renewed = plan.items.iter().filter(|it| matches!(it.step, Step::Renew { .. }));
        let files: Vec<_> = renewed.map(|it| (it.found.owner.as_path(), it.found.row)).collect();
        if plan.failures.is_empty() {
            report.restarts = Restarts::of_rows(files);
        }
        report.changed = plan.failures.is_empty() && report.has(RenewAction::Renew);
        report
    }

    /// Adds the serial number of what was signed.
    pub fn name_serial(&mut self, issued: &Issued) {
        let (file, user) = place(&issued.place.certificate);
        let row = self.certificates.iter_mut().find(|row| row.file == file && row.user == user);
        if let Some(row) = row {
            row.serial_number = Some(issued.certificate.serial_number());
        }
    }

    /// Whether something of it has, or had, this done to it.
    pub fn has(&self, action: RenewAction) -> bool {
        self.certificates.iter().any(|row| row.action == action)
    }
}

impl RenewRow {
    fn new(action: RenewAction, file: PathBuf, user: Option<String>) -> Self {
        Self {
            action,
            name: None,
            file,
            user,
            subject: None,
            not_after: None,
            renewed_until: None,
            new_key: None,
            signed_by: None,
            serial_number: None,
            request: None,
            why: None,
        }
    }
}

fn row(item: &Item) -> RenewRow {
    let (file, user) = place(&item.found.place.certificate);
    let leaf = &item.found.chain[0];
    let row = RenewRow {
        name: item.found.row.map(|row| row.name),
        subject: Some(leaf.subject().to_string()),
        not_after: Some(leaf.validity().not_after),
        ..RenewRow::new(RenewAction::Keep, file, user)
    };
    match &item.step {
        Step::Keep => row,
        Step::Ask { ca, request, .. } => RenewRow {
            action: RenewAction::Request,
            request: Some(request.display().to_string()),
            signed_by: Some(ca.display().to_string()),
            ..row
        },
        Step::Renew { validity, key, authority, .. } => RenewRow {
            action: RenewAction::Renew,
            renewed_until: Some(validity.not_after),
            new_key: match key {
                NextKey::Draw(kind) | NextKey::Shared { kind, .. } => Some(kind.to_string()),
                NextKey::Same => None,
            },
            signed_by: Some(authority.display().to_string()),
            ..row
        },
    }
}

fn place(at: &At) -> (PathBuf, Option<String>) {
    match at {
        At::File(file) => (file.clone(), None),
        At::User(file, user) => (file.clone(), Some(user.clone())),
    }
}

/// What was put back.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RestoreReport {
    /// Whether nothing was done yet.
    pub dry_run: bool,
    /// The archive.
    #[serde(serialize_with = "super::as_text")]
    pub backup: PathBuf,
    /// What is taken back.
    pub what: String,
    /// When that was done.
    pub when: Moment,
    /// The files that are as before it.
    pub files: Vec<String>,
    /// What must be restarted.
    pub restarts: Restarts,
}

/// What can be put back.
#[derive(Clone, Debug, Serialize)]
pub struct BackupsReport {
    /// The youngest first.
    pub backups: Vec<BackupRow>,
    /// Archives that cannot be read.
    pub warnings: Vec<String>,
}

/// One archive.
#[derive(Clone, Debug, Serialize)]
pub struct BackupRow {
    /// When.
    pub when: Moment,
    /// What was done.
    pub what: String,
    /// How many files it replaced.
    pub files: usize,
    /// Whether it can be taken back, in words; or the file that has changed since.
    pub state: String,
    /// The archive.
    #[serde(serialize_with = "super::as_text")]
    pub backup: PathBuf,
}

impl BackupRow {
    /// What an archive holds, and how the files stand to it.
    pub fn new(path: PathBuf, backup: &Backup, state: &State) -> Self {
        let state = match state {
            State::Changed(file) => format!("{} has changed since", file.display()),
            State::Covered => "a later one comes first".to_owned(),
            State::Current => "can be taken back".to_owned(),
            State::TakenBack => "taken back".to_owned(),
        };
        let (when, what) = (backup.when, backup.what.clone());
        Self { when, what, files: backup.files.len(), state, backup: path }
    }
}

fn optional_as_text<S: serde::Serializer>(
    path: &Option<PathBuf>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    path.as_ref().map(|path| path.to_string_lossy()).serialize(serializer)
}
