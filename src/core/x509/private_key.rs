//! Private keys: reading the forms that openssl and kubeadm write, writing kubeadm's.
//!
//! | kind | written as | read from |
//! |---|---|---|
//! | RSA | PKCS#1 (RFC 8017, A.1.2) | PKCS#1, PKCS#8 |
//! | EC | SEC1 (RFC 5915) with curve and public key | SEC1, PKCS#8 |
//! | Ed25519 | PKCS#8 (RFC 8410, 7) | PKCS#8 |

use std::fmt;
use std::path::Path;

use der::asn1::{Any, ObjectIdentifier, OctetStringRef};
use der::oid::db::{rfc5912, rfc8410};
use der::pem::LineEnding;
use der::{Decode, Encode};
use pkcs8::PrivateKeyInfoRef;
use ring::rand::SystemRandom;
use ring::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaKeyPair,
};
use sec1::{EcParameters, EcPrivateKey};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoRef};
use zeroize::Zeroizing;

use super::entropy::{Entropy, Unavailable};
use super::key_type;
use super::pem;
use super::public_key::{self, PublicKey};
use crate::core::changes::quoted;

/// Label of an RSA key in PKCS#1.
const RSA_PRIVATE_KEY: &str = "RSA PRIVATE KEY";
/// Label of an EC key in SEC1.
const EC_PRIVATE_KEY: &str = "EC PRIVATE KEY";
/// Label of any key in PKCS#8.
const PRIVATE_KEY: &str = "PRIVATE KEY";

/// The labels of keys that can be read.
pub const LABELS: [&str; 3] = [RSA_PRIVATE_KEY, EC_PRIVATE_KEY, PRIVATE_KEY];

/// The curve of an EC key, which openssl writes in front of it.
pub const EC_PARAMETERS: &str = "EC PARAMETERS";

/// The seed inside of PKCS#8: an OCTET STRING in an OCTET STRING (RFC 8410, 7).
type Seed<'a> = &'a OctetStringRef;

/// A private key. Its bytes are wiped when it is dropped.
pub struct PrivateKey {
    label: &'static str,
    der: Zeroizing<Vec<u8>>,
    public_key: PublicKey,
    signer: Signer,
}

