//! Certificates that our CAs have signed and that no log tells of: finding them, and taking them in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{cas, pair, scan};
use crate::core::catalog::ROWS;
use crate::core::changes::{Changes, folder_of};
use crate::core::check::{What, examine};
use crate::core::inventory::Inventory;
use crate::core::log;
use crate::core::report::{ImportReport, StrayRow, StraysReport};
use crate::core::store::{self, Lockable};
use crate::core::x509::cert::Certificate;
use crate::core::x509::chain::is_issued_by;
use crate::core::{Error, World};

/// Where to look.
#[derive(Clone, Debug)]
pub struct Among {
    /// The folder of the CAs.
    pub cert_dir: PathBuf,
    /// The CA whose certificates count; those of the folder if none is named.
    pub ca: Option<PathBuf>,
    /// Files and folders; the folder of the CAs and the kubeconfigs of the control plane if there is none.
    pub paths: Vec<PathBuf>,
}

/// A certificate, and where it is.
struct Held {
    file: PathBuf,
    place: Option<String>,
    certificate: Certificate,
}

/// A CA that may have a log.
struct Authority {
    file: PathBuf,
    certificate: Certificate,
}

/// What was found.
struct Found {
    /// By the CA that signed them.
    strays: BTreeMap<PathBuf, Vec<Held>>,
    looked_at: usize,
    notes: Vec<String>,
}

/// Finds the certificates of our CAs that are not in their logs.
///
/// # Errors
///
/// A folder that cannot be read, a damaged log, a file that is named and holds nothing of a PKI. Others are passed over.
pub fn strays(among: &Among) -> Result<StraysReport, Error> {
    Ok(report(look(among)?, false, false))
}

/// Takes them in.
///
/// # Errors
///
/// The same, and logs that cannot be locked or written. Nothing was logged then.
pub fn import(among: &Among, dry_run: bool, world: &World<'_>) -> Result<ImportReport, Error> {
    let found = look(among)?;
    if dry_run || found.strays.is_empty() {
        return Ok(ImportReport(report(found, !dry_run, dry_run)));
    }
    let folders: BTreeSet<&Path> = found.strays.keys().map(|ca| folder_of(ca)).collect();
    let home = folders.iter().next().map(|folder| (*folder).to_owned()).unwrap_or_default();
    let folders: Vec<_> = folders.into_iter().map(|one| Lockable::Folder(one.to_owned())).collect();
    let guard = store::lock(&folders, &world.locks)?;
    // Somebody may have logged them before the folders were locked.
    let found = look(among)?;
    let all = found.strays.iter().flat_map(|(ca, held)| held.iter().map(move |one| (ca, one)));
    let list = log::issued(all.map(|(ca, held)| (ca.clone(), &held.certificate)), world);
    guard.commit(&Changes { home, list })?;
    let mut report = report(found, true, false);
    report.notes.splice(..0, guard.recovered().iter().map(ToString::to_string));
    Ok(ImportReport(report))
}

fn look(among: &Among) -> Result<Found, Error> {
    let (held, notes) = certificates(among)?;
    let authorities = authorities(among, &held)?;
    let mut of_ca: BTreeMap<usize, Vec<Held>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut looked_at = 0;
    for one in held {
        // What a certificate says of its issuer comes first: a signature takes a thousand times as long.
        let pointer = one.certificate.extensions().authority_key_id();
        let is_named = |ca: &Authority| {
            one.certificate.names_as_issuer(&ca.certificate)
                && pointer.as_ref().is_none_or(|id| *id == ca.certificate.key_id())
        };
        if let Some(index) = authorities.iter().position(is_named)
            && seen.insert(one.certificate.fingerprint())
        {
            looked_at += 1;
            of_ca.entry(index).or_default().push(one);
        }
    }
    let mut strays = BTreeMap::new();
    for (index, mut held) in of_ca {
        let ca = &authorities[index];
        let logged = logged(&ca.file, &held)?;
        held.retain(|one| {
            !logged.contains(&one.certificate.fingerprint())
                && is_issued_by(&one.certificate, &ca.certificate)
        });
        if !held.is_empty() {
            strays.insert(ca.file.clone(), held);
        }
    }
    Ok(Found { strays, looked_at, notes })
}

