//! What is on disk, read as PKI.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::core::catalog::{self, CLUSTER_CA, ROWS, Row};
use crate::core::changes::{Bytes, Found, Snapshot, folder_of, quoted};
use crate::core::spec::{Offer, check_file_name};
use crate::core::x509::cert::{self, Certificate};
use crate::core::x509::chain;
use crate::core::x509::csr::{self, Request};
use crate::core::x509::pem;
use crate::core::x509::private_key::{self, PrivateKey};
use crate::core::x509::public_key::{self, PublicKey};

/// The files of a PKI, read where they are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Inventory<'a> {
    snapshot: &'a Snapshot,
}

/// Why a file is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing.
    #[error("{what} {path} does not exist")]
    Missing {
        /// What was looked for, such as `CA certificate`.
        what: &'static str,
        /// Where.
        path: PathBuf,
    },
    /// It is there but cannot be read.
    #[error("cannot read {what} {path}: {why}")]
    Unreadable {
        /// What was looked for.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// The disk's answer.
        why: String,
    },
    /// Not a bootstrap token.
    #[error("token file {0} holds no bootstrap token: 6 and 16 of a-z and 0-9, with a dot between")]
    BootstrapToken(PathBuf),
    /// Not a certificate.
    #[error("{what} {path}: {source}")]
    Certificate {
        /// What was looked for.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What is wrong with it.
        source: cert::Error,
    },
    /// Not a key.
    #[error("{what} {path}: {source}")]
    Key {
        /// What was looked for.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What is wrong with it.
        source: private_key::Error,
    },
    /// Not a request.
    #[error("request {path}: {source}")]
    Request {
        /// Where.
        path: PathBuf,
        /// What is wrong with it.
        source: csr::Error,
    },
    /// A certificate and the key beside it do not belong together.
    #[error("{path}: {source}")]
    Pair {
        /// The certificate.
        path: PathBuf,
        /// Whose key it is.
        source: chain::Error,
    },
    /// No certificate where some were to be.
    #[error("there is no certificate in {}", .0.display())]
    NoCertificates(PathBuf),
    /// More certificates than any cluster has.
    #[error("there are more than {limit} certificates in {}", path.display())]
    TooManyCertificates {
        /// Where.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// Not a token.
    #[error("token file {0} does not hold one token")]
    Token(PathBuf),
    /// Certificate and key are no CA that can sign.
    #[error("CA {path}: {source}")]
    Ca {
        /// The CA certificate.
        path: PathBuf,
        /// What is wrong with it.
        source: chain::Error,
    },
}

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { what, path } => hint_of_missing(what, path),
            // What a shell makes of `<(...)`.
            Self::Unreadable { path, .. } if path.starts_with("/dev/fd") => Some(
                "give - and pipe it in, where --help offers that, or keep it in a file first"
                    .into(),
            ),
            Self::Unreadable { path, .. } => {
                Some(format!("see what it is: ls -ld {}", quoted(path)))
            }
            Self::BootstrapToken(path) => {
                Some(format!("make one: kubeadm token generate > {}", quoted(path)))
            }
            Self::Certificate { path, source, .. } => match source {
                cert::Error::Pem(error) => error.hint("x509", path),
                _ => Some(format!("see what it holds: kubepki cert show {}", quoted(path))),
            },
            Self::Key { path, source, .. } => source.hint(path),
            Self::Request { path, source } => source.hint(path),
            Self::Pair { .. } => Some("name the right key with --client-key FILE".into()),
            Self::TooManyCertificates { .. } => {
                Some("name a folder with what came back alone".into())
            }
            Self::NoCertificates(path) => {
                Some(format!("see what is there: ls -l {}", quoted(path)))
            }
            Self::Token(_) => Some("put the token, and nothing else, on one line of it".into()),
            Self::Ca { path, source } => Some(hint_of_ca(path, source)),
        }
    }
}

