//! All randomness: key pairs and serial numbers, drawn once, after planning, in parallel.

mod prime;
mod rsa;

use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
};
use x509_cert::serial_number::SerialNumber;
use zeroize::Zeroizing;

use crate::core::parallel;
use crate::core::plan::{Plan, Step};
use crate::core::x509::entropy::{Entropy, Unavailable};
use crate::core::x509::key_type::KeyType;
use crate::core::x509::private_key::{self, PrivateKey};

/// Octets of a serial number: 127 random bits, since the first one says that it is positive.
const SERIAL_LENGTH: usize = 16;

/// What a new key must sign before it is let out.
const TRIAL: &[u8] = b"kubepki: a new key signs and verifies once";

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No random numbers.
    #[error("cannot make a key: {0}")]
    Unavailable(#[from] Unavailable),
    /// The new key did not stand its trial.
    #[error("the new {key_type} key failed its trial: {source}")]
    Trial {
        /// The kind of key.
        key_type: KeyType,
        /// What went wrong.
        source: private_key::Error,
    },
    /// The new key's signature is wrong, or the key has not the length that was asked for.
    #[error("the new {0} key failed its trial: what it signs does not verify")]
    Untrue(KeyType),
    /// No primes were found, or arithmetic with them failed: neither can happen with a working machine.
    #[error("no RSA primes were found")]
    Primes,
}

/// What a plan needs of randomness, in the order of its steps.
#[derive(Debug)]
pub struct Drawn {
    /// One key for each step that asks for a new one.
    pub keys: Vec<PrivateKey>,
    /// One serial number for each step that signs.
    pub serials: Vec<SerialNumber>,
}

/// How far the drawing of keys has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// So many keys are drawn.
    pub drawn: usize,
    /// So many are to be drawn.
    pub of: usize,
}

/// Draws everything that `plan` needs.
///
/// # Errors
///
/// No random numbers, or a key that does not stand its trial; nothing of the plan must be carried out then.
pub fn draw_for(
    plan: &Plan,
    entropy: &dyn Entropy,
    watch: &mut dyn FnMut(Progress),
) -> Result<Drawn, Error> {
    let types: Vec<KeyType> = plan.steps.iter().filter_map(Step::new_key).collect();
    let signatures = plan.steps.iter().filter(|step| matches!(step, Step::Certify(_))).count();
    let serials = (0..signatures).map(|_| draw_serial(entropy)).collect::<Result<_, _>>()?;
    Ok(Drawn { keys: draw_all(&types, entropy, watch)?, serials })
}

/// Draws one key of each type that is asked for, as many at a time as there are cores. `watch` is called on the thread of the
/// caller: before the first key, after each, and now and then while none is done.
///
/// # Errors
///
/// No random numbers, or a key that does not stand its trial; then there are no keys at all.
pub fn draw_all(
    types: &[KeyType],
    entropy: &dyn Entropy,
    watch: &mut dyn FnMut(Progress),
) -> Result<Vec<PrivateKey>, Error> {
    let of = types.len();
    let watch = &mut |drawn| watch(Progress { drawn, of });
    parallel::map_watched(types, |key_type| draw(*key_type, entropy), watch).into_iter().collect()
}

/// Draws one key, and sees that its halves belong together: an EC key when ring loads it, which computes the public half of the
/// private one again (SP 800-56A rev. 3, 5.6.2.1.4); another one by letting it sign and verify once.
pub fn draw(key_type: KeyType, entropy: &dyn Entropy) -> Result<PrivateKey, Error> {
    let failed = |source| match source {
        private_key::Error::Unavailable(dry) => Error::Unavailable(dry),
        source => Error::Trial { key_type, source },
    };
    let key = match key_type {
        KeyType::EcdsaP256 => ec(&ECDSA_P256_SHA256_ASN1_SIGNING, entropy)?.map_err(failed)?,
        KeyType::EcdsaP384 => ec(&ECDSA_P384_SHA384_ASN1_SIGNING, entropy)?.map_err(failed)?,
        KeyType::Ed25519 => {
            let mut seed = Zeroizing::new([0; 32]);
            entropy.fill(&mut *seed)?;
            PrivateKey::from_ed25519_seed(&*seed).map_err(failed)?
        }
        KeyType::Rsa2048 => rsa_key(2048, entropy)?.map_err(failed)?,
        KeyType::Rsa3072 => rsa_key(3072, entropy)?.map_err(failed)?,
        KeyType::Rsa4096 => rsa_key(4096, entropy)?.map_err(failed)?,
    };
    let true_to_itself = match key_type {
        KeyType::EcdsaP256 | KeyType::EcdsaP384 => true,
        KeyType::Ed25519 | KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => {
            let signature = key.sign(TRIAL, entropy).map_err(failed)?;
            key.public_key().verify(&key.signature_algorithm(), TRIAL, &signature).is_ok()
        }
    };
    if true_to_itself && key.public_key().key_type() == Some(key_type) {
        Ok(key)
    } else {
        Err(Error::Untrue(key_type))
    }
}

