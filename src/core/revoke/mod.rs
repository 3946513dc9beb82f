//! The act of taking back: a line in the log of the CA, then its list of everything that it has revoked.
//!
//! Both come into place together. The log remembers what the list says, so that a lost list costs nothing, and the list what
//! the log says, so that a lost line brings no certificate back.

mod advice;
mod error;
mod ledger;
mod target;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::core::changes::{Changes, folder_of};
use crate::core::log::{Event, Filter, Released, Revoked};
use crate::core::report::{Revocation, RevokeReport, TakenBack};
use crate::core::rotation::{Rotation, Stage};
use crate::core::spec::Pair;
use crate::core::store::{self, Guard, Lockable};
use crate::core::x509::revocation::Reason;
use crate::core::x509::time::{Moment, Period};
use crate::core::{Error, World, logs};

use self::ledger::Ledger;
use self::target::Found;

pub use error::Error as RevokeError;
pub use target::Target;

/// How long a list counts when nothing else is said, and there was none before.
pub const LIST_PERIOD: Period = Period::days(30);

/// What a list is to be like.
#[derive(Clone, Debug)]
pub struct ListSpec {
    /// How long it counts; `None` for as long as the one before.
    pub next_update: Option<Period>,
    /// Whether it is written in DER as well, beside the one in PEM.
    pub der: bool,
    /// Whether what speaks against it is passed over: a clock that went back, a CA that may not sign lists, a number that the log
    /// does not know.
    pub force: bool,
}

/// A certificate that is to be revoked, or to count again.
#[derive(Clone, Debug)]
pub struct Revoke {
    /// The folder of the CAs.
    pub cert_dir: PathBuf,
    /// Which certificate.
    pub target: Target,
    /// The CA that signed it; any of the folder if none is named.
    pub ca: Option<Pair>,
    /// What is to become of it.
    pub what: What,
    /// The list that says so.
    pub list: ListSpec,
}

/// What is to become of a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum What {
    /// It counts again: it was only held.
    Release,
    /// It is revoked.
    Revoke(Reason),
}

/// Lists that are to be made anew.
#[derive(Clone, Debug)]
pub struct Refresh {
    /// The folder of the CAs.
    pub cert_dir: PathBuf,
    /// The CAs; those that have a list if none is named.
    pub cas: Vec<Pair>,
    /// Only where the next list is due within this time, or the list lacks something.
    pub if_expiring_in: Option<Period>,
    /// What they are to be like.
    pub list: ListSpec,
}

/// Revokes a certificate, or takes that back, and makes the list of its CA.
///
/// # Errors
///
/// A certificate that is not known or of no CA here, a CA that cannot sign, a list of another. Nothing was written then.
pub fn revoke(wanted: &Revoke, dry_run: bool, world: &World<'_>) -> Result<RevokeReport, Error> {
    let cas = match &wanted.ca {
        Some(ca) => vec![ca.clone()],
        None => logs::cas(&wanted.cert_dir)?,
    };
    let guard = lock(&cas, dry_run, world)?;
    let found = target::find(wanted, &cas, world.now)?;
    let ledger = Ledger::read(&found.ca, &wanted.list, world.now)?;
    let mut report = begin(guard.as_ref(), dry_run);
    let event = match wanted.what {
        What::Revoke(reason) => revocation(&found, reason, &ledger)?,
        What::Release => Some(release(&found, &ledger)?),
    };
    let is_revoked = matches!(wanted.what, What::Revoke(_));
    let revoked = match (&event, ledger.revoked(&found.serial)) {
        (Some(Event::Revoked(it)), _) => Some(Revocation { since: world.now, reason: it.reason }),
        (None, Some((since, reason))) => Some(Revocation { since, reason }),
        _ => None,
    };
    report.certificate = Some(TakenBack {
        serial: found.serial.clone(),
        ca: found.ca.certificate.clone(),
        subject: found.issued.as_ref().map(|it| it.subject.to_string()),
        changed: event.is_some(),
        revoked,
    });
    if is_revoked {
        report.advice = advice::of(&found, &ledger);
        report.notes.extend(note_of_others(&found, &ledger, world.now)?);
    }
    // The list may lack what the log says: an old one was put in its place.
    if event.is_none() && ledger.says_all() {
        return Ok(report);
    }
    // Whoever reads the log is to find there what the list is about.
    let unlogged = found.issued.filter(|_| !found.is_logged).map(Event::Issued);
    let events = unlogged.into_iter().chain(event).collect();
    let changes = ledger.write(events, &wanted.list, &mut report, world)?;
    commit(guard, vec![changes], folder_of(&found.ca.certificate))?;
    Ok(report)
}

