//! What expires when.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::core::x509::cert::Certificate;
use crate::core::x509::crl::Crl;
use crate::core::x509::name::DistinguishedName;
use crate::core::x509::profile::Profile;
use crate::core::x509::san::San;
use crate::core::x509::time::Moment;

/// Everything that has an end, what expires first in front; then what has none, and last what is missing.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpiryReport {
    /// The moment that it is judged at.
    pub at: Moment,
    /// What ends by then ends soon; absent where nobody asked.
    pub soon: Option<Moment>,
    /// One for each certificate or revocation list, however many copies of it there are.
    pub items: Vec<ExpiryRow>,
}

/// A certificate or revocation list, or a file in which there should be one.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpiryRow {
    /// How it stands.
    pub state: ExpiryState,
    /// What it says; absent where it cannot be read.
    #[serde(flatten)]
    pub facts: Option<ExpiryFacts>,
    /// What kind it should be, where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted: Option<ExpiryKind>,
    /// Where it is, or should be; at least one.
    pub places: Vec<ExpiryPlace>,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What to type then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// How something stands to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ExpiryState {
    /// Its end is past.
    Expired,
    /// Its end is soon.
    Expiring,
    /// It should be there and is not.
    Missing,
    /// Its begin is still to come.
    NotYetValid,
    /// It is there and cannot be read.
    Unreadable,
    /// It counts.
    Valid,
}

/// What something is, for a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ExpiryKind {
    /// A CA's certificate.
    Ca,
    /// A client's.
    Client,
    /// A revocation list.
    Crl,
    /// A certificate for anything, or for something else.
    Other,
    /// A server's that is a client too.
    Peer,
    /// A server's.
    Server,
}

/// What a certificate or revocation list says of itself.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpiryFacts {
    /// What it is.
    pub kind: ExpiryKind,
    /// Who it is for; absent for a revocation list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<DistinguishedName>,
    /// The user that kube-apiserver reads: the common name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The groups that kube-apiserver reads: every O.
    pub groups: Vec<String>,
    /// Subject alternative names.
    pub sans: Vec<San>,
    /// The CA that signed it.
    pub issuer: DistinguishedName,
    /// The first second; when a revocation list was made.
    pub not_before: Moment,
    /// The last second; when the next revocation list is due. Absent where the list does not say.
    pub not_after: Option<Moment>,
    /// From the moment of judgement to the end; negative once that is past.
    pub residual_seconds: Option<i64>,
    /// Hexadecimal; of a revocation list, its number.
    pub serial_number: Option<String>,
    /// How many certificates a list revokes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<usize>,
    /// SHA-256 of the whole certificate, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}

/// A file, and a place in it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ExpiryPlace {
    /// What the file is called: in the catalog, or by itself.
    pub name: String,
    /// The file.
    #[serde(serialize_with = "super::as_text")]
    pub file: PathBuf,
    /// Where in the file, such as `user admin` or `2 of 3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Whether it is what programs take of this file.
    #[serde(skip)]
    pub is_main: bool,
}

/// At which moment things are judged, and how soon is soon.
#[derive(Clone, Copy, Debug)]
pub struct Judgement {
    /// The moment.
    pub at: Moment,
    /// What ends by then ends soon.
    pub soon: Option<Moment>,
}

impl ExpiryReport {
    /// The rows in their order.
    pub fn new(judgement: Judgement, mut items: Vec<ExpiryRow>) -> Self {
        items.sort_by(ExpiryRow::compare);
        let Judgement { at, soon } = judgement;
        Self { at, soon, items }
    }

    /// How many are in this state.
    pub fn count(&self, state: ExpiryState) -> usize {
        self.items.iter().filter(|row| row.state == state).count()
    }

    /// Whether something does not count, or soon will not.
    pub fn has_findings(&self) -> bool {
        use ExpiryState::{Expired, Expiring, NotYetValid};
        self.items.iter().any(|row| matches!(row.state, Expired | Expiring | NotYetValid))
    }

    /// What cannot be read.
    pub fn failures(&self) -> impl Iterator<Item = &ExpiryRow> {
        self.items.iter().filter(|row| row.state == ExpiryState::Unreadable)
    }
}

impl ExpiryRow {
    /// Something that was read.
    pub fn found(facts: ExpiryFacts, place: ExpiryPlace, by: Judgement) -> Self {
        let state = facts.state(by);
        Self { facts: Some(facts), ..Self::bare(state, place) }
    }

    /// Something that should be there, of this kind.
    pub fn missing(place: ExpiryPlace, profile: Profile) -> Self {
        let wanted = Some(ExpiryKind::of(Some(profile)));
        Self { wanted, ..Self::bare(ExpiryState::Missing, place) }
    }

