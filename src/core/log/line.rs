//! One line of a log, and how it is written and read.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::core::x509::cert::Certificate;
use crate::core::x509::number::Number;
use crate::core::x509::revocation::Reason;
use crate::core::x509::time::Moment;

/// What the line of a certificate begins with, as this program writes it.
pub(super) const ISSUED: &[u8] = br#"{"event":"issued","#;

/// One line: what happened, and who did it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Line<'a> {
    /// What happened.
    #[serde(flatten, borrow)]
    pub event: Event<'a>,
    /// By whom, for what and when.
    #[serde(flatten, borrow)]
    pub act: Act<'a>,
}

/// By whom something was done, for what, and when.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Act<'a> {
    /// The user who ran it, as the environment names them.
    #[serde(borrow)]
    pub who: Cow<'a, str>,
    /// The command, such as `cert issue`.
    #[serde(borrow)]
    pub why: Cow<'a, str>,
    /// The moment of the run.
    pub when: Moment,
}

/// What happened.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "camelCase")]
pub enum Event<'a> {
    /// A certificate was signed, or one that was signed without a line has got it.
    #[serde(borrow)]
    Issued(Issued<'a>),
    /// A certificate was revoked.
    Revoked(Revoked),
    /// One that was only held is good again.
    Released(Released),
    /// A revocation list was made.
    List(Listed),
}

/// A certificate that was signed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Issued<'a> {
    /// Its serial number, in hexadecimal.
    pub serial: Number,
    /// Who it is for, as RFC 4514 escapes it, in the order of the certificate.
    #[serde(borrow)]
    pub subject: Cow<'a, str>,
    /// The user that kube-apiserver reads: the common name.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Cow<'a, str>>,
    /// The groups that kube-apiserver reads: every O.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Subject alternative names, each with its kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sans: Vec<String>,
    /// What it is for: `CA`, `client`, `peer`, `server`, or `other`.
    #[serde(borrow)]
    pub profile: Cow<'a, str>,
    /// Its first second.
    pub from: Moment,
    /// Its last second.
    pub until: Moment,
    /// SHA-256 of the whole certificate, in hexadecimal.
    #[serde(borrow)]
    pub sha256: Cow<'a, str>,
}

/// The same with its act, in one.
#[derive(Deserialize)]
struct Plain<'a> {
    serial: Number,
    #[serde(borrow)]
    subject: Cow<'a, str>,
    #[serde(borrow, default)]
    user: Option<Cow<'a, str>>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    sans: Vec<String>,
    #[serde(borrow)]
    profile: Cow<'a, str>,
    from: Moment,
    until: Moment,
    #[serde(borrow)]
    sha256: Cow<'a, str>,
    #[serde(borrow)]
    who: Cow<'a, str>,
    #[serde(borrow)]
    why: Cow<'a, str>,
    when: Moment,
}

/// A certificate that was revoked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Revoked {
    /// Its serial number, in hexadecimal.
    pub serial: Number,
    /// Why.
    pub reason: Reason,
}

/// A certificate that is held no longer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Released {
    /// Its serial number, in hexadecimal.
    pub serial: Number,
}

/// A revocation list that was made.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Listed {
    /// Its number, in hexadecimal: a later one has a greater one.
    pub number: Number,
    /// How many certificates it revokes.
    pub entries: usize,
    /// When the next one is due.
    #[serde(rename = "nextUpdate")]
    pub next_update: Moment,
}

impl<'a> Line<'a> {
    /// Reads a line, without its newline.
    ///
    /// # Errors
    ///
    /// It is no JSON, or lacks something.
    pub fn decode(line: &'a [u8]) -> Result<Self, serde_json::Error> {
        if !line.starts_with(ISSUED) {
            return serde_json::from_slice(line);
        }
        // Nearly all lines are such, and a flattened one takes three times as long to read.
        let plain: Plain<'a> = serde_json::from_slice(line)?;
        let Plain { serial, subject, user, groups, sans, profile, from, until, sha256, .. } = plain;
        let issued = Issued { serial, subject, user, groups, sans, profile, from, until, sha256 };
        let act = Act { who: plain.who, why: plain.why, when: plain.when };
        Ok(Self { event: Event::Issued(issued), act })
    }

    /// As JSON with its newline. There is no other one in it: JSON escapes those of names.
    pub fn encode(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).expect("a line is made of texts and numbers");
        line.push(b'\n');
        line
    }
}

impl Event<'_> {
    /// The serial number that it is about.
    pub fn serial(&self) -> Option<&Number> {
        match self {
            Self::Issued(issued) => Some(&issued.serial),
            Self::Revoked(revoked) => Some(&revoked.serial),
            Self::Released(released) => Some(&released.serial),
            Self::List(_) => None,
        }
    }
}

impl Issued<'static> {
    /// What a log keeps of a certificate.
    pub fn new(certificate: &Certificate) -> Self {
        let (subject, validity) = (certificate.subject(), certificate.validity());
        let sans = certificate.extensions().sans();
        Self {
            serial: certificate.number(),
            user: subject.common_name().map(|user| user.to_owned().into()),
            groups: subject.organizations().map(ToOwned::to_owned).collect(),
            subject: subject.to_string().into(),
            sans: sans.iter().map(ToString::to_string).collect(),
            profile: profile_of(certificate).into(),
            from: validity.not_before,
            until: validity.not_after,
            sha256: certificate.fingerprint().into(),
        }
    }
}

/// What a certificate is for, in the words of our profiles; `other` for what none of them is.
pub fn profile_of(certificate: &Certificate) -> &'static str {
    let extensions = certificate.extensions();
    let purposes = extensions.purposes();
    let has = |purpose: &str| purposes.iter().any(|one| one == purpose);
    match (extensions.is_ca(), has("clientAuth"), has("serverAuth")) {
        (true, ..) => "CA",
        (_, true, true) => "peer",
        (_, true, false) => "client",
        (_, false, true) => "server",
        (_, false, false) => "other",
    }
}
