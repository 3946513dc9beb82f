//! What is there: certificates with their keys, in files of any layout and in kubeconfigs, and the CAs among them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::authority::Authority;
use super::files::{Keys, Kind};
use super::note::Note;
use super::select::is_of_catalog;
use super::{Failure, Wanted, Why};
use crate::core::catalog::{self, Row};
use crate::core::changes::{Found as OnDisk, Snapshot};
use crate::core::inventory::{self, Inventory};
use crate::core::kubeconfig::{self, AuthInfo, Data, File, NamedUser};
use crate::core::spec::file_name;
use crate::core::x509::cert::Certificate;
use crate::core::x509::chain;
use crate::core::x509::private_key::PrivateKey;
use crate::core::x509::time::Moment;

/// Where a certificate and its key are.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// The certificate.
    pub certificate: At,
    /// The key; the same file where that holds both.
    pub key: At,
}

/// A place in a file.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum At {
    /// A file of its own.
    File(PathBuf),
    /// A user of a kubeconfig.
    User(PathBuf, String),
}

/// A certificate that is there.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where.
    pub place: Place,
    /// The file that it was found by: its own, or the kubeconfig that names it.
    pub owner: PathBuf,
    /// Where a request for the next one goes.
    pub request: PathBuf,
    /// What the catalog calls it.
    pub row: Option<&'static Row>,
    /// The certificate, then those that stand behind it.
    pub chain: Vec<Certificate>,
    /// What is there of its key.
    pub key: FoundKey,
}

/// What is there of a key.
#[derive(Clone, Debug)]
pub enum FoundKey {
    /// It belongs to the certificate.
    Here(Rc<PrivateKey>),
    /// It belongs to another.
    Foreign(chain::Error),
    /// There is none.
    Missing,
    /// It is under a passphrase, or cannot be read.
    Unusable(Arc<inventory::Error>),
}

/// All that is there.
#[derive(Debug, Default)]
pub struct Survey {
    /// Certificates that are no CA's, and those of CAs that were named.
    pub certificates: Vec<Found>,
    /// The CAs.
    pub authorities: Vec<Authority>,
    /// What should hold a certificate and cannot be read.
    pub damaged: Vec<Failure>,
    /// Facts that may surprise.
    pub notes: Vec<Note>,
    /// For each path the one spelling that counts, so that a file with several names is one.
    pub spelling: BTreeMap<PathBuf, PathBuf>,
}

/// The files that kubeconfigs among `files` name, whatever these are, and the requests that go beside them.
pub fn referred(files: &[PathBuf], snapshot: &Snapshot) -> Vec<PathBuf> {
    let mut named = Vec::new();
    for path in files {
        let OnDisk::File { bytes, .. } = snapshot.get(path) else { continue };
        let Ok(file) = File::parse(path, bytes) else { continue };
        for user in &file.config().users {
            let AuthInfo { client_certificate, client_key, .. } = &user.user;
            let paths = [client_certificate, client_key].into_iter().filter(|it| !it.is_empty());
            named.extend(paths.map(|path| file.resolve(path)));
            named.push(request(&file, &user.name));
        }
    }
    named
}

/// `admin.conf.csr`, as kubeadm calls it; of several users with certificates each has one of its own.
fn request(kubeconfig: &File, user: &str) -> PathBuf {
    let has_one = |user: &&NamedUser| {
        !(user.user.client_certificate.is_empty() && user.user.client_certificate_data.is_empty())
    };
    let mut name = kubeconfig.path().as_os_str().to_owned();
    if kubeconfig.config().users.iter().filter(has_one).count() > 1 {
        name.push(format!(".{}", file_name(user)));
    }
    name.push(".csr");
    name.into()
}

impl Survey {
    /// Reads what was found at `files`, whose spellings are told.
    pub fn new(
        files: &[PathBuf],
        spelling: BTreeMap<PathBuf, PathBuf>,
        snapshot: &Snapshot,
        wanted: &Wanted,
        now: Moment,
    ) -> Self {
        let keys = Keys::new(files, snapshot);
        let inventory = Inventory::new(snapshot);
        let survey = Self { spelling, ..Self::default() };
        let mut look = Look { keys, inventory, seen: BTreeSet::new(), survey };
        let kinds: Vec<(&PathBuf, Kind)> =
            files.iter().filter_map(|path| Some((path, Kind::of(path, snapshot)?))).collect();
        for (path, kind) in &kinds {
            if *kind == Kind::Kubeconfig {
                look.kubeconfig(path);
            }
        }
        for (path, kind) in kinds {
            if kind == Kind::Certificate {
                look.certificate(path, wanted, now);
            }
        }
        look.survey
    }
}

/// A survey on its way.
struct Look<'a> {
    keys: Keys,
    inventory: Inventory<'a>,
    seen: BTreeSet<At>,
    survey: Survey,
}

