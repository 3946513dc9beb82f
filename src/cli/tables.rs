//! Reports on kubeconfigs as people read them: tables.

use std::io;

use super::output::{Printed, escape_line};
use crate::core::check::{ClientCertificate, Finding};
use crate::core::kubeconfig::Change;
use crate::core::report::{
    ContextRow, ContextsReport, DifferencesReport, FindingsReport, OriginsReport, ViewReport,
};

impl Printed for ContextsReport {
    const IS_DATA: bool = true;

    fn text(&self) -> String {
        let head = ["", "NAME", "CLUSTER", "USER", "NAMESPACE", "SERVER", "EXPIRES"];
        let row = |context| {
            let [mark, name, cluster, user, namespace, server] = cells(context);
            [mark, name, cluster, user, namespace, server, expiry(context)]
        };
        table(head, self.contexts.iter().map(row))
    }

    fn wide(&self) -> String {
        let head = ["", "NAME", "CLUSTER", "USER", "NAMESPACE", "SERVER", "EXPIRES", "FILE"];
        let row = |context: &ContextRow| {
            let [mark, name, cluster, user, namespace, server] = cells(context);
            let file = escape_line(&context.file.display().to_string());
            [mark, name, cluster, user, namespace, server, expiry_in_full(context), file]
        };
        table(head, self.contexts.iter().map(row))
    }

    fn names(&self) -> Vec<String> {
        self.contexts.iter().map(|context| context.name.clone()).collect()
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

/// `in 12d`
fn expiry(context: &ContextRow) -> String {
    let text = match &context.certificate {
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
fn expiry_in_full(context: &ContextRow) -> String {
    let text = match &context.certificate {
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
fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = std::iter::once(head.map(str::to_owned)).chain(rows).collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}
