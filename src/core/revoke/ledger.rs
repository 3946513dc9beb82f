//! The books of one CA: its key, its log and its list, read together and written together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use x509_cert::ext::pkix::KeyUsages;

use super::{LIST_PERIOD, ListSpec, RevokeError};
use crate::core::catalog::{self, ETCD_CA};
use crate::core::changes::{Before, Bytes, Change, Changes, Secrecy};
use crate::core::inventory::{self, Inventory};
use crate::core::log::{self, Event, Listed, Revoked as Line, Standing};
use crate::core::report::{Action, ListRow, RevokeReport};
use crate::core::rotation::{self, Anchor, Public, Rotation, Side, State};
use crate::core::spec::Pair;
use crate::core::x509::cert::Certificate;
use crate::core::x509::chain::Ca;
use crate::core::x509::crl::{Crl, Revoked};
use crate::core::x509::number::Number;
use crate::core::x509::private_key::PrivateKey;
use crate::core::x509::revocation::{Reason, Template, to_pem};
use crate::core::x509::time::{Moment, Period, Until};
use crate::core::{Error, World, logs, store};

/// Where the list of a CA is, by the file of its certificate.
pub(super) fn list(ca: &Path) -> PathBuf {
    ca.with_extension("crl")
}

/// Where the same list is in DER.
pub(super) fn list_der(ca: &Path) -> PathBuf {
    ca.with_extension("crl.der")
}

/// Somebody who signs a list.
#[derive(Clone)]
pub(super) struct Signer {
    certificate: Certificate,
    key: Rc<PrivateKey>,
}

/// The books of one CA; in the middle of a rotation, of the old and the new one together.
pub(super) struct Ledger {
    files: Pair,
    /// Who signs the list: each CA that is trusted, the one that signs certificates first.
    signers: Vec<Signer>,
    standing: Standing,
    /// The lists that are there, and the bytes of their file.
    old: Option<(Bytes, Vec<Crl>)>,
    /// The same in DER, whatever that holds.
    old_der: Option<Bytes>,
    /// Whether it lacks cRLSign, and signs all the same.
    is_unfit: bool,
}

impl Ledger {
    /// Reads the books of a CA that is to sign a list.
    pub fn read(files: &Pair, spec: &ListSpec, now: Moment) -> Result<Self, Error> {
        let snapshot = store::read([&files.certificate, &files.key].map(Clone::clone));
        let inventory = Inventory::new(&snapshot);
        let chain = inventory.need_chain("CA certificate", &files.certificate)?;
        let key = inventory.key("CA key", &files.key)?;
        let key = Rc::new(key.ok_or_else(|| RevokeError::NoKey(files.key.clone()))?);
        let path = || files.certificate.clone();
        let ca = Ca::new(chain, Rc::clone(&key), now)
            .map_err(|source| inventory::Error::Ca { path: path(), source })?;
        let signer = Signer { certificate: ca.certificate().clone(), key };
        let mut signers = vec![signer];
        signers.extend(companion(files, ca.certificate())?);
        Self::read_by(files, signers.clone(), &signers, spec, now)
    }

    /// The same where it is known who signs the list, and who may have signed those that are there.
    pub fn read_by(
        files: &Pair,
        signers: Vec<Signer>,
        known: &[Signer],
        spec: &ListSpec,
        now: Moment,
    ) -> Result<Self, Error> {
        let (list, list_der) = (list(&files.certificate), list_der(&files.certificate));
        let snapshot = store::read([&list, &list_der].map(Clone::clone));
        let inventory = Inventory::new(&snapshot);
        let path = || files.certificate.clone();
        let unfit = signers
            .iter()
            .map(|it| &it.certificate)
            .find(|it| it.extensions().permits(KeyUsages::CRLSign) == Some(false));
        if let Some(ca) = unfit.filter(|_| !spec.force) {
            let found = ca.extensions().key_usages().join(", ");
            let subject = ca.subject().to_string();
            return Err(RevokeError::NoCrlSign { path: path(), subject, found }.into());
        }
        let is_unfit = unfit.is_some();
        let old = inventory.bytes("revocation list", &list)?;
        let old = old.map(|bytes| read_lists(&list, bytes, known)).transpose()?;
        let old_der = inventory.bytes("revocation list", &list_der)?.cloned();
        let standing = logs::standing(&files.certificate)?;
        let ledger = Self { files: files.clone(), signers, standing, old, old_der, is_unfit };
        match ledger.last_update().filter(|last| now < *last && !spec.force) {
            Some(last) => Err(RevokeError::ClockBehind { ca: path(), last, now }.into()),
            None => Ok(ledger),
        }
    }

    /// The certificate of the CA.
    pub fn certificate(&self) -> &Certificate {
        &self.signers[0].certificate
    }

    /// Where the list goes that etcd reads.
    pub fn list_der(&self) -> PathBuf {
        list_der(&self.files.certificate)
    }

