//! Certificates, requests, keys and lists in the words of a Kubernetes user.

use serde::{Serialize, Serializer};

use crate::core::x509::cert::{Certificate, hex};
use crate::core::x509::crl::{Crl, Revoked};
use crate::core::x509::csr::Request;
use crate::core::x509::name::DistinguishedName;
use crate::core::x509::number::Number;
use crate::core::x509::public_key::PublicKey;
use crate::core::x509::san::San;
use crate::core::x509::time::Moment;

/// A certificate.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateFacts {
    /// Who it is for, as RFC 4514 escapes it, in the order of the certificate.
    pub subject: DistinguishedName,
    /// The user that kube-apiserver reads: the common name.
    pub user: Option<String>,
    /// The groups that kube-apiserver reads: every O.
    pub groups: Vec<String>,
    /// Subject alternative names.
    pub sans: Vec<San>,
    /// Whether it may sign others.
    pub is_ca: bool,
    /// How many CAs may follow below it; absent for any number.
    pub path_length: Option<u8>,
    /// Key usage, by RFC 5280's names.
    pub key_usage: Vec<&'static str>,
    /// Extended key usage: `serverAuth`, `clientAuth`, or a number.
    pub purposes: Vec<String>,
    /// The first second.
    pub not_before: Moment,
    /// The last second.
    pub not_after: Moment,
    /// How that stands to now.
    #[serde(flatten)]
    pub days: Days,
    /// Who signed it.
    pub issuer: DistinguishedName,
    /// Whether its own key signed it.
    pub self_signed: bool,
    /// Hexadecimal.
    pub serial_number: String,
    /// 1 or 3.
    pub version: u8,
    /// Its key.
    pub key: KeyFacts,
    /// Hexadecimal; absent where the certificate has none.
    pub subject_key_id: Option<String>,
    /// Hexadecimal; absent where the certificate has none.
    pub authority_key_id: Option<String>,
    /// Every extension, by RFC 5280's names, or as a number.
    pub extensions: Vec<String>,
    /// SHA-256 of the whole, hexadecimal.
    pub fingerprint: String,
}

/// A certificate whose facts are told where they are asked for: most who make one do not, and they take as long as to make it.
#[derive(Clone, Debug)]
pub struct Described {
    certificate: Certificate,
    now: Moment,
}

/// How a validity stands to now.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Days {
    /// From the first to the last second, in whole days.
    pub days_valid: u64,
    /// From now to the last second, in whole days; zero once it has expired.
    pub days_left: u64,
    /// Whether the last second is past.
    pub expired: bool,
    /// Whether the first second is still to come.
    pub not_yet_valid: bool,
}

/// A key: its kind and pin, never more.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyFacts {
    /// `RSA-2048`, `ECDSA-P256`, `Ed25519`, or a number.
    pub key_type: String,
    /// `sha256:` and the digest of the SubjectPublicKeyInfo.
    pub pin: String,
}

/// A certificate signing request.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestFacts {
    /// Who asks.
    pub subject: DistinguishedName,
    /// The user that kube-apiserver would read.
    pub user: Option<String>,
    /// The groups that kube-apiserver would read.
    pub groups: Vec<String>,
    /// The names that are asked for.
    pub sans: Vec<San>,
    /// The key usage that is asked for.
    pub key_usage: Vec<&'static str>,
    /// The purposes that are asked for.
    pub purposes: Vec<String>,
    /// Every extension that is asked for.
    pub extensions: Vec<String>,
    /// The key to be certified.
    pub key: KeyFacts,
    /// Why the request must not be signed: a wrong signature or a weak key.
    pub refused: Option<String>,
}

/// A certificate revocation list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CrlFacts {
    /// Who says so.
    pub issuer: DistinguishedName,
    /// Its number, hexadecimal.
    pub number: Option<Number>,
    /// When it was made.
    pub this_update: Moment,
    /// When the next one is due.
    pub next_update: Option<Moment>,
    /// Whether the next one is overdue.
    pub overdue: bool,
    /// What it lacks of what RFC 5280 demands.
    pub lacks: Vec<&'static str>,
    /// What it revokes.
    pub revoked: Vec<Revoked>,
}

impl Described {
    /// `certificate`, seen at `now`.
    pub fn new(certificate: Certificate, now: Moment) -> Self {
        Self { certificate, now }
    }

    /// SHA-256 of the whole, hexadecimal.
    pub fn fingerprint(&self) -> String {
        self.certificate.fingerprint()
    }
}

/// As [`CertificateFacts`].
impl Serialize for Described {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        CertificateFacts::new(&self.certificate, self.now).serialize(serializer)
    }
}

impl CertificateFacts {
    /// What `certificate` says, seen at `now`.
    pub fn new(certificate: &Certificate, now: Moment) -> Self {
        let (subject, validity) = (certificate.subject(), certificate.validity());
        let extensions = certificate.extensions();
        Self {
            user: subject.common_name().map(ToOwned::to_owned),
            groups: subject.organizations().map(ToOwned::to_owned).collect(),
            subject,
            sans: extensions.sans(),
            is_ca: extensions.is_ca(),
            path_length: extensions.path_length(),
            key_usage: extensions.key_usages(),
            purposes: extensions.purposes(),
            not_before: validity.not_before,
            not_after: validity.not_after,
            days: Days::new(validity.not_before, validity.not_after, now),
            issuer: certificate.issuer(),
            self_signed: certificate.is_self_issued()
                && certificate.is_signed_by(certificate.public_key()),
            serial_number: certificate.serial_number(),
            version: certificate.version(),
            key: KeyFacts::new(certificate.public_key()),
            subject_key_id: extensions.subject_key_id().map(|id| hex(&id)),
            authority_key_id: extensions.authority_key_id().map(|id| hex(&id)),
            extensions: extensions.names(),
            fingerprint: certificate.fingerprint(),
        }
    }
}

impl Days {
    fn new(not_before: Moment, not_after: Moment, now: Moment) -> Self {
        Self {
            days_valid: not_before.days_until(not_after),
            days_left: now.days_until(not_after),
            expired: now > not_after,
            not_yet_valid: now < not_before,
        }
    }
}

impl KeyFacts {
    /// Kind and pin of `key`.
    pub fn new(key: &PublicKey) -> Self {
        Self { key_type: key.to_string(), pin: key.pin() }
    }
}

impl RequestFacts {
    /// What `request` asks for.
    pub fn new(request: &Request) -> Self {
        let (subject, extensions) = (request.subject().clone(), request.extensions());
        Self {
            user: subject.common_name().map(ToOwned::to_owned),
            groups: subject.organizations().map(ToOwned::to_owned).collect(),
            subject,
            sans: extensions.sans(),
            key_usage: extensions.key_usages(),
            purposes: extensions.purposes(),
            extensions: extensions.names(),
            key: KeyFacts::new(request.public_key()),
            refused: request.verify().err().map(|error| error.to_string()),
        }
    }
}

impl CrlFacts {
    /// What `crl` says, seen at `now`.
    pub fn new(crl: &Crl, now: Moment) -> Self {
        Self {
            issuer: crl.issuer(),
            number: crl.number(),
            this_update: crl.this_update(),
            next_update: crl.next_update(),
            overdue: crl.next_update().is_some_and(|next| next < now),
            lacks: crl.lacks(),
            revoked: crl.revoked(),
        }
    }
}
