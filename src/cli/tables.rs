//! Reports on kubeconfigs as people read them: tables.

use std::io;

use super::output::{Printed, escape_line};
use crate::core::check::{ClientCertificate, Finding};
use crate::core::kubeconfig::Change;
use crate::core::report::{
    ClusterRow, ClustersReport, ContextRow, ContextsReport, Credential, DifferencesReport,
    FindingsReport, OriginsReport, Trust, UserRow, UsersReport, ViewReport,
};

impl Printed for ContextsReport {
    const IS_DATA: bool = true;

    fn text(&self) -> String {
        let head = ["", "NAME", "CLUSTER", "USER", "NAMESPACE", "SERVER", "EXPIRES"];
        let row = |context| {
            let [mark, name, cluster, user, namespace, server] = cells(context);
            [mark, name, cluster, user, namespace, server, expiry(context.certificate.as_ref())]
        };
        table(head, self.contexts.iter().map(row))
    }

    fn wide(&self) -> String {
        let head = ["", "NAME", "CLUSTER", "USER", "NAMESPACE", "SERVER", "EXPIRES", "FILE"];
        let row = |context: &ContextRow| {
            let [mark, name, cluster, user, namespace, server] = cells(context);
            let file = escape_line(&context.file.display().to_string());
            let expiry = expiry_in_full(context.certificate.as_ref());
            [mark, name, cluster, user, namespace, server, expiry, file]
        };
        table(head, self.contexts.iter().map(row))
    }

    fn names(&self) -> Vec<String> {
        self.contexts.iter().map(|context| context.name.clone()).collect()
    }
}

impl Printed for ClustersReport {
    const IS_DATA: bool = true;

    fn text(&self) -> String {
        let row = |cluster: &ClusterRow| cluster_cells(cluster).map(|it| escape_line(&it));
        table(["NAME", "SERVER", "CA", "CONTEXTS"], self.clusters.iter().map(row))
    }

    fn wide(&self) -> String {
        let row = |cluster: &ClusterRow| {
            let [name, server, trust, contexts] = cluster_cells(cluster);
            let file = cluster.file.display().to_string();
            [name, server, trust, contexts, file].map(|it| escape_line(&it))
        };
        table(["NAME", "SERVER", "CA", "CONTEXTS", "FILE"], self.clusters.iter().map(row))
    }

    fn names(&self) -> Vec<String> {
        self.clusters.iter().map(|cluster| cluster.name.clone()).collect()
    }
}

impl Printed for UsersReport {
    const IS_DATA: bool = true;

    fn text(&self) -> String {
        let row = |user: &UserRow| {
            let [name, by, contexts] = user_cells(user).map(|it| escape_line(&it));
            [name, by, contexts, expiry(user.certificate.as_ref())]
        };
        table(["NAME", "BY", "CONTEXTS", "EXPIRES"], self.users.iter().map(row))
    }

    fn wide(&self) -> String {
        let row = |user: &UserRow| {
            let [name, by, contexts] = user_cells(user).map(|it| escape_line(&it));
            let file = escape_line(&user.file.display().to_string());
            [name, by, contexts, expiry_in_full(user.certificate.as_ref()), file]
        };
        table(["NAME", "BY", "CONTEXTS", "EXPIRES", "FILE"], self.users.iter().map(row))
    }

    fn names(&self) -> Vec<String> {
        self.users.iter().map(|user| user.name.clone()).collect()
    }
}

impl Printed for ViewReport {
    const IS_DATA: bool = true;

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.document.yaml()).into_owned()
    }

    /// Not as other reports are: what is a string must be one for every reader of YAML.
    fn yaml(&self) -> io::Result<String> {
        Ok(self.text())
    }

    fn names(&self) -> Vec<String> {
        self.contexts.clone()
    }
}

impl Printed for OriginsReport {
    const IS_DATA: bool = true;

    fn text(&self) -> String {
        let rows = self.entries.iter().map(|entry| {
            let file = entry.file.display().to_string();
            [entry.kind, &entry.name, &file, &entry.hides.join(", ")].map(escape_line)
        });
        table(["KIND", "NAME", "FILE", "HIDES"], rows)
    }

    fn names(&self) -> Vec<String> {
        self.entries.iter().map(|entry| entry.name.clone()).collect()
    }
}

impl Printed for FindingsReport {
    const IS_DATA: bool = true;

    fn text(&self) -> String {
        if self.findings.is_empty() {
            return format!("nothing is wrong with {}\n", escape_line(&self.files.join(", ")));
        }
        self.findings.iter().map(finding).collect()
    }

    fn names(&self) -> Vec<String> {
        self.findings.iter().map(|finding| finding.rule.to_owned()).collect()
    }
}

