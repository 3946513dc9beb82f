//! Primes for RSA keys (FIPS 186-5, A.1.3): the only place that searches for them.
//!
//! A random odd number, and from there on the first one that is prime. The sieve and Fermat's test sort out what is
//! composite, cheaply; then `crypto-primes` makes the tests of the standard. The first two never refuse a prime, so the
//! probability that a composite number passes is not above that of the standard.

mod fermat;
mod sieve;

use std::convert::Infallible;

use crypto_bigint::BoxedUint;
use crypto_primes::{Flavor, fips};
use rand_core::{TryCryptoRng, TryRng};
use zeroize::Zeroizing;

use super::Error;
use crate::core::x509::entropy::{Entropy, Unavailable};

/// A random prime of exactly `bits` bits whose two top bits are set, so that the product of two has all its bits.
///
/// # Errors
///
/// No random numbers; a length that is not that of half an RSA key.
pub fn draw(bits: u32, entropy: &dyn Entropy) -> Result<BoxedUint, Error> {
    match bits {
        1024 => search::<16>(entropy),
        1536 => search::<24>(entropy),
        2048 => search::<32>(entropy),
        _ => Err(Error::Primes),
    }
}

fn search<const LIMBS: usize>(entropy: &dyn Entropy) -> Result<BoxedUint, Error> {
    loop {
        let start = start::<LIMBS>(entropy)?;
        for step in sieve::steps(&start) {
            let Some(candidate) = add(&start, 2 * step as u64) else { break };
            if fermat::holds(&candidate)
                && let Some(prime) = tested(&candidate, entropy)?
            {
                return Ok(prime);
            }
        }
    }
}

/// A random odd number with its two top bits set.
fn start<const LIMBS: usize>(entropy: &dyn Entropy) -> Result<Zeroizing<[u64; LIMBS]>, Error> {
    let mut bytes = Zeroizing::new(vec![0; 8 * LIMBS]);
    entropy.fill(&mut bytes)?;
    let mut start = Zeroizing::new([0; LIMBS]);
    for (limb, bytes) in start.iter_mut().zip(bytes.as_chunks().0) {
        *limb = u64::from_le_bytes(*bytes);
    }
    start[0] |= 1;
    start[LIMBS - 1] |= 0b11 << 62;
    Ok(start)
}

/// `None` where the sum is too long.
fn add<const LIMBS: usize>(number: &[u64; LIMBS], more: u64) -> Option<Zeroizing<[u64; LIMBS]>> {
    let (mut sum, mut carry) = (Zeroizing::new(*number), more);
    for limb in sum.iter_mut() {
        let (digit, overflows) = limb.overflowing_add(carry);
        (*limb, carry) = (digit, u64::from(overflows));
    }
    (carry == 0).then_some(sum)
}

/// The rounds of Miller-Rabin after which a composite number passes with a probability below two to the minus 112 (FIPS
/// 186-5, C.1). They are written down, and compared with the equation by a test: it takes longer than a round.
const fn rounds<const LIMBS: usize>() -> usize {
    if LIMBS < 24 { 5 } else { 3 }
}

/// The number, if it stands the tests of FIPS 186-5, B.3: Miller-Rabin with random bases, and Lucas.
fn tested<const LIMBS: usize>(
    candidate: &[u64; LIMBS],
    entropy: &dyn Entropy,
) -> Result<Option<BoxedUint>, Error> {
    let bits = 64 * LIMBS as u32;
    let bytes: Zeroizing<Vec<u8>> =
        Zeroizing::new(candidate.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect());
    let number = BoxedUint::from_be_slice(&bytes, bits).map_err(|_| Error::Primes)?;
    let options = fips::FipsOptions::with_mr_iterations(rounds::<LIMBS>()).with_lucas_test();
    let mut source = Source { entropy, failed: None };
    let is_prime = fips::is_prime(&mut source, Flavor::Any, &number, options);
    match source.failed {
        Some(failed) => Err(failed.into()),
        None => Ok(is_prime.then_some(number)),
    }
}

/// Entropy as `crypto-primes` takes it: it knows no failure, so this one is remembered.
struct Source<'a> {
    entropy: &'a dyn Entropy,
    failed: Option<Unavailable>,
}

impl TryRng for Source<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes).map(|()| u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes).map(|()| u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        if let Err(failed) = self.entropy.fill(bytes) {
            self.failed = Some(failed);
            // Never used for a key: it only lets the test come to its end.
            bytes.fill(0x5a);
        }
        Ok(())
    }
}

impl TryCryptoRng for Source<'_> {}

#[cfg(test)]
mod tests {
    use crypto_primes::hazmat::minimum_mr_iterations;
    use crypto_primes::is_prime;

    use super::*;
    use crate::core::x509::entropy::System;

    #[test]
    fn the_rounds_are_as_many_as_the_standard_asks_for() {
        assert_eq!(minimum_mr_iterations(1024, 112), Some(rounds::<16>()));
        assert_eq!(minimum_mr_iterations(1536, 112), Some(rounds::<24>()));
        assert_eq!(minimum_mr_iterations(2048, 112), Some(rounds::<32>()));
    }

    #[test]
    fn a_prime_has_its_length_and_its_two_top_bits() {
        for bits in [1024, 1536, 2048] {
            let prime = draw(bits, &System::default()).unwrap();
            assert!(is_prime(Flavor::Any, &prime));
            assert_eq!(prime.bit_width(), bits);
            assert!(bool::from(prime.bit(bits - 2)));
        }
        assert!(matches!(draw(1000, &System::default()), Err(Error::Primes)));
    }

    #[test]
    fn a_sum_that_is_too_long_is_none() {
        assert_eq!(add(&[u64::MAX, 7], 3).as_deref(), Some(&[2, 8]));
        assert_eq!(add(&[u64::MAX, u64::MAX], 1), None);
    }

    #[test]
    fn a_composite_number_that_passes_fermats_test_does_not_stand_the_others() {
        // A Carmichael number, which passes to every base without a common factor: (6k+1)(12k+1)(18k+1) for k =
        // 1342893938398560856.
        let number = [0xf1b8_0f98_8721_ff61, 0x73fa_11ea_9e00_6b66, 0x8000_12bd_720e_5fab];
        assert!(fermat::holds(&number));
        assert_eq!(tested(&number, &System::default()).unwrap(), None);
    }
}
