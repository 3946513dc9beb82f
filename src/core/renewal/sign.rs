//! From what was decided and the keys that were drawn for it to files: all is signed and checked in memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use x509_cert::serial_number::SerialNumber;
use zeroize::Zeroizing;

use super::decide::{Item, NextKey, Renewals, Step};
use super::error::Error;
use super::found::{At, Found, Place};
use crate::core::changes::{Before, Bytes, Change, Secrecy, Snapshot};
use crate::core::inventory::Inventory;
use crate::core::kubeconfig::{self, AuthInfo, Data, Entry, File, NamedUser};
use crate::core::x509::cert::{Certificate, chain_to_pem};
use crate::core::x509::chain::is_issued_by;
use crate::core::x509::csr::Request;
use crate::core::x509::entropy::Entropy;
use crate::core::x509::pem;
use crate::core::x509::private_key::{self, PrivateKey};

/// What was drawn for a decision.
#[derive(Debug)]
pub struct Drawn {
    /// One for each of [`Renewals::new_keys`].
    pub keys: Vec<PrivateKey>,
    /// One for each of [`Renewals::signatures`].
    pub serials: Vec<SerialNumber>,
}

/// What came of a decision.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The files to write, each once, keys before their certificates.
    pub changes: Vec<Change>,
    /// Every certificate that was signed.
    pub issued: Vec<Issued>,
}

/// A certificate that was signed.
#[derive(Debug)]
pub struct Issued {
    /// The certificate.
    pub certificate: Certificate,
    /// The file of the CA that signed it.
    pub authority: PathBuf,
    /// Where it is.
    pub place: Place,
}

/// Carries a decision out in memory, on the files as they were read.
///
/// # Errors
///
/// A key that does not sign, a signature that does not verify, a kubeconfig that cannot be edited without loss.
pub fn carry_out(
    plan: &Renewals,
    snapshot: &Snapshot,
    drawn: Drawn,
    entropy: &dyn Entropy,
) -> Result<Outcome, Error> {
    let mut signer = Signer {
        plan,
        keys: drawn.keys.into_iter(),
        serials: drawn.serials.into_iter(),
        entropy,
        own: BTreeMap::new(),
        files: Files { inventory: Inventory::new(snapshot), now: Vec::new() },
        issued: Vec::new(),
    };
    for (index, item) in plan.items.iter().enumerate() {
        signer.item(index, item)?;
    }
    Ok(Outcome { changes: signer.files.changes()?, issued: signer.issued })
}

struct Signer<'a> {
    plan: &'a Renewals,
    keys: std::vec::IntoIter<PrivateKey>,
    serials: std::vec::IntoIter<SerialNumber>,
    entropy: &'a dyn Entropy,
    /// The new keys, by the items that they were drawn for.
    own: BTreeMap<usize, Rc<PrivateKey>>,
    files: Files<'a>,
    issued: Vec<Issued>,
}

impl Signer<'_> {
    fn item(&mut self, index: usize, item: &Item) -> Result<(), Error> {
        match &item.step {
            Step::Keep => Ok(()),
            Step::Ask { request, key, .. } => self.ask(&item.found, request, key),
            Step::Renew { key, .. } => {
                let key = self.key(index, *key);
                self.renew(item, key.as_deref())
            }
        }
    }

    fn key(&mut self, index: usize, next: NextKey) -> Option<Rc<PrivateKey>> {
        match next {
            NextKey::Same => None,
            NextKey::Shared { first, .. } => self.own.get(&first).cloned(),
            NextKey::Draw(_) => {
                let key = self.keys.next().expect("a key is drawn for each item that needs one");
                let key = Rc::new(key);
                self.own.insert(index, key.clone());
                Some(key)
            }
        }
    }

    fn renew(&mut self, item: &Item, key: Option<&PrivateKey>) -> Result<(), Error> {
        let Step::Renew { validity, ca, authority, behind, .. } = &item.step else { return Ok(()) };
        let (found, old) = (&item.found, &item.found.chain[0]);
        let public_key = key.map_or(old.public_key(), PrivateKey::public_key);
        let serial = self.serials.next().expect("a serial number is drawn for each signature");
        let new = old.reissue(
            *validity,
            &self.plan.sans,
            serial,
            public_key,
            ca.certificate(),
            ca.key(),
            self.entropy,
        )?;
        if !is_issued_by(&new, ca.certificate()) {
            return Err(Error::Untrue(old.subject().to_string()));
        }
        if let Some(key) = key {
            let is_other_kind = key.public_key().key_type() != old.public_key().key_type();
            self.files.put(&found.place.key, What::Key { key, is_other_kind })?;
        }
        let behind = behind.as_deref();
        self.files.put(&found.place.certificate, What::Certificate { new: &new, behind })?;
        let (authority, place) = (authority.clone(), found.place.clone());
        self.issued.push(Issued { certificate: new, authority, place });
        Ok(())
    }

    /// One that asks for the same already stays.
    fn ask(&mut self, found: &Found, request: &Path, key: &PrivateKey) -> Result<(), Error> {
        let new = Request::again(&found.chain[0], &self.plan.sans, key, self.entropy)?;
        new.verify()?;
        let is_there =
            self.files.inventory.request(request).is_ok_and(|old| old.says_the_same(&new));
        if !is_there {
            self.files.write(request, Bytes::new(new.to_pem().into_bytes()))?;
        }
        Ok(())
    }
}

