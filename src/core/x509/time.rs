//! Moments, periods and validity.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use der::DateTime;
use der::asn1::{GeneralizedTime, UtcTime};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use x509_cert::time::Time;

/// How far NotBefore lies before the moment of issue: clocks of nodes differ at boot. kubeadm's value.
pub const BACKDATE: Duration = Duration::from_secs(5 * 60);

/// One day, in seconds.
pub const DAY: u64 = 24 * 60 * 60;

/// Last second that a certificate can name: 9999-12-31T23:59:59Z (RFC 5280, 4.1.2.5).
const LAST: u64 = 253_402_300_799;

/// The longest period that [`Period`] accepts: it reaches past the last moment from any other.
const LONGEST: u64 = LAST;

/// A moment in UTC, to the second; from 1970 to the end of 9999.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Moment(u64);

/// A length of time that somebody asked for, in whole seconds, never zero.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Period(u64);

/// When a certificate is to end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Until {
    /// At this moment.
    Date(Moment),
    /// So long after the moment of issue.
    After(Period),
}

/// From when until when a certificate counts, both ends included.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Validity {
    /// The first second.
    pub not_before: Moment,
    /// The last second.
    pub not_after: Moment,
}

/// Why a date or a period cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// Neither a date nor a period.
    #[error("`{0}` is neither a date nor a period")]
    NotATime(String),
    /// A period without a whole second.
    #[error("a period of `{0}` is less than a second")]
    Zero(String),
    /// A sign in front of a period.
    #[error("a period cannot be negative: `{0}`")]
    Negative(String),
    /// Past what X.509 can write.
    #[error("`{0}` reaches past 9999-12-31T23:59:59Z, the last moment that a certificate can name")]
    TooFar(String),
    /// The end is not after the start.
    #[error("the certificate would end at {end}, which is not after its start at {start}")]
    EndBeforeStart {
        /// The first second.
        start: Moment,
        /// The last second asked for.
        end: Moment,
    },
}

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotATime(_) | Self::Zero(_) | Self::Negative(_) => {
                Some("give a period such as 90d, 1y or 2160h, or a date such as 2030-01-31".into())
            }
            Self::TooFar(_) => Some("give a shorter period, such as 10y".into()),
            Self::EndBeforeStart { .. } => Some("give a later end, such as --validity 1y".into()),
        }
    }
}

impl Moment {
    /// The last moment that a certificate can name.
    pub const LAST: Self = Self(LAST);

    /// From seconds since 1970-01-01T00:00:00Z; `None` past the end of 9999.
    pub fn from_unix(seconds: u64) -> Option<Self> {
        (seconds <= LAST).then_some(Self(seconds))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix(self) -> u64 {
        self.0
    }

    /// This moment as X.509 writes it: UTCTime before 2050, GeneralizedTime from then on (RFC 5280, 4.1.2.5).
    pub fn to_x509(self) -> Time {
        let date = self.date_time();
        match UtcTime::from_date_time(date) {
            Ok(time) => Time::UtcTime(time),
            Err(_) => Time::GeneralTime(GeneralizedTime::from_date_time(date)),
        }
    }

    /// Whole days from here to `later`; zero when it is not later.
    pub fn days_until(self, later: Self) -> u64 {
        later.0.saturating_sub(self.0) / DAY
    }

    /// This moment shifted back, not before 1970.
    pub fn back(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(by.as_secs()))
    }

    fn date_time(self) -> DateTime {
        DateTime::from_unix_duration(Duration::from_secs(self.0))
            .expect("a moment lies between 1970 and 9999 by construction")
    }
}

impl From<Time> for Moment {
    fn from(time: Time) -> Self {
        Self(time.to_unix_duration().as_secs())
    }
}

/// `2027-11-24T08:30:00Z`
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date_time())
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Reads `2027-11-24` (its first second) or RFC 3339 in UTC, `2027-11-24T08:30:00Z`.
impl FromStr for Moment {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let full = if text.len() == "2027-11-24".len() {
            format!("{text}T00:00:00Z")
        } else {
            text.to_owned()
        };
        full.parse::<DateTime>()
            .map(|date| Self(date.unix_duration().as_secs()))
            .map_err(|_| Error::NotATime(text.to_owned()))
    }
}

impl Period {
    /// A period of whole days.
    pub const fn days(days: u64) -> Self {
        Self(days * DAY)
    }

