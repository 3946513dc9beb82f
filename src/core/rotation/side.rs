//! The old one and the new one: a CA or a token key, public half and private.

use std::fmt;
use std::rc::Rc;

use crate::core::changes::Bytes;
use crate::core::x509::cert::Certificate;
use crate::core::x509::pem;
use crate::core::x509::private_key::PrivateKey;
use crate::core::x509::public_key::PublicKey;

/// The half that others believe in.
#[derive(Clone, Eq, PartialEq)]
pub enum Public {
    /// The certificate of a CA.
    Certificate(Box<Certificate>),
    /// A key that verifies tokens.
    Key(PublicKey),
}

/// One of the two that a rotation is about.
pub struct Side {
    /// What others believe in.
    pub public: Public,
    /// What signs.
    pub key: Rc<PrivateKey>,
}

impl Public {
    /// Everything in a PEM text that could be one of the two.
    pub fn all_in(bytes: &[u8]) -> Vec<Self> {
        let blocks = pem::blocks(bytes).unwrap_or_default();
        blocks.iter().filter_map(|block| Self::read(block.label, &block.der)).collect()
    }

    /// A CA's.
    pub fn certificate(certificate: Certificate) -> Self {
        Self::Certificate(Box::new(certificate))
    }

    /// Its PEM label.
    fn label(&self) -> &'static str {
        match self {
            Self::Certificate(_) => pem::CERTIFICATE,
            Self::Key(_) => pem::PUBLIC_KEY,
        }
    }

    fn der(&self) -> &[u8] {
        match self {
            Self::Certificate(certificate) => certificate.der(),
            Self::Key(key) => key.spki_der(),
        }
    }

    /// As PEM, with a final newline.
    pub fn to_pem(&self) -> String {
        match self {
            Self::Certificate(certificate) => certificate.to_pem(),
            Self::Key(key) => key.to_pem(),
        }
    }

    /// The key that it vouches for.
    pub fn key(&self) -> &PublicKey {
        match self {
            Self::Certificate(certificate) => certificate.public_key(),
            Self::Key(key) => key,
        }
    }

    /// What tells it from any other: the SHA-256 of the certificate, or the pin of the key.
    pub fn fingerprint(&self) -> String {
        match self {
            Self::Certificate(certificate) => certificate.fingerprint(),
            Self::Key(key) => key.pin(),
        }
    }

    fn read(label: &str, der: &[u8]) -> Option<Self> {
        match label {
            pem::CERTIFICATE => Certificate::from_der(der).ok().map(Self::certificate),
            pem::PUBLIC_KEY => PublicKey::from_spki_der(der).ok().map(Self::Key),
            _ => None,
        }
    }

    fn is(&self, block: &pem::Block) -> bool {
        block.label == self.label() && *block.der == *self.der()
    }
}

impl fmt::Debug for Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Public({})", self.fingerprint())
    }
}

/// The text in which `wanted` stand where any of `pair` stood; `None` where none did, or they stand so already. All else in the text
/// stays as it is.
///
/// # Errors
///
/// PEM that is damaged.
pub fn swap(
    bytes: &[u8],
    pair: [&Public; 2],
    wanted: &[&Public],
) -> Result<Option<Bytes>, pem::Error> {
    let Ok(text) = str::from_utf8(bytes) else { return Ok(None) };
    if !pem::is_pem(bytes) {
        return Ok(None);
    }
    let mut sections = pem::sections(text)?;
    sections.retain(|section| pair.iter().any(|one| one.is(&section.block)));
    let is_so = sections.len() == wanted.len()
        && sections.iter().zip(wanted).all(|(section, one)| one.is(&section.block));
    if sections.is_empty() || is_so {
        return Ok(None);
    }
    let new: String = wanted.iter().map(|one| one.to_pem()).collect();
    let (mut out, mut from) = (String::new(), 0);
    for (index, section) in sections.iter().enumerate() {
        out.push_str(&text[from..section.range.start]);
        if index == 0 {
            out.push_str(&new);
        }
        from = section.range.end;
    }
    out.push_str(&text[from..]);
    Ok(Some(Bytes::new(out.into_bytes())))
}
