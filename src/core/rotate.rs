//! The act of rotating: read, plan, draw, sign, write.

mod ground;
mod lists;
mod prepare;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use self::ground::Read;
use crate::core::changes::{Change, Changes, folder_of};
use crate::core::handshake::{self, Connect};
use crate::core::log;
use crate::core::report::{CertificateFacts, RotatedReport, StandReport, StandRow};
use crate::core::rotation::{
    self, Anchor, Missing, Order, Plan, Public, Reissue, Rotation, Server, Stage, Standing,
};
use crate::core::spec::{BIND_PORT, Endpoint};
use crate::core::store::{self, Guard, Lockable};
use crate::core::x509::cert::{Certificate, SanChanges};
use crate::core::x509::time::{Period, Until};
use crate::core::{Error, World, keys};

pub use self::prepare::{Preparation, prepare_rotation};

/// Which rotations are meant, and where to look.
#[derive(Clone, Debug)]
pub struct Rotate {
    /// The certificate folder.
    pub cert_dir: PathBuf,
    /// The folder of the kubeconfigs, with those of the nodes and users in it.
    pub kubeconfig_dir: PathBuf,
    /// Other folders and files that trust, or hold certificates.
    pub also: Vec<PathBuf>,
    /// An inventory whose nodes and users are to be there.
    pub inventory: Option<PathBuf>,
    /// The working folder, absolute.
    pub folder: PathBuf,
    /// Those that are meant; nothing for all of `family` that are under way.
    pub anchors: Vec<Anchor>,
    /// Those that the command is about.
    pub family: Vec<Anchor>,
    /// How long a token may live that the old key has signed.
    pub token_lifetime: Period,
    /// Running servers that are to show that a stage is complete.
    pub servers: Vec<Endpoint>,
    /// Whether the old CA signs the new one when certificates are issued anew.
    pub cross_sign: bool,
    /// Whether nothing is written.
    pub dry_run: bool,
}

/// Brings rotations to a stage, forth or back. All files come into place together, or none does.
///
/// # Errors
///
/// A rotation that cannot go there now; a stage before that is not complete, by the word of every file; files that cannot be read,
/// changed or written. Nothing was changed then.
pub fn rotate(
    wanted: &Rotate,
    order: Order,
    world: &World<'_>,
    connect: Connect<'_>,
) -> Result<RotatedReport, Error> {
    let guard = wanted.lock(None, world)?;
    bring(wanted, order, guard, world, || look_at(&wanted.servers, connect))
}

/// The same, behind the lock.
fn bring(
    wanted: &Rotate,
    order: Order,
    guard: Option<Guard>,
    world: &World<'_>,
    look: impl FnOnce() -> Vec<Server>,
) -> Result<RotatedReport, Error> {
    let mut report = wanted.begin(guard.as_ref());
    let read = Read::new(wanted)?;
    let entries = read.meant(wanted, order)?;
    let servers = look();
    let ground = read.ground(wanted, &servers, world.now);
    let rotations =
        entries.into_iter().map(|entry| Rotation::find(entry, &wanted.cert_dir, ground.inventory));
    let mut rotations = rotations.collect::<Result<Vec<_>, _>>()?;
    report.warnings.extend(strangers(&servers, &rotations));
    let mut crossed = Vec::new();
    if wanted.cross_sign {
        for rotation in rotations.iter_mut().filter(|rotation| rotation.is_of_roots()) {
            let cross = cross_sign(rotation, world)?;
            crossed.extend(cross.map(|cross| (rotation.entry.anchor, cross)));
        }
    }
    let files = read.files(wanted)?;
    let mut plan = rotation::plan(rotations, order, read.state.clone(), files, &ground)?;
    report.add_moves(&plan.moves);
    for Standing { certificate, paths } in &plan.over {
        let (subject, path) = (certificate.subject(), paths[0].display());
        let is_expired = certificate.validity().not_after <= world.now;
        let what = if is_expired { "has expired" } else { "is revoked" };
        report.notes.push(format!("{path}: the certificate of `{subject}` {what}, and stays so"));
    }
    report.notes.extend(plan.turns().filter_map(still_believed));
    let made = match wanted.dry_run {
        true => Vec::new(),
        false => sign(&plan, world)?,
    };
    for (index, certificate) in made.iter().enumerate() {
        plan.put_reissued(index, certificate)?;
        report.certificates.push(CertificateFacts::new(certificate, world.now));
    }
    if wanted.dry_run {
        plan.mark_reissues()?;
    }
    report.add_files(plan.files.touched());
    let lists = lists::made(&plan, wanted, &ground, &mut report, world)?;
    report.add_journey();
    if let Some(guard) = guard {
        let made = plan.reissues.iter().map(|reissue| plan.anchor(reissue)).zip(&made);
        let crossed = crossed.iter().map(|(anchor, cross)| (*anchor, cross));
        let logs = logs(wanted, made.chain(crossed), world);
        commit(plan, log::joined(logs.into_iter().chain(lists)), &guard, wanted, world)?;
    }
    Ok(report)
}

