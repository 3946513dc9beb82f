//! The sieve before the tests: of the odd numbers from a random one on, those without a small factor.
//!
//! A remainder costs some 20 ns, Fermat's test of a candidate 0.35 ms and more. So the small primes go as far as one more of
//! them saves what it costs; a candidate then is twelve times as likely to be prime as any odd number.

use std::sync::OnceLock;

/// How far the small primes go. Further, one costs more time than it saves.
const LIMIT: usize = 1 << 19;

/// How many odd numbers are looked at from one start. Among as many of 2048 bits there is no prime in 3 of 1000 cases;
/// then the search begins anew.
const SPAN: usize = 4096;

/// How many small primes are put together to one divisor, which must fit in 64 bits: to divide is what takes the time.
const TOGETHER: usize = 3;

/// The odd primes below [`LIMIT`], several at a time: their product, and each. One or two at the end may be left out.
struct SmallPrimes(Vec<(u64, [u32; TOGETHER])>);

/// How many steps of two lead from `start`, an odd number (its lowest digits first), to each of the next numbers without a small
/// factor.
pub(super) fn steps<const LIMBS: usize>(start: &[u64; LIMBS]) -> impl Iterator<Item = usize> {
    static SMALL: OnceLock<SmallPrimes> = OnceLock::new();
    let mut has_factor = vec![false; SPAN];
    for (product, primes) in &SMALL.get_or_init(SmallPrimes::new).0 {
        let remainder = remainder(start, *product);
        for prime in primes {
            let prime = u64::from(*prime);
            let first = first_multiple(remainder % prime, prime);
            has_factor.iter_mut().skip(first).step_by(prime as usize).for_each(|has| *has = true);
        }
    }
    (0..SPAN).filter(move |step| !has_factor[*step])
}

impl SmallPrimes {
    /// The sieve of Eratosthenes: a millisecond, once in a run.
    fn new() -> Self {
        let mut is_prime = vec![true; LIMIT];
        for odd in (3..).step_by(2).take_while(|odd| odd * odd < LIMIT) {
            if is_prime[odd] {
                (odd * odd..LIMIT).step_by(2 * odd).for_each(|multiple| is_prime[multiple] = false);
            }
        }
        let primes: Vec<u32> =
            (3..LIMIT).step_by(2).filter(|odd| is_prime[*odd]).map(|odd| odd as u32).collect();
        let together = primes.as_chunks::<TOGETHER>().0.iter();
        Self(together.map(|some| (some.iter().map(|p| u64::from(*p)).product(), *some)).collect())
    }
}

fn remainder<const LIMBS: usize>(number: &[u64; LIMBS], divisor: u64) -> u64 {
    number.iter().rev().fold(0, |rest, digit| {
        let dividend = u128::from(rest) << 64 | u128::from(*digit);
        (dividend % u128::from(divisor)) as u64
    })
}

/// How many steps of two lead from a number with this remainder to the next odd multiple of an odd prime.
fn first_multiple(remainder: u64, prime: u64) -> usize {
    let missing = prime - remainder;
    let even = if missing.is_multiple_of(2) { missing } else { missing + prime };
    (even / 2 % prime) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As it is defined: by division.
    fn has_small_factor(number: u128) -> bool {
        (3..LIMIT as u128).step_by(2).any(|odd| number.is_multiple_of(odd))
    }

    #[test]
    fn what_is_left_has_no_small_factor_and_nothing_else_is_left_out() {
        let start = 0xd000_0000_0000_0000_1234_5678_9abc_def1_u128;
        let left: Vec<usize> = steps(&[start as u64, (start >> 64) as u64]).collect();
        let expected = (0..SPAN).filter(|step| !has_small_factor(start + 2 * *step as u128));
        assert_eq!(left, expected.collect::<Vec<_>>());
        assert!(left.len() > SPAN / 20);
    }

    #[test]
    fn the_next_multiple_of_a_prime_is_found_from_every_remainder() {
        for prime in [3, 5, 7, 11, 524_287] {
            for odd in (prime..3 * prime).step_by(2) {
                let step = first_multiple(odd % prime, prime) as u64;
                assert!(step < prime && (odd + 2 * step).is_multiple_of(prime), "{odd} {prime}");
            }
        }
    }

    #[test]
    fn the_small_primes_are_all_there() {
        let small = SmallPrimes::new().0;
        assert_eq!(small[0], (3 * 5 * 7, [3, 5, 7]));
        // There are 43390 primes below two to the 19; one is even, and what does not fill a divisor is left out.
        assert_eq!(small.len(), 43_389 / TOGETHER);
        assert!(
            small.iter().all(|(product, primes)| primes
                .iter()
                .map(|p| u64::from(*p))
                .product::<u64>()
                == *product)
        );
    }
}
