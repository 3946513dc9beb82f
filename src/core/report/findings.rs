//! What is wrong with kubeconfigs, and in what two differ.

use serde::Serialize;

use crate::core::check::{Finding, Severity};
use crate::core::kubeconfig::Difference;

/// What was found in kubeconfigs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FindingsReport {
    /// Everything, file by file.
    pub findings: Vec<Finding>,
    /// The files that were looked at.
    pub files: Vec<String>,
}

/// In what two kubeconfigs differ.
#[derive(Clone, Debug, Serialize)]
pub struct DifferencesReport {
    /// Everything.
    pub differences: Vec<Difference>,
}

impl FindingsReport {
    /// Adds what was found elsewhere.
    pub fn add(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.files.extend(other.files);
    }

    /// Whether there is anything as bad as that.
    pub fn has(&self, severity: Severity) -> bool {
        self.findings.iter().any(|finding| finding.severity >= severity)
    }
}
