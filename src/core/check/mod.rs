//! What is there: reads any file of a PKI and tells what it holds, and what is wrong with a kubeconfig.

mod client;
mod dated;
mod examine;
mod rules;

pub use client::{ClientCertificate, certificate_file};
pub use dated::{Dated, WhatIsDated, dated};
pub use examine::{Error, Examined, What, examine};
pub use rules::{
    DANGERS, Finding, Look, OPEN_FILE, RULES, Rule, Severity, Subject, dangers, findings,
};

/// A path as text: one that is no UTF-8 is no reason to keep a finding back.
fn as_text<S: serde::Serializer>(path: &std::path::Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}
