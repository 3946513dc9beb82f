//! Certificates (RFC 5280, 4.1): reading any, issuing ours.

mod reissue;

use std::fmt;

use der::asn1::{Any, BitString, ObjectIdentifier};
use der::oid::db::rfc5912;
use der::pem::LineEnding;
use der::{Decode, Encode, Sequence};
use ring::digest;
use x509_cert::certificate::Version;
use x509_cert::ext::Extension;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::entropy::Entropy;
use super::extensions::{self, Extensions};
use super::name::DistinguishedName;
use super::number::Number;
use super::pem;
use super::private_key::{self, PrivateKey};
use super::profile::Profile;
use super::public_key::{self, PublicKey};
use super::san::San;
use super::time::{Moment, Validity};

pub use reissue::{SanChanges, is_same};

/// `ecdsa-with-SHA1` (RFC 3279, 2.2.3).
const ECDSA_WITH_SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.1");

/// What a certificate is to say; who signs it and with which serial number comes later.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Template {
    /// Who it is for.
    pub subject: DistinguishedName,
    /// What it is for.
    pub profile: Profile,
    /// What a server may be called.
    pub sans: Vec<San>,
    /// From when until when.
    pub validity: Validity,
}

/// A certificate, with the bytes that it was read from.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    tbs_der: Vec<u8>,
    tbs: Tbs,
    signature_algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
    public_key: PublicKey,
}

