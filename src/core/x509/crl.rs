//! Certificate revocation lists (RFC 5280, 5): reading them.

use der::{Decode, Encode};
use x509_cert::crl::CertificateList;
use x509_cert::ext::pkix::CrlNumber;

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
    list: CertificateList,
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
        Ok(Self { list: CertificateList::from_der(bytes)? })
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
        Ok(super::revocation::to_pem(&self.list.to_der()?))
    }

    /// Who says so.
    pub fn issuer(&self) -> DistinguishedName {
        DistinguishedName::read(&self.list.tbs_cert_list.issuer)
    }

    /// When it was made.
    pub fn this_update(&self) -> Moment {
        self.list.tbs_cert_list.this_update.into()
    }

    /// When the next one is due.
    pub fn next_update(&self) -> Option<Moment> {
        self.list.tbs_cert_list.next_update.map(Moment::from)
    }

    /// Its number; numbers only grow.
    pub fn number(&self) -> Option<Number> {
        let (_, number) = self.extensions().get::<CrlNumber>()?;
        Some(Number::new(number.0.as_bytes()))
    }

    /// What it revokes.
    pub fn revoked(&self) -> Vec<Revoked> {
        let entries = self.list.tbs_cert_list.revoked_certificates.as_deref().unwrap_or_default();
        let read = |entry: &x509_cert::crl::RevokedCert| Revoked {
            serial_number: Number::new(entry.serial_number.as_bytes()),
            since: entry.revocation_date.into(),
            reason: Reason::of(entry),
        };
        entries.iter().map(read).collect()
    }

    /// Whether `issuer` signed it.
    pub fn is_signed_by(&self, issuer: &PublicKey) -> bool {
        let (Ok(message), Some(signature)) =
            (self.list.tbs_cert_list.to_der(), self.list.signature.as_bytes())
        else {
            return false;
        };
        issuer.verify(&self.list.signature_algorithm, &message, signature).is_ok()
    }

    fn extensions(&self) -> Extensions<'_> {
        Extensions(self.list.tbs_cert_list.crl_extensions.as_deref().unwrap_or_default())
    }
}
