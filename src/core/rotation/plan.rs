//! What brings rotations to another stage, in one set.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::anchor::{Anchor, Stage};
use super::bring::{Aim, Rotation, crosses};
use super::error::{Error, Missing};
use super::files::{Files, Said, Standing};
use super::servers::Server;
use super::side::{Public, Side};
use super::state::{Entry, FILE, State};
use crate::core::changes::Secrecy;
use crate::core::inventory::Inventory;
use crate::core::x509::cert::Certificate;
use crate::core::x509::number::Number;
use crate::core::x509::time::{Moment, Period, Until};

/// Where everything is.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The certificate folder.
    pub cert_dir: &'a Path,
    /// What was read.
    pub inventory: Inventory<'a>,
    /// The moment that counts as now.
    pub now: Moment,
    /// How long a token may live that the old key has signed.
    pub token_lifetime: Period,
    /// What each CA has taken back, by the file of its certificate.
    pub revoked: &'a BTreeMap<PathBuf, BTreeSet<Number>>,
    /// What inventories name and is not here.
    pub missing: &'a [Missing],
    /// Running servers that were looked at.
    pub servers: &'a [Server],
}

/// What is asked of a rotation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Order {
    /// Give it up.
    Abort,
    /// Go on to this stage, or complete it.
    To(Stage),
    /// Go one stage back.
    Undo,
}

/// From where to where a rotation goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Move {
    /// What is rotated.
    pub anchor: Anchor,
    /// The stage before.
    pub from: Stage,
    /// The stage after; the same where a stage is only completed.
    pub to: Stage,
}

/// A certificate to issue anew, for the key that it has.
pub struct Reissue {
    /// The certificate as it is.
    pub certificate: Certificate,
    /// The files that it stands in.
    pub paths: Vec<PathBuf>,
    /// Which of the rotations it belongs to.
    rotation: usize,
}

/// All that is to be done, in one set.
pub struct Plan {
    /// The files, with all that can be said of them before anything is signed.
    pub files: Files,
    /// Certificates to issue anew.
    pub reissues: Vec<Reissue>,
    /// From where to where each rotation goes.
    pub moves: Vec<Move>,
    /// Certificates of the other side that have expired or are revoked, and stay so.
    pub over: Vec<Standing>,
    rotations: Vec<Rotation>,
}

/// Plans what all of `rotations` are asked for, in one set.
///
/// # Errors
///
/// Nodes or users that are not here; a rotation that cannot go there now, or whose stage before is not complete; files that cannot be read or changed.
pub fn plan(
    rotations: Vec<Rotation>,
    order: Order,
    mut state: State,
    files: Files,
    ground: &Ground<'_>,
) -> Result<Plan, Error> {
    if let Some(missing) = ground.missing.first() {
        return Err(Error::Missing(missing.clone()));
    }
    let mut moves = Vec::new();
    for rotation in &rotations {
        let to = rotation.stage_after(order, ground)?;
        if Some(to) == rotation.entry.stage.next(rotation.entry.anchor) {
            rotation.check_complete(&files, ground)?;
        }
        moves.push(Move { anchor: rotation.entry.anchor, from: rotation.entry.stage, to });
    }
    let mut plan = Plan { files, reissues: Vec::new(), moves, over: Vec::new(), rotations };
    for index in 0..plan.rotations.len() {
        let to = plan.moves[index].to;
        plan.bring(index, to, ground)?;
        state.put(plan.rotations[index].entry.at(to, ground.now));
    }
    plan.put_state(&state, ground)?;
    Ok(plan)
}

impl Rotation {
    fn stage_after(&self, order: Order, ground: &Ground<'_>) -> Result<Stage, Error> {
        let Entry { anchor, stage, .. } = self.entry;
        if !stage.is_under_way() {
            return Err(Error::NotUnderWay(anchor));
        }
        match order {
            Order::Abort if stage <= Stage::Trusted => Ok(Stage::Aborted),
            Order::Abort => Err(Error::AbortTooLate { anchor, stage }),
            Order::Undo => stage.previous(anchor).ok_or(Error::NothingBefore { anchor, stage }),
            Order::To(wanted) if wanted == stage => Ok(stage),
            Order::To(wanted) if stage.next(anchor) == Some(wanted) => {
                self.check_tokens(wanted, ground)?;
                Ok(wanted)
            }
            Order::To(wanted) => Err(Error::OutOfOrder { anchor, stage, wanted: wanted.word() }),
        }
    }