/// Why a private key cannot be read or used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// It is under a passphrase.
    #[error("the private key is encrypted")]
    Encrypted,
    /// The bytes are no key.
    #[error("not a private key: {0}")]
    Malformed(#[from] der::Error),
    /// PEM without a key, or damaged PEM.
    #[error(transparent)]
    Pem(#[from] pem::Error),
    /// No PEM block with a private key.
    #[error("no private key in it, only {0}")]
    None(String),
    /// Its public half is not stored with it.
    #[error("the EC key lacks its public half")]
    NoPublicKey,
    /// The public half cannot be used.
    #[error("the public half of the key cannot be used: {0}")]
    PublicKey(#[from] public_key::Error),
    /// A number in it does not fit the others.
    #[error("the private key is damaged or not acceptable: {0}")]
    Rejected(String),
    /// Too short to be used.
    #[error("the RSA key is too short: the least is 2048 bits")]
    TooShort,
    /// It did not sign.
    #[error("the key did not sign")]
    Signing,
    /// No random numbers for the signature.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// A kind of key that Kubernetes does not use.
    #[error("keys of type {0} are not supported")]
    Unsupported(String),
}

/// The key as ring holds it.
enum Signer {
    Ec(Box<EcdsaKeyPair>, &'static Curve),
    Ed25519(Box<Ed25519KeyPair>),
    Rsa(Box<RsaKeyPair>),
}

/// What belongs to a curve.
struct Curve {
    oid: ObjectIdentifier,
    scalar_length: usize,
    signing: &'static EcdsaSigningAlgorithm,
    signature_algorithm: ObjectIdentifier,
}

static CURVES: [Curve; 2] = [
    Curve {
        oid: rfc5912::SECP_256_R_1,
        scalar_length: 32,
        signing: &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
        signature_algorithm: rfc5912::ECDSA_WITH_SHA_256,
    },
    Curve {
        oid: rfc5912::SECP_384_R_1,
        scalar_length: 48,
        signing: &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
        signature_algorithm: rfc5912::ECDSA_WITH_SHA_384,
    },
];

impl Error {
    /// What to type instead; `path` is the file of the key.
    pub fn hint(&self, path: &Path) -> Option<String> {
        let shown = quoted(path);
        match self {
            Self::Encrypted => Some(format!(
                "take the passphrase off: openssl pkey -in {shown} -out {shown}.plain && mv {shown}.plain {shown}"
            )),
            Self::TooShort => Some("leave --key out to make a new key".into()),
            Self::NoPublicKey => Some(format!(
                "write it anew with its public half: openssl ec -in {shown} -out {shown}.full"
            )),
            Self::Pem(error) => error.hint("pkey", path),
            Self::None(_) => Some(format!("see what it holds: kubepki cert show {shown}")),
            Self::Unsupported(_) => key_type::Error::choices(),
            Self::Malformed(_) | Self::PublicKey(_) | Self::Rejected(_) => {
                Some(format!("see what openssl says: openssl pkey -in {shown} -noout -check"))
            }
            Self::Signing | Self::Unavailable(_) => None,
        }
    }
}

impl PrivateKey {
    /// Reads an RSA key in PKCS#1.
    pub fn from_pkcs1_der(bytes: &[u8]) -> Result<Self, Error> {
        let pair = RsaKeyPair::from_der(bytes).map_err(|error| rejected(&error))?;
        let algorithm = AlgorithmIdentifierOwned {
            oid: rfc5912::RSA_ENCRYPTION,
            parameters: Some(Any::null()),
        };
        Ok(Self {
            label: RSA_PRIVATE_KEY,
            der: Zeroizing::new(bytes.to_vec()),
            public_key: PublicKey::from_parts(algorithm, pair.public_key().as_ref())?,
            signer: Signer::Rsa(Box::new(pair)),
        })
    }

    /// Reads an EC key in SEC1. The curve may be left out: its scalars tell it by their length.
    pub fn from_sec1_der(bytes: &[u8]) -> Result<Self, Error> {
        let key = EcPrivateKey::from_der(bytes)?;
        let curve = match key.parameters.and_then(EcParameters::named_curve) {
            Some(oid) => CURVES
                .iter()
                .find(|curve| curve.oid == oid)
                .ok_or_else(|| unsupported_curve(oid))?,
            None => curve_of_length(key.private_key.len())?,
        };
        Self::from_scalar(curve, &key)
    }

    /// Reads any key in PKCS#8.
    pub fn from_pkcs8_der(bytes: &[u8]) -> Result<Self, Error> {
        let info = PrivateKeyInfoRef::from_der(bytes)?;
        match info.algorithm.oid {
            rfc5912::RSA_ENCRYPTION => Self::from_pkcs1_der(info.private_key.as_bytes()),
            rfc5912::ID_EC_PUBLIC_KEY => {
                let oid = info.algorithm.parameters_oid().map_err(|_| malformed())?;
                let curve = CURVES.iter().find(|curve| curve.oid == oid);
                let curve = curve.ok_or_else(|| unsupported_curve(oid))?;
                Self::from_scalar(curve, &EcPrivateKey::from_der(info.private_key.as_bytes())?)
            }
            rfc8410::ID_ED_25519 => {
                Self::from_ed25519_seed(Seed::from_der(info.private_key.as_bytes())?.as_bytes())
            }
            other => Err(Error::Unsupported(other.to_string())),
        }
    }

    /// Makes an Ed25519 key of its seed of 32 bytes.
    pub fn from_ed25519_seed(seed: &[u8]) -> Result<Self, Error> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|error| rejected(&error))?;
        let inner = Zeroizing::new(OctetStringRef::new(seed)?.to_der()?);
        let algorithm = AlgorithmIdentifierOwned { oid: rfc8410::ID_ED_25519, parameters: None };
        let info = PrivateKeyInfoRef::new(
            pkcs8::AlgorithmIdentifierRef { oid: algorithm.oid, parameters: None },
            OctetStringRef::new(&inner)?,
        );
        Ok(Self {
            label: PRIVATE_KEY,
            der: Zeroizing::new(info.to_der()?),
            public_key: PublicKey::from_parts(algorithm, pair.public_key().as_ref())?,
            signer: Signer::Ed25519(Box::new(pair)),
        })
    }

    /// Reads the first private key of a PEM file. Other blocks (`EC PARAMETERS`, certificates) are passed over.
    ///
    /// # Errors
    ///
    /// An encrypted key, a damaged one, none, or one of a kind that Kubernetes does not use.
    pub fn from_pem(bytes: &[u8]) -> Result<Self, Error> {
        if is_encrypted(bytes) {
            return Err(Error::Encrypted);
        }
        let blocks = pem::blocks(bytes)?;
        let read = |block: &pem::Block| Self::from_block(block.label, &block.der);
        blocks.iter().find_map(read).unwrap_or_else(|| Err(Error::None(pem::labels(&blocks))))
    }

    /// Reads one PEM block; `None` where it is no private key.
    pub fn from_block(label: &str, der: &[u8]) -> Option<Result<Self, Error>> {
        Some(match label {
            RSA_PRIVATE_KEY => Self::from_pkcs1_der(der),
            EC_PRIVATE_KEY => Self::from_sec1_der(der),
            PRIVATE_KEY => Self::from_pkcs8_der(der),
            _ => return None,
        })
    }

    /// As PEM in kubeadm's form, 64 columns, with a final newline.
    pub fn to_pem(&self) -> Zeroizing<String> {
        let text = der::pem::encode_string(self.label, LineEnding::LF, &self.der);
        Zeroizing::new(text.expect("a key is shorter than memory"))
    }

    /// As PEM in the form that a file has already: PKCS#8 where that is its label, else kubeadm's.
    pub fn to_pem_as(&self, label: &str) -> Zeroizing<String> {
        match label == PRIVATE_KEY && self.label != PRIVATE_KEY {
            true => self.to_pkcs8_pem().unwrap_or_else(|_| self.to_pem()),
            false => self.to_pem(),
        }
    }

    fn to_pkcs8_pem(&self) -> der::Result<Zeroizing<String>> {
        let spki = SubjectPublicKeyInfoRef::from_der(self.public_key.spki_der())?;
        let info = PrivateKeyInfoRef::new(spki.algorithm, OctetStringRef::new(&self.der)?);
        let der = Zeroizing::new(info.to_der()?);
        Ok(Zeroizing::new(der::pem::encode_string(PRIVATE_KEY, LineEnding::LF, &der)?))
    }

    /// Its public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The algorithm of its signatures: SHA-256, and SHA-384 on P-384, as kubeadm signs.
    pub fn signature_algorithm(&self) -> AlgorithmIdentifierOwned {
        match &self.signer {
            Signer::Ec(_, curve) => {
                AlgorithmIdentifierOwned { oid: curve.signature_algorithm, parameters: None }
            }
            Signer::Ed25519(_) => {
                AlgorithmIdentifierOwned { oid: rfc8410::ID_ED_25519, parameters: None }
            }
            Signer::Rsa(_) => AlgorithmIdentifierOwned {
                oid: rfc5912::SHA_256_WITH_RSA_ENCRYPTION,
                parameters: Some(Any::null()),
            },
        }
    }

    /// Signs `message`.
    ///
    /// # Errors
    ///
    /// No random numbers (for RSA's blinding and EC's nonces), or numbers of the key that do not fit together.
    pub fn sign(&self, message: &[u8], entropy: &dyn Entropy) -> Result<Vec<u8>, Error> {
        match &self.signer {
            Signer::Ec(pair, _) => {
                let signature = pair.sign(entropy.ring()?, message).map_err(|_| why(entropy))?;
                Ok(signature.as_ref().to_vec())
            }
            Signer::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Signer::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, entropy.ring()?, message, &mut signature)
                    .map_err(|_| why(entropy))?;
                Ok(signature)
            }
        }
    }

    /// An EC key; what is written is put together anew, with curve and public key, as kubeadm does.
    fn from_scalar(curve: &'static Curve, key: &EcPrivateKey<'_>) -> Result<Self, Error> {
        let point = key.public_key.ok_or(Error::NoPublicKey)?;
        // ring mixes random bytes into its nonces already when it loads a key.
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            curve.signing,
            key.private_key,
            point,
            &SystemRandom::new(),
        )
        .map_err(|error| rejected(&error))?;
        let parameters = EcParameters::NamedCurve(curve.oid);
        let written = EcPrivateKey {
            private_key: key.private_key,
            parameters: Some(parameters),
            public_key: Some(point),
        };
        let algorithm = AlgorithmIdentifierOwned {
            oid: rfc5912::ID_EC_PUBLIC_KEY,
            parameters: Some(Any::encode_from(&curve.oid)?),
        };
        Ok(Self {
            label: EC_PRIVATE_KEY,
            der: Zeroizing::new(written.to_der()?),
            public_key: PublicKey::from_parts(algorithm, point)?,
            signer: Signer::Ec(Box::new(pair), curve),
        })
    }
}

