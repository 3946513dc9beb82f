//! CAs: what they have signed, and who signs that now.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use super::files::Keys;
use super::found::FoundKey;
use crate::core::inventory;
use crate::core::x509::cert::Certificate;
use crate::core::x509::chain::{self, Ca, is_issued_by};
use crate::core::x509::number::Number;
use crate::core::x509::private_key::PrivateKey;
use crate::core::x509::public_key::PublicKey;
use crate::core::x509::revocation::Reason;
use crate::core::x509::time::Moment;

/// A CA, for what it has signed.
#[derive(Debug)]
pub struct Authority {
    /// The file of its certificates.
    pub file: PathBuf,
    /// What any of these signed is its work: while a CA is rotated there are several.
    pub certificates: Vec<Certificate>,
    /// Whether its key is in the file that goes with this one: a copy elsewhere keeps no log.
    has_key_beside: bool,
    /// What it has taken back, by its log.
    pub revoked: BTreeMap<Number, (Moment, Reason)>,
    /// Who signs that now.
    pub signer: Signer,
}

/// Who signs now.
#[derive(Clone, Debug)]
pub enum Signer {
    /// The CA's key is here and fits.
    Here(Rc<Ca>),
    /// The key is not here.
    Elsewhere {
        /// Where it would be.
        key: PathBuf,
    },
    /// It cannot sign, for this reason.
    Unfit(Arc<inventory::Error>),
}

impl Authority {
    /// The CA in a file, which may be a bundle of several: the one whose key is there signs for all. `named` is the key that
    /// somebody named.
    pub(super) fn new(
        file: PathBuf,
        certificates: Vec<Certificate>,
        keys: &Keys,
        named: Option<&PathBuf>,
        now: Moment,
    ) -> Self {
        let beside = named.cloned().unwrap_or_else(|| file.with_extension("key"));
        let found = certificates.iter().find_map(|one| match named {
            Some(named) => {
                let fits = |key: &PrivateKey| chain::belongs(one, key.public_key()).is_ok();
                keys.at(named).filter(|(_, key)| fits(key))
            }
            None => keys.of(one, &file),
        });
        let unfit =
            |source| Signer::Unfit(Arc::new(inventory::Error::Ca { path: file.clone(), source }));
        let has_key_beside = found.as_ref().is_some_and(|(path, _)| **path == beside);
        let signer = match found {
            Some((_, key)) => {
                match Ca::new(path_of(&certificates, key.public_key()), key.clone(), now) {
                    Ok(ca) => Signer::Here(Rc::new(ca)),
                    Err(source) => unfit(source),
                }
            }
            None => match keys.state(&beside, &certificates[0]) {
                FoundKey::Missing => Signer::Elsewhere { key: beside },
                FoundKey::Unusable(error) => Signer::Unfit(error),
                FoundKey::Foreign(source) => unfit(source),
                FoundKey::Here(_) => {
                    unreachable!("a key that belongs to a certificate was found before")
                }
            },
        };
        Self { file, certificates, has_key_beside, revoked: BTreeMap::new(), signer }
    }

    /// Whether it signed `leaf`. What stands above the one that signs now is not it: a root in the file of an intermediate.
    pub(super) fn signed(&self, leaf: &Certificate) -> bool {
        let above: &[Certificate] = match &self.signer {
            Signer::Here(ca) => &ca.chain()[1..],
            Signer::Elsewhere { .. } | Signer::Unfit(_) => &[],
        };
        let own = self.certificates.iter().filter(|one| !above.contains(one));
        own.into_iter().any(|ca| is_issued_by(leaf, ca))
    }

    /// The one whose key can sign is better than one that cannot, and that one tells more than a copy without a key.
    fn rank(&self) -> u8 {
        match self.signer {
            Signer::Here(_) if self.has_key_beside => 0,
            Signer::Here(_) => 1,
            Signer::Unfit(_) => 2,
            Signer::Elsewhere { .. } => 3,
        }
    }
}

/// The CA that signed `leaf`.
pub(super) fn of<'a>(leaf: &Certificate, authorities: &'a [Authority]) -> Option<&'a Authority> {
    let signed = authorities.iter().filter(|authority| authority.signed(leaf));
    signed.min_by_key(|authority| authority.rank())
}

/// The certificate of this key, then those above it that came along.
fn path_of(certificates: &[Certificate], key: &PublicKey) -> Vec<Certificate> {
    let own = certificates.iter().find(|one| one.public_key() == key);
    let mut path: Vec<Certificate> = own.cloned().into_iter().collect();
    while let Some(last) = path.last()
        && !last.is_self_issued()
        && let Some(above) = certificates.iter().find(|one| is_issued_by(last, one))
        && !path.contains(above)
    {
        path.push(above.clone());
    }
    path
}