impl Printed for DifferencesReport {
    const IS_DATA: bool = true;

    fn text(&self) -> String {
        if self.differences.is_empty() {
            return "both say the same\n".to_owned();
        }
        let rows = self.differences.iter().map(|it| {
            let change = match it.change {
                Change::Added => "added",
                Change::Changed => "changed",
                Change::Removed => "removed",
            };
            [change, it.kind, &it.name, &it.fields.join(", ")].map(escape_line)
        });
        table(["CHANGE", "KIND", "NAME", "FIELDS"], rows)
    }

    fn names(&self) -> Vec<String> {
        self.differences.iter().map(|it| it.name.clone()).collect()
    }
}

/// `error    config: user admin: its certificate expired on ... [expired]`
fn finding(it: &Finding) -> String {
    let (file, severity) = (it.file.display(), it.severity);
    let entry = it.entry.as_ref().map(|entry| format!("{entry}: ")).unwrap_or_default();
    let line = escape_line(&format!("{file}: {entry}{} [{}]", it.message, it.rule));
    let hint = it.hint.as_ref().map(|hint| format!("{:9}{}\n", "", escape_line(hint)));
    format!("{severity:<8} {line}\n{}", hint.unwrap_or_default())
}

fn cells(context: &ContextRow) -> [String; 6] {
    let ContextRow { current, name, cluster, user, namespace, server, .. } = context;
    let mark = if *current { "*" } else { "" };
    [mark, name, cluster, user, namespace, server].map(escape_line)
}

fn cluster_cells(cluster: &ClusterRow) -> [String; 4] {
    let trust = match &cluster.trust {
        Trust::Embedded => "embedded".to_owned(),
        Trust::File(path) => path.clone(),
        Trust::Insecure => "not checked".to_owned(),
        Trust::System => "the system's".to_owned(),
    };
    [cluster.name.clone(), cluster.server.clone(), trust, cluster.contexts.to_string()]
}

fn user_cells(user: &UserRow) -> [String; 3] {
    let word = |credential: &Credential| match credential {
        Credential::AuthProvider(name) => format!("auth provider {name}"),
        Credential::Certificate => "certificate".to_owned(),
        Credential::Exec(command) => format!("program {command}"),
        Credential::Password => "password".to_owned(),
        Credential::Token => "token".to_owned(),
        Credential::TokenFile(path) => format!("token in {path}"),
    };
    let by: Vec<String> = user.credentials.iter().map(word).collect();
    [user.name.clone(), by.join(", "), user.contexts.to_string()]
}

/// `in 12d`
fn expiry(certificate: Option<&ClientCertificate>) -> String {
    let text = match certificate {
        None => "",
        Some(ClientCertificate::Damaged { .. }) => "damaged",
        Some(ClientCertificate::Expired { .. }) => "expired",
        Some(ClientCertificate::Missing { .. }) => "missing",
        Some(ClientCertificate::NotYetValid { .. }) => "not yet valid",
        Some(ClientCertificate::Unreadable { .. }) => "unreadable",
        Some(ClientCertificate::Valid { days_left: 0, .. }) => "in <1d",
        Some(ClientCertificate::Valid { days_left, .. }) => return format!("in {days_left}d"),
    };
    text.to_owned()
}

/// The moment, or the file that is missing, or what is wrong.
fn expiry_in_full(certificate: Option<&ClientCertificate>) -> String {
    let text = match certificate {
        None => String::new(),
        Some(ClientCertificate::Damaged { why }) => format!("damaged: {why}"),
        Some(ClientCertificate::Expired { not_after }) => format!("{not_after} (expired)"),
        Some(ClientCertificate::Missing { file }) => format!("missing: {}", file.display()),
        Some(ClientCertificate::NotYetValid { not_before, not_after }) => {
            format!("{not_after} (not valid before {not_before})")
        }
        Some(ClientCertificate::Unreadable { file, why }) => {
            format!("unreadable: {}: {why}", file.display())
        }
        Some(ClientCertificate::Valid { not_after, .. }) => not_after.to_string(),
    };
    escape_line(&text)
}

/// Columns as wide as their widest cell, two spaces apart.
pub fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    self::rows(std::iter::once(head.map(str::to_owned)).chain(rows))
}

/// The same without a head.
pub fn rows<const N: usize>(rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = rows.collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text =
        String::with_capacity(rows.len() * widths.iter().map(|it| it + 2).sum::<usize>());
    for row in &rows {
        let start = text.len();
        for (cell, width) in row.iter().zip(widths) {
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        text.truncate(start + text[start..].trim_end().len());
        text.push('\n');
    }
    text
}
