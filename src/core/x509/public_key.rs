//! Public keys as certificates carry them (SubjectPublicKeyInfo, RFC 5280, 4.1.2.7).

use std::fmt;

use der::asn1::{BitString, ObjectIdentifier, UintRef};
use der::oid::db::{rfc5912, rfc8410};
use der::{Decode, Encode};
use ring::digest::{SHA256, digest};
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::cert::hex;
use super::key_type::KeyType;
use super::pem;

/// The shortest RSA modulus that we certify, in bits.
const SHORTEST_RSA: u32 = 2048;

/// How many octets of the digest identify a key.
const KEY_ID_LENGTH: usize = 20;

/// A public key of any kind.
#[derive(Clone, Eq, PartialEq)]
pub struct PublicKey {
    spki_der: Vec<u8>,
    kind: Kind,
    bits: Vec<u8>,
}

/// Why a public key cannot be used, or a signature not be believed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// The bytes are no SubjectPublicKeyInfo.
    #[error("malformed: {0}")]
    Malformed(#[from] der::Error),
    /// An algorithm that we do not check.
    #[error("signatures of type {algorithm} by a key of type {key} are not supported")]
    Unsupported {
        /// The signature algorithm, as a number.
        algorithm: String,
        /// The kind of key.
        key: String,
    },
    /// The key did not make this signature.
    #[error("the key {pin} did not make it")]
    Mismatch {
        /// The pin of the key.
        pin: String,
    },
}

/// What is behind the algorithm identifier.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Kind {
    EcP256,
    EcP384,
    Ed25519,
    Other(String),
    Rsa { bits: u32 },
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo.
    pub fn from_spki_der(spki_der: &[u8]) -> Result<Self, Error> {
        let spki = SubjectPublicKeyInfoOwned::from_der(spki_der)?;
        let bits = spki.subject_public_key.raw_bytes().to_vec();
        Ok(Self { spki_der: spki_der.to_vec(), kind: Kind::read(&spki.algorithm, &bits)?, bits })
    }

    /// Puts one together from the algorithm and what its bit string holds.
    pub fn from_parts(algorithm: AlgorithmIdentifierOwned, bits: &[u8]) -> Result<Self, Error> {
        let spki = SubjectPublicKeyInfoOwned {
            algorithm,
            subject_public_key: BitString::from_bytes(bits)?,
        };
        Self::from_spki_der(&spki.to_der()?)
    }

    /// The whole SubjectPublicKeyInfo in DER.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki_der
    }

    /// As PEM, 64 columns, with a final newline.
    pub fn to_pem(&self) -> String {
        der::pem::encode_string(pem::PUBLIC_KEY, der::pem::LineEnding::LF, &self.spki_der)
            .expect("a key is shorter than memory")
    }

    /// The identifier of the key: the first 160 bits of the SHA-256 of its bits (RFC 7093, 2, method 1), as Go and with
    /// it kubeadm count since 1.25.
    pub fn key_id(&self) -> [u8; KEY_ID_LENGTH] {
        let mut id = [0; KEY_ID_LENGTH];
        id.copy_from_slice(&digest(&SHA256, &self.bits).as_ref()[..KEY_ID_LENGTH]);
        id
    }

    /// `sha256:` and the digest of the whole SubjectPublicKeyInfo: what kubeadm calls the CA certificate hash.
    pub fn pin(&self) -> String {
        format!("sha256:{}", hex(digest(&SHA256, &self.spki_der).as_ref()).to_lowercase())
    }

    /// Whether it can be encrypted to.
    pub fn is_rsa(&self) -> bool {
        matches!(self.kind, Kind::Rsa { .. })
    }

    /// Its type; `None` where it is none that we make.
    pub fn key_type(&self) -> Option<KeyType> {
        Some(match self.kind {
            Kind::EcP256 => KeyType::EcdsaP256,
            Kind::EcP384 => KeyType::EcdsaP384,
            Kind::Ed25519 => KeyType::Ed25519,
            Kind::Rsa { bits: 2048 } => KeyType::Rsa2048,
            Kind::Rsa { bits: 3072 } => KeyType::Rsa3072,
            Kind::Rsa { bits: 4096 } => KeyType::Rsa4096,
            Kind::Other(_) | Kind::Rsa { .. } => return None,
        })
    }

    /// Why it should not be certified, if so.
    pub fn weakness(&self) -> Option<String> {
        match &self.kind {
            Kind::Rsa { bits } if *bits < SHORTEST_RSA => {
                Some(format!("RSA of {bits} bits; the least is {SHORTEST_RSA}"))
            }
            Kind::Other(algorithm) => Some(format!("algorithm {algorithm} is not supported")),
            _ => None,
        }
    }

    /// Checks that this key signed `message`.
    ///
    /// # Errors
    ///
    /// Another key signed, or something else was signed; an algorithm that is out of use or not supported.
    pub fn verify(
        &self,
        algorithm: &AlgorithmIdentifierOwned,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        let check = self.kind.verification(algorithm.oid).ok_or_else(|| Error::Unsupported {
            algorithm: algorithm.oid.to_string(),
            key: self.to_string(),
        })?;
        UnparsedPublicKey::new(check, &self.bits)
            .verify(message, signature)
            .map_err(|_| Error::Mismatch { pin: self.pin() })
    }
}

