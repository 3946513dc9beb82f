//! The files of a control plane, and who reads them: the catalog as a report.

use serde::Serialize;

use crate::core::catalog::{Change, ROWS, Reader, Role, Row, SERVICE_ACCOUNT};

/// Every file of a control plane.
#[derive(Clone, Debug, Serialize)]
pub struct FilesReport {
    /// In the order of the catalog.
    pub files: Vec<FileRow>,
}

/// One certificate, kubeconfig or key pair.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileRow {
    /// What people call it.
    pub name: &'static str,
    /// Its files: below the certificate folder, or a kubeconfig below the kubeconfig folder.
    pub files: String,
    /// Who signs it; nobody for a key pair.
    pub signed_by: Option<&'static str>,
    /// What it is for.
    pub about: &'static str,
    /// The machines of an inventory that hold it.
    pub held_by: &'static [Role],
    /// Those of them that hold its key.
    pub key_held_by: Vec<Role>,
    /// Who reads it.
    pub readers: Vec<ReaderRow>,
}

/// A program that reads it.
#[derive(Clone, Debug, Serialize)]
pub struct ReaderRow {
    /// The program.
    pub component: &'static str,
    /// Its flags, or settings in its configuration file.
    pub flags: &'static str,
    /// What it needs to take up a change.
    pub change: Change,
}

impl FilesReport {
    /// The catalog.
    pub fn new() -> Self {
        let rows = ROWS.iter().filter_map(|row| {
            let files = match (&row.conf, row.file) {
                (Some(conf), _) => conf.file.to_owned(),
                (None, Some(file)) => format!("{file}.crt, {file}.key"),
                (None, None) if row.held_by.is_empty() => return None,
                (None, None) => format!("{0}.crt, {0}.key", row.name),
            };
            let signed_by = Some(if row.issuer == row.name { "itself" } else { row.issuer });
            Some(FileRow {
                name: row.name,
                files,
                signed_by,
                about: row.about,
                held_by: row.held_by,
                key_held_by: if row.profile.is_ca() { signers(row) } else { row.held_by.to_vec() },
                readers: readers(row.readers),
            })
        });
        let sa = &SERVICE_ACCOUNT;
        let pair = FileRow {
            name: sa.name,
            files: format!("{}, {}", sa.private, sa.public),
            signed_by: None,
            about: sa.about,
            held_by: sa.held_by,
            key_held_by: sa.held_by.to_vec(),
            readers: readers(sa.readers),
        };
        Self { files: rows.chain([pair]).collect() }
    }
}

impl Default for FilesReport {
    fn default() -> Self {
        Self::new()
    }
}

/// A CA's key stays with the operator, but for those that sign.
fn signers(row: &Row) -> Vec<Role> {
    std::iter::once(Role::Operator).chain(row.signs_on.iter().copied()).collect()
}

fn readers(readers: &[Reader]) -> Vec<ReaderRow> {
    let row = |reader: &Reader| ReaderRow {
        component: reader.component,
        flags: reader.flags,
        change: reader.change,
    };
    readers.iter().map(row).collect()
}