/// Every certificate in the files, and what could not be read.
fn certificates(among: &Among) -> Result<(Vec<Held>, Vec<String>), Error> {
    let paths = match among.paths.is_empty() {
        true => usual(&among.cert_dir),
        false => among.paths.clone(),
    };
    let (mut held, mut notes) = (Vec::new(), Vec::new());
    for path in paths {
        for file in store::files_in_sight(&path)?.into_iter().filter(|file| may_hold(file)) {
            let snapshot = store::read([file.clone()]);
            let examined = match Inventory::new(&snapshot).need("file", &file) {
                Ok(bytes) => examine(&file, bytes, None).map_err(Error::from),
                Err(error) => Err(error.into()),
            };
            let examined = match examined {
                Ok(examined) => examined,
                // It was named.
                Err(error) if file == path && !among.paths.is_empty() => return Err(error),
                // Whatever else is in a folder is nobody's business.
                Err(error) => {
                    notes.extend(is_certificate(&file).then(|| format!("not looked at: {error}")));
                    continue;
                }
            };
            held.extend(examined.into_iter().filter_map(|one| match one.what {
                What::Certificate(it) => {
                    Some(Held { file: one.file, place: one.place, certificate: *it })
                }
                _ => None,
            }));
        }
    }
    Ok((held, notes))
}

/// The folder of the CAs, and the kubeconfigs of the control plane that are in it or beside it.
fn usual(cert_dir: &Path) -> Vec<PathBuf> {
    let confs =
        ROWS.iter().filter_map(|row| row.conf).map(|conf| folder_of(cert_dir).join(conf.file));
    let confs: BTreeSet<PathBuf> = confs.filter(|conf| store::is_file(conf)).collect();
    [cert_dir.to_owned()].into_iter().chain(confs).collect()
}

/// Keys and logs hold no certificates, and logs may be long.
fn may_hold(file: &Path) -> bool {
    file.extension().is_none_or(|suffix| suffix != "key" && suffix != "jsonl")
}

/// Whether a file should hold certificates, by its name.
fn is_certificate(file: &Path) -> bool {
    let suffix = file.extension().and_then(|suffix| suffix.to_str());
    suffix.is_some_and(|suffix| ["crt", "pem", "conf"].contains(&suffix))
}

/// The CAs that may have a log: those of the folder, and those among the certificates whose key or log is beside them.
fn authorities(among: &Among, held: &[Held]) -> Result<Vec<Authority>, Error> {
    let files: Vec<PathBuf> = match &among.ca {
        Some(ca) => vec![ca.clone()],
        None => {
            let signs =
                |file: &Path| store::is_file(&pair(file).key) || store::is_file(&log::path(file));
            let is_ca = |one: &&Held| one.certificate.extensions().is_ca();
            let beside = held.iter().filter(is_ca).map(|one| one.file.clone());
            let known = cas(&among.cert_dir)?.into_iter().map(|ca| ca.certificate);
            let all: BTreeSet<PathBuf> = known.chain(beside).collect();
            all.into_iter().filter(|file| signs(file)).collect()
        }
    };
    let snapshot = store::read(files.iter().cloned());
    let mut authorities = Vec::new();
    for file in files {
        let chain = Inventory::new(&snapshot).need_chain("CA certificate", &file)?;
        let certificate = chain.into_iter().next().filter(|ca| ca.extensions().is_ca());
        authorities.extend(certificate.map(|certificate| Authority { file, certificate }));
    }
    Ok(authorities)
}

/// The fingerprints of those that are in the log.
fn logged(ca: &Path, held: &[Held]) -> Result<BTreeSet<String>, Error> {
    let wanted: BTreeSet<String> = held.iter().map(|one| one.certificate.fingerprint()).collect();
    let mut logged = BTreeSet::new();
    let is_wanted = |line: &[u8]| {
        let print = log::fingerprint_in(line).and_then(|print| str::from_utf8(print).ok());
        print.is_none_or(|print| wanted.contains(print))
    };
    scan(log::Scan::new(&log::path(ca)), is_wanted, |line| {
        if let log::Event::Issued(issued) = line.event {
            logged.insert(issued.sha256.into_owned());
        }
        Ok::<_, Error>(())
    })?;
    Ok(logged)
}

fn report(found: Found, logged: bool, dry_run: bool) -> StraysReport {
    let Found { strays, looked_at, notes } = found;
    let row = |ca: &Path, stray: Held| StrayRow {
        file: stray.file,
        place: stray.place,
        ca: ca.to_owned(),
        serial: stray.certificate.number(),
        subject: stray.certificate.subject().to_string(),
        until: stray.certificate.validity().not_after,
    };
    let rows = strays.into_iter().flat_map(|(ca, strays)| {
        strays.into_iter().map(|stray| row(&ca, stray)).collect::<Vec<_>>()
    });
    StraysReport { logged, dry_run, looked_at, certificates: rows.collect(), notes }
}