/// The public keys in a PEM file; none where it cannot be read.
pub fn all_in(bytes: &[u8]) -> Vec<PublicKey> {
    let blocks = pem::blocks(bytes).unwrap_or_default();
    let keys = blocks.iter().filter(|block| block.label == pem::PUBLIC_KEY);
    keys.filter_map(|block| PublicKey::from_spki_der(&block.der).ok()).collect()
}

/// `RSA-2048`, `ECDSA-P256`, or the number of an algorithm that we do not know.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.kind, self.key_type()) {
            (_, Some(key_type)) => write!(f, "{key_type}"),
            (Kind::Rsa { bits }, None) => write!(f, "RSA-{bits}"),
            (Kind::Other(algorithm), None) => f.write_str(algorithm),
            (kind, None) => write!(f, "{kind:?}"),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self}, {})", self.pin())
    }
}

impl Kind {
    fn read(algorithm: &AlgorithmIdentifierOwned, bits: &[u8]) -> Result<Self, Error> {
        if algorithm.oid == rfc5912::RSA_ENCRYPTION {
            return Ok(Self::Rsa { bits: modulus_bits(bits)? });
        }
        if algorithm.oid == rfc8410::ID_ED_25519 {
            return Ok(Self::Ed25519);
        }
        let curve =
            algorithm.parameters.as_ref().and_then(|p| p.decode_as::<ObjectIdentifier>().ok());
        Ok(match (algorithm.oid, curve) {
            (rfc5912::ID_EC_PUBLIC_KEY, Some(rfc5912::SECP_256_R_1)) => Self::EcP256,
            (rfc5912::ID_EC_PUBLIC_KEY, Some(rfc5912::SECP_384_R_1)) => Self::EcP384,
            (rfc5912::ID_EC_PUBLIC_KEY, Some(curve)) => Self::Other(format!("EC on curve {curve}")),
            (oid, _) => Self::Other(oid.to_string()),
        })
    }

    /// How a signature of this algorithm is checked. SHA-1 is not: it is broken.
    fn verification(
        &self,
        algorithm: ObjectIdentifier,
    ) -> Option<&'static dyn VerificationAlgorithm> {
        Some(match (self, algorithm) {
            (Self::Rsa { .. }, rfc5912::SHA_256_WITH_RSA_ENCRYPTION) => {
                &signature::RSA_PKCS1_2048_8192_SHA256
            }
            (Self::Rsa { .. }, rfc5912::SHA_384_WITH_RSA_ENCRYPTION) => {
                &signature::RSA_PKCS1_2048_8192_SHA384
            }
            (Self::Rsa { .. }, rfc5912::SHA_512_WITH_RSA_ENCRYPTION) => {
                &signature::RSA_PKCS1_2048_8192_SHA512
            }
            (Self::EcP256, rfc5912::ECDSA_WITH_SHA_256) => &signature::ECDSA_P256_SHA256_ASN1,
            (Self::EcP256, rfc5912::ECDSA_WITH_SHA_384) => &signature::ECDSA_P256_SHA384_ASN1,
            (Self::EcP384, rfc5912::ECDSA_WITH_SHA_256) => &signature::ECDSA_P384_SHA256_ASN1,
            (Self::EcP384, rfc5912::ECDSA_WITH_SHA_384) => &signature::ECDSA_P384_SHA384_ASN1,
            (Self::Ed25519, rfc8410::ID_ED_25519) => &signature::ED25519,
            _ => return None,
        })
    }
}

/// The length of the modulus of a PKCS#1 `RSAPublicKey`.
fn modulus_bits(public_key: &[u8]) -> Result<u32, Error> {
    let key = pkcs1::RsaPublicKeyRef::from_der(public_key).map_err(pkcs1_error)?;
    Ok(bit_length(&key.modulus))
}

fn bit_length(number: &UintRef<'_>) -> u32 {
    let bytes = number.as_bytes();
    let skipped: u32 = bytes.first().map_or(0, |first| first.leading_zeros());
    u32::try_from(bytes.len() * 8).unwrap_or(u32::MAX) - skipped
}

fn pkcs1_error(_: der::Error) -> Error {
    Error::Malformed(der::ErrorKind::Failed.into())
}