    /// Where the list goes.
    pub fn list(&self) -> PathBuf {
        list(&self.files.certificate)
    }

    /// Since when and why a certificate is revoked.
    pub fn revoked(&self, serial: &Number) -> Option<(Moment, Reason)> {
        let logged = self.standing.revoked.get(serial).copied();
        let listed = || self.unlogged().find(|one| one.serial_number == *serial);
        logged.or_else(|| listed().map(|one| (one.since, one.reason)))
    }

    /// Whether the list that is there says all that the log says.
    pub fn says_all(&self) -> bool {
        let lists = self.lists();
        let says_all = |(list, signer): (&Crl, &Signer)| {
            let listed = list.revoked();
            let is_listed = |serial: &Number| listed.iter().any(|one| one.serial_number == *serial);
            list.is_signed_by(signer.certificate.public_key())
                && self.standing.revoked.keys().all(is_listed)
                && !self.standing.released.iter().any(is_listed)
        };
        lists.len() == self.signers.len() && lists.iter().zip(&self.signers).all(says_all)
    }

    /// Whether it does, and is not due within this time.
    pub fn lasts(&self, period: Period, now: Moment) -> bool {
        let next = self.lists().iter().map(Crl::next_update).min().flatten();
        let end = Until::After(period).end(now);
        self.says_all() && next.is_some_and(|next| end.is_ok_and(|end| next > end))
    }

    /// The list that is there, for a report that keeps it.
    pub fn kept(&self) -> Option<ListRow> {
        let old = self.lists().first()?;
        Some(ListRow {
            action: Action::Keep,
            path: self.list(),
            ca: self.certificate().subject().to_string(),
            number: old.number().unwrap_or_default(),
            entries: old.revoked().len(),
            next_update: old.next_update().unwrap_or_else(|| old.this_update()),
        })
    }

    /// The lines and the list that follow from `events`.
    pub fn write(
        mut self,
        mut events: Vec<Event<'static>>,
        spec: &ListSpec,
        report: &mut RevokeReport,
        world: &World<'_>,
    ) -> Result<Changes, Error> {
        let found: Vec<Revoked> = self.unlogged().collect();
        if !found.is_empty() {
            report.notes.push(format!(
                "{} revokes {} that the log does not know of; the log takes them in",
                self.list().display(),
                match found.len() {
                    1 => "one certificate".to_owned(),
                    more => format!("{more} certificates"),
                }
            ));
        }
        if let Some(lacks) = self.lists().iter().map(Crl::lacks).find(|lacks| !lacks.is_empty()) {
            report.notes.push(format!(
                "{} lacks what RFC 5280 demands of a list ({}): it was made elsewhere; the next one has all of that",
                self.list().display(),
                lacks.join(", ")
            ));
        }
        let lines = found.into_iter().map(|one| {
            let (serial, reason, since) = (one.serial_number, one.reason, Some(one.since));
            Event::Revoked(Line { serial, reason, since })
        });
        events.splice(..0, lines);
        for event in &events {
            self.standing.add(log::Line { event: event.clone(), act: log::Act::of(world) });
        }
        let template = self.template(spec, world.now)?;
        let sign = |it: &Signer| template.sign(&it.certificate, &it.key, world.entropy);
        let all = self.signers.iter().map(sign).collect::<Result<Vec<_>, _>>();
        let all = all.map_err(|source| RevokeError::List { path: self.list(), source })?;
        events.push(Event::List(Listed {
            number: template.number.clone(),
            entries: template.revoked.len(),
            next_update: template.next_update,
        }));
        let mut list = vec![log::lines(&self.files.certificate, events, world)];
        let old = self.old.as_ref().map(|(bytes, _)| bytes);
        let action = if old.is_some() { Action::Replace } else { Action::Create };
        report.lists.push(ListRow {
            action,
            path: self.list(),
            ca: self.certificate().subject().to_string(),
            number: template.number,
            entries: template.revoked.len(),
            next_update: template.next_update,
        });
        let text: String = all.iter().map(|der| to_pem(der)).collect();
        list.push(public(self.list(), text.into_bytes(), old));
        if spec.der || self.old_der.is_some() || is_etcds(&self.files.certificate) {
            report.also.push(self.list_der());
            // etcd reads one list and no more; in each of them is what all of them revoke.
            let first = all.into_iter().next().unwrap_or_default();
            list.push(public(self.list_der(), first, self.old_der.as_ref()));
        }
        if self.is_unfit {
            report.warnings.push(format!(
                "{} lacks cRLSign: openssl, nginx and whoever else is strict refuse this list; etcd takes it",
                self.files.certificate.display()
            ));
        }
        report.changed = true;
        Ok(Changes { home: PathBuf::new(), list })
    }

