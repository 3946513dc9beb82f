//! Who may sign for whom: CAs that are fit to sign, and what was signed by them.

use std::rc::Rc;

use x509_cert::ext::pkix::KeyUsages;

use super::cert::Certificate;
use super::private_key::PrivateKey;
use super::profile::Profile;
use super::public_key::PublicKey;
use super::time::Moment;

/// A CA that may sign: its certificate, those above it, and its key.
#[derive(Debug)]
pub struct Ca {
    /// Its certificate first, then those above it.
    chain: Vec<Certificate>,
    key: Rc<PrivateKey>,
}

/// Why a certificate and a key are no CA that can sign.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// Basic constraints are absent or say CA:FALSE.
    #[error("`{subject}` is not a CA: its certificate lacks CA:TRUE")]
    NotACa {
        /// The subject of the certificate.
        subject: String,
    },
    /// Its key usage forbids it.
    #[error(
        "`{subject}` may not sign certificates: its key usage lacks keyCertSign (it has {found})"
    )]
    NoKeyCertSign {
        /// The subject of the certificate.
        subject: String,
        /// The usages that it has.
        found: String,
    },
    /// It is past its end.
    #[error("the CA `{subject}` expired at {end}")]
    Expired {
        /// The subject of the certificate.
        subject: String,
        /// Its last second.
        end: Moment,
    },
    /// Its start is still to come.
    #[error("the CA `{subject}` is not valid before {start}")]
    NotYetValid {
        /// The subject of the certificate.
        subject: String,
        /// Its first second.
        start: Moment,
    },
    /// The key is another's.
    #[error(
        "the key belongs to another certificate: `{subject}` has the key {wanted}, the file holds {found}"
    )]
    ForeignKey {
        /// The subject of the certificate.
        subject: String,
        /// Pin of the key in the certificate.
        wanted: String,
        /// Pin of the key in the file.
        found: String,
    },
    /// A critical extension that we do not understand.
    #[error("`{subject}` may not sign this: its critical extension {extension} is not understood")]
    NotUnderstood {
        /// The subject of the certificate.
        subject: String,
        /// The extension.
        extension: String,
    },
    /// Its extended key usage does not cover what is to be signed (openssl and Go nest purposes).
    #[error("`{subject}` may not sign this: it is a CA for {found} only")]
    Purpose {
        /// The subject of the certificate.
        subject: String,
        /// The purposes that it has.
        found: String,
    },
    /// More CAs stand below it than may.
    #[error("`{subject}` may have {limit} CAs below it, and there are {found}")]
    TooDeep {
        /// The subject of the certificate.
        subject: String,
        /// Its path length.
        limit: u8,
        /// How many there are.
        found: usize,
    },
    /// No CA may stand below it.
    #[error("no CA may stand below `{subject}`: its path length is 0")]
    PathLength {
        /// The subject of the certificate.
        subject: String,
    },
}

impl Ca {
    /// A CA from its certificate (with any intermediates after it) and its key, fit to sign at `now`.
    ///
    /// # Errors
    ///
    /// A certificate that is not a CA's, is outside of its dates or may not sign; a key of another CA.
    pub fn new(
        chain: Vec<Certificate>,
        key: impl Into<Rc<PrivateKey>>,
        now: Moment,
    ) -> Result<Self, Error> {
        let (certificate, key) = (&chain[0], key.into());
        may_sign(certificate, now)?;
        belongs(certificate, key.public_key())?;
        Ok(Self { chain, key })
    }

    /// Its certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.chain[0]
    }

    /// Its key.
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// Its certificate, then everything above it that its file holds.
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }
}

/// The CAs at the head of a file that go by one name: one, and while it is rotated the one that comes or goes beside it. What either
/// has signed is good; what stands above them, where they are no roots, is not among them.
pub fn of_one_name(cas: &[Certificate]) -> &[Certificate] {
    let is_first = |ca: &&Certificate| ca.subject() == cas[0].subject();
    &cas[..cas.iter().take_while(is_first).count()]
}

/// Checks that `certificate`, a CA's, may have one of this profile below it.
pub fn may_issue(certificate: &Certificate, profile: Profile) -> Result<(), Error> {
    let extensions = certificate.extensions();
    let subject = || certificate.subject().to_string();
    if profile.is_ca() && extensions.path_length() == Some(0) {
        return Err(Error::PathLength { subject: subject() });
    }
    if let [first, ..] = extensions.not_understood().as_slice() {
        return Err(Error::NotUnderstood { subject: subject(), extension: first.clone() });
    }
    if !extensions.permits_purposes(profile.extended_key_usages()) {
        let found = extensions.purposes().join(", ");
        return Err(Error::Purpose { subject: subject(), found });
    }
    Ok(())
}

/// Checks that `certificate` is a CA's that may sign at `now`.
pub fn may_sign(certificate: &Certificate, now: Moment) -> Result<(), Error> {
    let subject = certificate.subject().to_string();
    let validity = certificate.validity();
    if !certificate.extensions().is_ca() {
        return Err(Error::NotACa { subject });
    }
    if certificate.extensions().permits(KeyUsages::KeyCertSign) == Some(false) {
        let found = certificate.extensions().key_usages().join(", ");
        return Err(Error::NoKeyCertSign { subject, found });
    }
    if now >= validity.not_after {
        return Err(Error::Expired { subject, end: validity.not_after });
    }
    if now < validity.not_before {
        return Err(Error::NotYetValid { subject, start: validity.not_before });
    }
    Ok(())
}

/// Checks that `key` is the key of `certificate`.
pub fn belongs(certificate: &Certificate, key: &PublicKey) -> Result<(), Error> {
    if certificate.public_key() == key {
        return Ok(());
    }
    Err(Error::ForeignKey {
        subject: certificate.subject().to_string(),
        wanted: certificate.public_key().pin(),
        found: key.pin(),
    })
}

/// Whether `issuer` signed `certificate`: name, key identifier and signature.
pub fn is_issued_by(certificate: &Certificate, issuer: &Certificate) -> bool {
    let pointer = certificate.extensions().authority_key_id();
    certificate.names_as_issuer(issuer)
        && pointer.is_none_or(|id| id == issuer.key_id())
        && certificate.is_signed_by(issuer.public_key())
}
