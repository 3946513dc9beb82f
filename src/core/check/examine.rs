//! Takes a file apart, whatever it is: PEM, DER, or a kubeconfig.

use std::path::{Path, PathBuf};

use crate::core::changes::{Bytes, quoted};
use crate::core::kubeconfig::{self, File};
use crate::core::x509::cert::{self, Certificate};
use crate::core::x509::crl::{self, Crl};
use crate::core::x509::csr::{self, Request};
use crate::core::x509::pem;
use crate::core::x509::private_key::{self, PrivateKey};
use crate::core::x509::public_key::{self, PublicKey};

/// One thing in a file.
#[derive(Debug)]
pub struct Examined {
    /// The file.
    pub file: PathBuf,
    /// Where in it: `2 of 3`, `user admin`; `None` where it is all there is.
    pub place: Option<String>,
    /// The thing.
    pub what: What,
    /// Whether the key beside it is its own; `None` where there is none, or it is no certificate.
    pub key_matches: Option<bool>,
}

/// A thing that a file of a PKI can hold.
#[derive(Debug)]
pub enum What {
    /// A certificate.
    Certificate(Box<Certificate>),
    /// A revocation list.
    Crl(Box<Crl>),
    /// A private key; only its public half goes on from here.
    PrivateKey(PublicKey),
    /// A public key.
    PublicKey(PublicKey),
    /// A request.
    Request(Box<Request>),
}

/// Why a file tells nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not a certificate, inside of a kubeconfig.
    #[error("{path} ({owner}): {source}")]
    Embedded {
        /// The kubeconfig.
        path: PathBuf,
        /// The cluster or user that it belongs to.
        owner: String,
        /// What is wrong with it.
        source: cert::Error,
    },
    /// A damaged certificate.
    #[error("{path}: {source}")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: cert::Error,
    },
    /// A damaged list.
    #[error("{path}: {source}")]
    Crl {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: crl::Error,
    },
    /// A damaged or encrypted key.
    #[error("{path}: {source}")]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: private_key::Error,
    },
    /// A damaged kubeconfig.
    #[error(transparent)]
    Kubeconfig(#[from] kubeconfig::Error),
    /// Damaged PEM.
    #[error("{path}: {source}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: pem::Error,
    },
    /// A damaged public key.
    #[error("{path}: {source}")]
    PublicKey {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: public_key::Error,
    },
    /// A damaged request.
    #[error("{path}: {source}")]
    Request {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: csr::Error,
    },
    /// Nothing with an end.
    #[error("{0} holds no certificate and no revocation list")]
    Undated(PathBuf),
    /// None of what we know.
    #[error("{0} holds no certificate, request, key, revocation list or kubeconfig")]
    Unknown(PathBuf),
}

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Key { path, source } => source.hint(path),
            Self::Kubeconfig(error) => error.hint(),
            Self::Certificate { path, source: cert::Error::Pem(source) }
            | Self::Crl { path, source: crl::Error::Pem(source) }
            | Self::Request { path, source: csr::Error::Pem(source) }
            | Self::Pem { path, source } => source.hint("x509", path),
            Self::Certificate { .. }
            | Self::Crl { .. }
            | Self::PublicKey { .. }
            | Self::Request { .. } => None,
            Self::Embedded { .. } => Some("it has to be the Base64 of a PEM file".into()),
            Self::Undated(path) => {
                Some(format!("see what it holds: kubepki cert show {}", quoted(path)))
            }
            Self::Unknown(path) => Some(format!("see what it is: file {}", quoted(path))),
        }
    }
}

/// Tells what `bytes` hold. `key_beside` is the content of the key file beside it, if there is one.
///
/// # Errors
///
/// A damaged file, or one that holds nothing of a PKI.
pub fn examine(
    path: &Path,
    bytes: &[u8],
    key_beside: Option<&Bytes>,
) -> Result<Vec<Examined>, Error> {
    let things = if pem::is_pem(bytes) {
        of_pem(path, bytes)?
    } else if let Some(what) = of_der(bytes) {
        vec![what]
    } else if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::Pem { path: path.to_owned(), source: pem::Error::Empty });
    } else {
        return of_kubeconfig(path, bytes);
    };
    let key = key_beside.and_then(|key| PrivateKey::from_pem(key).ok());
    let total = things.len();
    let placed = things.into_iter().enumerate().map(|(index, what)| Examined {
        file: path.to_owned(),
        place: (total > 1).then(|| format!("{} of {total}", index + 1)),
        // The key beside a chain belongs to its first certificate.
        key_matches: key
            .as_ref()
            .filter(|_| index == 0)
            .and_then(|key| matches(&what, key.public_key())),
        what,
    });
    Ok(placed.collect())
}

fn matches(what: &What, key: &PublicKey) -> Option<bool> {
    match what {
        What::Certificate(certificate) => Some(certificate.public_key() == key),
        What::Request(request) => Some(request.public_key() == key),
        What::Crl(_) | What::PrivateKey(_) | What::PublicKey(_) => None,
    }
}

