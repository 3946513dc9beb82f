//! Certificate revocation lists (RFC 5280, 5): reading them.

use der::asn1::{Any, BitString};
use der::{Decode, Encode, Sequence};
use x509_cert::crl::{RevokedCert, TbsCertList};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlNumber};
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_cert::time::Time;

use super::extensions::Extensions;
use super::name::DistinguishedName;
use super::number::Number;
use super::pem;
use super::private_key;
use super::public_key::PublicKey;
use super::revocation::Reason;
use super::time::Moment;

/// A revocation list.
#[derive(Debug)]
pub struct Crl {
    list: TbsCertList,
    /// The bytes, as they came: `list` may be of a version that nobody writes any more.
    signed: Signed,
}

/// What an INTEGER begins with in DER.
const INTEGER: u8 = 0x02;

/// `CertificateList ::= SEQUENCE { tbs, algorithm, signature }`
#[derive(Debug, Sequence)]
pub(super) struct Signed {
    pub(super) tbs: Any,
    pub(super) algorithm: AlgorithmIdentifierOwned,
    pub(super) signature: BitString,
}

/// The signed part in version 1 (X.509 of 1988, and `openssl ca -gencrl` without `crl_extensions`): it neither names its version nor has
/// extensions.
#[derive(Sequence)]
struct FirstVersion {
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    this_update: Time,
    #[asn1(optional = "true")]
    next_update: Option<Time>,
    #[asn1(optional = "true")]
    revoked: Option<Vec<RevokedCert>>,
}

/// Why a revocation list cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are no list.
    #[error("not a certificate revocation list: {0}")]
    Malformed(#[from] der::Error),
    /// Damaged PEM.
    #[error(transparent)]
    Pem(#[from] pem::Error),
    /// The issuer's key did not sign.
    #[error("the list could not be signed: {0}")]
    Signing(#[from] private_key::Error),
    /// What was signed does not verify: it is never let out.
    #[error("the new list does not verify under its CA, `{0}`")]
    Untrue(String),
}

/// One revoked certificate.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Revoked {
    /// Its serial number, hexadecimal.
    pub serial_number: Number,
    /// Since when.
    pub since: Moment,
    /// Why.
    pub reason: Reason,
}

impl Crl {
    /// Reads one list.
    pub fn from_der(bytes: &[u8]) -> Result<Self, Error> {
        let signed = Signed::from_der(bytes)?;
        let tbs = signed.tbs.to_der()?;
        // What comes first is the version, if any.
        let names_version = signed.tbs.value().first() == Some(&INTEGER);
        let list = match names_version {
            true => TbsCertList::from_der(&tbs)?,
            false => FirstVersion::from_der(&tbs)?.into(),
        };
        Ok(Self { list, signed })
    }

    /// Reads the lists of a PEM file, of which there is at least one.
    ///
    /// # Errors
    ///
    /// Damaged PEM, a damaged list, or none at all.
    pub fn all_from_pem(bytes: &[u8]) -> Result<Vec<Self>, Error> {
        let blocks = pem::blocks(bytes)?;
        let lists = blocks.iter().filter(|block| block.label == pem::CRL);
        let lists = lists.map(|block| Self::from_der(&block.der)).collect::<Result<Vec<_>, _>>()?;
        match lists.is_empty() {
            true => Err(pem::Error::nothing(pem::CRL, &blocks).into()),
            false => Ok(lists),
        }
    }

    /// It as PEM.
    ///
    /// # Errors
    ///
    /// None that is known: it was read from DER.
    pub fn to_pem(&self) -> Result<String, Error> {
        Ok(super::revocation::to_pem(&self.signed.to_der()?))
    }

    /// Who says so.
    pub fn issuer(&self) -> DistinguishedName {
        DistinguishedName::read(&self.list.issuer)
    }

    /// When it was made.
    pub fn this_update(&self) -> Moment {
        self.list.this_update.into()
    }

    /// When the next one is due.
    pub fn next_update(&self) -> Option<Moment> {
        self.list.next_update.map(Moment::from)
    }

    /// Its number; numbers only grow.
    pub fn number(&self) -> Option<Number> {
        let (_, number) = self.extensions().get::<CrlNumber>()?;
        Some(Number::new(number.0.as_bytes()))
    }

    /// What it lacks of what RFC 5280 demands of every list (5.1.2.1, 5.1.2.5, 5.2.1 and 5.2.3).
    pub fn lacks(&self) -> Vec<&'static str> {
        let pointer = self.extensions().get::<AuthorityKeyIdentifier>();
        let demanded = [
            (self.list.version == x509_cert::Version::V2, "version 2"),
            (self.list.next_update.is_some(), "time of the next one"),
            (self.number().is_some(), "number"),
            (pointer.is_some(), "authority key identifier"),
        ];
        demanded.into_iter().filter(|(is_there, _)| !is_there).map(|(_, what)| what).collect()
    }

    /// What it revokes.
    pub fn revoked(&self) -> Vec<Revoked> {
        let entries = self.list.revoked_certificates.as_deref().unwrap_or_default();
        let read = |entry: &x509_cert::crl::RevokedCert| Revoked {
            serial_number: Number::new(entry.serial_number.as_bytes()),
            since: entry.revocation_date.into(),
            reason: Reason::of(entry),
        };
        entries.iter().map(read).collect()
    }

    /// Whether `issuer` signed it.
    pub fn is_signed_by(&self, issuer: &PublicKey) -> bool {
        let Signed { tbs, algorithm, signature } = &self.signed;
        let (Ok(message), Some(signature)) = (tbs.to_der(), signature.as_bytes()) else {
            return false;
        };
        issuer.verify(algorithm, &message, signature).is_ok()
    }

    fn extensions(&self) -> Extensions<'_> {
        Extensions(self.list.crl_extensions.as_deref().unwrap_or_default())
    }
}

impl From<FirstVersion> for TbsCertList {
    fn from(first: FirstVersion) -> Self {
        let FirstVersion { signature, issuer, this_update, next_update, revoked } = first;
        Self {
            version: x509_cert::Version::V1,
            signature,
            issuer,
            this_update,
            next_update,
            revoked_certificates: revoked,
            crl_extensions: None,
        }
    }
}