    /// What the list that is there revokes and the log does not know of: it was made elsewhere, or lines were lost.
    fn unlogged(&self) -> impl Iterator<Item = Revoked> {
        let listed = self.lists().iter().flat_map(Crl::revoked);
        let unlogged = listed.filter(|one| {
            let serial = &one.serial_number;
            !self.standing.revoked.contains_key(serial) && !self.standing.released.contains(serial)
        });
        let unlogged: BTreeMap<_, _> =
            unlogged.map(|one| (one.serial_number.clone(), one)).collect();
        unlogged.into_values()
    }

    /// The lists that are there.
    fn lists(&self) -> &[Crl] {
        self.old.as_ref().map_or(&[], |(_, lists)| lists)
    }

    fn template(&self, spec: &ListSpec, now: Moment) -> Result<Template, Error> {
        let of_list = self.lists().iter().filter_map(Crl::number).max();
        let of_log = self.standing.list.as_ref().map(|(last, _)| last.number.clone());
        let last = of_list.max(of_log).unwrap_or_default();
        let number = last.next().ok_or(RevokeError::UsedUp(last))?;
        let period = spec.next_update.or_else(|| self.last_period()).unwrap_or(LIST_PERIOD);
        let revoked = self.standing.revoked.iter().map(|(serial, (since, reason))| Revoked {
            serial_number: serial.clone(),
            since: *since,
            reason: *reason,
        });
        Ok(Template {
            number,
            this_update: now,
            next_update: Until::After(period).end(now)?,
            revoked: revoked.collect(),
        })
    }

    /// When the last list was made, as far as list and log remember.
    fn last_update(&self) -> Option<Moment> {
        let of_list = self.lists().iter().map(Crl::this_update).max();
        of_list.max(self.standing.list.as_ref().map(|(_, when)| *when))
    }

    /// How long the last list counts, the one that is there or the one that the log remembers.
    fn last_period(&self) -> Option<Period> {
        let of_list =
            self.lists().first().and_then(|old| Some((old.this_update(), old.next_update()?)));
        let of_log = self.standing.list.as_ref().map(|(last, made)| (*made, last.next_update));
        let (made, next) = of_list.or(of_log)?;
        Period::between(made, next)
    }
}

/// etcd reads no other form.
fn is_etcds(ca: &Path) -> bool {
    let file = catalog::row(ETCD_CA).and_then(|row| row.file);
    file.is_some_and(|file| ca.with_extension("").ends_with(file))
}

/// The CA that is trusted beside the one that signs certificates, in the middle of a rotation: whoever looks for a list by it must
/// find one.
fn companion(files: &Pair, ca: &Certificate) -> Result<Option<Signer>, Error> {
    for anchor in Anchor::all() {
        let Some(cert_dir) = anchor.cert_dir_of(&files.certificate) else { continue };
        let path = cert_dir.join(rotation::FILE);
        let snapshot = store::read([path.clone()]);
        let state = Inventory::new(&snapshot).bytes("state of rotations", &path)?;
        let state = state.map(|bytes| State::parse(&path, bytes)).transpose()?.unwrap_or_default();
        let Some(entry) = state.entry(anchor).filter(|entry| entry.stage.trusts_both()) else {
            continue;
        };
        let snapshot = store::read(entry.files(cert_dir));
        let rotation = Rotation::find(entry.clone(), cert_dir, Inventory::new(&snapshot))?;
        let mut signers = signers(rotation.list_signers(entry.stage));
        signers.retain(|signer| signer.certificate != *ca);
        return Ok(signers.pop());
    }
    Ok(None)
}

/// Sides of a rotation, as who signs a list.
pub(super) fn signers<'a>(sides: impl IntoIterator<Item = &'a Side>) -> Vec<Signer> {
    let signer = |side: &Side| match &side.public {
        Public::Certificate(ca) => {
            Some(Signer { certificate: (**ca).clone(), key: Rc::clone(&side.key) })
        }
        Public::Key(_) => None,
    };
    sides.into_iter().filter_map(signer).collect()
}

fn read_lists(
    path: &Path,
    bytes: &Bytes,
    known: &[Signer],
) -> Result<(Bytes, Vec<Crl>), RevokeError> {
    let wrong = |source| RevokeError::List { path: path.to_owned(), source };
    let lists = Crl::all_from_pem(bytes).map_err(wrong)?;
    let is_by = |list: &Crl, it: &Signer| {
        list.issuer() == it.certificate.subject() && list.is_signed_by(it.certificate.public_key())
    };
    match lists.iter().all(|list| known.iter().any(|it| is_by(list, it))) {
        true => Ok((bytes.clone(), lists)),
        false => {
            let ca = known[0].certificate.subject().to_string();
            Err(RevokeError::ForeignList { path: path.to_owned(), ca })
        }
    }
}

fn public(path: PathBuf, bytes: Vec<u8>, old: Option<&Bytes>) -> Change {
    let before = old.map_or(Before::Absent, |old| Before::Exactly(old.clone()));
    Change { path, bytes: Bytes::new(bytes), secrecy: Secrecy::Public, before }
}