    /// The time from one moment to a later one.
    pub fn between(start: Moment, end: Moment) -> Option<Self> {
        end.0.checked_sub(start.0).filter(|seconds| *seconds > 0).map(Self)
    }

    /// Its length in seconds.
    pub fn seconds(self) -> u64 {
        self.0
    }
}

impl From<Period> for Duration {
    fn from(period: Period) -> Self {
        Self::from_secs(period.0)
    }
}

/// Reads `90d`, `1y` (365 days, as kubeadm counts), `2w`, `2160h`, and sums such as `8760h0m0s` or `1.5h` (a Go duration). What
/// is below a second falls away, as a certificate has none.
impl FromStr for Period {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.starts_with('-') {
            return Err(Error::Negative(text.to_owned()));
        }
        let not_a_time = || Error::NotATime(text.to_owned());
        let too_far = || Error::TooFar(text.to_owned());
        let mut rest = text;
        let mut total = 0u128;
        while !rest.is_empty() {
            let (whole, tail) = split_digits(rest);
            let (part, tail) = tail.strip_prefix('.').map_or(("", tail), split_digits);
            if whole.is_empty() && part.is_empty() {
                return Err(not_a_time());
            }
            let (nanos, tail) = split_unit(tail).ok_or_else(not_a_time)?;
            let whole: u64 = match whole {
                "" => 0,
                digits => digits.parse().map_err(|_| too_far())?,
            };
            total += u128::from(whole) * nanos + fraction(part, nanos);
            if total > u128::from(LONGEST) * SECOND {
                return Err(too_far());
            }
            rest = tail;
        }
        let seconds = u64::try_from(total / SECOND).map_err(|_| too_far())?;
        match (text.is_empty(), seconds) {
            (true, _) => Err(not_a_time()),
            (false, 0) => Err(Error::Zero(text.to_owned())),
            (false, seconds) => Ok(Self(seconds)),
        }
    }
}

/// The largest unit that divides it: `1y`, `90d`, `36h`.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, seconds) = [('y', 365 * DAY), ('d', DAY), ('h', 60 * 60), ('m', 60)]
            .into_iter()
            .find(|(_, seconds)| self.0.is_multiple_of(*seconds))
            .unwrap_or(('s', 1));
        write!(f, "{}{unit}", self.0 / seconds)
    }
}

impl Until {
    /// The last second of a certificate that is issued at `now`.
    pub fn end(self, now: Moment) -> Result<Moment, Error> {
        match self {
            Self::Date(date) => Ok(date),
            Self::After(period) => now
                .0
                .checked_add(period.0)
                .and_then(Moment::from_unix)
                .ok_or_else(|| Error::TooFar(period.to_string())),
        }
    }
}

/// A date or a period.
impl FromStr for Until {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let year = text.bytes().take_while(u8::is_ascii_digit).count();
        if year > 4 && text[year..].starts_with('-') {
            return Err(Error::TooFar(text.to_owned()));
        }
        match text.parse() {
            Ok(date) => Ok(Self::Date(date)),
            Err(_) => text.parse().map(Self::After),
        }
    }
}

impl Validity {
    /// From [`BACKDATE`] before `now` until `until`.
    ///
    /// # Errors
    ///
    /// An end that is past 9999 or not after `now`: such a certificate would be dead at birth.
    pub fn new(now: Moment, until: Until) -> Result<Self, Error> {
        let not_after = until.end(now)?;
        if not_after <= now {
            return Err(Error::EndBeforeStart { start: now, end: not_after });
        }
        Ok(Self { not_before: now.back(BACKDATE), not_after })
    }

    /// As long as this one, from [`BACKDATE`] before `now`; at most until the last moment that there is.
    pub fn again(self, now: Moment) -> Self {
        let not_before = now.back(BACKDATE);
        let seconds = self.not_after.unix().saturating_sub(self.not_before.unix());
        let not_after = Moment::from_unix(not_before.unix() + seconds).unwrap_or(Moment::LAST);
        Self { not_before, not_after }
    }

    /// The same, ending no later than `limit`.
    pub fn clamped(self, limit: Moment) -> Self {
        Self { not_after: self.not_after.min(limit), ..self }
    }

    /// Whether `moment` lies within.
    pub fn contains(self, moment: Moment) -> bool {
        (self.not_before..=self.not_after).contains(&moment)
    }
}

