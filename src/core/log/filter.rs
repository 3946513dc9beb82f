//! Which certificates of a log are wanted.

use memchr::memmem;
use serde::Serialize;

use super::line::Issued;
use super::scan::Standing;
use crate::core::x509::number::Number;
use crate::core::x509::revocation::Reason;
use crate::core::x509::time::Moment;

/// How a certificate stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its last second is past.
    Expired,
    /// It is revoked, but may come back.
    Held,
    /// It is revoked for good.
    Revoked,
    /// It counts, or will.
    Valid,
}

/// What must hold of a certificate; what is not said, need not.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A part of its subject or of an alternative name.
    pub name: Option<String>,
    /// Its common name.
    pub user: Option<String>,
    /// Its serial number.
    pub serial: Option<Number>,
    /// It was logged then or later.
    pub since: Option<Moment>,
    /// How it stands, one of these; any if there is none.
    pub states: Vec<State>,
}

impl State {
    /// How a certificate stands at `now`, and since when and why it is revoked.
    pub fn of(
        issued: &Issued<'_>,
        standing: &Standing,
        now: Moment,
    ) -> (Self, Option<(Moment, Reason)>) {
        let revoked = standing.revoked.get(&issued.serial).copied();
        let state = match revoked {
            Some((_, Reason::CertificateHold)) => Self::Held,
            Some(_) => Self::Revoked,
            None if now > issued.until => Self::Expired,
            None => Self::Valid,
        };
        (state, revoked)
    }
}

impl Filter {
    /// Whether the line of a certificate may be of one that is wanted, seen as bytes.
    pub fn glance(&self) -> impl Fn(&[u8]) -> bool + use<> {
        let texts = [&self.name, &self.user].into_iter().flatten().cloned();
        let serial = self.serial.as_ref().map(ToString::to_string);
        // Nobody would find a name in a line in which it is written with escapes.
        let texts = texts.map(|text| {
            text.split(needs_escape).max_by_key(|one| one.len()).unwrap_or_default().to_owned()
        });
        let finders: Vec<memmem::Finder<'static>> = texts
            .chain(serial)
            .map(|text| memmem::Finder::new(text.as_bytes()).into_owned())
            .collect();
        let since = self.since.map(|since| since.to_string());
        move |line| {
            let has_all = || finders.iter().all(|finder| finder.find(line).is_some());
            let is_late = || match (&since, moment_of(line)) {
                (Some(since), Some(when)) => when >= since.as_bytes(),
                _ => true,
            };
            (has_all() && is_late()) || memchr::memchr(b'\\', line).is_some()
        }
    }

    /// Whether a certificate is wanted that was logged at `when`.
    pub fn takes(&self, issued: &Issued<'_>, when: Moment, state: State) -> bool {
        let has = |text: &String| {
            issued.subject.contains(text) || issued.sans.iter().any(|san| san.contains(text))
        };
        self.name.as_ref().is_none_or(has)
            && self.user.as_ref().is_none_or(|user| issued.user.as_deref() == Some(user))
            && self.serial.as_ref().is_none_or(|serial| issued.serial == *serial)
            && self.since.is_none_or(|since| when >= since)
            && (self.states.is_empty() || self.states.contains(&state))
    }
}

/// When a line was logged, which is how this program ends it: `"when":"2026-01-01T00:00:00Z"}`. Such moments are in order as texts.
fn moment_of(line: &[u8]) -> Option<&[u8]> {
    const MOMENT: usize = "2026-01-01T00:00:00Z".len();
    let line = line.strip_suffix(b"\"}")?;
    let (before, when) = line.split_at_checked(line.len().checked_sub(MOMENT)?)?;
    before.ends_with(br#""when":""#).then_some(when)
}

/// What JSON may write in another way.
fn needs_escape(c: char) -> bool {
    c == '"' || c == '\\' || c == '/' || !(' '..='~').contains(&c)
}
