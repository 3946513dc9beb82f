//! The key of the Secret: 32 bytes, in a file as 64 hexadecimal digits.

use std::fmt;
use std::path::Path;

use zeroize::Zeroizing;

use super::error::Error;
use crate::core::changes::Bytes;
use crate::core::x509::entropy::{Entropy, Unavailable};

/// Bytes of a key of AES-256.
pub(super) const LENGTH: usize = 32;

/// kubeadm's certificate key. It is wiped when dropped, and never shown.
pub struct CertificateKey(Zeroizing<[u8; LENGTH]>);

impl CertificateKey {
    /// Reads the digits in the file `path`; blanks around them do not count.
    ///
    /// # Errors
    ///
    /// Not just 64 hexadecimal digits.
    pub fn parse(path: &Path, text: &[u8]) -> Result<Self, Error> {
        let digits = text.trim_ascii();
        let count = digits.iter().filter(|digit| digit.is_ascii_hexdigit()).count();
        if count != 2 * LENGTH || count != digits.len() {
            let others = digits.len() - count;
            return Err(Error::Digits { path: path.to_owned(), count, others });
        }
        let mut key = Zeroizing::new([0; LENGTH]);
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().fold(0, |byte, digit| byte << 4 | value(*digit));
        }
        Ok(Self(key))
    }

    /// Draws a new one.
    ///
    /// # Errors
    ///
    /// No random numbers.
    pub fn draw(entropy: &dyn Entropy) -> Result<Self, Unavailable> {
        let mut key = Zeroizing::new([0; LENGTH]);
        entropy.fill(&mut *key)?;
        Ok(Self(key))
    }

    /// As a file holds it.
    pub fn to_file(&self) -> Bytes {
        let mut text = Bytes::new(Vec::with_capacity(2 * LENGTH + 1));
        for byte in self.expose() {
            text.extend([byte >> 4, byte & 0xf].map(|half| b"0123456789abcdef"[usize::from(half)]));
        }
        text.push(b'\n');
        text
    }

    /// Whether a text is a key itself, where the name of its file is meant.
    pub fn is_one(text: &Path) -> bool {
        let text = text.as_os_str().as_encoded_bytes();
        text.len() == 2 * LENGTH && text.iter().all(u8::is_ascii_hexdigit)
    }

    pub(super) fn expose(&self) -> &[u8; LENGTH] {
        &self.0
    }
}

impl fmt::Debug for CertificateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CertificateKey(redacted)")
    }
}

fn value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit - b'A' + 10,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::x509::entropy::System;

    fn parse(text: &str) -> Result<CertificateKey, Error> {
        CertificateKey::parse(Path::new("f"), text.as_bytes())
    }

    #[test]
    fn digits_of_both_cases_are_read_with_blanks_around_them() {
        let key = parse(&format!(" {}\r\n", "aB0f".repeat(16))).unwrap();
        assert_eq!(*key.expose(), [0xab, 0x0f].repeat(16)[..]);
        assert_eq!(format!("{key:?}"), "CertificateKey(redacted)");
    }

    #[test]
    fn what_is_no_key_is_counted() {
        for (text, count, others) in [
            ("", 0, 0),
            (&*"a".repeat(63), 63, 0),
            (&"a".repeat(65), 65, 0),
            (&"g".repeat(64), 0, 64),
            (&format!("{} {}", "a".repeat(32), "a".repeat(32)), 64, 1),
        ] {
            let found = parse(text);
            assert!(
                matches!(found, Err(Error::Digits { count: c, others: o, .. }) if (c, o) == (count, others)),
                "{text}: {found:?}"
            );
        }
    }

    #[test]
    fn a_new_key_is_written_as_it_is_read() {
        let key = CertificateKey::draw(&System::default()).unwrap();
        let file = key.to_file();
        assert_eq!(CertificateKey::parse(Path::new("f"), &file).unwrap().expose(), key.expose());
        assert!(CertificateKey::is_one(Path::new(std::str::from_utf8(&file[..64]).unwrap())));
        assert!(!CertificateKey::is_one(Path::new("certificate.key")));
        assert_ne!(CertificateKey::draw(&System::default()).unwrap().expose(), key.expose());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = CertificateKey::parse(Path::new("f"), &bytes);
        }
    }
}