/// One second, in nanoseconds.
const SECOND: u128 = 1_000_000_000;

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// The decimals of a unit; those past the eighteenth are less than any second.
fn fraction(digits: &str, nanos: u128) -> u128 {
    let digits = &digits[..digits.len().min(18)];
    let scale = 10u128.pow(u32::try_from(digits.len()).unwrap_or_default());
    digits.parse::<u128>().unwrap_or_default() * nanos / scale
}

/// The nanoseconds in the unit that a text begins with, and what comes after it.
fn split_unit(text: &str) -> Option<(u128, &str)> {
    let day = u128::from(DAY) * SECOND;
    // `ms` stands before `m`.
    let units = [
        ("ns", 1),
        ("us", SECOND / 1_000_000),
        ("\u{b5}s", SECOND / 1_000_000),
        ("\u{3bc}s", SECOND / 1_000_000),
        ("ms", SECOND / 1000),
        ("y", 365 * day),
        ("w", 7 * day),
        ("d", day),
        ("h", 60 * 60 * SECOND),
        ("m", 60 * SECOND),
        ("s", SECOND),
    ];
    units.into_iter().find_map(|(unit, nanos)| Some((nanos, text.strip_prefix(unit)?)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moment(text: &str) -> Moment {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_reads_the_units_of_operators_and_of_go() {
        for (text, days) in
            [("90d", 90), ("1y", 365), ("2w", 14), ("8760h0m0s", 365), ("1y1d", 366)]
        {
            assert_eq!(text.parse(), Ok(Period::days(days)), "{text}");
        }
        for text in ["", "d", "1", "1x", "1d2", ".h", "1.5", "1..5h", "١d"] {
            assert_eq!(text.parse::<Period>(), Err(Error::NotATime(text.into())), "{text}");
        }
        for (text, seconds) in [
            ("1.5h", 5400),
            ("8760.5h", 31_537_800),
            (".5m", 30),
            ("1.h", 3600),
            ("90m1500ms", 5401),
            ("500ms500000us", 1),
            ("1.999s", 1),
            ("0.25d", 21_600),
        ] {
            assert_eq!(text.parse(), Ok(Period(seconds)), "{text}");
        }
        assert_eq!("500ms".parse::<Period>(), Err(Error::Zero("500ms".into())));
        assert_eq!("0d".parse::<Period>(), Err(Error::Zero("0d".into())));
        assert_eq!("-1d".parse::<Period>(), Err(Error::Negative("-1d".into())));
        assert!(matches!("99999999999y".parse::<Period>(), Err(Error::TooFar(_))));
    }

    #[test]
    fn the_last_moment_is_the_end_of_9999() {
        let now = moment("9999-01-01");
        assert!(Validity::new(now, Until::After(Period::days(364))).is_ok());
        assert!(matches!(
            Validity::new(now, Until::After(Period::days(365))),
            Err(Error::TooFar(_))
        ));
    }

    #[test]
    fn a_year_of_five_digits_is_too_far_and_not_just_no_date() {
        assert_eq!("10000-01-01".parse::<Until>(), Err(Error::TooFar("10000-01-01".into())));
    }

    #[test]
    fn an_end_before_the_start_is_refused() {
        let now = moment("2026-11-24T08:00:00Z");
        let end = Until::Date(moment("2026-11-24"));
        assert!(matches!(Validity::new(now, end), Err(Error::EndBeforeStart { .. })));
    }

    #[test]
    fn the_year_2050_changes_the_encoding() {
        assert!(matches!(moment("2049-12-31T23:59:59Z").to_x509(), Time::UtcTime(_)));
        assert!(matches!(moment("2050-01-01").to_x509(), Time::GeneralTime(_)));
    }

    proptest! {
        #[test]
        fn a_moment_survives_text_and_x509(seconds in 0..=LAST) {
            let moment = Moment::from_unix(seconds).unwrap();
            prop_assert_eq!(moment.to_string().parse(), Ok(moment));
            prop_assert_eq!(Moment::from(moment.to_x509()), moment);
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = text.parse::<Until>();
        }

        #[test]
        fn a_period_survives_text(seconds in 1..=LONGEST) {
            prop_assert_eq!(Period(seconds).to_string().parse(), Ok(Period(seconds)));
        }
    }
}