fn of_pem(path: &Path, bytes: &[u8]) -> Result<Vec<What>, Error> {
    let owned = || path.to_owned();
    let blocks = pem::blocks(bytes).map_err(|source| match private_key::is_encrypted(bytes) {
        true => Error::Key { path: owned(), source: private_key::Error::Encrypted },
        false => Error::Pem { path: owned(), source },
    })?;
    let mut things = Vec::new();
    for block in &blocks {
        things.push(match block.label {
            pem::CERTIFICATE => Certificate::from_der(&block.der)
                .map(|certificate| What::Certificate(Box::new(certificate)))
                .map_err(|source| Error::Certificate { path: owned(), source })?,
            pem::CERTIFICATE_REQUEST => Request::from_der(&block.der)
                .map(|request| What::Request(Box::new(request)))
                .map_err(|source| Error::Request { path: owned(), source })?,
            pem::CRL => Crl::from_der(&block.der)
                .map(|crl| What::Crl(Box::new(crl)))
                .map_err(|source| Error::Crl { path: owned(), source })?,
            pem::PUBLIC_KEY => PublicKey::from_spki_der(&block.der)
                .map(What::PublicKey)
                .map_err(|source| Error::PublicKey { path: owned(), source })?,
            label => match PrivateKey::from_block(label, &block.der) {
                Some(Ok(key)) => What::PrivateKey(key.public_key().clone()),
                Some(Err(source)) => return Err(Error::Key { path: owned(), source }),
                None => continue,
            },
        });
    }
    match things.is_empty() {
        true if private_key::is_encrypted(bytes) => {
            Err(Error::Key { path: owned(), source: private_key::Error::Encrypted })
        }
        true => Err(Error::Unknown(owned())),
        false => Ok(things),
    }
}

/// DER has no label: the first reading that succeeds is right, since none of these can be read as another.
fn of_der(bytes: &[u8]) -> Option<What> {
    let key = |key: PrivateKey| What::PrivateKey(key.public_key().clone());
    None.or_else(|| {
        Certificate::from_der(bytes)
            .ok()
            .map(|certificate| What::Certificate(Box::new(certificate)))
    })
    .or_else(|| Request::from_der(bytes).ok().map(|request| What::Request(Box::new(request))))
    .or_else(|| Crl::from_der(bytes).ok().map(|crl| What::Crl(Box::new(crl))))
    .or_else(|| PrivateKey::from_pkcs8_der(bytes).ok().map(key))
    .or_else(|| PrivateKey::from_pkcs1_der(bytes).ok().map(key))
    .or_else(|| PrivateKey::from_sec1_der(bytes).ok().map(key))
    .or_else(|| PublicKey::from_spki_der(bytes).ok().map(What::PublicKey))
}

/// Every certificate inside of a kubeconfig. Files that it names are not opened: they can be shown themselves.
fn of_kubeconfig(path: &Path, bytes: &[u8]) -> Result<Vec<Examined>, Error> {
    let unknown = || Error::Unknown(path.to_owned());
    let file = match File::parse(path, bytes) {
        Ok(file) => file,
        Err(error) if looks_like_kubeconfig(bytes) => return Err(error.into()),
        Err(_) => return Err(unknown()),
    };
    let mut found = Vec::new();
    for named in &file.config().clusters {
        let chain = named.cluster.certificate_authority_data.expose();
        found.extend(embedded(path, &format!("cluster {}", named.name), chain, None)?);
    }
    for named in &file.config().users {
        let key = PrivateKey::from_pem(named.user.client_key_data.expose()).ok();
        let chain = named.user.client_certificate_data.expose();
        found.extend(embedded(path, &format!("user {}", named.name), chain, key.as_ref())?);
    }
    if found.is_empty() { Err(unknown()) } else { Ok(found) }
}

/// Whether it is worth telling what is wrong with it as a kubeconfig.
pub(super) fn looks_like_kubeconfig(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        ["clusters:", "contexts:", "users:", "\"clusters\""].iter().any(|key| text.contains(key))
    })
}

fn embedded(
    path: &Path,
    owner: &str,
    pem: &[u8],
    key: Option<&PrivateKey>,
) -> Result<Vec<Examined>, Error> {
    if pem.is_empty() {
        return Ok(Vec::new());
    }
    let chain = Certificate::chain_from_pem(pem).map_err(|source| Error::Embedded {
        path: path.to_owned(),
        owner: owner.into(),
        source,
    })?;
    let total = chain.len();
    let placed = chain.into_iter().enumerate().map(|(index, certificate)| Examined {
        file: path.to_owned(),
        place: Some(if total > 1 {
            format!("{owner}, {} of {total}", index + 1)
        } else {
            owner.to_owned()
        }),
        key_matches: key
            .filter(|_| index == 0)
            .map(|key| certificate.public_key() == key.public_key()),
        what: What::Certificate(Box::new(certificate)),
    });
    Ok(placed.collect())
}
