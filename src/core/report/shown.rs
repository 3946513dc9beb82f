//! What is there: certificates, requests, keys and lists, each with its place.

use std::path::PathBuf;

use serde::Serialize;

use super::facts::{CertificateFacts, CrlFacts, KeyFacts, RequestFacts};
use crate::core::check::{Examined, What};
use crate::core::spec::Pair;
use crate::core::x509::cert::Certificate;
use crate::core::x509::chain;
use crate::core::x509::time::Moment;

/// Everything that was found, and what could not be read.
#[derive(Debug, Default, Serialize)]
pub struct ShowReport {
    /// One for each thing, in the order of the files.
    pub items: Vec<ShownItem>,
    /// What could not be read or understood.
    pub failures: Vec<Failure>,
}

/// Something that could not be looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// What is wrong, with the file.
    pub error: String,
    /// What to type instead.
    pub hint: Option<String>,
}

/// One thing.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownItem {
    /// Its file.
    #[serde(serialize_with = "super::as_text")]
    pub file: PathBuf,
    /// Where in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What it is and says.
    #[serde(flatten)]
    pub what: ShownFacts,
    /// Whether the key beside it is its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_matches: Option<bool>,
}

/// What a thing is and says.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
pub enum ShownFacts {
    /// A certificate.
    Certificate(Box<CertificateFacts>),
    /// A request.
    CertificateSigningRequest(Box<RequestFacts>),
    /// A revocation list.
    CertificateRevocationList(CrlFacts),
    /// A private key.
    PrivateKey(KeyFacts),
    /// A public key.
    PublicKey(KeyFacts),
}

/// A CA and its key.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaReport {
    /// The file of its certificate.
    #[serde(serialize_with = "super::as_text")]
    pub file: PathBuf,
    /// The file where its key should be.
    #[serde(serialize_with = "super::as_text")]
    pub key_file: PathBuf,
    /// Whether the key is there and its own.
    pub key: KeyState,
    /// Why it cannot sign now; absent where it can.
    pub unfit: Option<String>,
    /// The CAs above it that its file holds.
    pub above: Vec<String>,
    /// The CAs of its name that its file holds besides, by their SHA-256: who trusts the file trusts them as well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<String>,
    /// Its certificate.
    pub certificate: CertificateFacts,
}

/// How the key of a CA is.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum KeyState {
    /// It belongs to another certificate.
    Foreign,
    /// It is there and is the CA's own.
    Matches,
    /// It is not there: the CA signs elsewhere.
    Missing,
    /// It is there and cannot be read.
    Unreadable(String),
}

impl ShowReport {
    /// Adds what a file holds.
    pub fn add(&mut self, examined: Vec<Examined>, now: Moment) {
        self.items.extend(examined.into_iter().map(|one| ShownItem {
            file: one.file,
            place: one.place,
            what: ShownFacts::new(&one.what, now),
            key_matches: one.key_matches,
        }));
    }
}

impl ShownFacts {
    fn new(what: &What, now: Moment) -> Self {
        match what {
            What::Certificate(it) => Self::Certificate(Box::new(CertificateFacts::new(it, now))),
            What::Crl(it) => Self::CertificateRevocationList(CrlFacts::new(it, now)),
            What::PrivateKey(it) => Self::PrivateKey(KeyFacts::new(it)),
            What::PublicKey(it) => Self::PublicKey(KeyFacts::new(it)),
            What::Request(it) => Self::CertificateSigningRequest(Box::new(RequestFacts::new(it))),
        }
    }
}

impl CaReport {
    /// The CA in `files`, seen at `now`.
    pub fn new(
        files: &Pair,
        chain: &[Certificate],
        key: KeyState,
        unfit: Option<String>,
        now: Moment,
    ) -> Self {
        let same = chain::of_one_name(chain).len();
        Self {
            file: files.certificate.clone(),
            key_file: files.key.clone(),
            key,
            unfit,
            above: chain[same..].iter().map(|ca| ca.subject().to_string()).collect(),
            beside: chain[1..same].iter().map(Certificate::fingerprint).collect(),
            certificate: CertificateFacts::new(&chain[0], now),
        }
    }
}
