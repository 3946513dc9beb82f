//! The first stage: a new CA or key is made, beside the old one, and nothing uses it.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::ground::{Read, STANDBY};
use super::{Rotate, bring, logs};
use crate::core::changes::{Changes, folder_of};
use crate::core::inventory;
use crate::core::plan::{self, Plan};
use crate::core::report::{Action, CertificateFacts, FileReport, MadeReport, RotatedReport};
use crate::core::rotation::{
    self, Anchor, Entry, FILE, Ground, Move, Order, Public, Rotation, Side, Stage, put_signing,
    put_state,
};
use crate::core::sign::{self, Made, Outcome};
use crate::core::spec::{
    CertificateSpec, Destination, IssuerSpec, KeyPairSpec, KeySpec, Pair, Spec, Unsigned, Wanted,
};
use crate::core::store::Guard;
use crate::core::x509::cert::Certificate;
use crate::core::x509::chain::{self, is_issued_by};
use crate::core::x509::key_type::KeyType;
use crate::core::x509::profile::Profile;
use crate::core::x509::time::{Moment, Period, Until};
use crate::core::{Error, World, keys, log, store};

/// What new ones are to be like; without a word, as the old ones are.
#[derive(Clone, Debug, Default)]
pub struct Preparation {
    /// The kind of key.
    pub key_type: Option<KeyType>,
    /// How long a CA lives.
    pub until: Option<Until>,
    /// The CA above, for one that is no root.
    pub parent: Option<Pair>,
}

/// One that is about to be rotated.
struct Begun {
    anchor: Anchor,
    old: Side,
    standby: PathBuf,
}

/// Makes what is to take the place of each, and keeps it where nothing uses it. Where that was begun and is not complete, it is completed.
///
/// # Errors
///
/// Nodes or users that are not here; a rotation that is under way already; a CA that is not there, is no root, or whose key is elsewhere; files that cannot be read or
/// written. Nothing was changed then.
pub fn prepare_rotation(
    wanted: &Rotate,
    preparation: &Preparation,
    world: &World<'_>,
    watch: &mut dyn FnMut(keys::Progress),
) -> Result<RotatedReport, Error> {
    let parent = preparation.parent.as_ref();
    // The log of whoever signs gets a line.
    let guard = wanted.lock(parent.map(|parent| folder_of(&parent.certificate)), world)?;
    let mut report = wanted.begin(guard.as_ref());
    let read = Read::new(wanted)?;
    let ground = read.ground(wanted, &[], world.now);
    if let Some(missing) = ground.missing.first() {
        return Err(rotation::Error::Missing(missing.clone()).into());
    }
    let is_recovered = guard.iter().flat_map(Guard::recovered).next().is_some();
    if is_left_half(wanted, preparation, is_recovered, &read, &ground)? {
        return bring(wanted, Order::To(Stage::Prepared), guard, world, Vec::new);
    }
    let begun = wanted.anchors.iter().map(|anchor| begin(*anchor, wanted, parent, &read, &ground));
    let begun: Vec<Begun> = begun.collect::<Result<_, _>>()?;

    let plan = plan_of(&begun, wanted, preparation, &ground)?;
    let made = MadeReport::of_plan(&plan);
    made.files.into_iter().for_each(|file| report.add_file(file));
    report.warnings.extend(made.warnings);
    let moves: Vec<Move> = begun.iter().map(|it| move_of(it.anchor)).collect();
    report.add_moves(&moves);
    report.rotations.iter_mut().for_each(|row| row.from = None);

    let mut files = read.files(wanted)?;
    for Begun { anchor, old, .. } in &begun {
        let holders = files.with_key(&anchor.key_file(), [&old.key, &old.key]);
        put_signing(&mut files, *anchor, &holders, &old.public, "old", &ground)?;
    }
    let Some(guard) = guard else {
        report.add_files(files.touched());
        report.add_journey();
        report.add_file(state_file(wanted, &ground)?);
        return Ok(report);
    };
    let drawn = keys::draw_for(&plan, world.entropy, watch)?;
    let Outcome { changes: Changes { mut list, .. }, made, issued, .. } =
        sign::carry_out(plan, drawn, world.entropy)?;
    // In the log of the place that it is going to take, where all is that one CA after the other signs there.
    let roots = begun.iter().zip(&made).filter(|_| parent.is_none());
    let roots = roots.flat_map(|(it, made)| made.chain.iter().map(|ca| (it.anchor, ca)));
    list.extend(logs(wanted, roots, world));
    let below = issued.iter().filter(|_| parent.is_some());
    list.extend(log::issued(below.map(|(ca, made)| (ca.clone(), made)), world));
    let mut state = read.state.clone();
    for (begun, made) in begun.iter().zip(&made) {
        report
            .certificates
            .extend(made.chain.iter().take(1).map(|ca| CertificateFacts::new(ca, world.now)));
        state.put(entry(begun, made, world.now));
    }
    put_state(&mut files, &state, &ground)?;
    report.add_files(files.touched());
    report.add_journey();
    list.extend(files.changes());
    guard.commit(&Changes { home: wanted.cert_dir.clone(), list })?;
    Ok(report)
}

