//! Serial numbers, and those of revocation lists: as openssl prints them: whole octets in upper-case hexadecimal, without zeros in front.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cert::hex;

/// The most octets of a number in a certificate or a list (RFC 5280, 4.1.2.2 and 5.2.3).
const LONGEST: usize = 20;

/// A number of up to 20 octets that is not negative.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Number {
    /// First, so that a longer number is a greater one.
    length: usize,
    octets: Vec<u8>,
}

/// A text that is no such number.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` is no serial number: up to 40 hexadecimal digits")]
pub struct Error(String);

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        Some("give it as openssl prints it: openssl x509 -noout -serial -in FILE".into())
    }
}

impl Number {
    /// From octets, the most significant one first.
    pub fn new(octets: &[u8]) -> Self {
        let zeros = octets.iter().take_while(|octet| **octet == 0).count();
        let octets = octets[zeros..].to_vec();
        Self { length: octets.len(), octets }
    }

    /// The octets, the most significant one first, none of them for zero.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// The number that follows; `None` past the greatest.
    pub fn next(&self) -> Option<Self> {
        let mut octets = self.octets.clone();
        for octet in octets.iter_mut().rev() {
            *octet = octet.wrapping_add(1);
            if *octet != 0 {
                return Some(Self::new(&octets));
            }
        }
        octets.insert(0, 1);
        (octets.len() <= LONGEST).then(|| Self::new(&octets))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.octets.is_empty() {
            true => f.write_str("00"),
            false => f.write_str(&hex(&self.octets)),
        }
    }
}

/// Reads what openssl, kubectl and browsers print: with or without colons, zeros, and `0x` in front.
impl FromStr for Number {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error(text.to_owned());
        let digits = text.strip_prefix("0x").unwrap_or(text).replace(':', "");
        let digits = digits.trim_start_matches('0');
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if text.is_empty() || !is_hex || digits.len() > 2 * LONGEST {
            return Err(wrong());
        }
        let even = format!("{}{digits}", if digits.len() % 2 == 1 { "0" } else { "" });
        let octets = (0..even.len()).step_by(2).map(|at| u8::from_str_radix(&even[at..at + 2], 16));
        Ok(Self::new(&octets.collect::<Result<Vec<_>, _>>().map_err(|_| wrong())?))
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn a_number_is_read_in_every_form_in_which_it_is_printed() {
        for text in ["0AFB", "afb", "0x0afb", "0A:FB", "000AFB"] {
            assert_eq!(number(text).to_string(), "0AFB", "{text}");
        }
        assert_eq!(number("0").to_string(), "00");
        for text in ["", "0x0g", "-1", "a b", &"F".repeat(41)] {
            assert!(text.parse::<Number>().is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_grow_past_every_octet_but_the_last() {
        let next = |text: &str| number(text).next().map(|next| next.to_string());
        assert_eq!(Number::default().next(), Some(number("1")));
        assert_eq!(next("FF").as_deref(), Some("0100"));
        assert_eq!(next("01FF").as_deref(), Some("0200"));
        assert_eq!(next(&"FF".repeat(20)), None);
    }

    proptest! {
        #[test]
        fn a_number_survives_text_and_is_less_than_the_next(octets in proptest::collection::vec(any::<u8>(), 0..20)) {
            let number = Number::new(&octets);
            prop_assert_eq!(number.to_string().parse(), Ok(number.clone()));
            prop_assert!(number < number.next().unwrap());
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,50}") {
            let _ = text.parse::<Number>();
        }
    }
}
