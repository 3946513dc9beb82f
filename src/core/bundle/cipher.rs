//! One value: nonce, ciphertext and tag of AES-256-GCM, with nothing authenticated besides (kubeadm's `EncryptBytes`).

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::certificate_key::CertificateKey;
use crate::core::changes::Bytes;
use crate::core::x509::entropy::{Entropy, Unavailable};

/// Bytes that a value has besides those of its content.
pub(super) const OVERHEAD: usize = NONCE_LEN + 16;

/// Encrypts a content under a nonce of its own.
pub(super) fn seal(
    content: &[u8],
    key: &CertificateKey,
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, Unavailable> {
    let mut nonce = [0; NONCE_LEN];
    entropy.fill(&mut nonce)?;
    // With room for all, since growing would leave a copy of the content behind.
    let mut value = Vec::with_capacity(content.len() + OVERHEAD);
    value.extend(nonce);
    value.extend(content);
    let tag = cipher(key)
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::empty(),
            &mut value[NONCE_LEN..],
        )
        .expect("a file is shorter than AES-GCM allows");
    value.extend(tag.as_ref());
    Ok(value)
}

/// Decrypts a value; `None` where the key is another, or the value is not as it was sealed.
pub(super) fn open(value: &[u8], key: &CertificateKey) -> Option<Bytes> {
    let (nonce, sealed) = value.split_first_chunk::<NONCE_LEN>()?;
    let mut content = Bytes::new(sealed.to_vec());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let length = cipher(key).open_in_place(nonce, Aad::empty(), &mut content).ok()?.len();
    content.truncate(length);
    Some(content)
}

fn cipher(key: &CertificateKey) -> LessSafeKey {
    let key = UnboundKey::new(&AES_256_GCM, key.expose());
    LessSafeKey::new(key.expect("32 bytes are a key of AES-256"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::core::x509::entropy::System;

    fn key(digit: &str) -> CertificateKey {
        CertificateKey::parse(Path::new("f"), digit.repeat(64).as_bytes()).unwrap()
    }

    /// Made with Go's crypto/cipher: `gcm.Seal(nonce, nonce, []byte("hello"), nil)`.
    #[test]
    fn a_value_of_go_opens() {
        const VALUE: [u8; 33] = [
            0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0xf2, 0xbd, 0xbc, 0x98, 0x9b, 0xa3, 0x4c, 0xa9,
            0xad, 0x17, 0x61, 0x38, 0xb0, 0x83, 0x46, 0x96, 0xf1, 0x90, 0x22, 0xb7, 0xf9,
        ];
        assert_eq!(open(&VALUE, &key("a")).as_deref(), Some(&b"hello".to_vec()));
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_with_its_key_alone(content in proptest::collection::vec(any::<u8>(), 0..300)) {
            let value = seal(&content, &key("a"), &System::default()).unwrap();
            prop_assert_eq!(value.len(), content.len() + OVERHEAD);
            let opened = open(&value, &key("a"));
            prop_assert_eq!(opened.as_deref(), Some(&content));
            prop_assert!(open(&value, &key("b")).is_none());
            prop_assert_ne!(seal(&content, &key("a"), &System::default()).unwrap(), value);
        }

        #[test]
        fn a_value_with_one_bit_changed_does_not_open(at in 0..(5 + OVERHEAD), bit in 0..8) {
            let mut value = seal(b"hello", &key("a"), &System::default()).unwrap();
            value[at] ^= 1u8 << bit;
            prop_assert!(open(&value, &key("a")).is_none());
        }

        #[test]
        fn no_bytes_panic(value in proptest::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(open(&value, &key("a")).is_none());
        }
    }
}
