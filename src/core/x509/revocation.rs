//! Why certificates are revoked, and the lists that say so (RFC 5280, 5): making them.

use std::fmt;
use std::str::FromStr;

use der::asn1::{Any, BitString, ObjectIdentifier, OctetString, Uint};
use der::oid::AssociatedOid;
use der::pem::LineEnding;
use der::{Decode, Encode, Enumerated, Sequence};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use x509_cert::crl::RevokedCert;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlNumber};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_cert::time::Time;

use super::cert::Certificate;
use super::crl::{self, Crl, Revoked, Signed};
use super::entropy::Entropy;
use super::extensions::Extensions;
use super::number::Number;
use super::pem;
use super::private_key::PrivateKey;
use super::time::Moment;

/// Why a certificate is revoked, by the names and numbers of RFC 5280 (5.3.1).
///
/// `removeFromCRL` is not among them: it is for lists that tell only what is new.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(missing_docs, reason = "RFC 5280 has no more to say of them than their names")]
pub enum Reason {
    #[default]
    Unspecified,
    KeyCompromise,
    CaCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    CertificateHold,
    PrivilegeWithdrawn,
    AaCompromise,
}

/// The same in DER, with the one that no full list has.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Enumerated)]
#[asn1(type = "ENUMERATED")]
#[repr(u32)]
enum Code {
    Unspecified = 0,
    KeyCompromise = 1,
    CaCompromise = 2,
    AffiliationChanged = 3,
    Superseded = 4,
    CessationOfOperation = 5,
    CertificateHold = 6,
    RemoveFromCrl = 8,
    PrivilegeWithdrawn = 9,
    AaCompromise = 10,
}

impl AssociatedOid for Code {
    const OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.21");
}

/// A text that is no reason.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` is no reason to revoke a certificate")]
pub struct Error(String);

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        let names: Vec<&str> = Reason::ALL.iter().map(|reason| reason.name()).collect();
        Some(format!("the reasons are {}", names.join(", ")))
    }
}

impl Reason {
    /// Each of them.
    pub const ALL: [Self; 9] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
        Self::PrivilegeWithdrawn,
        Self::AaCompromise,
    ];

    /// RFC 5280's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::CertificateHold => "certificateHold",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
            Self::AaCompromise => "aACompromise",
        }
    }

    /// The reason that an entry of a list gives; unspecified where it gives none.
    pub(super) fn of(entry: &RevokedCert) -> Self {
        let extensions = Extensions(entry.crl_entry_extensions.as_deref().unwrap_or_default());
        match extensions.get::<Code>().map(|(_, code)| code) {
            None | Some(Code::Unspecified | Code::RemoveFromCrl) => Self::Unspecified,
            Some(Code::KeyCompromise) => Self::KeyCompromise,
            Some(Code::CaCompromise) => Self::CaCompromise,
            Some(Code::AffiliationChanged) => Self::AffiliationChanged,
            Some(Code::Superseded) => Self::Superseded,
            Some(Code::CessationOfOperation) => Self::CessationOfOperation,
            Some(Code::CertificateHold) => Self::CertificateHold,
            Some(Code::PrivilegeWithdrawn) => Self::PrivilegeWithdrawn,
            Some(Code::AaCompromise) => Self::AaCompromise,
        }
    }

    fn code(self) -> Code {
        match self {
            Self::Unspecified => Code::Unspecified,
            Self::KeyCompromise => Code::KeyCompromise,
            Self::CaCompromise => Code::CaCompromise,
            Self::AffiliationChanged => Code::AffiliationChanged,
            Self::Superseded => Code::Superseded,
            Self::CessationOfOperation => Code::CessationOfOperation,
            Self::CertificateHold => Code::CertificateHold,
            Self::PrivilegeWithdrawn => Code::PrivilegeWithdrawn,
            Self::AaCompromise => Code::AaCompromise,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Reads RFC 5280's names, in any case: nobody remembers that it is `cACompromise`.
impl FromStr for Reason {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|reason| reason.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| Error(text.to_owned()))
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What a list is to say; who signs it comes later.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Template {
    /// Its number.
    pub number: Number,
    /// When it is made.
    pub this_update: Moment,
    /// When the next one is due.
    pub next_update: Moment,
    /// What it revokes.
    pub revoked: Vec<Revoked>,
}

/// The signed part. The issuer stays as its certificate encodes it.
#[derive(Sequence)]
struct Tbs {
    version: x509_cert::Version,
    signature: AlgorithmIdentifierOwned,
    issuer: Any,
    this_update: Time,
    next_update: Time,
    /// Absent where nothing is revoked: an empty one is malformed (RFC 5280, 5.1.2.6).
    #[asn1(optional = "true")]
    revoked: Option<Vec<RevokedCert>>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

impl Template {
    /// The list in DER, signed by `signer`, the key of `issuer`.
    ///
    /// # Errors
    ///
    /// A key that does not sign, or whose signature does not verify: such a list is never let out.
    pub fn sign(
        &self,
        issuer: &Certificate,
        signer: &PrivateKey,
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, crl::Error> {
        let revoked = self.revoked.iter().map(entry).collect::<der::Result<Vec<_>>>()?;
        let tbs = Tbs {
            version: x509_cert::Version::V2,
            signature: signer.signature_algorithm(),
            issuer: issuer.subject_der().clone(),
            this_update: self.this_update.to_x509(),
            next_update: self.next_update.to_x509(),
            revoked: (!revoked.is_empty()).then_some(revoked),
            extensions: self.extensions(issuer)?,
        };
        let der = tbs.to_der()?;
        let signature = BitString::from_bytes(&signer.sign(&der, entropy)?)?;
        let signed = Signed { tbs: Any::from_der(&der)?, algorithm: tbs.signature, signature };
        let list = signed.to_der()?;
        match Crl::from_der(&list)?.is_signed_by(issuer.public_key()) {
            true => Ok(list),
            false => Err(crl::Error::Untrue(issuer.subject().to_string())),
        }
    }

    /// Both are demanded of every list (RFC 5280, 5.2.1 and 5.2.3).
    fn extensions(&self, issuer: &Certificate) -> der::Result<Vec<Extension>> {
        let pointer = AuthorityKeyIdentifier {
            key_identifier: Some(OctetString::new(issuer.key_id())?),
            ..AuthorityKeyIdentifier::default()
        };
        let number = CrlNumber(Uint::new(self.number.octets())?);
        Ok(vec![extension(&pointer)?, extension(&number)?])
    }
}

/// A list as PEM, 64 columns, with a final newline.
pub fn to_pem(der: &[u8]) -> String {
    der::pem::encode_string(pem::CRL, LineEnding::LF, der).expect("a list is shorter than memory")
}

fn entry(revoked: &Revoked) -> der::Result<RevokedCert> {
    // Unspecified is better not said (RFC 5280, 5.3.1).
    let reason = match revoked.reason {
        Reason::Unspecified => None,
        reason => Some(vec![extension(&reason.code())?]),
    };
    Ok(RevokedCert {
        serial_number: SerialNumber::new(revoked.serial_number.octets())?,
        revocation_date: revoked.since.to_x509(),
        crl_entry_extensions: reason,
    })
}

fn extension<T: AssociatedOid + Encode>(value: &T) -> der::Result<Extension> {
    Ok(Extension {
        extn_id: T::OID,
        critical: false,
        extn_value: OctetString::new(value.to_der()?)?,
    })
}