    /// Something that is there, or was named, and cannot be read.
    pub fn unreadable(place: ExpiryPlace, error: String, hint: Option<String>) -> Self {
        Self { error: Some(error), hint, ..Self::bare(ExpiryState::Unreadable, place) }
    }

    fn bare(state: ExpiryState, place: ExpiryPlace) -> Self {
        Self { state, facts: None, wanted: None, places: vec![place], error: None, hint: None }
    }

    /// What it is, or should be; `None` where nobody knows.
    pub fn kind(&self) -> Option<ExpiryKind> {
        self.facts.as_ref().map(|facts| facts.kind).or(self.wanted)
    }

    /// The file that it goes by.
    pub fn file(&self) -> &Path {
        &self.places[0].file
    }

    fn compare(&self, other: &Self) -> Ordering {
        let key = |row: &Self| {
            let end = row.facts.as_ref().and_then(|facts| facts.not_after);
            (row.rank(end), end)
        };
        key(self).cmp(&key(other)).then_with(|| self.file().cmp(other.file()))
    }

    /// What cannot be read may have expired long ago; what is missing does not expire.
    fn rank(&self, end: Option<Moment>) -> u8 {
        match (self.state, end) {
            (ExpiryState::Unreadable, _) => 0,
            (ExpiryState::Missing, _) => 3,
            (_, Some(_)) => 1,
            (_, None) => 2,
        }
    }
}

impl ExpiryPlace {
    /// A file as such.
    pub fn whole(name: String, file: PathBuf) -> Self {
        Self { name, file, place: None, is_main: true }
    }
}

impl ExpiryFacts {
    /// What `certificate` says.
    pub fn of_certificate(certificate: &Certificate, at: Moment) -> Self {
        let (subject, validity) = (certificate.subject(), certificate.validity());
        let extensions = certificate.extensions();
        Self {
            kind: ExpiryKind::of_certificate(certificate),
            user: subject.common_name().map(ToOwned::to_owned),
            groups: subject.organizations().map(ToOwned::to_owned).collect(),
            subject: Some(subject),
            sans: extensions.sans(),
            issuer: certificate.issuer(),
            not_before: validity.not_before,
            not_after: Some(validity.not_after),
            residual_seconds: Some(residual(at, validity.not_after)),
            serial_number: Some(certificate.serial_number()),
            revoked: None,
            fingerprint: Some(certificate.fingerprint()),
        }
    }

    /// What `crl` says.
    pub fn of_crl(crl: &Crl, at: Moment) -> Self {
        Self {
            kind: ExpiryKind::Crl,
            subject: None,
            user: None,
            groups: Vec::new(),
            sans: Vec::new(),
            issuer: crl.issuer(),
            not_before: crl.this_update(),
            not_after: crl.next_update(),
            residual_seconds: crl.next_update().map(|end| residual(at, end)),
            serial_number: crl.number().map(|number| number.to_string()),
            revoked: Some(crl.revoked().len()),
            fingerprint: None,
        }
    }

    /// The CA by its common name, or its whole name where it has none.
    pub fn ca(&self) -> String {
        self.issuer.common_name().map_or_else(|| self.issuer.to_string(), ToOwned::to_owned)
    }

    fn state(&self, by: Judgement) -> ExpiryState {
        match self.not_after {
            Some(end) if end < by.at => ExpiryState::Expired,
            _ if by.at < self.not_before => ExpiryState::NotYetValid,
            Some(end) if by.soon.is_some_and(|soon| end <= soon) => ExpiryState::Expiring,
            _ => ExpiryState::Valid,
        }
    }
}

impl ExpiryKind {
    fn of_certificate(certificate: &Certificate) -> Self {
        let extensions = certificate.extensions();
        let purposes = extensions.purposes();
        let has = |purpose: &str| purposes.iter().any(|it| it == purpose);
        Self::of(match (has("clientAuth"), has("serverAuth")) {
            _ if extensions.is_ca() => Some(Profile::ROOT),
            (true, true) => Some(Profile::Peer),
            (true, false) => Some(Profile::Client),
            (false, true) => Some(Profile::Server),
            (false, false) => None,
        })
    }

    fn of(profile: Option<Profile>) -> Self {
        match profile {
            Some(Profile::Ca { .. }) => Self::Ca,
            Some(Profile::Client) => Self::Client,
            Some(Profile::Peer) => Self::Peer,
            Some(Profile::Server) => Self::Server,
            None => Self::Other,
        }
    }
}

/// Seconds from `at` to `end`: both lie before the year 10000.
fn residual(at: Moment, end: Moment) -> i64 {
    end.unix().cast_signed() - at.unix().cast_signed()
}