/// What comes into a place.
enum What<'a> {
    /// A certificate, and what stands behind it where that changes.
    Certificate { new: &'a Certificate, behind: Option<&'a [Certificate]> },
    /// A key, and whether it is of another kind than the old one.
    Key { key: &'a PrivateKey, is_other_kind: bool },
}

impl What<'_> {
    /// A PEM file or text with it in the place of the old one; the rest stays byte for byte.
    fn put_into(&self, old: &[u8]) -> Bytes {
        match self {
            Self::Certificate { new, behind: None } => {
                let replaced =
                    pem::replace(old, &[pem::CERTIFICATE], |_| Zeroizing::new(new.to_pem()));
                replaced.unwrap_or_else(|| Bytes::new(new.to_pem().into_bytes()))
            }
            Self::Certificate { new, behind: Some(behind) } => {
                let chain = chain_to_pem(std::iter::once(*new).chain(behind.iter()));
                let alone = pem::only_first(old, pem::CERTIFICATE);
                let replaced =
                    pem::replace(&alone, &[pem::CERTIFICATE], |_| Zeroizing::new(chain.clone()));
                replaced.unwrap_or_else(|| Bytes::new(chain.into_bytes()))
            }
            Self::Key { key, is_other_kind } => {
                // It would name the curve of the old one.
                let bare = is_other_kind.then(|| pem::remove(old, private_key::EC_PARAMETERS));
                let bare = bare.flatten();
                let old = bare.as_ref().map_or(old, |bare| bare.as_slice());
                let replaced =
                    pem::replace(old, &private_key::LABELS, |label| key.to_pem_as(label));
                replaced.unwrap_or_else(|| Bytes::new(key.to_pem().as_bytes().to_vec()))
            }
        }
    }

    fn put_into_user(&self, user: &mut AuthInfo) {
        let data = match self {
            Self::Certificate { .. } => &mut user.client_certificate_data,
            Self::Key { .. } => &mut user.client_key_data,
        };
        *data = Data::new(self.put_into(data.expose()).to_vec());
    }
}

/// Files as they will be, in the order in which they were first written.
struct Files<'a> {
    inventory: Inventory<'a>,
    now: Vec<(PathBuf, Now)>,
}

enum Now {
    Plain(Bytes),
    Kubeconfig(Box<File>),
}

impl Files<'_> {
    fn put(&mut self, at: &At, what: What<'_>) -> Result<(), Error> {
        match at {
            At::File(path) => {
                let new = what.put_into(&self.plain(path)?);
                self.write(path, new)
            }
            At::User(path, name) => {
                let file = self.kubeconfig(path)?;
                let user = file.config().users.iter().find(|user| user.name == *name);
                let mut user = user.map(|user| user.user.clone()).unwrap_or_default();
                what.put_into_user(&mut user);
                let new = kubeconfig::put(&file, &NamedUser::new(name, user))?.into_owned();
                self.set(path, Now::Kubeconfig(Box::new(new)));
                Ok(())
            }
        }
    }

    fn write(&mut self, path: &Path, bytes: Bytes) -> Result<(), Error> {
        self.set(path, Now::Plain(bytes));
        Ok(())
    }

    fn set(&mut self, path: &Path, new: Now) {
        match self.now.iter_mut().find(|(known, _)| known == path) {
            Some((_, now)) => *now = new,
            None => self.now.push((path.to_owned(), new)),
        }
    }

    fn get(&self, path: &Path) -> Option<&Now> {
        self.now.iter().find(|(known, _)| known == path).map(|(_, now)| now)
    }

    fn plain(&self, path: &Path) -> Result<Bytes, Error> {
        Ok(match self.get(path) {
            Some(Now::Plain(bytes)) => bytes.clone(),
            Some(Now::Kubeconfig(file)) => Bytes::new(file.bytes().to_vec()),
            None => self.inventory.bytes("file", path)?.cloned().unwrap_or_default(),
        })
    }

    fn kubeconfig(&self, path: &Path) -> Result<File, Error> {
        match self.get(path) {
            Some(Now::Kubeconfig(file)) => Ok((**file).clone()),
            _ => Ok(File::parse(path, self.inventory.need("kubeconfig", path)?)?),
        }
    }

    fn changes(self) -> Result<Vec<Change>, Error> {
        let inventory = self.inventory;
        let change = |(path, now): (PathBuf, Now)| {
            let bytes = match now {
                Now::Plain(bytes) => bytes,
                Now::Kubeconfig(file) => file.into_bytes(),
            };
            // Whoever could read it, can.
            let (before, secrecy) = match inventory.bytes("file", &path)? {
                Some(old) => (Before::Exactly(old.clone()), Secrecy::AsFound),
                None => (Before::Absent, Secrecy::Public),
            };
            Ok(Change { path, bytes, secrecy, before })
        };
        self.now.into_iter().map(change).collect()
    }
}
