//! Reports as people read them.

use std::fmt::Write as _;
use std::io;

use super::output::{Printed, escape_line};
use crate::core::catalog::{Change, Role};
use crate::core::report::{
    Action, BindingsReport, CaReport, CertificateFacts, ClusterRoleBinding, CrlFacts,
    CurrentReport, FileReport, FilesReport, KeyFacts, KeyState, MadeReport, Reference,
    RequestFacts, ShowReport, ShownFacts, SwitchReport,
};

use crate::core::x509::revocation::Reason;

/// Width of the labels in front of facts.
const LABEL: usize = 12;

impl Printed for MadeReport {
    const IS_DATA: bool = false;

    fn text(&self) -> String {
        let mut text = file_lines(&self.files, self.dry_run);
        match (self.is_kept() && !self.files.is_empty(), self.is_as_asked() || !self.dry_run) {
            (true, true) => text.push_str("nothing to do: everything is as asked\n"),
            (true, false) => text.push_str("nothing to write: all but the warnings is as asked\n"),
            (false, _) => {}
        }
        text
    }

    fn names(&self) -> Vec<String> {
        let is_named = |file: &&FileReport| {
            !self.names_requests || file.path.extension().is_some_and(|suffix| suffix == "csr")
        };
        self.files.iter().filter(is_named).map(|file| file.path.display().to_string()).collect()
    }
}

impl Printed for CaReport {
    const IS_DATA: bool = true;

    fn text(&self) -> String {
        let mut facts = Facts::titled(&self.file.display().to_string());
        facts.certificate(&self.certificate);
        for above in &self.above {
            facts.line("above", above);
        }
        for beside in &self.beside {
            facts.line(
                "beside",
                &format!("SHA256 {beside}, of the same name: `kubepki ca rotate status`"),
            );
        }
        let path = self.key_file.display();
        let key = match &self.key {
            KeyState::Foreign => format!("{path} belongs to another CA"),
            KeyState::Matches => format!("{path} is there and matches"),
            KeyState::Missing => format!("{path} is not there: this CA signs elsewhere"),
            KeyState::Unreadable(why) => why.clone(),
        };
        facts.line("key file", &key);
        if let Some(why) = &self.unfit {
            facts.line("unfit", why);
        }
        facts.0
    }

    fn names(&self) -> Vec<String> {
        vec![self.certificate.key.pin.clone()]
    }
}

impl Printed for ShowReport {
    const IS_DATA: bool = true;

    fn text(&self) -> String {
        let blocks = self.items.iter().map(|item| {
            let file = item.file.display().to_string();
            let title =
                item.place.as_ref().map_or(file.clone(), |place| format!("{file} ({place})"));
            let mut facts = Facts::titled(&title);
            match &item.what {
                ShownFacts::Certificate(it) => facts.certificate(it),
                ShownFacts::CertificateSigningRequest(it) => facts.request(it),
                ShownFacts::CertificateRevocationList(it) => facts.crl(it),
                ShownFacts::PrivateKey(it) => facts.key("private key", it),
                ShownFacts::PublicKey(it) => facts.key("public key", it),
            }
            if let Some(matches) = item.key_matches {
                facts.line(
                    "key beside",
                    if matches { "matches" } else { "belongs to another certificate" },
                );
            }
            facts.0
        });
        blocks.collect::<Vec<_>>().join("\n")
    }

    fn names(&self) -> Vec<String> {
        let name = |facts: &ShownFacts| match facts {
            ShownFacts::Certificate(it) => it.subject.to_string(),
            ShownFacts::CertificateSigningRequest(it) => it.subject.to_string(),
            ShownFacts::CertificateRevocationList(it) => it.issuer.to_string(),
            ShownFacts::PrivateKey(it) | ShownFacts::PublicKey(it) => it.pin.clone(),
        };
        self.items.iter().map(|item| name(&item.what)).collect()
    }
}

impl Printed for CurrentReport {
    const IS_DATA: bool = true;

    fn text(&self) -> String {
        format!("{}\n", escape_line(&self.name))
    }

    fn names(&self) -> Vec<String> {
        vec![self.name.clone()]
    }
}

