//! The act of listing what expires when: find the files, read them in parallel, judge. Nothing is locked, and no key is
//! taken apart.

mod places;
mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use self::places::Expected;
use crate::core::changes::{Before, Bytes, Change, Changes, Found, Secrecy, folder_of};
use crate::core::report::{ExpiryReport, ExpiryRow, Judgement, KubeadmReport, KubeadmRow};
use crate::core::spec::Machine;
use crate::core::store::{self, Lockable};
use crate::core::x509::time::{self, Moment, Until};
use crate::core::{Error as CoreError, World, parallel};

/// What is to be listed.
#[derive(Debug, Default)]
pub struct List {
    /// Files, and folders with all that is in them.
    pub paths: Vec<PathBuf>,
    /// Machines, with the folders that hold what the catalog has for them.
    pub machines: Vec<Machine>,
    /// Whether a configuration file says what the machines are, so that all of that must be there. Otherwise it must where a
    /// folder holds a part of a control plane.
    pub is_configured: bool,
    /// Kubeconfigs of people and programs.
    pub users: Vec<PathBuf>,
    /// Whether etcd runs elsewhere, with a PKI of its own.
    pub external_etcd: bool,
    /// The folder of a kubelet on this machine.
    pub kubelet: Option<PathBuf>,
    /// What ends within this time, or by then, ends soon.
    pub soon: Option<Until>,
}

/// Why there is no list in the form that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// kubeadm's form has one row for each name.
    #[error("-o kubeadm is for one control plane, and {0} are asked for")]
    ControlPlanes(usize),
}

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        let Self::ControlPlanes(_) = self;
        Some(
            "name the folders of one with --cert-dir DIR --kubeconfig-dir DIR; or take -o json"
                .into(),
        )
    }
}

/// Lists everything that `asked` names, as it stands at the moment `at`. What is missing or cannot be read is a row, and hides
/// nothing else.
///
/// # Errors
///
/// A time that reaches past the year 9999.
pub fn list(asked: &List, at: Moment) -> Result<ExpiryReport, time::Error> {
    let soon = asked.soon.map(|until| until.end(at)).transpose()?;
    let judgement = Judgement { at, soon };
    let expected = places::expected(asked);
    let (sources, mut rows) = places::sources(asked, &expected);
    let read = parallel::map(&sources, |source| read::rows(source, judgement));
    let there = sources.iter().zip(&read).filter(|(_, rows)| rows.is_some());
    let there: BTreeSet<&Path> = there.map(|(source, _)| source.path.as_path()).collect();
    rows.extend(places::missing(asked, &expected, &there));
    rows.extend(read.into_iter().flatten().flatten());
    rows.extend(places::empty(asked, &rows));
    Ok(ExpiryReport::new(judgement, once(rows)))
}

/// The same in kubeadm's form.
///
/// # Errors
///
/// Not one control plane.
pub fn as_kubeadm(asked: &List, report: &ExpiryReport) -> Result<KubeadmReport, Error> {
    let expected = places::of_kubeadm(asked)?;
    let keys = expected.iter().filter(|it| it.row.profile.is_ca());
    let keys = store::read(keys.map(|it| it.file.with_extension("key")));
    let mut ends = BTreeMap::new();
    for row in &report.items {
        let main = row.places.iter().filter(|place| place.is_main);
        ends.extend(main.filter_map(|place| Some((place.file.as_path(), row.facts.as_ref()?))));
    }
    // By the name of the CA, whether it is here without its key.
    let is_external = |name: &str| {
        let ca = expected.iter().find(|it| it.row.name == name);
        ca.is_some_and(|ca| {
            let key = keys.get(&ca.file.with_extension("key"));
            ends.contains_key(ca.file.as_path()) && matches!(key, Found::Absent)
        })
    };
    let row = |it: &&Expected| match ends.get(it.file.as_path()) {
        None => KubeadmRow::missing(it.name),
        Some(facts) => KubeadmRow {
            name: it.name,
            expiration_date: facts.not_after,
            residual_time: facts.residual_seconds.unwrap_or_default(),
            externally_managed: is_external(it.row.issuer),
            ca_name: (!it.row.profile.is_ca()).then_some(it.row.issuer),
            missing: false,
        },
    };
    let (authorities, leaves): (Vec<_>, Vec<_>) =
        expected.iter().partition(|it| it.row.profile.is_ca());
    let [leaves, authorities] = [leaves, authorities].map(|list| list.iter().map(row).collect());
    Ok(KubeadmReport::new(leaves, authorities))
}

/// Puts a list into a file that others watch: the old one or the new one is there at any time, and everybody may read it.
///
/// # Errors
///
/// A folder or file that cannot be locked or written.
pub fn write_list(file: &Path, text: String, world: &World<'_>) -> Result<(), CoreError> {
    let home = folder_of(file).to_owned();
    let guard = store::lock(&[Lockable::Folder(home.clone())], &world.locks)?;
    let change = Change {
        path: file.to_owned(),
        bytes: Bytes::new(text.into_bytes()),
        secrecy: Secrecy::Public,
        before: Before::Anything,
    };
    guard.commit(&Changes { home, list: vec![change] })?;
    Ok(())
}

/// One row for each certificate, however many copies of it were read.
fn once(rows: Vec<ExpiryRow>) -> Vec<ExpiryRow> {
    let mut seen = BTreeMap::new();
    let mut kept: Vec<ExpiryRow> = Vec::new();
    for row in rows {
        let fingerprint = row.facts.as_ref().and_then(|facts| facts.fingerprint.clone());
        let first = fingerprint.map(|it| *seen.entry(it).or_insert(kept.len()));
        match first.and_then(|first| kept.get_mut(first)) {
            Some(first) => first.places.extend(row.places),
            None => kept.push(row),
        }
    }
    kept
}