/// Whether all of them have been begun, as they are asked for now, and something is missing from that or was until a moment ago.
fn is_left_half(
    wanted: &Rotate,
    preparation: &Preparation,
    is_recovered: bool,
    read: &Read,
    ground: &Ground<'_>,
) -> Result<bool, Error> {
    let entries = wanted.anchors.iter().map(|anchor| read.state.entry(*anchor));
    let begun = entries.map(|entry| entry.filter(|entry| entry.stage == Stage::Prepared));
    let Some(begun) = begun.collect::<Option<Vec<_>>>() else { return Ok(false) };
    // What is there is not changed to what somebody asks for now.
    let Preparation { key_type, until: None, parent: None } = preparation else { return Ok(false) };
    let files = read.files(wanted)?;
    let mut is_half = is_recovered;
    for entry in begun {
        let rotation = Rotation::find(entry.clone(), &wanted.cert_dir, ground.inventory)?;
        if key_type.is_some() && rotation.new.key.public_key().key_type() != *key_type {
            return Ok(false);
        }
        is_half |= !rotation.lag(Stage::Prepared, &files, ground)?.is_empty();
    }
    Ok(is_half)
}

/// The old one, fit to be rotated.
fn begin(
    anchor: Anchor,
    wanted: &Rotate,
    parent: Option<&Pair>,
    read: &Read,
    ground: &Ground<'_>,
) -> Result<Begun, Error> {
    if let Some(entry) = read.state.entry(anchor).filter(|entry| entry.stage.is_under_way()) {
        let Entry { stage, since, .. } = *entry;
        return Err(rotation::Error::UnderWay { anchor, stage, since }.into());
    }
    let public = wanted.cert_dir.join(anchor.public_file());
    let key_file = wanted.cert_dir.join(anchor.key_file());
    let what = match anchor {
        Anchor::Authority(_) => "CA certificate",
        Anchor::TokenKey => "public key",
    };
    let bytes = ground.inventory.need(what, &public)?;
    let elsewhere = || rotation::Error::KeyElsewhere { anchor, key: key_file.clone() };
    let key = Rc::new(ground.inventory.key("key", &key_file)?.ok_or_else(elsewhere)?);
    let found = match anchor {
        Anchor::Authority(_) => {
            let chain = ground.inventory.need_chain(what, &public)?;
            match parent {
                None => check_root(anchor, &public, &chain[0])?,
                Some(parent) => check_below(&public, &chain[0], parent)?,
            }
            chain::belongs(&chain[0], key.public_key())
                .map_err(|source| rotation::Error::ForeignKey { path: public.clone(), source })?;
            Some(Public::certificate(chain[0].clone()))
        }
        Anchor::TokenKey => {
            Public::all_in(bytes).into_iter().find(|one| one.key() == key.public_key())
        }
    };
    let old = Side { public: found.ok_or_else(elsewhere)?, key };
    Ok(Begun { anchor, old, standby: standby(anchor, &wanted.cert_dir) })
}

/// A root that signed itself.
fn check_root(anchor: Anchor, path: &Path, ca: &Certificate) -> Result<(), Error> {
    if is_issued_by(ca, ca) {
        return Ok(());
    }
    let (path, issuer) = (path.to_owned(), ca.issuer().to_string());
    Err(rotation::Error::NotARoot { anchor, path, issuer }.into())
}

