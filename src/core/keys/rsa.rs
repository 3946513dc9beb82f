//! RSA keys (FIPS 186-5, A.1.1 and A.1.3): ring cannot generate them.
//!
//! The primes come from [`prime`]; here they are put together. ring checks the result when it loads it.

use crypto_bigint::{BoxedUint, ConcatenatingMul, Gcd, NonZero, Resize};
use der::Encode;
use der::asn1::UintRef;
use pkcs1::RsaPrivateKeyRef;
use zeroize::{Zeroize, Zeroizing};

use super::{Error, prime};
use crate::core::x509::entropy::Entropy;

/// The public exponent of everybody.
const EXPONENT: u32 = 65_537;

/// The primes must differ somewhere in their first 100 bits (FIPS 186-5, A.1.3, step 5.4).
const DISTANCE_BITS: u32 = 100;

/// Draws a key whose modulus has exactly `bits` bits, as PKCS#1 in DER.
///
/// # Errors
///
/// No random numbers.
pub fn draw(bits: u32, entropy: &dyn Entropy) -> Result<Zeroizing<Vec<u8>>, Error> {
    loop {
        let (p, q) = std::thread::scope(|scope| {
            let other = scope.spawn(|| prime::draw(bits / 2, entropy));
            let p = prime::draw(bits / 2, entropy);
            (p, other.join().unwrap_or(Err(Error::Primes)))
        });
        if let Some(key) = assemble(bits, p?, q?)? {
            return Ok(key);
        }
    }
}

/// Puts a key together; `None` where the two primes do not suit each other, which no one will ever see.
fn assemble(bits: u32, p: BoxedUint, q: BoxedUint) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    // ring wants p > q.
    let (p, q) = if p > q { (p, q) } else { (q, p) };
    if (&p - &q).bit_width() <= bits / 2 - DISTANCE_BITS {
        return Ok(None);
    }
    let one = BoxedUint::one_with_precision(p.bits_precision());
    let (p_1, q_1) = (&p - &one, &q - &one);
    let e = BoxedUint::from(EXPONENT);
    let n = p.concatenating_mul(&q);
    let order = lcm(&p_1, &q_1);
    let d = e.clone().resize(order.bits_precision()).invert_mod(&order);
    let q_inverse = q.invert_mod(&nonzero(&p)?);
    let (Some(d), Some(q_inverse)) = (d.into_option(), q_inverse.into_option()) else {
        return Ok(None);
    };
    if d.bit_width() <= bits / 2 || n.bit_width() != bits {
        return Ok(None);
    }
    let (d_p, d_q) = (d.rem(&nonzero(&p_1)?), d.rem(&nonzero(&q_1)?));
    let numbers = Numbers([n, e, d, p, q, d_p, d_q, q_inverse]);
    numbers.to_pkcs1_der().map(Some)
}

/// The order of the group: the least common multiple of p-1 and q-1 (FIPS 186-5, A.1.1).
fn lcm(p_1: &BoxedUint, q_1: &BoxedUint) -> NonZero<BoxedUint> {
    let product = p_1.concatenating_mul(q_1);
    let divisor = p_1.gcd(q_1).resize(product.bits_precision());
    let divisor = divisor.to_nz().expect("a common divisor of numbers that are not zero");
    product.wrapping_div(&divisor).to_nz().expect("a multiple of numbers that are not zero")
}

fn nonzero(number: &BoxedUint) -> Result<NonZero<BoxedUint>, Error> {
    number.to_nz().into_option().ok_or(Error::Primes)
}

/// n, e, d, p, q, d mod p-1, d mod q-1, 1/q mod p; wiped when dropped.
struct Numbers([BoxedUint; 8]);

impl Numbers {
    fn to_pkcs1_der(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let bytes = self.0.each_ref().map(|number| Zeroizing::new(number.to_be_bytes().into_vec()));
        let number = |index: usize| UintRef::new(&bytes[index]).map_err(|_| Error::Primes);
        let key = RsaPrivateKeyRef {
            modulus: number(0)?,
            public_exponent: number(1)?,
            private_exponent: number(2)?,
            prime1: number(3)?,
            prime2: number(4)?,
            exponent1: number(5)?,
            exponent2: number(6)?,
            coefficient: number(7)?,
            other_prime_infos: None,
        };
        key.to_der().map(Zeroizing::new).map_err(|_| Error::Primes)
    }
}

impl Drop for Numbers {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}
