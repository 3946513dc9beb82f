//! The decision: what becomes of each certificate.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::authority::Authority;
use super::error::{Error, Failure};
use super::found::{Found, Place, Survey};
use super::note::Note;
use super::select::{Sought, sought};
use super::{Wanted, Which};
use crate::core::catalog::ROWS;
use crate::core::changes::{Found as OnDisk, Snapshot};
use crate::core::inventory::{self, Inventory};
use crate::core::x509::cert::{Certificate, SanChanges};
use crate::core::x509::chain::Ca;
use crate::core::x509::key_type::KeyType;
use crate::core::x509::private_key::PrivateKey;
use crate::core::x509::time::{Moment, Validity};

/// What will be done.
#[derive(Debug)]
pub struct Renewals {
    /// The folder that keeps the lock, the journal and the backups.
    pub home: PathBuf,
    /// One for each certificate that was asked for, in the order of the catalog, then by name.
    pub items: Vec<Item>,
    /// What cannot be done: with any, nothing is.
    pub failures: Vec<Failure>,
    /// What the operator should know.
    pub notes: Vec<Note>,
    /// What is to be otherwise in the names.
    pub sans: SanChanges,
}

/// One certificate, and what will be done about it.
#[derive(Debug)]
pub struct Item {
    /// What is there.
    pub found: Found,
    /// What will be done.
    pub step: Step,
}

/// What will be done about a certificate.
#[derive(Debug)]
pub enum Step {
    /// Ask for a signature, since the key of the CA is not here.
    Ask {
        /// The certificate of the CA, for people.
        ca: PathBuf,
        /// Where the request goes.
        request: PathBuf,
        /// For this key.
        key: Rc<PrivateKey>,
    },
    /// It lives long enough.
    Keep,
    /// Sign the next one.
    Renew {
        /// Its first and last second.
        validity: Validity,
        /// Its key.
        key: NextKey,
        /// Who signs.
        ca: Rc<Ca>,
        /// The file of the CA that signs.
        authority: PathBuf,
        /// What stands behind it from now on; `None` for what is there.
        behind: Option<Vec<Certificate>>,
    },
}

/// The key of the next certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NextKey {
    /// A new one of this kind.
    Draw(KeyType),
    /// The old one.
    Same,
    /// The new one of an earlier item, which is in the same place.
    Shared {
        /// The number of that item.
        first: usize,
        /// Its kind.
        kind: KeyType,
    },
}

/// Decides about what was asked for.
///
/// # Errors
///
/// Something that was named is not there or is no certificate, or there is no CA. What is there and cannot be renewed is among the
/// [`Renewals::failures`].
pub fn decide(
    survey: Survey,
    wanted: &Wanted,
    snapshot: &Snapshot,
    now: Moment,
) -> Result<Renewals, Error> {
    let Survey { certificates, mut authorities, damaged, notes, spelling } = survey;
    match &wanted.ca {
        Some(ca) => {
            Inventory::new(snapshot).need_chain("CA certificate", &ca.certificate)?;
            authorities.retain(|one| one.file == ca.certificate);
        }
        None => authorities.retain(|one| one.file.starts_with(&wanted.cas)),
    }
    if let Some(until) = wanted.terms.until {
        Validity::new(now, until)?;
    }
    let named = named(&sought(wanted)?, &spelling, snapshot)?;
    let mut decision = Decision {
        wanted,
        authorities: &authorities,
        now,
        failures: Vec::new(),
        notes,
        revoked: 0,
    };
    let (chosen, others) = decision.choose(certificates, damaged, &named)?;
    if authorities.is_empty() {
        return Err(Error::NoCa(wanted.cas.clone()));
    }
    let mut items = Vec::new();
    for found in chosen {
        match decision.judge(&found) {
            Ok(Some(step)) => items.push(Item { found, step }),
            Ok(None) => {}
            Err(why) => decision.failures.push(Failure { place: found.place, why }),
        }
    }
    // Where all of them are revoked, nothing is missing.
    if items.is_empty() && decision.failures.is_empty() && decision.revoked == 0 {
        let folders = wanted.folders.iter();
        let folders = folders.flat_map(|it| [it.certificates.clone(), it.kubeconfigs.clone()]);
        return Err(Error::Nothing(folders.collect::<BTreeSet<_>>().into_iter().collect()));
    }
    decision.share_keys(&mut items, &others);
    decision.note_open_keys(&items, snapshot);
    let Decision { failures, notes, .. } = decision;
    Ok(Renewals {
        home: wanted.home.clone(),
        items,
        failures,
        notes,
        sans: wanted.terms.sans.clone(),
    })
}

