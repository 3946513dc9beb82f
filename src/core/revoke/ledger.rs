//! The books of one CA: its key, its log and its list, read together and written together.

use std::path::{Path, PathBuf};

use x509_cert::ext::pkix::KeyUsages;

use super::{LIST_PERIOD, ListSpec, RevokeError};
use crate::core::catalog::{self, ETCD_CA};
use crate::core::changes::{Before, Bytes, Change, Changes, Secrecy};
use crate::core::inventory::{self, Inventory};
use crate::core::log::{self, Event, Listed, Revoked as Line, Standing};
use crate::core::report::{Action, ListRow, RevokeReport};
use crate::core::spec::Pair;
use crate::core::x509::cert::Certificate;
use crate::core::x509::chain::Ca;
use crate::core::x509::crl::{Crl, Revoked};
use crate::core::x509::number::Number;
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

/// The books of one CA.
pub(super) struct Ledger {
    files: Pair,
    ca: Ca,
    standing: Standing,
    /// The list that is there, and its bytes.
    old: Option<(Bytes, Crl)>,
    /// The same in DER, whatever that holds.
    old_der: Option<Bytes>,
    /// Whether it lacks cRLSign, and signs all the same.
    is_unfit: bool,
}

impl Ledger {
    /// Reads the books of a CA that is to sign a list.
    pub fn read(files: &Pair, spec: &ListSpec, now: Moment) -> Result<Self, Error> {
        let (list, list_der) = (list(&files.certificate), list_der(&files.certificate));
        let paths = [&files.certificate, &files.key, &list, &list_der].map(Clone::clone);
        let snapshot = store::read(paths);
        let inventory = Inventory::new(&snapshot);
        let chain = inventory.need_chain("CA certificate", &files.certificate)?;
        let key = inventory.key("CA key", &files.key)?;
        let key = key.ok_or_else(|| RevokeError::NoKey(files.key.clone()))?;
        let path = || files.certificate.clone();
        let ca = Ca::new(chain, key, now)
            .map_err(|source| inventory::Error::Ca { path: path(), source })?;
        let extensions = ca.certificate().extensions();
        let is_unfit = extensions.permits(KeyUsages::CRLSign) == Some(false);
        if is_unfit && !spec.force {
            let found = extensions.key_usages().join(", ");
            let subject = ca.certificate().subject().to_string();
            return Err(RevokeError::NoCrlSign { path: path(), subject, found }.into());
        }
        let old = inventory.bytes("revocation list", &list)?;
        let old = old.map(|bytes| read_list(&list, bytes, ca.certificate())).transpose()?;
        let old_der = inventory.bytes("revocation list", &list_der)?.cloned();
        let standing = logs::standing(&files.certificate)?;
        let ledger = Self { files: files.clone(), ca, standing, old, old_der, is_unfit };
        match ledger.last_update().filter(|last| now < *last && !spec.force) {
            Some(last) => Err(RevokeError::ClockBehind { ca: path(), last, now }.into()),
            None => Ok(ledger),
        }
    }

    /// The certificate of the CA.
    pub fn certificate(&self) -> &Certificate {
        self.ca.certificate()
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
        let Some((_, old)) = &self.old else { return false };
        let listed = old.revoked();
        let is_listed = |serial: &Number| listed.iter().any(|one| one.serial_number == *serial);
        self.standing.revoked.keys().all(is_listed) && !self.standing.released.iter().any(is_listed)
    }

    /// Whether it does, and is not due within this time.
    pub fn lasts(&self, period: Period, now: Moment) -> bool {
        let next = self.old.as_ref().and_then(|(_, old)| old.next_update());
        let end = Until::After(period).end(now);
        self.says_all() && next.is_some_and(|next| end.is_ok_and(|end| next > end))
    }

    /// The list that is there, for a report that keeps it.
    pub fn kept(&self) -> Option<ListRow> {
        let (_, old) = self.old.as_ref()?;
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
                "{} revokes {} that the log does not know of; the log has them now",
                self.list().display(),
                match found.len() {
                    1 => "one certificate".to_owned(),
                    more => format!("{more} certificates"),
                }
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
        let der = template.sign(self.certificate(), self.ca.key(), world.entropy);
        let der = der.map_err(|source| RevokeError::List { path: self.list(), source })?;
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
        list.push(public(self.list(), to_pem(&der).into_bytes(), old));
        if spec.der || self.old_der.is_some() || is_etcds(&self.files.certificate) {
            report.also.push(self.list_der());
            list.push(public(self.list_der(), der, self.old_der.as_ref()));
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
        let listed = self.old.as_ref().map(|(_, old)| old.revoked()).unwrap_or_default();
        listed.into_iter().filter(|one| {
            let serial = &one.serial_number;
            !self.standing.revoked.contains_key(serial) && !self.standing.released.contains(serial)
        })
    }

    fn template(&self, spec: &ListSpec, now: Moment) -> Result<Template, Error> {
        let of_list = self.old.as_ref().and_then(|(_, old)| old.number());
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
        let of_list = self.old.as_ref().map(|(_, old)| old.this_update());
        of_list.max(self.standing.list.as_ref().map(|(_, when)| *when))
    }

    /// How long the last list counts, the one that is there or the one that the log remembers.
    fn last_period(&self) -> Option<Period> {
        let of_list =
            self.old.as_ref().and_then(|(_, old)| Some((old.this_update(), old.next_update()?)));
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

fn read_list(path: &Path, bytes: &Bytes, ca: &Certificate) -> Result<(Bytes, Crl), RevokeError> {
    let wrong = |source| RevokeError::List { path: path.to_owned(), source };
    let list = Crl::from_pem(bytes).map_err(wrong)?;
    match list.issuer() == ca.subject() && list.is_signed_by(ca.public_key()) {
        true => Ok((bytes.clone(), list)),
        false => {
            Err(RevokeError::ForeignList { path: path.to_owned(), ca: ca.subject().to_string() })
        }
    }
}

fn public(path: PathBuf, bytes: Vec<u8>, old: Option<&Bytes>) -> Change {
    let before = old.map_or(Before::Absent, |old| Before::Exactly(old.clone()));
    Change { path, bytes: Bytes::new(bytes), secrecy: Secrecy::Public, before }
}