/// Tells where rotations stand, and what each stage still lacks.
///
/// # Errors
///
/// A state file that is damaged or of another folder; files that cannot be read.
pub fn rotation_status(
    wanted: &Rotate,
    world: &World<'_>,
    connect: Connect<'_>,
) -> Result<StandReport, Error> {
    let read = Read::new(wanted)?;
    let servers = look_at(&wanted.servers, connect);
    let ground = read.ground(wanted, &servers, world.now);
    let mut report = StandReport::default();
    let files = read.files(wanted)?;
    let mut under_way = Vec::new();
    let standby = |row: StandRow| StandRow { standby: wanted.cert_dir.join(&row.standby), ..row };
    for entry in read.entries(wanted) {
        if !entry.stage.is_under_way() {
            report.rotations.push(standby(StandRow::over(&entry)));
            continue;
        }
        let tokens_end = entry.switched.filter(|_| entry.anchor == Anchor::TokenKey);
        let tokens_end =
            tokens_end.and_then(|moment| Until::After(wanted.token_lifetime).end(moment).ok());
        let rotation = Rotation::find(entry, &wanted.cert_dir, ground.inventory)?;
        let lag = rotation.lag(rotation.entry.stage, &files, &ground)?;
        let row = standby(StandRow::new(&rotation, lag, tokens_end));
        let first = read.missing.first().map(Missing::to_type);
        report.rotations.push(StandRow { next: first.or(row.next), ..row });
        under_way.push(rotation);
    }
    report.warnings.extend(strangers(&servers, &under_way));
    // Where no rotation could tell of it.
    let is_told = report.rotations.iter().any(|row| row.stage.is_under_way());
    if let Some(missing) = read.missing.first().filter(|_| !is_told) {
        return Err(rotation::Error::Missing(missing.clone()).into());
    }
    Ok(report)
}

/// Servers that were looked at, and tell nothing of any of these rotations.
fn strangers(servers: &[Server], rotations: &[Rotation]) -> Vec<String> {
    let strangers = servers.iter().filter(|server| server.is_stranger_to(rotations));
    let warning = |server: &Server| {
        format!(
            "{} has no certificate by a CA that is rotated, and asks for none: it tells nothing of the stage; is it the server that you mean?",
            server.url
        )
    };
    strangers.map(warning).collect()
}

/// What running servers show, side by side with what they should.
fn look_at(servers: &[Endpoint], connect: Connect<'_>) -> Vec<Server> {
    let look = |endpoint: &Endpoint| {
        let port = endpoint.port.unwrap_or(BIND_PORT);
        let stream = connect(&handshake::host_text(&endpoint.host), port);
        let shown = stream
            .map_err(handshake::Error::from)
            .and_then(|mut stream| handshake::look(&mut *stream, &endpoint.host));
        let shown = shown.map_err(|error| error.to_string());
        Server { url: endpoint.url(BIND_PORT), shown }
    };
    servers.iter().map(look).collect()
}

impl Rotate {
    fn lock(&self, other: Option<&Path>, world: &World<'_>) -> Result<Option<Guard>, Error> {
        // Each CA keeps its log beside it.
        let cas = Anchor::all().map(|anchor| self.cert_dir.join(anchor.public_file()));
        let folders =
            cas.map(|ca| folder_of(&ca).to_owned()).filter(|folder| store::is_there(folder));
        let folders = folders.chain([self.cert_dir.clone()]);
        let folders: BTreeSet<PathBuf> = folders.chain(other.map(Path::to_owned)).collect();
        let folders: Vec<Lockable> = folders.into_iter().map(Lockable::Folder).collect();
        Ok(if self.dry_run { None } else { Some(store::lock(&folders, &world.locks)?) })
    }

