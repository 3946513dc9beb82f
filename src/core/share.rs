//! The act of sharing: what one control-plane node hands over to the next, sealed and opened.

use std::path::{Path, PathBuf};

use crate::core::bundle::{self, CA_CERTIFICATE, CertificateKey, Contents, Entry, Etcd, entries};
use crate::core::catalog::{self, CLUSTER_CA, Row};
use crate::core::changes::{Before, Bytes, Change, Changes, Secrecy};
use crate::core::inventory::Inventory;
use crate::core::plan::{self, Difference, Note};
use crate::core::report::{Action, MadeReport};
use crate::core::spec::Destination;
use crate::core::store::{self, Guard, Lockable};
use crate::core::{Error, Made, Source, World};

/// A Secret that is wanted.
#[derive(Debug)]
pub struct Seal {
    /// The folder of the CAs.
    pub cert_dir: PathBuf,
    /// Where etcd runs.
    pub etcd: Etcd,
    /// The file of the key; where there is none, a key is drawn and written there.
    pub certificate_key: PathBuf,
    /// Where the Secret goes.
    pub out: Destination,
    /// Whether another Secret at its place is replaced.
    pub force: bool,
}

/// A Secret whose files are wanted.
#[derive(Debug)]
pub struct Open {
    /// The Secret as YAML or JSON.
    pub source: Source,
    /// The file of its key.
    pub certificate_key: PathBuf,
    /// The folder that the files go to.
    pub cert_dir: PathBuf,
    /// Whether files that differ are replaced.
    pub force: bool,
}

/// Makes the Secret `kubeadm-certs` from the files of a control plane.
///
/// # Errors
///
/// Files that are missing or do not belong together, a key that is none, a Secret in its place that says something else.
/// Nothing was written then.
pub fn seal(wanted: &Seal, dry_run: bool, world: &World<'_>) -> Result<Made, Error> {
    let guard = lock(&wanted.cert_dir, dry_run, world)?;
    let sealing = decide(wanted, begin(guard.as_ref(), dry_run))?;
    match guard {
        Some(guard) => carry_out(wanted, sealing, &guard, world),
        None => Ok(Made { report: sealing.report, stdout: Bytes::default() }),
    }
}

/// Writes the files in a Secret `kubeadm-certs` to their places. All of them come into place together, or none does.
///
/// # Errors
///
/// Another key, a Secret that is damaged or lacks something, files that are not what their names say, and files at their
/// places that differ. Nothing was written then.
pub fn open(wanted: &Open, dry_run: bool, world: &World<'_>) -> Result<Made, Error> {
    let guard = lock(&wanted.cert_dir, dry_run, world)?;
    let snapshot = store::read(wanted.paths());
    let inventory = Inventory::new(&snapshot);
    let (path, manifest) = match &wanted.source {
        Source::File(path) => (path, inventory.need("Secret", path)?),
        Source::Bytes(name, bytes) => (name, bytes),
    };
    let key_file = &wanted.certificate_key;
    let key = CertificateKey::parse(key_file, inventory.need("certificate key", key_file)?)?;
    let (etcd, contents) = bundle::open(path, manifest, &key, key_file)?;

    let mut report = begin(guard.as_ref(), dry_run);
    warn_of_open(&mut report, key_file, inventory);
    let list = place_files(wanted, etcd, &contents, inventory, &mut report)?;
    if let Some(guard) = guard {
        fit(&report)?;
        guard.commit(&Changes { home: wanted.cert_dir.clone(), list })?;
    }
    Ok(Made { report, stdout: Bytes::default() })
}

/// What is known before anything is drawn or encrypted.
struct Sealing {
    contents: Contents,
    /// The key, where it is there.
    key: Option<CertificateKey>,
    /// What is to be done at the place of the Secret, and what must hold of it.
    action: Action,
    before: Before,
    report: MadeReport,
}

