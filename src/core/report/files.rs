//! The files of a control plane, and who reads them: the catalog as a report.

use serde::Serialize;

use crate::core::catalog::{Change, ROWS, Reader, SERVICE_ACCOUNT};

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
                (None, None) => return None,
            };
            let signed_by = Some(if row.issuer == row.name { "itself" } else { row.issuer });
            Some(FileRow {
                name: row.name,
                files,
                signed_by,
                about: row.about,
                readers: readers(row.readers),
            })
        });
        let sa = &SERVICE_ACCOUNT;
        let pair = FileRow {
            name: sa.name,
            files: format!("{}, {}", sa.private, sa.public),
            signed_by: None,
            about: sa.about,
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

fn readers(readers: &[Reader]) -> Vec<ReaderRow> {
    let row = |reader: &Reader| ReaderRow {
        component: reader.component,
        flags: reader.flags,
        change: reader.change,
    };
    readers.iter().map(row).collect()
}