/// Shows the public half only.
impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({:?})", self.public_key)
    }
}

/// Whether a PEM file holds an encrypted key: PKCS#8 says it in the label, openssl's old form in a header.
pub fn is_encrypted(bytes: &[u8]) -> bool {
    [&b"-----BEGIN ENCRYPTED PRIVATE KEY-----"[..], b"Proc-Type: 4,ENCRYPTED"]
        .iter()
        .any(|mark| bytes.windows(mark.len()).any(|window| window == *mark))
}

fn curve_of_length(length: usize) -> Result<&'static Curve, Error> {
    let curve = CURVES.iter().find(|curve| curve.scalar_length == length);
    curve.ok_or_else(|| Error::Unsupported(format!("EC of {} bits", length * 8)))
}

fn unsupported_curve(oid: ObjectIdentifier) -> Error {
    Error::Unsupported(format!("EC on curve {oid}"))
}

/// ring tells its reasons only as text.
fn rejected(error: &ring::error::KeyRejected) -> Error {
    match error.to_string().as_str() {
        "RNG failed" => Error::Unavailable(Unavailable),
        "TooSmall" => Error::TooShort,
        reason => Error::Rejected(reason.to_owned()),
    }
}

/// Why ring did not sign, which it does not say: the source of random numbers, if that is dry, or else the key.
fn why(entropy: &dyn Entropy) -> Error {
    match entropy.fill(&mut [0; 8]) {
        Ok(()) => Error::Signing,
        Err(unavailable) => unavailable.into(),
    }
}

fn malformed() -> Error {
    Error::Malformed(der::ErrorKind::Failed.into())
}