/// One that the CA above signed: the new one has a place below the same root, which all trust who trust the old one.
fn check_below(path: &Path, ca: &Certificate, parent: &Pair) -> Result<(), Error> {
    let snapshot = store::read([parent.certificate.clone()]);
    let chain =
        inventory::Inventory::new(&snapshot).need_chain("CA certificate", &parent.certificate)?;
    if is_issued_by(ca, &chain[0]) && !is_issued_by(ca, ca) {
        return Ok(());
    }
    let (path, parent) = (path.to_owned(), parent.certificate.clone());
    Err(rotation::Error::NotBelow { path, parent, issuer: ca.issuer().to_string() }.into())
}

/// The first folder that holds none that stands by. One in which a run was killed is taken again, so that what it left there goes.
fn standby(anchor: Anchor, cert_dir: &Path) -> PathBuf {
    let suffixes = [anchor.public_suffix(), "key"];
    let is_free = |folder: &PathBuf| {
        let file = |suffix| cert_dir.join(folder).join(format!("standby.{suffix}"));
        !suffixes.into_iter().any(|suffix| store::is_there(&file(suffix)))
    };
    let folders =
        (1..).map(|number| Path::new(STANDBY).join(format!("{}-{number}", anchor.name())));
    folders.into_iter().find(is_free).expect("there are more numbers than folders")
}

/// What is made, by the planner that makes everything.
fn plan_of(
    begun: &[Begun],
    wanted: &Rotate,
    preparation: &Preparation,
    ground: &Ground<'_>,
) -> Result<Plan, Error> {
    let spec = Spec {
        home: Some(wanted.cert_dir.clone()),
        wanted: begun.iter().map(|it| it.wanted(&wanted.cert_dir, preparation)).collect(),
        force: false,
        unsigned: Unsigned::Fail,
    };
    let snapshot = store::read(spec.paths());
    Ok(plan::make(&spec, inventory::Inventory::new(&snapshot), ground.now)?.fit()?)
}

impl Begun {
    fn files(&self, cert_dir: &Path) -> (PathBuf, PathBuf) {
        let folder = cert_dir.join(&self.standby);
        (
            folder.join(format!("standby.{}", self.anchor.public_suffix())),
            folder.join("standby.key"),
        )
    }

    /// The same name, the same kind of key, and as long a life, unless something else was asked for.
    fn wanted(&self, cert_dir: &Path, preparation: &Preparation) -> Wanted {
        let Preparation { key_type, until, parent } = preparation.clone();
        let (profile, issuer) = match parent {
            Some(parent) => (Profile::INTERMEDIATE, IssuerSpec::Files(parent)),
            None => (Profile::ROOT, IssuerSpec::Itself),
        };
        let (public, private) = self.files(cert_dir);
        let key_type = key_type.or(self.old.key.public_key().key_type());
        match &self.old.public {
            Public::Key(_) => Wanted::KeyPair(KeyPairSpec { private, public, key_type }),
            Public::Certificate(ca) => Wanted::Certificate(CertificateSpec {
                certificate: Destination::File(public),
                key: KeySpec::Own { to: Destination::File(private), key_type },
                subject: ca.subject(),
                profile,
                sans: ca.extensions().sans(),
                until: Some(until.unwrap_or(Until::After(period(ca)))),
                issuer,
            }),
        }
    }
}

/// How long a CA was to live, without the minutes before it was made.
fn period(ca: &Certificate) -> Period {
    let validity = ca.validity();
    Period::days(validity.not_before.days_until(validity.not_after).max(1))
}

fn entry(begun: &Begun, made: &Made, now: Moment) -> Entry {
    let key = made.key.as_ref().map(|key| Public::Key(key.public_key().clone()));
    let new = made.chain.first().cloned().map(Public::certificate).or(key);
    Entry {
        anchor: begun.anchor,
        stage: Stage::Prepared,
        since: now,
        switched: None,
        old: begun.old.public.fingerprint(),
        new: new.map(|new| new.fingerprint()).unwrap_or_default(),
        standby: begun.standby.clone(),
        cross_signed: false,
    }
}

fn move_of(anchor: Anchor) -> Move {
    Move { anchor, from: Stage::Prepared, to: Stage::Prepared }
}

fn state_file(wanted: &Rotate, ground: &Ground<'_>) -> Result<FileReport, Error> {
    let path = wanted.cert_dir.join(FILE);
    let is_there = ground.inventory.bytes("state of rotations", &path)?.is_some();
    let action = if is_there { Action::Replace } else { Action::Create };
    Ok(FileReport { action, path, about: "where rotations stand".to_owned() })
}