fn hint_of_missing(what: &str, path: &Path) -> Option<String> {
    match what {
        "CA certificate" if path.extension().is_some_and(|suffix| suffix == "crt") => {
            Some(init_of(path))
        }
        "CA key" => Some(
            "sign where the key is; here: kubepki cert request NAME; there: kubepki cert sign NAME.csr --profile client"
                .into(),
        ),
        "client certificate" => {
            Some("make it in the same step with --issue, or name it with --client-certificate FILE".into())
        }
        _ => Some(format!("see what is there: ls -l {}", quoted(folder_of(path)))),
    }
}

/// The command that makes the CA of this certificate.
fn init_of(certificate: &Path) -> String {
    let (name, folder) = ca_at(certificate);
    let name = if name == CLUSTER_CA { String::new() } else { format!(" {name}") };
    format!("kubepki ca init{name} --cert-dir {}", quoted(folder))
}

/// The command that puts another CA into the place of this one, if it is one of a cluster's.
pub fn rotation_of(certificate: &Path) -> Option<String> {
    catalog::row_of(certificate).filter(|row| row.profile.is_ca())?;
    let (name, folder) = ca_at(certificate);
    Some(format!("kubepki ca rotate prepare {name} --cert-dir {}", quoted(folder)))
}

/// What the CA at this place is called, and the certificate folder around it.
fn ca_at(certificate: &Path) -> (String, &Path) {
    let place = certificate.with_extension("");
    let of_row = |row: &Row| Some((row.name, row.file?)).filter(|(_, file)| place.ends_with(file));
    let known = ROWS.iter().filter(|row| row.profile.is_ca()).filter_map(of_row);
    let itself = || Some(place.file_name()?.to_str()?).filter(|name| check_file_name(name).is_ok());
    // `etcd/ca` is not the `ca` of a folder `etcd`.
    let (name, depth) = match known.max_by_key(|(_, file)| file.len()) {
        Some((name, file)) => (name, Path::new(file).components().count()),
        None => (itself().unwrap_or(CLUSTER_CA), 1),
    };
    let folder = certificate.ancestors().nth(depth).filter(|folder| !folder.as_os_str().is_empty());
    (name.to_owned(), folder.unwrap_or(Path::new(".")))
}

/// What to type instead of a CA that may not sign.
pub fn hint_of_ca(path: &Path, source: &chain::Error) -> String {
    match source {
        chain::Error::ForeignKey { .. } => "name the right key with --ca-key FILE".into(),
        chain::Error::NotYetValid { .. } => "see whether the clock is right: date".into(),
        _ => format!(
            "name another CA with --ca FILE --ca-key FILE; see what this is: kubepki cert show {}",
            quoted(path)
        ),
    }
}

/// The file of a private key that others can read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenKey {
    path: PathBuf,
    /// Its permission bits.
    mode: u32,
}

impl fmt::Display for OpenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, mode } = self;
        write!(
            f,
            "others can read {}, which holds a private key (mode {mode:04o}): chmod 600 {}",
            path.display(),
            quoted(path)
        )
    }
}