/// Makes lists anew: with the next number, and with what the log says.
///
/// # Errors
///
/// A CA that cannot sign, or a list of another. No list was written then.
pub fn refresh(wanted: &Refresh, dry_run: bool, world: &World<'_>) -> Result<RevokeReport, Error> {
    let mut cas = wanted.cas.clone();
    if cas.is_empty() {
        cas = logs::cas(&wanted.cert_dir)?;
        cas.retain(|ca| store::is_file(&ledger::list(&ca.certificate)));
    }
    if cas.is_empty() {
        return Err(RevokeError::NoList(wanted.cert_dir.clone()).into());
    }
    let guard = lock(&cas, dry_run, world)?;
    let mut report = begin(guard.as_ref(), dry_run);
    let mut all = Vec::new();
    for ca in &cas {
        let ledger = Ledger::read(ca, &wanted.list, world.now)?;
        if wanted.if_expiring_in.is_some_and(|period| ledger.lasts(period, world.now)) {
            report.lists.extend(ledger.kept());
            continue;
        }
        all.push(ledger.write(Vec::new(), &wanted.list, &mut report, world)?);
    }
    commit(guard, all, folder_of(&cas[0].certificate))?;
    Ok(report)
}

/// Makes the list of a CA that a rotation brings to a stage: by the word of all who are trusted then.
///
/// # Errors
///
/// A list that is there and is of neither the old nor the new one, or cannot be read.
pub fn relist(
    files: &Pair,
    rotation: &Rotation,
    stage: Stage,
    report: &mut RevokeReport,
    world: &World<'_>,
) -> Result<Changes, Error> {
    // A CA that may not sign lists has one because somebody forced that.
    let spec = ListSpec { next_update: None, der: false, force: true };
    let signers = ledger::signers(rotation.list_signers(stage));
    let known = ledger::signers([&rotation.old, &rotation.new]);
    let ledger = Ledger::read_by(files, signers, &known, &spec, world.now)?;
    ledger.write(Vec::new(), &spec, report, world)
}

/// Whoever had to change a key may have renewed the certificate before: the older one is still good.
fn note_of_others(found: &Found, ledger: &Ledger, now: Moment) -> Result<Option<String>, Error> {
    let Some(user) = found.issued.as_ref().and_then(|issued| issued.user.as_deref()) else {
        return Ok(None);
    };
    let filter = Filter { user: Some(user.to_owned()), ..Filter::default() };
    let mut others = logs::find(&found.ca.certificate, &filter)?;
    others.retain(|one| {
        one.serial != found.serial && now <= one.until && ledger.revoked(&one.serial).is_none()
    });
    let serials: Vec<String> = others.iter().map(|one| one.serial.to_string()).collect();
    Ok((!serials.is_empty())
        .then(|| format!("of `{user}` other certificates still count: {}", serials.join(", "))))
}

/// What is to be logged; `None` where it is revoked already.
fn revocation(
    found: &Found,
    reason: Reason,
    ledger: &Ledger,
) -> Result<Option<Event<'static>>, RevokeError> {
    let event = Event::Revoked(Revoked { serial: found.serial.clone(), reason, since: None });
    match ledger.revoked(&found.serial) {
        None => Ok(Some(event)),
        Some((_, before)) if before == reason => Ok(None),
        // What is held may become final.
        Some((_, Reason::CertificateHold)) => Ok(Some(event)),
        Some((since, before)) => {
            let serial = found.serial.clone();
            Err(RevokeError::Already { serial, since, reason: before })
        }
    }
}

fn release(found: &Found, ledger: &Ledger) -> Result<Event<'static>, RevokeError> {
    let serial = found.serial.clone();
    match ledger.revoked(&serial) {
        Some((_, Reason::CertificateHold)) => Ok(Event::Released(Released { serial })),
        Some((since, reason)) => Err(RevokeError::Final { serial, since, reason }),
        None => Err(RevokeError::NotRevoked { serial }),
    }
}

/// Each CA's own folder: other runs may come to it by another one.
fn lock(cas: &[Pair], dry_run: bool, world: &World<'_>) -> Result<Option<Guard>, Error> {
    let folders: BTreeSet<&Path> = cas.iter().map(|ca| folder_of(&ca.certificate)).collect();
    let folders: Vec<_> = folders.into_iter().map(|one| Lockable::Folder(one.to_owned())).collect();
    if dry_run || folders.is_empty() {
        return Ok(None);
    }
    Ok(Some(store::lock(&folders, &world.locks)?))
}

fn begin(guard: Option<&Guard>, dry_run: bool) -> RevokeReport {
    let recovered = guard.into_iter().flat_map(Guard::recovered);
    let notes = recovered.map(ToString::to_string).collect();
    RevokeReport { dry_run, notes, ..RevokeReport::default() }
}

fn commit(guard: Option<Guard>, all: Vec<Changes>, home: &Path) -> Result<(), Error> {
    let list: Vec<_> = all.into_iter().flat_map(|changes| changes.list).collect();
    if let Some(guard) = guard
        && !list.is_empty()
    {
        guard.commit(&Changes { home: home.to_owned(), list })?;
    }
    Ok(())
}