fn decide(wanted: &Seal, mut report: MadeReport) -> Result<Sealing, Error> {
    let snapshot = store::read(wanted.paths());
    let inventory = Inventory::new(&snapshot);
    let contents = bundle::gather(&wanted.cert_dir, wanted.etcd, inventory)?;
    let key_file = &wanted.certificate_key;
    let key = inventory.bytes("certificate key", key_file)?;
    let key = key.map(|text| CertificateKey::parse(key_file, text)).transpose()?;
    let (action, before) = place_of_secret(wanted, &contents, key.as_ref(), inventory)?;

    warn_of_open(&mut report, key_file, inventory);
    warn_of_rotation(&mut report, &wanted.cert_dir, inventory)?;
    let out = wanted.out.path();
    match &key {
        None => report.add_file(Action::Create, key_file.clone(), "certificate key".to_owned()),
        Some(_) if out.is_some() => {
            report.add_file(Action::Keep, key_file.clone(), "certificate key".to_owned());
        }
        // No file is asked for, and so there is nothing to say of one that stays.
        Some(_) => {}
    }
    if let Some(out) = out {
        let about = match action {
            Action::Differ => "it is no Secret of these files under this key".to_owned(),
            _ => format!("Secret {}", bundle::NAME),
        };
        report.add_file(action, out.to_owned(), about);
    }
    Ok(Sealing { contents, key, action, before, report })
}

fn carry_out(
    wanted: &Seal,
    sealing: Sealing,
    guard: &Guard,
    world: &World<'_>,
) -> Result<Made, Error> {
    let Sealing { contents, key, action, before, mut report } = sealing;
    fit(&report)?;
    let (mut list, mut stdout) = (Vec::new(), Bytes::default());
    let key = match key {
        Some(key) => key,
        None => {
            let key = CertificateKey::draw(world.entropy).map_err(bundle::Error::from)?;
            list.push(secret(&wanted.certificate_key, key.to_file(), Before::Absent));
            key
        }
    };
    if action != Action::Keep {
        let sealed = Bytes::new(bundle::seal(&contents, &key, world.entropy)?.into_bytes());
        match wanted.out.path() {
            Some(out) => list.push(secret(out, sealed, before)),
            None => stdout = sealed,
        }
        report.notes.push(stays());
    }
    guard.commit(&Changes { home: wanted.cert_dir.clone(), list })?;
    Ok(Made { report, stdout })
}

impl Seal {
    fn paths(&self) -> Vec<PathBuf> {
        let files = entries(self.etcd).into_iter().map(|entry| self.cert_dir.join(entry.file));
        let out = self.out.path().map(Path::to_owned);
        files.chain([self.certificate_key.clone()]).chain(out).collect()
    }
}

impl Open {
    /// Whatever the Secret may hold.
    fn paths(&self) -> Vec<PathBuf> {
        let files = [Etcd::External, Etcd::Stacked].into_iter().flat_map(entries);
        let mut paths: Vec<PathBuf> = files.map(|entry| self.cert_dir.join(entry.file)).collect();
        paths.push(self.certificate_key.clone());
        if let Source::File(path) = &self.source {
            paths.push(path.clone());
        }
        paths
    }
}

fn lock(home: &Path, dry_run: bool, world: &World<'_>) -> Result<Option<Guard>, Error> {
    if dry_run {
        return Ok(None);
    }
    Ok(Some(store::lock(&[Lockable::Folder(home.to_owned())], &world.locks)?))
}

fn begin(guard: Option<&Guard>, dry_run: bool) -> MadeReport {
    let recovered = guard.into_iter().flat_map(Guard::recovered);
    MadeReport {
        dry_run,
        notes: recovered.map(ToString::to_string).collect(),
        ..MadeReport::default()
    }
}

/// What is to be done at the place of the Secret. Each one is encrypted anew, so what counts is what it holds.
fn place_of_secret(
    wanted: &Seal,
    contents: &Contents,
    key: Option<&CertificateKey>,
    inventory: Inventory<'_>,
) -> Result<(Action, Before), Error> {
    let Some(out) = wanted.out.path() else { return Ok((Action::Create, Before::Anything)) };
    let Some(old) = inventory.bytes("Secret", out)? else {
        return Ok((Action::Create, Before::Absent));
    };
    let opened = key.map(|key| bundle::open(out, old, key, &wanted.certificate_key));
    if opened.is_some_and(|opened| opened.is_ok_and(|(_, found)| found == *contents)) {
        return Ok((Action::Keep, Before::Exactly(old.clone())));
    }
    let action = if wanted.force { Action::Replace } else { Action::Differ };
    Ok((action, Before::Exactly(old.clone())))
}