    fn begin(&self, guard: Option<&Guard>) -> RotatedReport {
        let recovered = guard.into_iter().flat_map(Guard::recovered);
        let notes = recovered.map(ToString::to_string).collect();
        RotatedReport { dry_run: self.dry_run, notes, ..RotatedReport::default() }
    }
}

/// What no rotation of a CA ends that is below another one.
fn still_believed((rotation, stage): (&Rotation, Stage)) -> Option<String> {
    let Public::Certificate(old) = &rotation.old.public else { return None };
    (stage == Stage::Finished && !rotation.is_of_roots()).then(|| {
        format!(
            "who trusts `{}` believes what the old {} has signed until {}: that one signed it",
            old.issuer(),
            rotation.entry.anchor,
            old.validity().not_after
        )
    })
}

/// Every certificate that is to be issued anew: for the same key, and for as long as it was.
fn sign(plan: &Plan, world: &World<'_>) -> Result<Vec<Certificate>, Error> {
    plan.reissues.iter().map(|reissue| sign_one(plan, reissue, world)).collect()
}

fn sign_one(plan: &Plan, reissue: &Reissue, world: &World<'_>) -> Result<Certificate, Error> {
    let (old, issuer) = (&reissue.certificate, plan.issuer(reissue));
    let Public::Certificate(ca) = &issuer.public else {
        unreachable!("certificates are signed by CAs");
    };
    let serial = keys::draw_serial(world.entropy)?;
    let validity = old.validity().again(world.now).clamped(ca.validity().not_after);
    let made = old.reissue(
        validity,
        &SanChanges::default(),
        serial,
        old.public_key(),
        ca,
        &issuer.key,
        world.entropy,
    );
    Ok(made.map_err(rotation::Error::from)?)
}

/// A line for every certificate that was signed, in the log of its CA.
fn logs<'a>(
    wanted: &Rotate,
    signed: impl Iterator<Item = (Anchor, &'a Certificate)>,
    world: &World<'_>,
) -> Vec<Change> {
    let file = |anchor: Anchor| wanted.cert_dir.join(anchor.public_file());
    log::issued(signed.map(|(anchor, certificate)| (file(anchor), certificate)), world)
}

/// Lets the old CA sign the new one, once: who trusts the old one alone then believes what the new one signs (RFC 4210, 4.4).
fn cross_sign(rotation: &mut Rotation, world: &World<'_>) -> Result<Option<Certificate>, Error> {
    let (Public::Certificate(old), Public::Certificate(new), None) =
        (&rotation.old.public, &rotation.new.public, &rotation.cross)
    else {
        return Ok(None);
    };
    let serial = keys::draw_serial(world.entropy)?;
    let validity = new.validity().clamped(old.validity().not_after);
    let (sans, key) = (SanChanges::default(), &rotation.old.key);
    let cross = new.reissue(validity, &sans, serial, new.public_key(), old, key, world.entropy);
    let cross = cross.map_err(rotation::Error::from)?;
    rotation.cross = Some(cross.clone());
    rotation.entry.cross_signed = true;
    Ok(Some(cross))
}

/// Writes all of it. kubectl is kept from the kubeconfigs only now, after what takes long.
fn commit(
    plan: Plan,
    others: Vec<Change>,
    guard: &Guard,
    wanted: &Rotate,
    world: &World<'_>,
) -> Result<(), Error> {
    let kubeconfigs: Vec<_> =
        plan.files.kubeconfigs().into_iter().map(Lockable::Kubeconfig).collect();
    let _locked = match kubeconfigs.is_empty() {
        true => None,
        false => Some(store::lock(&kubeconfigs, &world.locks)?),
    };
    let mut list = plan.files.changes();
    list.extend(others);
    guard.commit(&Changes { home: wanted.cert_dir.clone(), list })?;
    Ok(())
}