/// A decision on its way.
pub(super) struct Decision<'a> {
    pub(super) wanted: &'a Wanted,
    pub(super) authorities: &'a [Authority],
    pub(super) now: Moment,
    pub(super) failures: Vec<Failure>,
    pub(super) notes: Vec<Note>,
    /// How many stay as they are because they are revoked.
    pub(super) revoked: usize,
}

impl Decision<'_> {
    /// What was asked for, in order, and what else there is.
    fn choose(
        &mut self,
        certificates: Vec<Found>,
        damaged: Vec<Failure>,
        named: &BTreeSet<PathBuf>,
    ) -> Result<(Vec<Found>, Vec<Found>), Error> {
        let is_named =
            |place: &Place, owner: &Path| named.contains(place.file()) || named.contains(owner);
        let is_all = matches!(self.wanted.which, Which::All { .. });
        let is_chosen = |place: &Place, owner: &Path| match is_all {
            true => !is_named(place, owner) && self.wanted.is_within(owner),
            false => is_named(place, owner),
        };
        self.failures
            .extend(damaged.into_iter().filter(|it| is_chosen(&it.place, it.place.file())));
        let (mut chosen, others): (Vec<_>, Vec<_>) =
            certificates.into_iter().partition(|it| is_chosen(&it.place, &it.owner));
        if !is_all {
            for file in named {
                let is_ca = self.authorities.iter().any(|it| it.file == *file);
                let has_any = chosen.iter().any(|it| it.place.file() == file || it.owner == *file)
                    || self.failures.iter().any(|it| it.place.file() == file);
                match (is_ca, has_any) {
                    (true, _) => return Err(Error::IsCa(file.display().to_string())),
                    (false, false) => return Err(self.nothing_in(file)),
                    (false, true) => {}
                }
            }
        }
        let order = |it: &Found| {
            ROWS.iter()
                .position(|row| it.row.is_some_and(|own| own.name == row.name))
                .unwrap_or(ROWS.len())
        };
        chosen.sort_by_key(|it| (order(it), it.place.clone()));
        Ok((chosen, others))
    }

    /// Why there is nothing in a file that was named.
    fn nothing_in(&self, kubeconfig: &Path) -> Error {
        let elsewhere = self.notes.iter().find_map(|note| match note {
            Note::Elsewhere { kubeconfig: it, file, .. } if it == kubeconfig => Some(file.clone()),
            _ => None,
        });
        match elsewhere {
            Some(path) => inventory::Error::Missing { what: "certificate", path }.into(),
            None => Error::NoCertificate(kubeconfig.to_owned()),
        }
    }

    fn note_open_keys(&mut self, items: &[Item], snapshot: &Snapshot) {
        let inventory = Inventory::new(snapshot);
        let files: BTreeSet<&Path> = items.iter().map(|it| it.found.place.key.file()).collect();
        for path in files {
            self.notes.extend(inventory.open_key(path).map(Note::OpenKey));
        }
    }
}

impl Item {
    /// Whether anything is to be done.
    pub fn is_work(&self) -> bool {
        !matches!(self.step, Step::Keep)
    }

    pub(super) fn draws(&self) -> bool {
        matches!(self.step, Step::Renew { key: NextKey::Draw(_), .. })
    }
}

impl Renewals {
    /// The kinds of the keys that it takes, in the order of the items.
    pub fn new_keys(&self) -> Vec<KeyType> {
        let kind = |item: &Item| match item.step {
            Step::Renew { key: NextKey::Draw(kind), .. } => Some(kind),
            _ => None,
        };
        self.items.iter().filter_map(kind).collect()
    }

    /// How many certificates will be signed.
    pub fn signatures(&self) -> usize {
        self.items.iter().filter(|item| matches!(item.step, Step::Renew { .. })).count()
    }
}

/// The files that names mean.
fn named(
    sought: &[Sought],
    spelling: &BTreeMap<PathBuf, PathBuf>,
    snapshot: &Snapshot,
) -> Result<BTreeSet<PathBuf>, Error> {
    let mut files = BTreeSet::new();
    for one in sought {
        let spelled = |path: &PathBuf| spelling.get(path).unwrap_or(path).clone();
        let is_there = |path: &PathBuf| !matches!(snapshot.get(path), OnDisk::Absent);
        let there = one.paths.iter().map(spelled).filter(is_there);
        let mut there: Vec<PathBuf> = there.collect();
        if there.is_empty() {
            let path = spelled(&one.or_else);
            if !is_there(&path) {
                let (what, path) = ("certificate", one.or_else.clone());
                return Err(inventory::Error::Missing { what, path }.into());
            }
            there.push(path);
        }
        files.extend(there);
    }
    Ok(files)
}
