//! What a rotation reads: the state file, and every file in the folders that it looks at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Rotate;
use crate::core::changes::Snapshot;
use crate::core::inventory::Inventory;
use crate::core::kubeconfig::clean;
use crate::core::plan::relative;
use crate::core::rotation::{
    self, Anchor, Entry, FILE, Files, Ground, Missing, Order, Server, Stage, State, is_kubeconfig,
};
use crate::core::spec::{ClusterError, Config, NodesError, in_folder};
use crate::core::x509::number::Number;
use crate::core::x509::time::Moment;
use crate::core::{Error, logs, read_config, store};

/// The folder in the certificate folder that holds those that stand by.
pub(super) const STANDBY: &str = ".kubepki-rotation";

/// The folders of nodes and users, in that of the kubeconfigs.
const BELOW: [&str; 2] = ["nodes", "users"];

/// What was read.
pub(super) struct Read {
    /// Where rotations stand, with the places that are looked at from now on.
    pub state: State,
    /// What the files of the state, and of the CAs and keys, hold; and what was found elsewhere.
    snapshot: Snapshot,
    /// What was found.
    paths: Vec<PathBuf>,
    /// What inventories name and is not there.
    pub missing: Vec<Missing>,
    /// What each CA has taken back, by the file of its certificate.
    revoked: BTreeMap<PathBuf, BTreeSet<Number>>,
}

impl Read {
    pub(super) fn new(wanted: &Rotate) -> Result<Self, Error> {
        let path = wanted.cert_dir.join(FILE);
        let snapshot = store::read([path.clone()]);
        let bytes = Inventory::new(&snapshot).bytes("state of rotations", &path)?;
        let mut state = match bytes {
            Some(bytes) => State::parse(&path, bytes)?,
            None => State::default(),
        };
        let paths = wanted.paths(&mut state)?;
        let missing = wanted.missing(&state)?;
        let mut all: Vec<PathBuf> = paths.clone();
        all.push(path);
        for anchor in Anchor::all() {
            all.extend(
                [anchor.public_file(), anchor.key_file()].map(|it| wanted.cert_dir.join(it)),
            );
        }
        all.extend(Anchor::all().filter_map(Anchor::list_file).map(|it| wanted.cert_dir.join(it)));
        for entry in &state.entries {
            let (public, key) = entry.standby_files(&wanted.cert_dir);
            all.extend([public, key, entry.cross_file(&wanted.cert_dir)]);
        }
        // Where a signing certificate would come beside a key.
        let signing = Anchor::all().filter_map(Anchor::signing_file).collect::<Vec<_>>();
        for path in &paths {
            all.extend(signing.iter().map(|name| path.with_file_name(name)));
        }
        let mut revoked = BTreeMap::new();
        for anchor in Anchor::all() {
            let ca = wanted.cert_dir.join(anchor.public_file());
            let serials = logs::standing(&ca)?.revoked.into_keys().collect();
            revoked.insert(ca, serials);
        }
        Ok(Self { state, snapshot: store::read(all), paths, missing, revoked })
    }

    pub(super) fn ground<'a>(
        &'a self,
        wanted: &'a Rotate,
        servers: &'a [Server],
        now: Moment,
    ) -> Ground<'a> {
        Ground {
            cert_dir: &wanted.cert_dir,
            inventory: Inventory::new(&self.snapshot),
            now,
            token_lifetime: wanted.token_lifetime,
            revoked: &self.revoked,
            missing: &self.missing,
            servers,
        }
    }

    pub(super) fn files(&self, wanted: &Rotate) -> Result<Files, Error> {
        let paths = self.paths.iter().filter(|path| !is_hidden(path, &wanted.cert_dir)).cloned();
        Ok(Files::read(Inventory::new(&self.snapshot), paths)?)
    }

    /// The rotations that the command is about.
    pub(super) fn entries(&self, wanted: &Rotate) -> Vec<Entry> {
        let is_meant = |entry: &&Entry| match wanted.anchors.is_empty() {
            true => wanted.family.contains(&entry.anchor),
            false => wanted.anchors.contains(&entry.anchor),
        };
        self.state.entries.iter().filter(is_meant).cloned().collect()
    }

    /// The rotations that something is to be done about. One that is over where it was to go is as asked.
    pub(super) fn meant(&self, wanted: &Rotate, order: Order) -> Result<Vec<Entry>, Error> {
        let known = self.entries(wanted);
        let none = wanted
            .anchors
            .iter()
            .find(|anchor| !known.iter().any(|entry| entry.anchor == **anchor));
        if let Some(anchor) = none {
            return Err(rotation::Error::NotUnderWay(*anchor).into());
        }
        let is_there = |entry: &Entry| match order {
            Order::Abort => entry.stage == Stage::Aborted,
            Order::To(stage) => entry.stage == stage,
            Order::Undo => false,
        };
        let (over, under_way): (Vec<_>, Vec<_>) =
            known.into_iter().partition(|entry| !entry.stage.is_under_way());
        match over.iter().find(|entry| !is_there(entry)) {
            Some(entry) if !wanted.anchors.is_empty() => {
                Err(rotation::Error::NotUnderWay(entry.anchor).into())
            }
            _ if under_way.is_empty() && !over.iter().any(is_there) => {
                let (cert_dir, anchor) = (wanted.cert_dir.clone(), wanted.family[0]);
                Err(rotation::Error::Nothing { cert_dir, anchor }.into())
            }
            _ => Ok(under_way),
        }
    }
}