impl<'a> Inventory<'a> {
    /// The PKI in these files.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot }
    }

    /// What a file holds; `None` where there is none.
    pub fn bytes(self, what: &'static str, path: &Path) -> Result<Option<&'a Bytes>, Error> {
        match self.snapshot.get(path) {
            Found::Absent => Ok(None),
            Found::File { bytes, .. } => Ok(Some(bytes)),
            Found::Unreadable(why) => {
                Err(Error::Unreadable { what, path: path.to_owned(), why: why.clone() })
            }
        }
    }

    /// The permission bits of a file that is there.
    pub fn mode(self, path: &Path) -> Option<u32> {
        match self.snapshot.get(path) {
            Found::File { mode, .. } => Some(*mode),
            Found::Absent | Found::Unreadable(_) => None,
        }
    }

    /// The file of a private key, where others than its owner and group can read or write it.
    pub fn open_key(self, path: &Path) -> Option<OpenKey> {
        let mode = self.mode(path).filter(|mode| mode & 0o007 != 0)?;
        Some(OpenKey { path: path.to_owned(), mode })
    }

    /// The certificates in a file, the first one first; `None` where there is no file.
    pub fn chain(self, what: &'static str, path: &Path) -> Result<Option<Vec<Certificate>>, Error> {
        let Some(bytes) = self.bytes(what, path)? else { return Ok(None) };
        Certificate::chain_from_pem(bytes).map(Some).map_err(|source| Error::Certificate {
            what,
            path: path.to_owned(),
            source,
        })
    }

    /// The certificates in a file, PEM or DER, for whoever looks for some; `None` where it holds none.
    pub fn offer(self, path: &Path) -> Result<Option<Offer>, Error> {
        let bytes = self.need("certificate", path)?;
        let found = match Certificate::chain_from_pem(bytes) {
            Err(cert::Error::Pem(pem::Error::NoPem)) => {
                Ok(Certificate::from_der(bytes).ok().into_iter().collect())
            }
            Err(cert::Error::Pem(pem::Error::Empty | pem::Error::Nothing { .. })) => Ok(Vec::new()),
            found => found,
        };
        let certificates = found.map_err(|source| Error::Certificate {
            what: "certificate",
            path: path.to_owned(),
            source,
        })?;
        let offer = Offer { file: path.to_owned(), certificates };
        Ok(Some(offer).filter(|offer| !offer.certificates.is_empty()))
    }

    /// The private key in a file; `None` where there is no file.
    pub fn key(self, what: &'static str, path: &Path) -> Result<Option<PrivateKey>, Error> {
        let Some(bytes) = self.bytes(what, path)? else { return Ok(None) };
        PrivateKey::from_pem(bytes).map(Some).map_err(|source| Error::Key {
            what,
            path: path.to_owned(),
            source,
        })
    }

    /// The token in a file that must be there, without the blanks around it.
    pub fn token(self, path: &Path) -> Result<&'a str, Error> {
        let bytes = self.need("token file", path)?;
        let text = str::from_utf8(bytes).map(str::trim).unwrap_or_default();
        if text.is_empty() || text.contains(|c: char| c.is_control() || c == ' ') {
            return Err(Error::Token(path.to_owned()));
        }
        Ok(text)
    }

    /// The request in a file, its signature checked.
    pub fn request(self, path: &Path) -> Result<Request, Error> {
        let wrong = |source| Error::Request { path: path.to_owned(), source };
        let request = Request::from_pem(self.need("request", path)?).map_err(wrong)?;
        request.verify().map_err(wrong)?;
        Ok(request)
    }

    /// The public keys in a PEM file; none where it cannot be read.
    pub fn public_keys(self, bytes: &[u8]) -> Vec<PublicKey> {
        public_key::all_in(bytes)
    }

    /// What a file holds that must be there.
    pub fn need(self, what: &'static str, path: &Path) -> Result<&'a Bytes, Error> {
        self.bytes(what, path)?.ok_or_else(|| missing(what, path))
    }

    /// The certificates in a file that must be there.
    pub fn need_chain(self, what: &'static str, path: &Path) -> Result<Vec<Certificate>, Error> {
        self.chain(what, path)?.ok_or_else(|| missing(what, path))
    }

    /// The private key in a file that must be there.
    pub fn need_key(self, what: &'static str, path: &Path) -> Result<PrivateKey, Error> {
        self.key(what, path)?.ok_or_else(|| missing(what, path))
    }
}

/// What a file holds, without a copy and for nobody else: kubeconfigs may be large.
pub fn taken(
    mut snapshot: Snapshot,
    what: &'static str,
    path: &Path,
) -> Result<Option<Bytes>, Error> {
    Inventory::new(&snapshot).bytes(what, path)?;
    Ok(snapshot.take(path))
}

/// The same of a file that must be there.
pub fn needed(snapshot: Snapshot, what: &'static str, path: &Path) -> Result<Bytes, Error> {
    taken(snapshot, what, path)?.ok_or_else(|| missing(what, path))
}

fn missing(what: &'static str, path: &Path) -> Error {
    Error::Missing { what, path: path.to_owned() }
}