/// Why a certificate cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are no X.509.
    #[error("not an X.509 certificate: {0}")]
    Malformed(#[from] der::Error),
    /// PEM without a certificate, or damaged PEM.
    #[error(transparent)]
    Pem(#[from] pem::Error),
    /// Its public key cannot be used.
    #[error("the public key of the certificate cannot be used: {0}")]
    PublicKey(#[from] public_key::Error),
    /// The issuer's key did not sign.
    #[error("the certificate could not be signed: {0}")]
    Signing(#[from] private_key::Error),
}

/// The signed part. Names stay as they were encoded: a chain is compared by bytes.
#[derive(Clone, Sequence)]
struct Tbs {
    #[asn1(context_specific = "0", default = "Default::default")]
    version: Version,
    serial_number: SerialNumber,
    signature: AlgorithmIdentifierOwned,
    issuer: Any,
    validity: x509_cert::time::Validity,
    subject: Any,
    public_key: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    issuer_unique_id: Option<BitString>,
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", optional = "true")]
    subject_unique_id: Option<BitString>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

/// `Certificate ::= SEQUENCE { tbs, algorithm, signature }`, with the signed part left as bytes.
#[derive(Sequence)]
struct Signed {
    tbs: Any,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

impl Certificate {
    /// Issues a certificate for `subject_key`, signed by `signer`, the key of `issuer`; self-signed where that is `None`.
    ///
    /// # Errors
    ///
    /// A name that cannot be encoded, or a key that does not sign.
    pub fn issue(
        template: &Template,
        serial_number: SerialNumber,
        subject_key: &PublicKey,
        issuer: Option<&Self>,
        signer: &PrivateKey,
        entropy: &dyn Entropy,
    ) -> Result<Self, Error> {
        let subject = Any::from_der(&template.subject.to_x509()?.to_der()?)?;
        let issuer_key_id = issuer.map(Self::key_id);
        let extensions = extensions::of_certificate(
            template.profile,
            &template.sans,
            subject_key,
            issuer_key_id.as_deref(),
        )?;
        let tbs = Tbs {
            version: Version::V3,
            serial_number,
            signature: signer.signature_algorithm(),
            issuer: issuer.map_or_else(|| subject.clone(), |issuer| issuer.tbs.subject.clone()),
            validity: x509_cert::time::Validity::new(
                template.validity.not_before.to_x509(),
                template.validity.not_after.to_x509(),
            ),
            subject,
            public_key: SubjectPublicKeyInfoOwned::from_der(subject_key.spki_der())?,
            issuer_unique_id: None,
            subject_unique_id: None,
            extensions: Some(extensions),
        };
        Self::sign(tbs, signer, entropy)
    }

    fn sign(tbs: Tbs, signer: &PrivateKey, entropy: &dyn Entropy) -> Result<Self, Error> {
        let signature = signer.sign(&tbs.to_der()?, entropy)?;
        let signed = Signed {
            tbs: Any::from_der(&tbs.to_der()?)?,
            algorithm: tbs.signature,
            signature: BitString::from_bytes(&signature)?,
        };
        Self::from_der(&signed.to_der()?)
    }

    /// Reads one certificate.
    pub fn from_der(bytes: &[u8]) -> Result<Self, Error> {
        let signed = Signed::from_der(bytes)?;
        let tbs_der = signed.tbs.to_der()?;
        let tbs = Tbs::from_der(&tbs_der)?;
        // Both names must be names, although they are kept as bytes.
        Name::from_der(&tbs.issuer.to_der()?)?;
        Name::from_der(&tbs.subject.to_der()?)?;
        let public_key = PublicKey::from_spki_der(&tbs.public_key.to_der()?)?;
        Ok(Self {
            der: bytes.to_vec(),
            tbs_der,
            tbs,
            signature_algorithm: signed.algorithm,
            signature: signed.signature,
            public_key,
        })
    }

    /// Reads every certificate of a PEM file, in order. Other blocks are passed over.
    ///
    /// # Errors
    ///
    /// Damaged PEM, a damaged certificate, or no certificate at all.
    pub fn chain_from_pem(bytes: &[u8]) -> Result<Vec<Self>, Error> {
        let blocks = pem::blocks(bytes)?;
        let certificates = blocks.iter().filter(|block| block.label == pem::CERTIFICATE);
        let chain: Vec<Self> =
            certificates.map(|block| Self::from_der(&block.der)).collect::<Result<_, _>>()?;
        if chain.is_empty() {
            return Err(pem::Error::nothing(pem::CERTIFICATE, &blocks).into());
        }
        Ok(chain)
    }

    /// As PEM, 64 columns, with a final newline.
    pub fn to_pem(&self) -> String {
        der::pem::encode_string(pem::CERTIFICATE, LineEnding::LF, &self.der)
            .expect("a certificate is shorter than memory")
    }

    /// The whole certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// 1 or 3; extensions need 3.
    pub fn version(&self) -> u8 {
        self.tbs.version as u8 + 1
    }

    /// Who it is for.
    pub fn subject(&self) -> DistinguishedName {
        read_name(&self.tbs.subject)
    }

    /// Who it is for, as it is encoded: what it signs names it by these bytes.
    pub(super) fn subject_der(&self) -> &Any {
        &self.tbs.subject
    }

    /// Who signed it.
    pub fn issuer(&self) -> DistinguishedName {
        read_name(&self.tbs.issuer)
    }

    /// The serial number in hexadecimal, upper case, without colons.
    pub fn serial_number(&self) -> String {
        self.number().to_string()
    }

    /// The serial number.
    pub fn number(&self) -> Number {
        Number::new(self.tbs.serial_number.as_bytes())
    }

    /// From when until when.
    pub fn validity(&self) -> Validity {
        Validity {
            not_before: Moment::from(self.tbs.validity.not_before),
            not_after: Moment::from(self.tbs.validity.not_after),
        }
    }

    /// The key that it vouches for.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Its extensions.
    pub fn extensions(&self) -> Extensions<'_> {
        Extensions(self.tbs.extensions.as_deref().unwrap_or_default())
    }

    /// The identifier that certificates below it point at: the one it states, or the one its key has.
    pub fn key_id(&self) -> Vec<u8> {
        self.extensions().subject_key_id().unwrap_or_else(|| self.public_key.key_id().to_vec())
    }

    /// SHA-256 of the whole certificate, in hexadecimal, upper case.
    pub fn fingerprint(&self) -> String {
        hex(digest::digest(&digest::SHA256, &self.der).as_ref())
    }

    /// Whether issuer and subject are the same bytes.
    pub fn is_self_issued(&self) -> bool {
        self.tbs.issuer == self.tbs.subject
    }

    /// Whether its subject is this name, in DER.
    pub fn has_name(&self, name: &[u8]) -> bool {
        self.tbs.subject.to_der().is_ok_and(|subject| subject == name)
    }

    /// Whether `issuer` has the name that this certificate says signed it, byte for byte.
    pub fn names_as_issuer(&self, issuer: &Self) -> bool {
        self.tbs.issuer == issuer.tbs.subject
    }

    /// Whether SHA-1 is under its signature, which Go and so Kubernetes do not verify any more.
    pub fn is_signed_by_sha1(&self) -> bool {
        [rfc5912::SHA_1_WITH_RSA_ENCRYPTION, ECDSA_WITH_SHA_1]
            .contains(&self.signature_algorithm.oid)
    }

    /// Whether the key of `issuer` made the signature.
    pub fn is_signed_by(&self, issuer: &PublicKey) -> bool {
        let Some(signature) = self.signature.as_bytes() else { return false };
        self.tbs.signature == self.signature_algorithm
            && issuer.verify(&self.signature_algorithm, &self.tbs_der, signature).is_ok()
    }
}

/// Shows who it is; a certificate has no secrets, but its bytes tell a reader nothing.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, serial {})", self.subject(), self.serial_number())
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

/// Certificates one after the other: a chain file, the leaf first.
pub fn chain_to_pem<'a>(chain: impl IntoIterator<Item = &'a Certificate>) -> String {
    chain.into_iter().map(Certificate::to_pem).collect()
}

/// Upper-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// The names were read once, in [`Certificate::from_der`].
fn read_name(name: &Any) -> DistinguishedName {
    let name = name.to_der().and_then(|der| Name::from_der(&der)).unwrap_or_default();
    DistinguishedName::read(&name)
}
