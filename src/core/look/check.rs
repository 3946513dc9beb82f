//! What client-go would say of kubeconfigs at use.

use std::path::{Path, PathBuf};

use crate::core::check::{Finding, Severity, Subject, findings};
use crate::core::contexts::{ContextError, named};
use crate::core::kubeconfig::{self, File, LoadPaths, View};
use crate::core::report::FindingsReport;
use crate::core::store;
use crate::core::x509::time::{Moment, Period};
use crate::core::{Error, inventory};

/// Checks kubeconfigs as they count together.
///
/// # Errors
///
/// None of them is there, or one cannot be read at all. One that is no kubeconfig is a finding.
pub fn check(paths: &LoadPaths, within: Period, now: Moment) -> Result<FindingsReport, Error> {
    let (mut files, mut found, mut checked) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths.all() {
        let bytes = inventory::taken(store::read([path.clone()]), "kubeconfig", path)?;
        let Some(bytes) = bytes else { continue };
        checked.push(path.display().to_string());
        match File::to_read(path, bytes) {
            Ok(file) => files.push(file),
            Err(error) => found.push(refusal(path, &error)),
        }
    }
    if checked.is_empty() {
        return Err(missing(paths));
    }
    let read = |path: &Path| store::read([path.to_owned()]).get(path).clone();
    found.extend(findings(&Subject::new(View::new(&files), now, within, &read)));
    Ok(FindingsReport { findings: found, files: checked })
}

/// Checks each kubeconfig by itself.
///
/// # Errors
///
/// As for [`check`].
pub fn check_each(paths: &[PathBuf], within: Period, now: Moment) -> Result<FindingsReport, Error> {
    let mut report = FindingsReport::default();
    for path in paths {
        report.add(check(&LoadPaths::Explicit(path.clone()), within, now)?);
    }
    Ok(report)
}

/// A file that was named is missing; those of `$KUBECONFIG` may be.
fn missing(paths: &LoadPaths) -> Error {
    match paths {
        LoadPaths::Explicit(path) => {
            inventory::Error::Missing { what: "kubeconfig", path: path.clone() }.into()
        }
        LoadPaths::Home(_) | LoadPaths::List(_) => ContextError::NoFile(named(paths)).into(),
    }
}

/// client-go refuses the file, and with it all the others.
fn refusal(path: &Path, error: &kubeconfig::Error) -> Finding {
    let rule = match error {
        kubeconfig::Error::DuplicateName { .. } => "duplicate-name",
        kubeconfig::Error::Foreign { .. } => "no-kubeconfig",
        kubeconfig::Error::NotUtf8 { .. } | kubeconfig::Error::Syntax { .. } => "not-yaml",
        kubeconfig::Error::TooLarge { .. } | kubeconfig::Error::TooManyValues { .. } => "too-large",
        kubeconfig::Error::WrongType { .. } => "wrong-type",
    };
    let text = error.to_string();
    let message = text.strip_prefix(&format!("{}:", path.display())).unwrap_or(&text).trim_start();
    Finding {
        severity: Severity::Error,
        rule,
        file: path.to_owned(),
        entry: None,
        message: match message.starts_with(|c: char| c.is_ascii_digit()) {
            true => format!("line {message}"),
            false => message.to_owned(),
        },
        hint: error.hint(),
    }
}
