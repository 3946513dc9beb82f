//! Which certificate is meant: by its file, its name, or its serial number.

use std::path::{Path, PathBuf};

use super::{Error, Revoke, RevokeError};
use crate::core::catalog;
use crate::core::changes::Bytes;
use crate::core::check::{What, examine};
use crate::core::inventory::Inventory;
use crate::core::log::{Filter, Issued, State};
use crate::core::spec::{Pair, check_file_name};
use crate::core::x509::cert::Certificate;
use crate::core::x509::chain::is_issued_by;
use crate::core::x509::number::Number;
use crate::core::x509::time::Moment;
use crate::core::{logs, store};

/// Which certificate is meant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Target {
    /// The one in this file, a certificate or a kubeconfig.
    File(PathBuf),
    /// The one of this name or serial number.
    Named(String),
}

/// The certificate that is meant.
#[derive(Debug)]
pub(super) struct Found {
    /// The CA that signed it.
    pub ca: Pair,
    /// Its serial number.
    pub serial: Number,
    /// What is known of it besides.
    pub issued: Option<Issued<'static>>,
    /// Whether the log of the CA has it.
    pub is_logged: bool,
}

/// Finds the certificate that is meant.
pub(super) fn find(wanted: &Revoke, cas: &[Pair], now: Moment) -> Result<Found, Error> {
    if cas.is_empty() {
        return Err(RevokeError::NoCa(wanted.cert_dir.clone()).into());
    }
    match &wanted.target {
        Target::File(file) => in_file(file, wanted, cas),
        Target::Named(name) => match file_of(name, &wanted.cert_dir) {
            Some(file) => in_file(&file, wanted, cas),
            None => in_logs(name, wanted, cas, now),
        },
    }
}

/// The certificate that is called so in the folder, if there is one.
fn file_of(name: &str, cert_dir: &Path) -> Option<PathBuf> {
    check_file_name(name).ok()?;
    let file = Pair::beside(cert_dir, catalog::file(name)).certificate;
    store::is_file(&file).then_some(file)
}

fn in_file(file: &Path, wanted: &Revoke, cas: &[Pair]) -> Result<Found, Error> {
    let snapshot = store::read([file.to_owned()]);
    let bytes = Inventory::new(&snapshot).need("certificate", file)?;
    let certificate = certificate(file, bytes)?;
    if certificate.is_self_issued() {
        return Err(RevokeError::Root(file.to_owned()).into());
    }
    let snapshot = store::read(cas.iter().map(|ca| ca.certificate.clone()));
    for ca in cas {
        let chain = Inventory::new(&snapshot).need_chain("CA certificate", &ca.certificate)?;
        // In the middle of a rotation both CAs are there, which have one name and one log.
        let mut signers = chain.iter().filter(|it| it.subject() == chain[0].subject());
        if signers.any(|it| is_issued_by(&certificate, it)) {
            let serial = certificate.number();
            let logged = with_serial(&serial, &ca.certificate)?;
            let is_logged = logged.iter().any(|one| one.sha256 == certificate.fingerprint());
            let others = logged.iter().filter(|one| one.sha256 != certificate.fingerprint());
            let issued = Issued::new(&certificate);
            let all: Vec<&Issued<'_>> = others.chain([&issued]).collect();
            alone(&serial, &all, wanted.list.force)?;
            return Ok(Found { ca: ca.clone(), serial, issued: Some(issued), is_logged });
        }
    }
    let (file, issuer) = (file.to_owned(), certificate.issuer().to_string());
    Err(RevokeError::Foreign { file, issuer, cert_dir: wanted.cert_dir.clone() }.into())
}

/// The first certificate of a file, or that of a kubeconfig's user.
fn certificate(file: &Path, bytes: &Bytes) -> Result<Certificate, Error> {
    let found = examine(file, bytes, None)?.into_iter().find_map(|one| match one.what {
        What::Certificate(it) if !one.place.is_some_and(|place| place.starts_with("cluster ")) => {
            Some(*it)
        }
        _ => None,
    });
    found.ok_or_else(|| RevokeError::NoCertificate(file.to_owned()).into())
}

/// What the logs know by a serial number, or else by the name of a user.
fn in_logs(name: &str, wanted: &Revoke, cas: &[Pair], now: Moment) -> Result<Found, Error> {
    let number = name.parse::<Number>().ok();
    for ca in cas {
        let Some(serial) = &number else { break };
        let logged = with_serial(serial, &ca.certificate)?;
        if let Some(one) = logged.first() {
            alone(serial, &logged.iter().collect::<Vec<_>>(), wanted.list.force)?;
            return Ok(of_log(ca, one.clone()));
        }
    }
    let mut found = Vec::new();
    let filter = Filter { user: Some(name.to_owned()), ..Filter::default() };
    for ca in cas {
        let logged = logs::find(&ca.certificate, &filter)?;
        let standing = logs::standing(&ca.certificate)?;
        let counts = |issued: &Issued<'_>| State::of(issued, &standing, now).0 == State::Valid;
        found.extend(logged.into_iter().map(|issued| (counts(&issued), of_log(ca, issued))));
    }
    // Of those of one name, the ones that still count are meant, if there are any.
    let any_counts = found.iter().any(|(counts, _)| *counts);
    found.retain(|(counts, _)| *counts == any_counts);
    let mut found: Vec<Found> = found.into_iter().map(|(_, one)| one).collect();
    match (found.len(), number, &wanted.ca) {
        (1, ..) => Ok(found.remove(0)),
        (0, Some(serial), Some(ca)) if wanted.list.force => {
            Ok(Found { ca: ca.clone(), serial, issued: None, is_logged: false })
        }
        (0, ..) => {
            let (name, cert_dir) = (name.to_owned(), wanted.cert_dir.clone());
            Err(RevokeError::Unknown { name, cert_dir }.into())
        }
        _ => {
            let serials = found.iter().map(|one| one.serial.to_string()).collect();
            Err(RevokeError::Several { name: name.to_owned(), serials }.into())
        }
    }
}

fn of_log(ca: &Pair, issued: Issued<'static>) -> Found {
    let serial = issued.serial.clone();
    Found { ca: ca.clone(), serial, issued: Some(issued), is_logged: true }
}

fn with_serial(serial: &Number, ca: &Path) -> Result<Vec<Issued<'static>>, Error> {
    let filter = Filter { serial: Some(serial.clone()), ..Filter::default() };
    logs::find(ca, &filter)
}

/// A list knows a certificate by its number alone: two with one number are revoked together, which must be meant.
fn alone(serial: &Number, found: &[&Issued<'_>], force: bool) -> Result<(), RevokeError> {
    if found.len() < 2 || force {
        return Ok(());
    }
    let subjects = found.iter().map(|one| one.subject.to_string()).collect();
    Err(RevokeError::Shared { serial: serial.clone(), subjects })
}
