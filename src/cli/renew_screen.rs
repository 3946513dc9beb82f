//! Renewals as people read them.

use std::fmt::Write as _;

use super::output::{Printed, escape_line};
use super::tables::{rows, table};
use crate::core::catalog::Change;
use crate::core::report::{
    BackupRow, BackupsReport, RenewAction, RenewReport, RenewRow, Restart, Restarts, RestoreReport,
};

impl Printed for RenewReport {
    const IS_DATA: bool = false;

    fn text(&self) -> String {
        let lines = self.certificates.iter().map(|row| {
            [verb(row.action, self.dry_run).to_owned(), place(row), about(row)]
                .map(|it| escape_line(&it))
        });
        let mut text = rows(lines);
        let waiting =
            self.certificates.iter().filter(|row| row.action == RenewAction::Request).count();
        if self.certificates.is_empty() {
            text.push_str("nothing to do: what is here stays as it is\n");
        } else if self.certificates.iter().all(|row| row.action == RenewAction::Keep) {
            text.push_str("nothing to do: nothing ends so soon\n");
        }
        if waiting > 0 {
            let _ = writeln!(
                text,
                "not renewed: {waiting}, since the key of the CA is not here; let the requests be signed, then: kubepki cluster import DIR"
            );
        }
        if let (Some(backup), Some(undo)) = (&self.backup, &self.undo) {
            let backup = escape_line(&backup.display().to_string());
            let _ = writeln!(
                text,
                "the old files are in {backup}; to put them back: {}",
                escape_line(undo)
            );
        }
        text + &restarts(&self.restarts)
    }

    /// What was written: the files of certificates, and requests.
    fn names(&self) -> Vec<String> {
        let name = |row: &RenewRow| match row.action {
            RenewAction::Renew => Some(row.file.display().to_string()),
            RenewAction::Request => row.request.clone(),
            RenewAction::Fail | RenewAction::Keep => None,
        };
        let mut names: Vec<String> = self.certificates.iter().filter_map(name).collect();
        names.dedup();
        names
    }
}

impl Printed for RestoreReport {
    const IS_DATA: bool = false;

    fn text(&self) -> String {
        let verb = if self.dry_run { "would put back" } else { "put back" };
        let lines = self.files.iter().map(|file| [verb.to_owned(), escape_line(file)]);
        let mut text = rows(lines);
        let (what, when) = (escape_line(&self.what), self.when);
        let backup = escape_line(&self.backup.display().to_string());
        let _ = writeln!(text, "as they were before `{what}` at {when}, from {backup}");
        text + &restarts(&self.restarts)
    }

    fn names(&self) -> Vec<String> {
        self.files.clone()
    }
}

impl Printed for BackupsReport {
    const IS_DATA: bool = true;

    fn text(&self) -> String {
        if self.backups.is_empty() {
            return "there is nothing to take back\n".to_owned();
        }
        let row = |row: &BackupRow| {
            let BackupRow { when, what, files, state, backup } = row;
            let backup = backup.display().to_string();
            [when.to_string(), what.clone(), files.to_string(), state.clone(), backup]
                .map(|it| escape_line(&it))
        };
        table(["WHEN", "WHAT", "FILES", "STATE", "BACKUP"], self.backups.iter().map(row))
    }

    fn names(&self) -> Vec<String> {
        self.backups.iter().map(|row| row.backup.display().to_string()).collect()
    }
}

fn verb(action: RenewAction, dry_run: bool) -> &'static str {
    match (action, dry_run) {
        (RenewAction::Fail, _) => "fails",
        (RenewAction::Keep, _) => "kept",
        (RenewAction::Renew, false) => "renewed",
        (RenewAction::Renew, true) => "would renew",
        (RenewAction::Request, false) => "requested",
        (RenewAction::Request, true) => "would request",
    }
}

fn place(row: &RenewRow) -> String {
    let file = row.file.display();
    match &row.user {
        Some(user) => format!("{file} (user {user})"),
        None => file.to_string(),
    }
}

/// `until 2028-01-01T00:00:00Z, was 2027-01-01T00:00:00Z; new RSA-2048 key; by pki/ca.crt`
fn about(row: &RenewRow) -> String {
    let old = row.not_after.map(|end| end.to_string()).unwrap_or_default();
    match row.action {
        RenewAction::Fail => row.why.clone().unwrap_or_default(),
        RenewAction::Keep => format!("until {old}"),
        RenewAction::Request => {
            let request = row.request.as_deref().unwrap_or_default();
            format!("until {old}; the request is {request}")
        }
        RenewAction::Renew => {
            let new = row.renewed_until.map(|end| end.to_string()).unwrap_or_default();
            let key = match &row.new_key {
                Some(kind) => format!("new {kind} key"),
                None => "same key".to_owned(),
            };
            format!("until {new}, was {old}; {key}")
        }
    }
}

/// What is to be done so that the new files count; also for rotations.
pub fn restarts(it: &Restarts) -> String {
    let mut text = String::new();
    if !it.restart.is_empty() {
        text.push_str("restart, one machine after the other, in this order:\n");
        let row = |row: &Restart| {
            let files = format!("for {}", row.files.join(", "));
            ["", row.component, &files].map(escape_line)
        };
        text.push_str(&rows(it.restart.iter().map(row)));
        text.push_str("how, where kubeadm set it up:\n");
        for row in &it.restart {
            let _ = writeln!(text, "  {}", escape_line(&row.how));
        }
    }
    for row in &it.by_themselves {
        let when = match row.change {
            Change::Live => "by itself, for new connections",
            Change::NextUse | Change::Restart => "at its next use",
        };
        let files = escape_line(&row.files.join(", "));
        let _ = writeln!(text, "{} takes up {files} {when}", row.component);
    }
    if !it.unknown.is_empty() {
        let files = escape_line(&it.unknown.join(", "));
        let _ = writeln!(text, "whoever reads these must take them up: {files}");
    }
    if !it.checks.is_empty() {
        text.push_str("see until when a server's counts, on its machine:\n");
        for check in &it.checks {
            let _ = writeln!(text, "  {}", check.command);
        }
    }
    text
}