    /// The old token key is needed for as long as the last token lives that it signed.
    fn check_tokens(&self, wanted: Stage, ground: &Ground<'_>) -> Result<(), Error> {
        let lifetime = ground.token_lifetime;
        let (Stage::Finished, Anchor::TokenKey, Some(switched)) =
            (wanted, self.entry.anchor, self.entry.switched)
        else {
            return Ok(());
        };
        // A period that reaches past all moments never ends.
        match Until::After(lifetime).end(switched) {
            Ok(until) if until <= ground.now => Ok(()),
            Ok(until) => Err(Error::TooSoon { until, switched, lifetime }),
            Err(_) => Err(Error::TooSoon { until: switched, switched, lifetime }),
        }
    }

    fn check_complete(&self, files: &Files, ground: &Ground<'_>) -> Result<(), Error> {
        let Entry { anchor, stage, .. } = self.entry;
        let files = self.lag(stage, files, ground)?;
        if files.is_empty() { Ok(()) } else { Err(Error::Incomplete { anchor, stage, files }) }
    }
}

impl Plan {
    fn bring(&mut self, index: usize, to: Stage, ground: &Ground<'_>) -> Result<(), Error> {
        let rotation = &self.rotations[index];
        rotation.bring(to, &mut self.files, ground)?;
        let (live, over) = rotation.certificates_of_others(to, &self.files, ground);
        let reissue =
            |Standing { certificate, paths }| Reissue { certificate, paths, rotation: index };
        self.reissues.extend(live.into_iter().map(reissue));
        self.over.extend(over);
        Ok(())
    }

    fn put_state(&mut self, state: &State, ground: &Ground<'_>) -> Result<(), Error> {
        put_state(&mut self.files, state, ground)
    }

    /// Puts the certificate that was issued anew where the old one stands, and with it what lets others believe it.
    pub fn put_reissued(&mut self, index: usize, new: &Certificate) -> Result<(), Error> {
        let reissue = &self.reissues[index];
        let said = self.said(reissue);
        let cross = self.cross(reissue).cloned();
        let with: Vec<&Certificate> = std::iter::once(new).chain(&cross).collect();
        let Reissue { certificate, paths, .. } = &self.reissues[index];
        self.files.put_certificate(paths, certificate, &with, &said)
    }

    /// Marks the files in which certificates would be issued anew, by putting the certificate of its CA in the place of each: for a plan
    /// that is shown and not carried out.
    pub fn mark_reissues(&mut self) -> Result<(), Error> {
        for index in 0..self.reissues.len() {
            let issuer = self.issuer(&self.reissues[index]).public.clone();
            if let Public::Certificate(ca) = issuer {
                self.put_reissued(index, &ca)?;
            }
        }
        Ok(())
    }

    /// The CA that goes with a certificate that is issued anew, where one does.
    fn cross(&self, reissue: &Reissue) -> Option<&Certificate> {
        let rotation = &self.rotations[reissue.rotation];
        rotation.cross.as_ref().filter(|_| crosses(self.moves[reissue.rotation].to))
    }

    /// Each rotation, and where it goes.
    pub fn turns(&self) -> impl Iterator<Item = (&Rotation, Stage)> {
        self.rotations.iter().zip(self.moves.iter().map(|it| it.to))
    }

    /// Who issues a certificate anew.
    pub fn issuer(&self, reissue: &Reissue) -> &Side {
        let rotation = &self.rotations[reissue.rotation];
        rotation.aim(self.moves[reissue.rotation].to).to
    }

    /// The CA or key of whose rotation it is a part.
    pub fn anchor(&self, reissue: &Reissue) -> Anchor {
        self.rotations[reissue.rotation].entry.anchor
    }

    /// What is said of a certificate that is issued anew.
    fn said(&self, reissue: &Reissue) -> Said {
        let rotation = &self.rotations[reissue.rotation];
        let Aim { to, from, .. } = rotation.aim(self.moves[reissue.rotation].to);
        let (subject, anchor) = (reissue.certificate.subject(), rotation.entry.anchor);
        Said {
            about: format!("certificate of `{subject}` by the {} {anchor}", rotation.which(to)),
            lacks: format!(
                "holds a certificate of `{subject}` by the {} {anchor}",
                rotation.which(from)
            ),
        }
    }
}

impl Entry {
    fn at(&self, stage: Stage, now: Moment) -> Self {
        let switched = match stage {
            Stage::Switched | Stage::Finished => self.switched.or(Some(now)),
            _ => None,
        };
        let since = if stage == self.stage { self.since } else { now };
        let cross_signed = self.cross_signed && crosses(stage);
        Self { stage, since, switched, cross_signed, ..self.clone() }
    }
}

/// Writes where all rotations stand, if that is not there yet.
pub fn put_state(files: &mut Files, state: &State, ground: &Ground<'_>) -> Result<(), Error> {
    let path = ground.cert_dir.join(FILE);
    let old = ground.inventory.bytes("state of rotations", &path)?.cloned();
    let said = Said { about: "where rotations stand".into(), lacks: String::new() };
    files.put(path, old, state.to_bytes(), Secrecy::Public, &said);
    Ok(())
}
