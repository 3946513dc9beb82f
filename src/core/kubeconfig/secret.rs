//! Texts and bytes that must not be seen: redacted when debugged, wiped when dropped.

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use zeroize::Zeroizing;

/// A secret text, such as a token. Most entries have none, of which there may be very many: it takes no more than a pointer then,
/// and there is nothing to wipe.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Secret(Option<Box<Zeroizing<String>>>);

/// Bytes that a kubeconfig holds as Base64 (the `-data` fields); they may be a key. As small as a [`Secret`].
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Data(Option<Box<Zeroizing<Vec<u8>>>>);

/// Go's `base64.StdEncoding`: padding is needed, stray bits at the end are not looked at.
const STANDARD: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        let text = Zeroizing::new(text.into());
        Self((!text.is_empty()).then(|| Box::new(text)))
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        self.0.as_ref().map_or("", |text| text)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl Data {
    /// Wraps bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = Zeroizing::new(bytes.into());
        Self((!bytes.is_empty()).then(|| Box::new(bytes)))
    }

    /// The bytes themselves.
    pub fn expose(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |bytes| bytes)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// As a kubeconfig holds them.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.expose()))
    }

    /// Reads Base64. Line breaks inside are skipped, as Go does; anything else that is not Base64 is refused.
    pub fn from_base64(text: &str) -> Option<Self> {
        if !text.contains(['\r', '\n']) {
            return STANDARD.decode(text).ok().map(Self::new);
        }
        let joined = Zeroizing::new(text.replace(['\r', '\n'], ""));
        STANDARD.decode(joined.as_str()).ok().map(Self::new)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "Secret(none)" } else { "Secret(redacted)" })
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Data({} bytes)", self.expose().len())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Base64)
    }
}

struct Base64;

impl Visitor<'_> for Base64 {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Base64")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Data, E> {
        Data::from_base64(text)
            .ok_or_else(|| E::custom("wanted Base64 (standard alphabet, padded)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(redacted)");
        assert_eq!(format!("{:?}", Data::new(*b"hunter2")), "Data(7 bytes)");
    }

    #[test]
    fn base64_is_read_as_go_reads_it() {
        assert_eq!(Data::from_base64("aGk=").unwrap().expose(), b"hi");
        assert_eq!(Data::from_base64("aG\r\nk=\n").unwrap().expose(), b"hi");
        assert_eq!(Data::from_base64("aGl=").unwrap().expose(), b"hi");
        assert!(Data::from_base64("aGk").is_none());
        assert!(Data::from_base64("!!!").is_none());
    }
}
