//! What files hold, by what is in them and not by how they are called; and the keys among them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::found::FoundKey;
use crate::core::changes::{Found, Snapshot, folder_of};
use crate::core::inventory::{self, Inventory};
use crate::core::x509::cert::Certificate;
use crate::core::x509::chain;
use crate::core::x509::private_key::{PrivateKey, is_encrypted};

/// What a file is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// It holds a certificate, or should.
    Certificate,
    /// It may be a kubeconfig with certificates in it or beside it.
    Kubeconfig,
}

impl Kind {
    /// `None` for what is neither.
    pub(super) fn of(path: &Path, snapshot: &Snapshot) -> Option<Self> {
        // A killed kubeadm leaves an empty one.
        let is_called_so = path.extension().is_some_and(|suffix| suffix == "crt");
        match snapshot.get(path) {
            Found::Absent => None,
            Found::File { bytes, .. } if has(bytes, b"-----BEGIN CERTIFICATE-----") => {
                Some(Self::Certificate)
            }
            Found::File { bytes, .. } if has(bytes, b"client-certificate") => {
                Some(Self::Kubeconfig)
            }
            Found::File { .. } | Found::Unreadable(_) => is_called_so.then_some(Self::Certificate),
        }
    }
}

/// The private keys of some files, each file with the first one in it.
pub(super) struct Keys(BTreeMap<PathBuf, Read>);

/// A key, or why it cannot be read.
type Read = Result<Rc<PrivateKey>, Arc<inventory::Error>>;

impl Keys {
    pub(super) fn new(files: &[PathBuf], snapshot: &Snapshot) -> Self {
        let inventory = Inventory::new(snapshot);
        let read = |path: &PathBuf| {
            let is_key = match snapshot.get(path) {
                Found::Absent => false,
                Found::File { bytes, .. } => has(bytes, b"PRIVATE KEY-----") || is_encrypted(bytes),
                Found::Unreadable(_) => path.extension().is_some_and(|suffix| suffix == "key"),
            };
            let key = is_key.then(|| inventory.need_key("key", path))?;
            Some((path.clone(), key.map(Rc::new).map_err(Arc::new)))
        };
        Self(files.iter().filter_map(read).collect())
    }

    /// The key in a file.
    pub(super) fn at(&self, path: &Path) -> Option<(&PathBuf, &Rc<PrivateKey>)> {
        self.0.get_key_value(path).and_then(|(path, key)| Some((path, key.as_ref().ok()?)))
    }

    /// The key of a certificate that is in `file`: in the same file, in the one of the same name, in the same folder, or anywhere.
    pub(super) fn of(
        &self,
        certificate: &Certificate,
        file: &Path,
    ) -> Option<(&PathBuf, &Rc<PrivateKey>)> {
        let fits = |key: &PrivateKey| chain::belongs(certificate, key.public_key()).is_ok();
        let at = |path: &Path| self.at(path).filter(|(_, key)| fits(key));
        let all = || self.0.iter().filter_map(|(path, key)| Some((path, key.as_ref().ok()?)));
        let all = || all().filter(|(_, key)| fits(key));
        at(file)
            .or_else(|| at(&file.with_extension("key")))
            .or_else(|| all().find(|(path, _)| folder_of(path) == folder_of(file)))
            .or_else(|| all().next())
    }

    /// What there is of a certificate's key in a file.
    pub(super) fn state(&self, path: &Path, certificate: &Certificate) -> FoundKey {
        match self.0.get(path) {
            None => FoundKey::Missing,
            Some(read) => Self::judge(read.clone(), certificate),
        }
    }

    /// Whether a key is that of a certificate.
    pub(super) fn judge(read: Read, certificate: &Certificate) -> FoundKey {
        match read {
            Err(error) => FoundKey::Unusable(error),
            Ok(key) => match chain::belongs(certificate, key.public_key()) {
                Ok(()) => FoundKey::Here(key),
                Err(error) => FoundKey::Foreign(error),
            },
        }
    }
}

fn has(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}