/// The changes that bring the files of a Secret to their places.
fn place_files(
    wanted: &Open,
    etcd: Etcd,
    contents: &Contents,
    inventory: Inventory<'_>,
    report: &mut MadeReport,
) -> Result<Vec<Change>, Error> {
    let mut changes = Vec::new();
    for Entry { name, file, what, secrecy } in entries(etcd) {
        let Some(new) = contents.get(&name) else { continue };
        let path = wanted.cert_dir.join(file);
        let (action, before) = match inventory.bytes(what, &path)? {
            None => (Action::Create, Before::Absent),
            Some(old) if old == new => (Action::Keep, Before::Exactly(old.clone())),
            Some(old) if wanted.force => (Action::Replace, Before::Exactly(old.clone())),
            Some(old) => (Action::Differ, Before::Exactly(old.clone())),
        };
        let about = match action {
            Action::Differ => format!("it is not the {what} in the Secret"),
            _ => what.to_owned(),
        };
        if action == Action::Replace && what == CA_CERTIFICATE {
            report.warnings.push(Note::CaReplaced(path.clone()).to_string());
        }
        if secrecy == Secrecy::Secret
            && let Some(open) = inventory.open_key(&path)
        {
            report.warnings.push(open.to_string());
        }
        report.add_file(action, path.clone(), about);
        if action != Action::Keep {
            changes.push(Change { path, bytes: new.clone(), secrecy, before });
        }
    }
    Ok(changes)
}

/// What is there and differs stops everything.
fn fit(report: &MadeReport) -> Result<(), Error> {
    let differs = report.files.iter().filter(|file| file.action == Action::Differ);
    let differences: Vec<Difference> =
        differs.map(|file| Difference::new(file.path.clone(), vec![file.about.clone()])).collect();
    if differences.is_empty() { Ok(()) } else { Err(plan::Error::Differs(differences).into()) }
}

/// Whoever reads the key can read everything that it encrypts.
fn warn_of_open(report: &mut MadeReport, key: &Path, inventory: Inventory<'_>) {
    if let Some(mode) = inventory.mode(key).filter(|mode| mode & 0o007 != 0) {
        let key = key.display();
        report.warnings.push(format!(
            "others can read {key}, which opens the Secret (mode {mode:04o}): chmod 600 {key}"
        ));
    }
}

/// A node that joins while a CA is rotated gets a file with two CAs, and kube-controller-manager does not sign with that.
fn warn_of_rotation(
    report: &mut MadeReport,
    cert_dir: &Path,
    inventory: Inventory<'_>,
) -> Result<(), Error> {
    let path = cert_dir.join(format!("{}.crt", catalog::file(CLUSTER_CA)));
    let cas = inventory.chain(CA_CERTIFICATE, &path)?.unwrap_or_default();
    let signing = catalog::row(CLUSTER_CA).and_then(Row::signing_file);
    if let (Some(signing), true) = (signing, cas.len() > 1) {
        report.warnings.push(format!(
            "{} holds {} CAs: on a node that joins now, kube-controller-manager starts with --cluster-signing-cert-file={signing} only, which is not in the Secret",
            path.display(), cas.len()
        ));
    }
    Ok(())
}

/// kubeadm's own belongs to a bootstrap token, which the cluster deletes.
fn stays() -> String {
    let (namespace, name) = (bundle::NAMESPACE, bundle::NAME);
    format!(
        "once applied, the Secret stays until it is deleted: kubectl -n {namespace} delete secret {name}"
    )
}

fn secret(path: &Path, bytes: Bytes, before: Before) -> Change {
    Change { path: path.to_owned(), bytes, secrecy: Secrecy::Secret, before }
}
