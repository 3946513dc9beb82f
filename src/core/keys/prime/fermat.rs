//! Fermat's test to the base 2, which nearly every composite number fails: two to the n-1 is one, modulo a prime n.
//!
//! It only sorts out what is not worth the tests that count. A fault in here could make the search longer and refuse
//! primes; it could not let a composite number through. Base 2 needs squares and doublings alone, and squares of a fixed
//! length are cheap: it takes three fifths of the time of a Miller-Rabin round. What it does next, and when, does not
//! depend on the bits of n.

use zeroize::Zeroizing;

/// Whether two to the n-1 is one modulo `n`, an odd number whose top bit is set; its lowest digits come first.
pub(super) fn holds<const LIMBS: usize>(n: &[u64; LIMBS]) -> bool {
    // Numbers are kept times R, which is two to the 64 times LIMBS (Montgomery); R itself is R - n here.
    let one = Zeroizing::new(negated(n));
    let factor = negated_inverse(n[0]);
    let mut power = one.clone();
    for bit in (0..64 * LIMBS).rev() {
        *power = square(&power, n, factor);
        // The last bit of the exponent, n-1, is not set as that of n is.
        let is_set = if bit == 0 { 0 } else { n[bit / 64] >> (bit % 64) & 1 };
        *power = doubled_if(is_set, &power, n);
    }
    *power == *one
}

/// R - n.
fn negated<const LIMBS: usize>(n: &[u64; LIMBS]) -> [u64; LIMBS] {
    let mut carry = true;
    n.map(|limb| {
        let (negated, next) = (!limb).overflowing_add(u64::from(carry));
        carry = next;
        negated
    })
}

/// Minus the inverse of an odd number, modulo two to the 64: Newton's method doubles the digits that are right, of which
/// there are three at first.
fn negated_inverse(odd: u64) -> u64 {
    let better = |inverse: u64| inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)));
    (0..5).fold(odd, |inverse, _| better(inverse)).wrapping_neg()
}

/// The square of `x`, divided by R, modulo `n`: column by column, each with what makes its last digit zero.
fn square<const LIMBS: usize>(x: &[u64; LIMBS], n: &[u64; LIMBS], factor: u64) -> [u64; LIMBS] {
    let (mut times, mut out) = ([0; LIMBS], [0; LIMBS]);
    let mut sum = Sum::default();
    for column in 0..LIMBS {
        sum.add_column_of_square(x, column, 0);
        for i in 0..column {
            sum.add(times[i], n[column - i]);
        }
        times[column] = sum.digit().wrapping_mul(factor);
        sum.add(times[column], n[0]);
        sum.shift();
    }
    for column in LIMBS..2 * LIMBS - 1 {
        sum.add_column_of_square(x, column, column - LIMBS + 1);
        for i in column - LIMBS + 1..LIMBS {
            sum.add(times[i], n[column - i]);
        }
        out[column - LIMBS] = sum.digit();
        sum.shift();
    }
    out[LIMBS - 1] = sum.digit();
    sum.shift();
    reduced(&out, sum.digit(), n)
}

/// `x`, doubled if `bit` is one, modulo `n`.
fn doubled_if<const LIMBS: usize>(bit: u64, x: &[u64; LIMBS], n: &[u64; LIMBS]) -> [u64; LIMBS] {
    let mut carry = 0;
    let shifted = x.map(|limb| {
        let digit = (limb << bit) | carry;
        carry = (limb >> 63) & bit;
        digit
    });
    reduced(&shifted, carry, n)
}

/// A number below 2n, with `carry` in front of it, modulo n.
fn reduced<const LIMBS: usize>(x: &[u64; LIMBS], carry: u64, n: &[u64; LIMBS]) -> [u64; LIMBS] {
    let (mut out, mut borrow) = ([0; LIMBS], 0);
    for i in 0..LIMBS {
        let (less, first) = x[i].overflowing_sub(n[i]);
        let (less, second) = less.overflowing_sub(borrow);
        out[i] = less;
        borrow = u64::from(first | second);
    }
    let keep = (borrow & !carry & 1).wrapping_neg();
    for i in 0..LIMBS {
        out[i] = (x[i] & keep) | (out[i] & !keep);
    }
    out
}