impl Rotate {
    /// Every file in every place. The places that were given are kept in the state, so that no later stage forgets one.
    fn paths(&self, state: &mut State) -> Result<Vec<PathBuf>, Error> {
        let home = self.absolute(&self.cert_dir);
        let seen_from_home = |place: &PathBuf| relative(&self.absolute(place), &home.join(FILE));
        add_new(&mut state.kubeconfig_dirs, seen_from_home(&self.kubeconfig_dir));
        self.also.iter().for_each(|place| add_new(&mut state.also, seen_from_home(place)));
        let inventory = self.inventory.iter();
        inventory.for_each(|file| add_new(&mut state.inventories, seen_from_home(file)));

        let mut paths = store::files(&self.cert_dir)?;
        for place in &state.kubeconfig_dirs {
            paths.extend(below(&self.there(&home.join(place))?)?);
        }
        for place in &state.also {
            paths.extend(store::files(&self.there(&home.join(place))?)?);
        }
        Ok(store::distinct(paths))
    }

    /// What the inventories name that is in none of the folders of kubeconfigs.
    fn missing(&self, state: &State) -> Result<Vec<Missing>, Error> {
        let home = self.absolute(&self.cert_dir);
        let mut missing = Vec::new();
        for inventory in &state.inventories {
            let inventory = self.there(&home.join(inventory))?;
            let Config::ClusterPki(cluster) = read_config(&inventory)? else {
                return Err(ClusterError::from(NodesError::NoInventory(inventory)).into());
            };
            let folders = state.kubeconfig_dirs.iter().map(|dir| self.spelled(&home.join(dir)));
            let found: Vec<_> = folders.map(|folder| cluster.places(&folder)).collect();
            let is_nowhere = |index: &usize| !found.iter().any(|it| store::is_there(&it[*index]));
            let here = cluster.places(&self.kubeconfig_dir);
            let nowhere = (0..here.len()).filter(is_nowhere).map(|index| here[index].clone());
            let paths: Vec<PathBuf> = nowhere.collect();
            if !paths.is_empty() {
                missing.push(Missing { inventory, paths });
            }
        }
        Ok(missing)
    }

    /// A place that must be there, as one would type it here.
    fn there(&self, place: &Path) -> Result<PathBuf, Error> {
        let place = self.spelled(place);
        match store::is_there(&place) {
            true => Ok(place),
            false => Err(rotation::Error::PlaceGone(place).into()),
        }
    }

    fn absolute(&self, path: &Path) -> PathBuf {
        clean(&self.folder.join(path))
    }

    /// A path as one would type it here.
    fn spelled(&self, path: &Path) -> PathBuf {
        let path = self.absolute(path);
        match path.strip_prefix(&self.folder) {
            Ok(below) if below.as_os_str().is_empty() => PathBuf::from("."),
            Ok(below) => below.to_owned(),
            Err(_) => path,
        }
    }
}

/// What is hidden in the certificate folder is kept for another time: those that stand by, and backups. Elsewhere a hidden file is what
/// a run left that was killed, and goes when the file beside it is written.
fn is_hidden(path: &Path, cert_dir: &Path) -> bool {
    let below = path.strip_prefix(cert_dir).ok();
    let below = below.or(path.file_name().map(Path::new)).unwrap_or(Path::new(""));
    below.iter().any(|part| part.as_encoded_bytes().starts_with(b"."))
}

fn add_new(places: &mut Vec<PathBuf>, place: PathBuf) {
    if !places.contains(&place) {
        places.push(place);
    }
}

/// The kubeconfigs right in a folder, and all that is in the folders of nodes and users.
fn below(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut paths = store::files_in(folder)?;
    paths.retain(|path| is_kubeconfig(path));
    for name in BELOW {
        let folder = in_folder(folder, name);
        if store::is_there(&folder) {
            paths.extend(store::files_in(&folder)?);
        }
        // One folder after the other: a fleet has more files than are looked at in one.
        for folder in store::folders_in(&folder)? {
            paths.extend(store::files(&folder)?);
        }
    }
    Ok(paths)
}
