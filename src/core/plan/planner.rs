//! One decision after the other, and what the decisions share.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::certificate::FoundKey;
use super::import::Offers;
use super::{Certify, Difference, Error, Issuer, KeyStep, Note, Refusal, Step, Target};
use crate::core::catalog::MASTERS;
use crate::core::changes::Before;
use crate::core::inventory::{self, Inventory};
use crate::core::kubeconfig::File;
use crate::core::spec::{Destination, IssuerSpec, Pair, Spec, Unsigned, Wanted};
use crate::core::x509::cert::{Certificate, Template};
use crate::core::x509::chain::{self, Ca};
use crate::core::x509::name::DistinguishedName;
use crate::core::x509::profile::Profile;
use crate::core::x509::public_key::PublicKey;
use crate::core::x509::time::{Moment, Until, Validity};

/// What is known while a plan is made.
pub(super) struct Planner<'a> {
    pub(super) force: bool,
    pub(super) inventory: Inventory<'a>,
    pub(super) now: Moment,
    pub(super) notes: Vec<Note>,
    pub(super) steps: Vec<Step>,
    /// Files of certificates, and kubeconfigs with one inside, that a step makes or keeps.
    pub(super) by_place: BTreeMap<PathBuf, usize>,
    /// Files that a step writes.
    pub(super) written: BTreeSet<PathBuf>,
    /// CAs that were read, so that each is read once.
    chains: BTreeMap<PathBuf, Rc<Vec<Certificate>>>,
    signers: BTreeMap<PathBuf, Rc<Ca>>,
    /// What becomes of certificates whose CA's key is not here.
    pub(super) unsigned: &'a Unsigned,
    /// Certificates from elsewhere, and what became of them.
    pub(super) offers: Offers<'a>,
    /// Kubeconfigs that were parsed, so that each is parsed once.
    pub(super) files: BTreeMap<PathBuf, Rc<File>>,
    warned: BTreeSet<PathBuf>,
}

/// What was decided.
pub(super) struct Decided {
    pub(super) steps: Vec<Step>,
    pub(super) notes: Vec<Note>,
    pub(super) refused: Vec<Refusal>,
}

/// The CA of a certificate, before anybody knows whether it must sign.
pub(super) enum Authority {
    /// The key itself.
    Itself,
    /// A CA that is there.
    Known(Rc<Vec<Certificate>>),
    /// A CA that a step makes.
    Made(Made),
    /// A CA that is there and cannot be read.
    Unreadable,
}

/// A CA that a step makes.
pub(super) struct Made {
    step: usize,
    end: Moment,
    /// Its name and its key, where the key is there already: what that has signed stays good.
    known: Option<(DistinguishedName, PublicKey)>,
}

impl Made {
    fn new(step: usize, certify: &Certify) -> Self {
        let Certify { template, key, .. } = certify;
        let known = match key {
            KeyStep::Have { key, .. } => Some((template.subject.clone(), key.public_key().clone())),
            KeyStep::Draw { .. } | KeyStep::Foreign(_) => None,
        };
        Self { step, end: template.validity.not_after, known }
    }

    /// Whether it is the issuer of a certificate that is there, also for those who go by the identifiers of keys.
    pub(super) fn has_signed(&self, found: &Certificate) -> bool {
        self.known.as_ref().is_some_and(|(name, key)| {
            let names_it =
                found.extensions().authority_key_id().is_none_or(|id| id == key.key_id());
            found.issuer() == *name && names_it && found.is_signed_by(key)
        })
    }
}

impl<'a> Planner<'a> {
    pub(super) fn new(spec: &'a Spec, inventory: Inventory<'a>, now: Moment) -> Self {
        Self {
            force: spec.force,
            unsigned: &spec.unsigned,
            offers: Offers::new(&spec.unsigned),
            inventory,
            now,
            notes: Vec::new(),
            steps: Vec::new(),
            by_place: BTreeMap::new(),
            written: BTreeSet::new(),
            chains: BTreeMap::new(),
            signers: BTreeMap::new(),
            files: BTreeMap::new(),
            warned: BTreeSet::new(),
        }
    }

    pub(super) fn plan(mut self, wanted: &[Wanted]) -> Result<Decided, Error> {
        for one in wanted {
            let step = match self.step(one) {
                // A file that cannot even be read differs like any other.
                Err(Error::Differs(mut found)) if found.len() == 1 => Step::Differ(found.remove(0)),
                step => step?,
            };
            if let Wanted::Certificate(spec) = one
                && let Some(place) = spec.place()
            {
                self.by_place.insert(place.to_owned(), self.steps.len());
            }
            self.written.extend(step.writes().map(Path::to_owned));
            self.steps.push(step);
        }
        Ok(Decided { steps: self.steps, notes: self.notes, refused: self.offers.refused() })
    }

    fn step(&mut self, wanted: &Wanted) -> Result<Step, Error> {
        match wanted {
            Wanted::Certificate(spec) => self.certificate(spec),
            Wanted::Copy(spec) => self.copy(spec),
            Wanted::KeyPair(spec) => self.key_pair(spec),
            Wanted::Kubeconfig(spec) => self.kubeconfig(spec),
            Wanted::Request(spec) => self.request(spec),
            Wanted::Signature(spec) => self.signature(spec),
        }
    }