impl Printed for SwitchReport {
    const IS_DATA: bool = false;

    fn text(&self) -> String {
        let (name, file) = (escape_line(&self.name), escape_line(&self.file.display().to_string()));
        match (self.changed, self.dry_run) {
            (false, _) => format!("`{name}` is the current context already\n"),
            (true, false) => format!("switched to the context `{name}` in {file}\n"),
            (true, true) => format!("would switch to the context `{name}` in {file}\n"),
        }
    }

    fn names(&self) -> Vec<String> {
        vec![self.name.clone()]
    }
}

/// The text is what `kubectl apply` takes, and so the YAML is the same.
impl Printed for BindingsReport {
    const IS_DATA: bool = true;

    fn text(&self) -> String {
        let documents = self.items.iter().map(|binding| {
            let ClusterRoleBinding { api_version, kind, metadata, role_ref, subjects } = binding;
            let mut text = format!(
                "apiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: {}\n\
                 roleRef:\n  apiGroup: {}\n  kind: {}\n  name: {}\nsubjects:\n",
                metadata.name, role_ref.api_group, role_ref.kind, role_ref.name
            );
            for subject in subjects {
                let Reference { api_group, kind, name } = subject;
                let _ = writeln!(text, "- apiGroup: {api_group}\n  kind: {kind}\n  name: {name}");
            }
            text
        });
        documents.collect::<Vec<_>>().join("---\n")
    }

    fn yaml(&self) -> io::Result<String> {
        Ok(self.text())
    }

    fn names(&self) -> Vec<String> {
        let name = |ClusterRoleBinding { metadata, role_ref, .. }: &ClusterRoleBinding| {
            format!("clusterrolebinding.{}/{}", role_ref.api_group, metadata.name)
        };
        self.items.iter().map(name).collect()
    }
}

impl Printed for FilesReport {
    const IS_DATA: bool = true;

    fn text(&self) -> String {
        let blocks = self.files.iter().map(|row| {
            let mut facts = Facts::titled(&row.files);
            facts.line("part", row.name);
            facts.line("for", row.about);
            if let Some(issuer) = row.signed_by {
                facts.line("signed by", issuer);
            }
            facts.line("held by", &people(row.held_by));
            if row.key_held_by != row.held_by {
                facts.line("key held by", &people(&row.key_held_by));
            }
            for reader in &row.readers {
                let after = match reader.change {
                    Change::Live => "takes up a change by itself",
                    Change::NextUse => "reads it at each use",
                    Change::Restart => "must be restarted after a change",
                };
                facts.line("read by", &format!("{} ({}): {after}", reader.component, reader.flags));
            }
            facts.0
        });
        blocks.collect::<Vec<_>>().join("\n")
    }

    fn names(&self) -> Vec<String> {
        self.files.iter().map(|row| row.name.to_owned()).collect()
    }
}

fn people(roles: &[Role]) -> String {
    roles.iter().map(|role| role.about()).collect::<Vec<_>>().join(", ")
}

/// A block of labelled facts under a title.
struct Facts(String);

impl Facts {
    fn titled(title: &str) -> Self {
        Self(format!("{}\n", escape_line(title)))
    }

    fn line(&mut self, label: &str, value: &str) {
        let _ = writeln!(self.0, "  {label:<LABEL$} {}", escape_line(value));
    }

    /// Nothing where there is nothing to say.
    fn list(&mut self, label: &str, values: &[impl ToString]) {
        if !values.is_empty() {
            let values: Vec<String> = values.iter().map(ToString::to_string).collect();
            self.line(label, &values.join(", "));
        }
    }

    fn certificate(&mut self, it: &CertificateFacts) {
        self.line(if it.is_ca { "CA" } else { "certificate" }, &it.subject.to_string());
        if !it.is_ca {
            self.identity(it.user.as_deref(), &it.groups);
        }
        self.list("names", &it.sans);
        self.list("purpose", &purposes(&it.purposes, &it.key_usage));
        self.line("valid", &validity(it));
        let issuer = if it.self_signed { "itself".to_owned() } else { it.issuer.to_string() };
        self.line("issuer", &issuer);
        self.line("key", &format!("{} {}", it.key.key_type, it.key.pin));
        self.line("serial", &it.serial_number);
        self.line("fingerprint", &format!("SHA256 {}", it.fingerprint));
    }