/// Draws a serial number: positive, of 16 random octets at most (leading zeros go, as DER says).
pub fn draw_serial(entropy: &dyn Entropy) -> Result<SerialNumber, Error> {
    let mut octets = [0; SERIAL_LENGTH];
    // Zero is no serial number (RFC 5280, 4.1.2.2).
    while octets == [0; SERIAL_LENGTH] {
        entropy.fill(&mut octets)?;
        octets[0] &= 0x7f;
    }
    Ok(SerialNumber::new(&octets).expect("sixteen octets are a serial number"))
}

fn rsa_key(
    bits: u32,
    entropy: &dyn Entropy,
) -> Result<Result<PrivateKey, private_key::Error>, Error> {
    Ok(PrivateKey::from_pkcs1_der(&rsa::draw(bits, entropy)?))
}

fn ec(
    algorithm: &'static ring::signature::EcdsaSigningAlgorithm,
    entropy: &dyn Entropy,
) -> Result<Result<PrivateKey, private_key::Error>, Error> {
    let pkcs8 =
        EcdsaKeyPair::generate_pkcs8(algorithm, entropy.ring()?).map_err(|_| Unavailable)?;
    Ok(PrivateKey::from_pkcs8_der(pkcs8.as_ref()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use ring::rand::SecureRandom;

    use super::*;
    use crate::core::x509::entropy::System;

    /// A source that has run dry.
    struct Dry;

    impl Entropy for Dry {
        fn fill(&self, _: &mut [u8]) -> Result<(), Unavailable> {
            Err(Unavailable)
        }

        fn ring(&self) -> Result<&dyn SecureRandom, Unavailable> {
            Err(Unavailable)
        }
    }

    #[test]
    fn every_type_is_drawn_as_asked_and_reads_back() {
        let keys = draw_all(&KeyType::ALL, &System::default(), &mut |_| ()).unwrap();
        for (key, wanted) in keys.iter().zip(KeyType::ALL) {
            assert_eq!(key.public_key().key_type(), Some(wanted));
            let again = PrivateKey::from_pem(key.to_pem().as_bytes()).unwrap();
            assert_eq!(again.public_key(), key.public_key());
        }
    }

    /// What stands for the trial of an EC key.
    #[test]
    fn an_ec_key_does_not_load_with_the_public_half_of_another() {
        for (algorithm, point) in
            [(&ECDSA_P256_SHA256_ASN1_SIGNING, 65), (&ECDSA_P384_SHA384_ASN1_SIGNING, 97)]
        {
            let source = System::default();
            let draw = || EcdsaKeyPair::generate_pkcs8(algorithm, source.ring().unwrap()).unwrap();
            let (one, other) = (draw(), draw());
            let (scalar, own) = one.as_ref().split_at(one.as_ref().len() - point);
            let (_, foreign) = other.as_ref().split_at(other.as_ref().len() - point);
            assert!(PrivateKey::from_pkcs8_der(&[scalar, own].concat()).is_ok());
            let refused = PrivateKey::from_pkcs8_der(&[scalar, foreign].concat()).unwrap_err();
            assert_eq!(refused, private_key::Error::Rejected("InconsistentComponents".into()));
        }
    }

    #[test]
    fn whoever_watches_hears_of_every_key() {
        let mut heard = Vec::new();
        let types = [KeyType::EcdsaP256; 5];
        draw_all(&types, &System::default(), &mut |progress| heard.push(progress)).unwrap();
        heard.dedup();
        assert_eq!(heard, [0, 1, 2, 3, 4, 5].map(|drawn| Progress { drawn, of: 5 }));
    }

    #[test]
    fn one_key_that_fails_ends_the_drawing_of_all() {
        let drawn = draw_all(&[KeyType::Ed25519; 9], &Dry, &mut |_| ());
        assert!(matches!(drawn, Err(Error::Unavailable(_))));
    }

    #[test]
    fn without_entropy_there_is_no_key_and_no_serial() {
        for key_type in KeyType::ALL {
            assert!(matches!(draw(key_type, &Dry), Err(Error::Unavailable(_))), "{key_type}");
        }
        assert!(draw_serial(&Dry).is_err());
    }

    #[test]
    fn serials_do_not_repeat() {
        let serials: BTreeSet<_> = (0..500)
            .map(|_| draw_serial(&System::default()).unwrap().as_bytes().to_vec())
            .collect();
        assert_eq!(serials.len(), 500);
    }

    proptest! {
        #[test]
        fn a_serial_is_positive_and_has_at_most_sixteen_octets(bytes in proptest::collection::vec(any::<u8>(), SERIAL_LENGTH)) {
            /// Gives the bytes once, then ones.
            struct Given(std::sync::Mutex<Option<Vec<u8>>>);
            impl Entropy for Given {
                fn fill(&self, bytes: &mut [u8]) -> Result<(), Unavailable> {
                    match self.0.lock().unwrap().take() {
                        Some(given) => bytes.copy_from_slice(&given),
                        None => bytes.fill(1),
                    }
                    Ok(())
                }
                fn ring(&self) -> Result<&dyn SecureRandom, Unavailable> {
                    Err(Unavailable)
                }
            }
            let serial = draw_serial(&Given(std::sync::Mutex::new(Some(bytes)))).unwrap();
            let octets = serial.as_bytes();
            prop_assert!((1..=SERIAL_LENGTH).contains(&octets.len()));
            prop_assert!(octets.len() < SERIAL_LENGTH || octets[0] < 0x80);
            prop_assert!(octets.iter().any(|octet| *octet != 0));
        }
    }
}