/// A sum of products, three digits long.
#[derive(Default)]
struct Sum {
    low: u128,
    high: u64,
}

impl Sum {
    #[inline(always)]
    fn add(&mut self, a: u64, b: u64) {
        self.add_wide(u128::from(a) * u128::from(b), 0);
    }

    #[inline(always)]
    fn add_wide(&mut self, low: u128, high: u64) {
        let (sum, carry) = self.low.overflowing_add(low);
        self.low = sum;
        self.high += high + u64::from(carry);
    }

    /// The products of the digits of `x`, the first of them at `from`, that make up one digit of its square: each pair
    /// once, doubled, and the digit in the middle by itself.
    #[inline(always)]
    fn add_column_of_square<const LIMBS: usize>(
        &mut self,
        x: &[u64; LIMBS],
        column: usize,
        from: usize,
    ) {
        let (mut pairs, mut i) = (Self::default(), from);
        while 2 * i < column {
            pairs.add(x[i], x[column - i]);
            i += 1;
        }
        self.add_wide(pairs.low << 1, (pairs.high << 1) | u64::from(pairs.low >> 127 == 1));
        if column.is_multiple_of(2) {
            self.add(x[column / 2], x[column / 2]);
        }
    }

    #[inline(always)]
    fn digit(&self) -> u64 {
        self.low as u64
    }

    #[inline(always)]
    fn shift(&mut self) {
        self.low = (self.low >> 64) | (u128::from(self.high) << 64);
        self.high = 0;
    }
}

#[cfg(test)]
mod tests {
    use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
    use crypto_bigint::{Odd, U256, U1024};
    use proptest::prelude::*;

    use super::*;

    /// The digits of a number of 256 bits.
    fn digits(n: &U256) -> [u64; 4] {
        let bytes = n.to_le_bytes();
        let digit = |i: usize| bytes.as_ref()[8 * i..8 * i + 8].try_into().unwrap();
        [0, 1, 2, 3].map(|i| u64::from_le_bytes(digit(i)))
    }

    #[test]
    fn primes_pass_and_composite_numbers_do_not() {
        // The primes of the curves secp256k1, P-256, and the order of the latter.
        for (prime, below) in [
            ("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F", 2_u64),
            ("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF", 2),
            ("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", 4),
        ] {
            let prime = U256::from_be_hex(prime);
            assert!(holds(&digits(&prime)), "{prime}");
            assert!(!holds(&digits(&prime.wrapping_sub(&U256::from_u64(below)))), "{prime}");
        }
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let most = [u64::MAX; 16];
        let least = {
            let mut n = [0; 16];
            (n[0], n[15]) = (1, 1 << 63);
            n
        };
        assert!(!holds(&most) && !holds(&least));
    }

    proptest! {
        #[test]
        fn it_says_what_another_implementation_says(mut n in any::<[u64; 16]>()) {
            n[0] |= 1;
            n[15] |= 1 << 63;
            let bytes: Vec<u8> = n.iter().flat_map(|digit| digit.to_le_bytes()).collect();
            let number = Odd::new(U1024::from_le_slice(&bytes)).unwrap();
            let params = FixedMontyParams::new_vartime(number);
            let two = FixedMontyForm::new(&U1024::from_u64(2), &params);
            let power = two.pow(&number.wrapping_sub(&U1024::ONE)).retrieve();
            prop_assert_eq!(holds(&n), power == U1024::ONE);

            // Nearly every number is composite: the power itself tells more.
            let (one, factor) = (negated(&n), negated_inverse(n[0]));
            let start = doubled_if(1, &one, &n);
            let ours = (0..9).fold(start, |x, _| square(&x, &n, factor));
            let theirs = (0..9).fold(two, |x, _| x.square()).as_montgomery().to_le_bytes();
            let ours: Vec<u8> = ours.iter().flat_map(|digit| digit.to_le_bytes()).collect();
            prop_assert_eq!(&ours[..], theirs.as_ref());
        }
    }
}
