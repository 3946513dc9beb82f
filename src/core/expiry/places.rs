//! Where to look: what the catalog has for the machines, what else their folders hold, and what was named.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Error, List};
use crate::core::catalog::{self, ETCD_CA, ROWS, Role, Row, Subject};
use crate::core::inventory;
use crate::core::report::{ExpiryPlace, ExpiryRow, ExpiryState};
use crate::core::spec::{Machine, in_folder};
use crate::core::store::{self, Survey};
use crate::core::x509::profile::Profile;

/// The certificates that a kubelet keeps for itself, below its folder: the links lead to the newest ones.
const OF_KUBELET: [&str; 3] =
    ["pki/kubelet-client-current.pem", "pki/kubelet-server-current.pem", "pki/kubelet.crt"];

/// The suffix of kubeconfigs.
const CONF: &str = "conf";

/// The suffix of private keys: they have no end.
const KEY: &str = "key";

/// As many folders in folders as the disk allows.
const ALL: usize = usize::MAX;

/// A file to read.
#[derive(Debug)]
pub(super) struct Source {
    /// Where it is, or may be.
    pub path: PathBuf,
    /// What it is called.
    pub name: String,
    /// Whether somebody named it, so that it must be there and hold something.
    pub is_named: bool,
}

/// A file that the catalog has for a machine.
#[derive(Debug)]
pub(super) struct Expected {
    /// Where it is.
    pub file: PathBuf,
    /// What it is called: the row, or the kubeconfig, as with kubeadm.
    pub name: &'static str,
    /// What the catalog says.
    pub row: &'static Row,
}

/// What the catalog has for the machines.
pub(super) fn expected(asked: &List) -> Vec<Expected> {
    let of_machine = |machine: &Machine| -> Vec<Expected> {
        let rows = rows(asked).filter(|row| machine.holds(row.held_by));
        rows.map(|row| of_row(machine, row)).collect()
    };
    asked.machines.iter().flat_map(of_machine).collect()
}

/// What kubeadm tells of a control plane: all that has a file of its own, but for a kubelet's certificate, which is the kubelet's
/// own concern.
pub(super) fn of_kubeadm(asked: &List) -> Result<Vec<Expected>, Error> {
    let machines = asked.machines.iter().filter(|machine| machine.is(Role::ControlPlane));
    let machines: Vec<&Machine> = machines.collect();
    let [machine] = machines.as_slice() else {
        return Err(Error::ControlPlanes(machines.len()));
    };
    let is_file = |row: &&Row| row.file.is_some() || row.conf.is_some();
    let rows = rows(asked).filter(is_file).filter(|row| row.subject != Subject::Node);
    Ok(rows.map(|row| of_row(machine, row)).collect())
}

fn rows(asked: &List) -> impl Iterator<Item = &'static Row> {
    let external_etcd = asked.external_etcd;
    ROWS.iter().filter(move |row| !(external_etcd && row.issuer == ETCD_CA))
}

fn of_row(machine: &Machine, row: &'static Row) -> Expected {
    let folders = &machine.folders;
    let (file, name) = match &row.conf {
        Some(conf) => (in_folder(&folders.kubeconfigs, conf.file), conf.file),
        None => {
            let file = format!("{}.crt", catalog::file(row.name));
            (folders.certificates.join(file), row.name)
        }
    };
    Expected { file, name, row }
}

/// The files to read, those of the catalog first; and a row for each folder that cannot be read.
pub(super) fn sources(asked: &List, expected: &[Expected]) -> (Vec<Source>, Vec<ExpiryRow>) {
    let mut gathering = Gathering::default();
    for Expected { file, name, .. } in expected {
        gathering.add(file.clone(), Some((*name).to_owned()), false);
    }
    for Machine { folders, .. } in &asked.machines {
        gathering.folder(&folders.certificates, ALL, |_| true);
        gathering.folder(&folders.kubeconfigs, 0, is_conf);
        gathering.folder(&in_folder(&folders.kubeconfigs, "users"), 0, is_conf);
    }
    for user in &asked.users {
        gathering.add(user.clone(), None, false);
    }
    if let Some(folder) = &asked.kubelet {
        OF_KUBELET.iter().for_each(|file| gathering.add(folder.join(file), None, false));
    }
    asked.paths.iter().for_each(|path| gathering.named(path));
    (gathering.sources, gathering.failures)
}

