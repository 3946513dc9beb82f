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
    /// Since when, where that is not the moment of the run: a list that came from elsewhere said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Moment>,
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

impl Issued<'_> {
    /// The same, for longer than its line.
    pub fn into_owned(self) -> Issued<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Issued {
            serial: self.serial,
            subject: owned(self.subject),
            user: self.user.map(owned),
            groups: self.groups,
            sans: self.sans,
            profile: owned(self.profile),
            from: self.from,
            until: self.until,
            sha256: owned(self.sha256),
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

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn moment() -> impl Strategy<Value = Moment> {
        (0_u64..253_402_300_799).prop_map(|seconds| Moment::from_unix(seconds).unwrap())
    }

    fn number() -> impl Strategy<Value = Number> {
        vec(any::<u8>(), 0..20).prop_map(|octets| Number::new(&octets))
    }

    fn issued() -> impl Strategy<Value = Event<'static>> {
        let names = (any::<String>(), any::<Option<String>>(), vec(any::<String>(), 0..3));
        let rest = (vec(any::<String>(), 0..3), "CA|client|other", moment(), moment());
        (number(), names, rest).prop_map(
            |(serial, (subject, user, groups), (sans, profile, from, until))| {
                let (subject, user, profile) =
                    (subject.into(), user.map(Cow::Owned), profile.into());
                let sha256 = "0A".repeat(32).into();
                Event::Issued(Issued {
                    serial,
                    subject,
                    user,
                    groups,
                    sans,
                    profile,
                    from,
                    until,
                    sha256,
                })
            },
        )
    }

    /// Any line, with names that nobody would think of.
    fn line() -> impl Strategy<Value = Line<'static>> {
        let reason = prop::sample::select(&Reason::ALL[..]);
        let event = prop_oneof![
            issued(),
            (number(), reason, prop::option::of(moment())).prop_map(|(serial, reason, since)| {
                Event::Revoked(Revoked { serial, reason, since })
            }),
            number().prop_map(|serial| Event::Released(Released { serial })),
            (number(), any::<usize>(), moment()).prop_map(|(number, entries, next_update)| {
                Event::List(Listed { number, entries, next_update })
            }),
        ];
        (event, any::<String>(), any::<String>(), moment()).prop_map(|(event, who, why, when)| {
            Line { event, act: Act { who: who.into(), why: why.into(), when } }
        })
    }

    proptest! {
        #[test]
        fn a_line_is_one_line_and_is_read_back(line in line()) {
            let encoded = line.encode();
            let (end, text) = encoded.split_last().unwrap();
            prop_assert_eq!(*end, b'\n');
            prop_assert!(!text.contains(&b'\n'));
            prop_assert_eq!(Line::decode(text).unwrap(), line);
        }

        #[test]
        fn a_line_means_the_same_in_whatever_order_a_hand_has_put_it(line in line()) {
            let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&line.encode()).unwrap();
            let turned: serde_json::Map<_, _> = object.into_iter().rev().collect();
            let turned = serde_json::to_vec(&turned).unwrap();
            prop_assert_eq!(Line::decode(&turned).unwrap(), line);
        }

        #[test]
        fn a_part_of_a_line_is_never_taken_for_a_line(line in line(), part in any::<prop::sample::Index>()) {
            let encoded = line.encode();
            let text = &encoded[..part.index(encoded.len() - 1)];
            prop_assert!(Line::decode(text).is_err());
        }
    }

    #[test]
    fn a_line_is_what_the_documents_show() {
        let moment = |text: &str| text.parse().unwrap();
        let act = Act { who: "ada".into(), why: "cert revoke".into(), when: moment("2026-01-01") };
        let serial: Number = "0afb".parse().unwrap();
        let revoked = Revoked { serial, reason: Reason::CaCompromise, since: None };
        let line = Line { event: Event::Revoked(revoked), act };
        let text = r#"{"event":"revoked","serial":"0AFB","reason":"cACompromise","who":"ada","why":"cert revoke","when":"2026-01-01T00:00:00Z"}"#;
        assert_eq!(String::from_utf8(line.encode()).unwrap(), format!("{text}\n"));
    }
}
