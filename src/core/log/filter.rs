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
            (has_all() && is_late()) || has_escape(line)
        }
    }

    /// The same with a look at how its certificate may stand at `now`.
    pub fn glance_at(&self, standing: &Standing, now: Moment) -> impl Fn(&[u8]) -> bool {
        let (glance, now) = (self.glance(), now.to_string());
        let wants = |state| self.states.is_empty() || self.states.contains(&state);
        let (expired, valid) = (wants(State::Expired), wants(State::Valid));
        let may_stand = move |line: &[u8]| {
            let until = text_after(line, br#","until":""#);
            let is_past = until.is_none_or(|until| until < now.as_bytes());
            let is_future = until.is_none_or(|until| until >= now.as_bytes());
            // Whatever is revoked is looked at, and there is not much of it.
            has_escape(line)
                || (expired && is_past)
                || (valid && is_future)
                || may_be_revoked(line, standing)
        };
        move |line| glance(line) && may_stand(line)
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

/// Whether the line is of a certificate that is revoked, or none of those that this program writes.
fn may_be_revoked(line: &[u8], standing: &Standing) -> bool {
    let serial = text_after(line, br#","serial":""#);
    let serial = serial.and_then(|text| str::from_utf8(text).ok()?.parse().ok());
    serial.is_none_or(|serial| standing.revoked.contains_key(&serial))
}

/// What stands between a mark, such as `,"until":"`, and the next quote. In a name, the quotes of the mark would have escapes.
fn text_after<'a>(line: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    let start = memmem::find(line, mark)? + mark.len();
    let end = memchr::memchr(b'"', &line[start..])?;
    Some(&line[start..start + end])
}

/// When a line was logged, which is how this program ends it: `"when":"2026-01-01T00:00:00Z"}`. Such moments are in order as texts.
fn moment_of(line: &[u8]) -> Option<&[u8]> {
    const MOMENT: usize = "2026-01-01T00:00:00Z".len();
    let line = line.strip_suffix(b"\"}")?;
    let (before, when) = line.split_at_checked(line.len().checked_sub(MOMENT)?)?;
    before.ends_with(br#""when":""#).then_some(when)
}

/// Whether something in a line may be written in another way than a glance expects.
fn has_escape(line: &[u8]) -> bool {
    memchr::memchr(b'\\', line).is_some()
}

/// What JSON may write in another way.
fn needs_escape(c: char) -> bool {
    c == '"' || c == '\\' || c == '/' || !(' '..='~').contains(&c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::log::{Act, Event, Line};

    fn moment(seconds: u64) -> Moment {
        Moment::from_unix(seconds).unwrap()
    }

    fn name() -> impl Strategy<Value = String> {
        prop_oneof!["[ab\"/]{0,3}", "\\PC{0,3}"]
    }

    fn line() -> impl Strategy<Value = Line<'static>> {
        (0_u8..6, name(), name(), 0_u64..4, 0_u64..4).prop_map(
            |(serial, user, san, until, when)| {
                let issued = Issued {
                    serial: Number::new(&[serial]),
                    subject: format!("CN={user}").into(),
                    user: Some(user.into()),
                    groups: Vec::new(),
                    sans: vec![san],
                    profile: "client".into(),
                    from: moment(0),
                    until: moment(until),
                    sha256: "".into(),
                };
                let act = Act { who: "ada".into(), why: "x".into(), when: moment(when) };
                Line { event: Event::Issued(issued), act }
            },
        )
    }

    fn filter() -> impl Strategy<Value = Filter> {
        let states = [State::Expired, State::Held, State::Revoked, State::Valid];
        let states = prop::sample::subsequence(states.to_vec(), 0..4);
        let (name, user) = (prop::option::of(name()), prop::option::of(name()));
        let (serial, since) = (prop::option::of(0_u8..6), prop::option::of(0_u64..4));
        (name, user, serial, since, states).prop_map(|(name, user, serial, since, states)| Filter {
            name,
            user,
            serial: serial.map(|serial| Number::new(&[serial])),
            since: since.map(moment),
            states,
        })
    }

    proptest! {
        #[test]
        fn no_certificate_that_is_wanted_is_passed_over_at_a_glance(line in line(), filter in filter(), revoked in any::<[Option<bool>; 6]>()) {
            let mut standing = Standing::default();
            for (serial, held) in revoked.iter().enumerate().filter_map(|(serial, held)| Some((serial, (*held)?))) {
                let reason = if held { Reason::CertificateHold } else { Reason::KeyCompromise };
                standing.revoked.insert(Number::new(&[u8::try_from(serial).unwrap()]), (moment(0), reason));
            }
            let Event::Issued(issued) = &line.event else { unreachable!() };
            let now = moment(2);
            let (state, _) = State::of(issued, &standing, now);
            let bytes = line.encode();
            let is_seen = filter.glance_at(&standing, now)(&bytes[..bytes.len() - 1]);
            prop_assert!(is_seen || !filter.takes(issued, line.act.when, state));
        }
    }
}
