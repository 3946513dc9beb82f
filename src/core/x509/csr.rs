//! Certificate signing requests (PKCS#10, RFC 2986): making ours, reading any.

use std::fmt;
use std::path::Path;

use der::asn1::{Any, BitString, ObjectIdentifier, SetOfVec};
use der::oid::AssociatedOid;
use der::pem::LineEnding;
use der::{Decode, Encode, Sequence};
use x509_cert::attr::Attribute;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName};
use x509_cert::name::Name;
use x509_cert::request::{CertReqInfo, ExtensionReq, Version};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::cert::{self, Certificate, SanChanges};
use super::entropy::Entropy;
use super::extensions::{self, Extensions};
use super::name::DistinguishedName;
use super::pem;
use super::private_key::{self, PrivateKey};
use super::profile::Profile;
use super::public_key::{self, PublicKey};
use super::san::San;
use crate::core::changes::quoted;

/// A request, with the bytes that it was read from. Nothing in it is to be believed before
/// [`verify`](Request::verify).
#[derive(Clone)]
pub struct Request {
    der: Vec<u8>,
    info_der: Vec<u8>,
    subject: DistinguishedName,
    public_key: PublicKey,
    extensions: Vec<Extension>,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

/// Why a request cannot be read, made or believed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the certificate that it is like says cannot be asked for.
    #[error(transparent)]
    Old(#[from] Box<cert::Error>),
    /// The bytes are no PKCS#10.
    #[error("not a certificate signing request: {0}")]
    Malformed(#[from] der::Error),
    /// PEM without a request, or damaged PEM.
    #[error(transparent)]
    Pem(#[from] pem::Error),
    /// Its public key cannot be used.
    #[error("the public key of the request cannot be used: {0}")]
    PublicKey(public_key::Error),
    /// Our key did not sign.
    #[error("the request could not be signed: {0}")]
    Signing(#[from] private_key::Error),
    /// It was not made by the holder of its key, or was changed since.
    #[error("the signature of the request is wrong: {0}")]
    Signature(public_key::Error),
    /// Its key is too weak to be certified.
    #[error("the key of the request is too weak: {0}")]
    WeakKey(String),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self, path: &Path) -> Option<String> {
        Some(match self {
            Self::Pem(error) => return error.hint("req", path),
            Self::Malformed(_) | Self::PublicKey(_) => {
                format!("see what openssl says: openssl req -in {} -noout -text", quoted(path))
            }
            Self::Signature(_) => {
                "ask for it again: it was changed after it was signed, or signed by another key"
                    .into()
            }
            Self::Old(_) | Self::Signing(_) => return None,
            Self::WeakKey(_) => "ask for one with a new key: kubepki cert request NAME".into(),
        })
    }
}

/// `CertificationRequest ::= SEQUENCE { info, algorithm, signature }`, with the signed part left as bytes.
#[derive(Sequence)]
struct Signed {
    info: Any,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

impl Request {
    /// Makes a request for `key`, signed by it.
    pub fn create(
        subject: &DistinguishedName,
        profile: Profile,
        sans: &[San],
        key: &PrivateKey,
        entropy: &dyn Entropy,
    ) -> Result<Self, Error> {
        let wanted = extensions::of_request(profile, sans, key.public_key().is_rsa())?;
        Self::sign(subject.to_x509()?, wanted, key, entropy)
    }

    /// Makes a request for the next certificate of the holder of `old`, by `key`: what that says, with these changes to its names.
    pub fn again(
        old: &Certificate,
        sans: &SanChanges,
        key: &PrivateKey,
        entropy: &dyn Entropy,
    ) -> Result<Self, Error> {
        let wanted = old.asked_extensions(sans, key.public_key()).map_err(Box::new)?;
        Self::sign(old.subject_name().map_err(Box::new)?, wanted, key, entropy)
    }

    fn sign(
        subject: Name,
        wanted: Vec<Extension>,
        key: &PrivateKey,
        entropy: &dyn Entropy,
    ) -> Result<Self, Error> {
        let attribute = Attribute {
            oid: ExtensionReq::OID,
            values: SetOfVec::try_from(vec![Any::encode_from(&ExtensionReq(wanted))?])?,
        };
        let info = CertReqInfo {
            version: Version::V1,
            subject,
            public_key: SubjectPublicKeyInfoOwned::from_der(key.public_key().spki_der())?,
            attributes: SetOfVec::try_from(vec![attribute])?,
        };
        let signature = key.sign(&info.to_der()?, entropy)?;
        let signed = Signed {
            info: Any::from_der(&info.to_der()?)?,
            algorithm: key.signature_algorithm(),
            signature: BitString::from_bytes(&signature)?,
        };
        Self::from_der(&signed.to_der()?)
    }

    /// Reads one request.
    pub fn from_der(bytes: &[u8]) -> Result<Self, Error> {
        let signed = Signed::from_der(bytes)?;
        let info_der = signed.info.to_der()?;
        let info = CertReqInfo::from_der(&info_der)?;
        let key_der = info.public_key.to_der()?;
        Ok(Self {
            der: bytes.to_vec(),
            subject: DistinguishedName::read(&info.subject),
            public_key: PublicKey::from_spki_der(&key_der).map_err(Error::PublicKey)?,
            extensions: wanted(&info)?,
            info_der,
            algorithm: signed.algorithm,
            signature: signed.signature,
        })
    }

    /// Reads the first request of a PEM file.
    pub fn from_pem(bytes: &[u8]) -> Result<Self, Error> {
        let blocks = pem::blocks(bytes)?;
        match blocks.iter().find(|block| block.label == pem::CERTIFICATE_REQUEST) {
            Some(block) => Self::from_der(&block.der),
            None => Err(pem::Error::nothing(pem::CERTIFICATE_REQUEST, &blocks).into()),
        }
    }

    /// As PEM, 64 columns, with a final newline.
    pub fn to_pem(&self) -> String {
        der::pem::encode_string(pem::CERTIFICATE_REQUEST, LineEnding::LF, &self.der)
            .expect("a request is shorter than memory")
    }

    /// Checks that the holder of the key made it, and that the key is fit to be certified.
    pub fn verify(&self) -> Result<(), Error> {
        if let Some(weakness) = self.public_key.weakness() {
            return Err(Error::WeakKey(weakness));
        }
        let signature = self.signature.as_bytes().unwrap_or_default();
        self.public_key.verify(&self.algorithm, &self.info_der, signature).map_err(Error::Signature)
    }

    /// Whether another one asks for the same, for the same key: signatures differ each time.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.info_der == other.info_der
    }

    /// Who asks; empty where the request leaves it to the CA.
    pub fn subject(&self) -> &DistinguishedName {
        &self.subject
    }

    /// The key to be certified.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The extensions that it asks for.
    pub fn extensions(&self) -> Extensions<'_> {
        Extensions(&self.extensions)
    }

    /// The names of the extensions it asks for that `profile` does not give, or gives otherwise.
    ///
    /// Alternative names are left out: whoever signs decides about them one by one.
    pub fn beyond(&self, profile: Profile) -> Vec<String> {
        let given =
            extensions::of_request(profile, &[], self.public_key.is_rsa()).unwrap_or_default();
        let differs = |asked: &Extension| {
            asked.extn_id != SubjectAltName::OID && !given.iter().any(|given| covers(given, asked))
        };
        let beyond: Vec<Extension> =
            self.extensions.iter().filter(|asked| differs(asked)).cloned().collect();
        let names = Extensions(&beyond).names();
        names.iter().zip(&beyond).map(|(name, asked)| described(name, asked)).collect()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({})", self.subject)
    }
}

/// Whether what is given says the same as, or more than, what is asked.
fn covers(given: &Extension, asked: &Extension) -> bool {
    if given.extn_id != asked.extn_id {
        return false;
    }
    let (given, asked) = (std::slice::from_ref(given), std::slice::from_ref(asked));
    let (given, asked) = (Extensions(given), Extensions(asked));
    if let (Some((_, given)), Some((_, asked))) = (given.get::<KeyUsage>(), asked.get::<KeyUsage>())
    {
        return given.0.contains(asked.0);
    }
    if let (Some((_, given)), Some((_, asked))) =
        (given.get::<ExtendedKeyUsage>(), asked.get::<ExtendedKeyUsage>())
    {
        return asked.0.iter().all(|purpose| given.0.contains(purpose));
    }
    given.get::<BasicConstraints>().map(|(_, value)| value)
        == asked.get::<BasicConstraints>().map(|(_, value)| value)
}

/// The name of an extension with what it asks for, where that is short: `keyUsage (keyCertSign)`.
fn described(name: &str, asked: &Extension) -> String {
    let one = Extensions(std::slice::from_ref(asked));
    let detail = match name {
        "keyUsage" => one.key_usages().join(", "),
        "extendedKeyUsage" => one.purposes().join(", "),
        "basicConstraints" if one.is_ca() => "CA:TRUE".to_owned(),
        _ => String::new(),
    };
    if detail.is_empty() { name.to_owned() } else { format!("{name} ({detail})") }
}

/// The extensions in the attributes of a request; several attributes add up.
fn wanted(info: &CertReqInfo) -> der::Result<Vec<Extension>> {
    /// Microsoft's twin of the PKCS#9 attribute, which older tools write.
    const MICROSOFT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.14");
    let mut list = Vec::new();
    for attribute in info.attributes.iter() {
        if attribute.oid == ExtensionReq::OID || attribute.oid == MICROSOFT {
            for value in attribute.values.iter() {
                list.extend(value.decode_as::<ExtensionReq>()?.0);
            }
        }
    }
    Ok(list)
}