impl Look<'_> {
    fn spelled(&self, path: &Path) -> PathBuf {
        self.survey.spelling.get(path).map_or_else(|| path.to_owned(), PathBuf::clone)
    }

    fn certificate(&mut self, path: &Path, wanted: &Wanted, now: Moment) {
        let path = self.spelled(path);
        let at = At::File(path.clone());
        if self.seen.contains(&at) {
            return;
        }
        let chain = match self.inventory.need_chain("certificate", &path) {
            Ok(chain) => chain,
            Err(error) => return self.damaged(at, &error.to_string()),
        };
        if chain[0].extensions().is_ca() {
            let key = wanted.ca.as_ref().filter(|ca| ca.certificate == path).map(|ca| &ca.key);
            let authority = Authority::new(path, chain, &self.keys, key, now);
            self.survey.authorities.push(authority);
            return;
        }
        let (key_path, key) = match self.keys.of(&chain[0], &path) {
            Some((path, key)) => (path.clone(), FoundKey::Here(key.clone())),
            None => {
                let beside = path.with_extension("key");
                let state = self.keys.state(&beside, &chain[0]);
                (beside, state)
            }
        };
        let place = Place { certificate: at, key: At::File(key_path) };
        let request = path.with_extension("csr");
        self.add(Found { row: catalog::row_of(&path), owner: path, request, place, chain, key });
    }

    fn kubeconfig(&mut self, path: &Path) {
        let path = self.spelled(path);
        let bytes = match self.inventory.need("kubeconfig", &path) {
            Ok(bytes) => bytes,
            Err(error) => return self.damaged(At::File(path), &error.to_string()),
        };
        let file = match File::parse(&path, bytes) {
            Ok(file) => file,
            // A file of another program that only looks like one.
            Err(kubeconfig::Error::Foreign { .. }) => return,
            Err(error) if is_of_catalog(&path) || bytes.starts_with(b"apiVersion") => {
                return self.damaged(At::File(path), &error.to_string());
            }
            Err(_) => return,
        };
        for user in &file.config().users {
            self.user(&file, &user.name, &user.user);
        }
    }

    fn user(&mut self, file: &File, name: &str, user: &AuthInfo) {
        let inside = At::User(file.path().to_owned(), name.to_owned());
        let at = |path: &str, data: &Data| match (data.is_empty(), path.is_empty()) {
            (true, false) => At::File(self.spelled(&file.resolve(path))),
            _ => inside.clone(),
        };
        let AuthInfo {
            client_certificate,
            client_certificate_data,
            client_key,
            client_key_data,
            ..
        } = user;
        if client_certificate.is_empty() && client_certificate_data.is_empty() {
            return;
        }
        let certificate = at(client_certificate, client_certificate_data);
        let key_at = at(client_key, client_key_data);
        if self.seen.contains(&certificate) {
            return;
        }
        let chain = match &certificate {
            At::File(path) => match self.inventory.chain("certificate", path) {
                Ok(None) => {
                    let (kubeconfig, user) = (file.path().to_owned(), name.to_owned());
                    let file = path.clone();
                    self.survey.notes.push(Note::Elsewhere { kubeconfig, user, file });
                    return;
                }
                Ok(Some(chain)) => Ok(chain),
                Err(error) => Err(error.to_string()),
            },
            At::User(..) => Certificate::chain_from_pem(client_certificate_data.expose())
                .map_err(|error| format!("its certificate: {error}")),
        };
        let chain = match chain {
            Ok(chain) => chain,
            Err(why) => return self.damaged(certificate, &why),
        };
        let key = match &key_at {
            At::File(path) => self.keys.state(path, &chain[0]),
            At::User(..) if client_key_data.is_empty() => FoundKey::Missing,
            At::User(..) => Keys::judge(
                PrivateKey::from_pem(client_key_data.expose()).map(Rc::new).map_err(|source| {
                    let path = file.path().to_owned();
                    Arc::new(inventory::Error::Key { what: "client key in", path, source })
                }),
                &chain[0],
            ),
        };
        let (owner, row) = (file.path().to_owned(), catalog::row_of(file.path()));
        let request = match &certificate {
            At::File(path) => path.with_extension("csr"),
            At::User(..) => request(file, name),
        };
        let place = Place { certificate, key: key_at };
        self.add(Found { owner, request, row, place, chain, key });
    }

    fn add(&mut self, found: Found) {
        self.seen.insert(found.place.certificate.clone());
        self.survey.certificates.push(found);
    }

    fn damaged(&mut self, at: At, why: &str) {
        self.seen.insert(at.clone());
        let place = Place { key: at.clone(), certificate: at };
        self.survey.damaged.push(Failure { place, why: Why::Damaged(why.to_owned()) });
    }
}

impl At {
    /// The file.
    pub fn file(&self) -> &Path {
        match self {
            Self::File(file) | Self::User(file, _) => file,
        }
    }
}

impl Place {
    /// The file of the certificate, or the kubeconfig around it.
    pub fn file(&self) -> &Path {
        self.certificate.file()
    }
}

/// `pki/apiserver.crt`, `admin.conf (user kubernetes-admin)`
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.certificate {
            At::File(path) => write!(f, "{}", path.display()),
            At::User(file, user) => write!(f, "{} (user {user})", file.display()),
        }
    }
}