/// A row for everything that should be there: what a configuration file says, or all of a control plane of which there is a part.
pub(super) fn missing(
    asked: &List,
    expected: &[Expected],
    there: &BTreeSet<&Path>,
) -> Vec<ExpiryRow> {
    let is_there = |it: &&Expected| there.contains(it.file.as_path());
    let is_part = |it: &Expected| it.row.conf.is_none() && !it.row.profile.is_ca();
    if !asked.is_configured && !expected.iter().filter(is_there).any(is_part) {
        return Vec::new();
    }
    let row = |name: String, file: &PathBuf, profile| {
        ExpiryRow::missing(ExpiryPlace::whole(name, file.clone()), profile)
    };
    let gone = expected.iter().filter(|it| !is_there(it));
    let gone = gone.map(|it| row(it.name.to_owned(), &it.file, it.row.profile));
    let users = asked.users.iter().filter(|user| !there.contains(user.as_path()));
    gone.chain(users.map(|user| row(name_of(user), user, Profile::Client))).collect()
}

/// A row for everything in which there was nothing to list at all: the name of a folder is soon mistyped.
pub(super) fn empty(asked: &List, rows: &[ExpiryRow]) -> Vec<ExpiryRow> {
    let there = rows.iter().filter(|row| row.state != ExpiryState::Missing);
    let files = there.flat_map(|row| &row.places).map(|place| place.file.as_path());
    let files: BTreeSet<&Path> = files.collect();
    // What is below a path comes next to it in their order; in the working folder files go by their names alone.
    let is_empty = |path: &&PathBuf| {
        let path = if *path == Path::new(".") { Path::new("") } else { path.as_path() };
        let next = files.range(path..).next();
        !next.is_some_and(|file| file.starts_with(path))
    };
    let named = asked.paths.iter().filter(is_empty);
    let is_kubelets = |file: &&Path| asked.kubelet.as_ref().is_some_and(|it| file.starts_with(it));
    let whole = asked.machines.first().filter(|_| files.iter().all(is_kubelets));
    let whole = whole.map(|machine| &machine.folders.certificates);
    let nothing = |folder: &PathBuf| {
        let error = inventory::Error::NoCertificates(folder.clone());
        let hint = match asked.machines.is_empty() {
            true => error.hint(),
            false => Some("name the folder: kubepki cert list --cert-dir DIR".to_owned()),
        };
        let place = ExpiryPlace::whole(name_of(folder), folder.clone());
        ExpiryRow::unreadable(place, error.to_string(), hint)
    };
    named.chain(whole).map(nothing).collect()
}

/// Gathers each file once.
#[derive(Default)]
struct Gathering {
    sources: Vec<Source>,
    failures: Vec<ExpiryRow>,
    seen: BTreeSet<PathBuf>,
}

impl Gathering {
    fn add(&mut self, path: PathBuf, name: Option<String>, is_named: bool) {
        if self.seen.insert(path.clone()) {
            let name = name.unwrap_or_else(|| name_of(&path));
            self.sources.push(Source { path, name, is_named });
        }
    }

    /// A file or folder that was named.
    fn named(&mut self, path: &Path) {
        let Survey { files, failures } = store::survey(path, ALL);
        if files.first().is_some_and(|file| file == path) {
            return self.add(path.to_owned(), None, true);
        }
        self.found(files, failures, |_| true);
    }

    /// What is in a folder, if there is one.
    fn folder(&mut self, folder: &Path, depth: usize, wanted: fn(&Path) -> bool) {
        let Survey { mut files, failures } = store::survey(folder, depth);
        files.retain(|file| file != folder);
        self.found(files, failures, wanted);
    }

    fn found(
        &mut self,
        files: Vec<PathBuf>,
        failures: Vec<(PathBuf, store::Error)>,
        wanted: fn(&Path) -> bool,
    ) {
        for file in files.into_iter().filter(|file| wanted(file) && !has_suffix(file, KEY)) {
            self.add(file, None, false);
        }
        for (path, error) in failures {
            let place = ExpiryPlace::whole(name_of(&path), path);
            self.failures.push(ExpiryRow::unreadable(place, error.to_string(), error.hint()));
        }
    }
}

fn is_conf(path: &Path) -> bool {
    has_suffix(path, CONF)
}

fn has_suffix(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|suffix| suffix == wanted)
}

/// `alice` for `certs/alice.crt`, and the whole name of a kubeconfig or list.
fn name_of(path: &Path) -> String {
    let is_certificate = ["crt", "cer", "pem"].iter().any(|suffix| has_suffix(path, suffix));
    let name = if is_certificate { path.file_stem() } else { path.file_name() };
    name.unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