    /// Who is to sign, and whether it may.
    pub(super) fn authority(
        &mut self,
        spec: &IssuerSpec,
        profile: Profile,
    ) -> Result<Authority, Error> {
        let IssuerSpec::Files(files) = spec else { return Ok(Authority::Itself) };
        let path = &files.certificate;
        match self.by_place.get(path).map(|index| (*index, &self.steps[*index])) {
            Some((index, Step::Certify(certify))) => {
                return Ok(Authority::Made(Made::new(index, certify)));
            }
            // What is wrong with it has been said.
            Some((_, Step::Differ(_))) => {
                return Ok(self.chain(path).map_or(Authority::Unreadable, Authority::Known));
            }
            _ => {}
        }
        let chain = self.chain(path)?;
        chain::may_sign(&chain[0], self.now)
            .map_err(|source| inventory::Error::Ca { path: path.clone(), source })?;
        chain::may_issue(&chain[0], profile)
            .map_err(|source| Error::Issuer { path: path.clone(), source })?;
        Ok(Authority::Known(chain))
    }

    /// The same, with its key: now it must sign.
    pub(super) fn issuer(
        &mut self,
        spec: &IssuerSpec,
        authority: &Authority,
    ) -> Result<Issuer, Error> {
        Ok(match (authority, spec) {
            (Authority::Itself, _) | (_, IssuerSpec::Itself) => Issuer::Itself,
            (Authority::Made(made), _) => Issuer::Step(made.step),
            (Authority::Unreadable, _) => Issuer::Unfit,
            (Authority::Known(_), IssuerSpec::Files(files)) if self.differs(&files.certificate) => {
                Issuer::Unfit
            }
            (Authority::Known(_), IssuerSpec::Files(files)) => Issuer::Ca(self.signer(files)?),
        })
    }

    pub(super) fn differs(&self, place: &Path) -> bool {
        let step = self.by_place.get(place).map(|index| &self.steps[*index]);
        matches!(step, Some(Step::Differ(_)))
    }

    /// The certificates of a CA, read once.
    pub(super) fn chain(&mut self, path: &Path) -> Result<Rc<Vec<Certificate>>, Error> {
        if let Some(chain) = self.chains.get(path) {
            return Ok(chain.clone());
        }
        let chain = Rc::new(self.inventory.need_chain("CA certificate", path)?);
        self.chains.insert(path.to_owned(), chain.clone());
        Ok(chain)
    }

    fn signer(&mut self, files: &Pair) -> Result<Rc<Ca>, Error> {
        if let Some(ca) = self.signers.get(&files.certificate) {
            return Ok(ca.clone());
        }
        let chain = self.chain(&files.certificate)?.to_vec();
        let key = self.inventory.need_key("CA key", &files.key)?;
        let wrong = |source| inventory::Error::Ca { path: files.certificate.clone(), source };
        let ca = Rc::new(Ca::new(chain, key, self.now).map_err(wrong)?);
        self.note_open_key(&files.key);
        self.signers.insert(files.certificate.clone(), ca.clone());
        Ok(ca)
    }

    /// From five minutes ago until the end that was asked for, or that of the CA.
    pub(super) fn validity(&self, until: Until, authority: &Authority) -> Result<Validity, Error> {
        let asked = Validity::new(self.now, until)?;
        Ok(match authority {
            Authority::Itself | Authority::Unreadable => asked,
            Authority::Known(chain) => asked.clamped(chain[0].validity().not_after),
            Authority::Made(made) => asked.clamped(made.end),
        })
    }

    pub(super) fn note_clamp(&mut self, until: Until, template: &Template) -> Result<(), Error> {
        let (asked, end) = (until.end(self.now)?, template.validity.not_after);
        if asked > end {
            let subject = template.subject.to_string();
            self.notes.push(Note::Clamped { subject, asked, end });
        }
        Ok(())
    }

    pub(super) fn note_masters(&mut self, template: &Template) {
        if template.subject.organizations().any(|group| group == MASTERS) {
            let user = template.subject.common_name().unwrap_or_default();
            self.notes.push(Note::Masters(user.to_owned()));
        }
    }

    pub(super) fn note_open_key_of(&mut self, key: Option<&FoundKey>) {
        if let Some((path, _)) = key {
            self.note_open_key(path);
        }
    }

    pub(super) fn note_open_key(&mut self, path: &Path) {
        if let Some(open) = self.inventory.open_key(path)
            && self.warned.insert(path.to_owned())
        {
            self.notes.push(Note::OpenKey(open));
        }
    }

    /// A file that differs stops the plan, unless it may be replaced.
    pub(super) fn differ(&self, difference: Difference) -> Option<Step> {
        (!self.force).then_some(Step::Differ(difference))
    }

    /// The same, for a file whose content is not even what it should be.
    pub(super) fn unreadable(path: PathBuf, how: String) -> Error {
        Error::Differs(vec![Difference::new(path, vec![how])])
    }

    /// Where a file goes: what is there now must still be there then.
    pub(super) fn target(&self, what: &'static str, to: &Destination) -> Result<Target, Error> {
        let before = match to {
            Destination::Inside { .. } | Destination::Stdout => Before::Anything,
            Destination::File(path) => match self.inventory.bytes(what, path)? {
                Some(bytes) => Before::Exactly(bytes.clone()),
                None => Before::Absent,
            },
        };
        Ok(Target { to: to.clone(), before })
    }

    /// The step that signs.
    pub(super) fn certify(
        &mut self,
        template: Template,
        key: super::KeyStep,
        (spec, issuer): (&IssuerSpec, Issuer),
        to: &Destination,
    ) -> Result<Step, Error> {
        let ca = match spec {
            IssuerSpec::Files(files) => Some(files.certificate.as_path()),
            IssuerSpec::Itself => to.path(),
        };
        Ok(Step::Certify(Box::new(Certify {
            template,
            key,
            issuer,
            ca: ca.map(Path::to_owned),
            to: self.target("certificate", to)?,
        })))
    }
}