    fn request(&mut self, it: &RequestFacts) {
        self.line("request", &it.subject.to_string());
        self.identity(it.user.as_deref(), &it.groups);
        self.list("names", &it.sans);
        self.list("purpose", &purposes(&it.purposes, &it.key_usage));
        self.line("key", &format!("{} {}", it.key.key_type, it.key.pin));
        self.line("signature", it.refused.as_deref().unwrap_or("by its own key"));
    }

    fn crl(&mut self, it: &CrlFacts) {
        self.line("CRL", &it.issuer.to_string());
        self.list("number", it.number.as_slice());
        self.line("made", &it.this_update.to_string());
        let next = it
            .next_update
            .map(|next| format!("{next}{}", if it.overdue { " (overdue)" } else { "" }));
        self.line("next", next.as_deref().unwrap_or("not said"));
        self.list("lacks", &it.lacks);
        self.line("revoked", &it.revoked.len().to_string());
        for revoked in &it.revoked {
            let reason = match revoked.reason {
                Reason::Unspecified => String::new(),
                reason => format!(", {reason}"),
            };
            self.line("", &format!("{} since {}{reason}", revoked.serial_number, revoked.since));
        }
    }

    fn key(&mut self, label: &str, it: &KeyFacts) {
        self.line(label, &it.key_type);
        self.line("pin", &it.pin);
    }

    /// What kube-apiserver reads from a client certificate.
    fn identity(&mut self, user: Option<&str>, groups: &[String]) {
        self.line("user", user.unwrap_or("none"));
        self.list("groups", groups);
    }
}

/// One line for each file: what is done with it, where, and what it holds.
pub(super) fn file_lines(files: &[FileReport], dry_run: bool) -> String {
    let width = files.iter().map(|file| file.path.as_os_str().len()).max().unwrap_or_default();
    let mut text = String::new();
    for file in files {
        let verb = verb(file.action, dry_run);
        let path = escape_line(&file.path.display().to_string());
        let _ = writeln!(text, "{verb:<14} {path:width$}  {}", escape_line(&file.about));
    }
    text
}

pub(super) fn verb(action: Action, dry_run: bool) -> &'static str {
    match (action, dry_run) {
        (Action::Create, false) => "created",
        (Action::Create, true) => "would create",
        (Action::Differ, _) => "differs",
        (Action::Edit, false) => "edited",
        (Action::Edit, true) => "would edit",
        (Action::Keep, _) => "kept",
        (Action::Refuse, _) => "refused",
        (Action::Replace, false) => "replaced",
        (Action::Replace, true) => "would replace",
        (Action::Unsigned, _) => "unsigned",
    }
}

/// `server, client (digitalSignature, keyEncipherment)`
fn purposes(purposes: &[String], key_usage: &[&str]) -> Vec<String> {
    let plain = |purpose: &String| match purpose.as_str() {
        "clientAuth" => "client".to_owned(),
        "serverAuth" => "server".to_owned(),
        other => other.to_owned(),
    };
    let named = purposes.iter().map(plain).collect::<Vec<_>>().join(", ");
    match (named.is_empty(), key_usage.is_empty()) {
        (true, true) => Vec::new(),
        (false, true) => vec![named],
        (true, false) => vec![key_usage.join(", ")],
        (false, false) => vec![format!("{named} ({})", key_usage.join(", "))],
    }
}

/// `2026-11-25T02:31:15Z to 2027-11-25T02:36:15Z (365 days, 364 left)`
fn validity(it: &CertificateFacts) -> String {
    let state = if it.days.expired {
        "expired".to_owned()
    } else if it.days.not_yet_valid {
        "not yet valid".to_owned()
    } else {
        format!("{} left", it.days.days_left)
    };
    format!("{} to {} ({} days, {state})", it.not_before, it.not_after, it.days.days_valid)
}
