//! Certificates whose CA's key is not here: they are told of, asked for, or taken from what came back.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::certificate::FoundKey;
use super::planner::{Authority, Planner};
use super::{Error, Kept, Step};
use crate::core::inventory::Inventory;
use crate::core::spec::{
    CertificateSpec, Destination, IssuerSpec, Pair, RequestSpec, Unsigned, Wanted,
};
use crate::core::x509::cert::{Certificate, Template};
use crate::core::x509::private_key::PrivateKey;

/// Something that waits for a signature from elsewhere.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The file of the certificate, or the kubeconfig around it.
    pub path: PathBuf,
    /// Whose signature it waits for, in words.
    pub about: String,
}

/// A certificate that only somebody elsewhere can sign, and what is there of it.
pub(super) struct Case<'a> {
    pub(super) spec: &'a CertificateSpec,
    pub(super) template: Template,
    /// The certificates that are trusted for it.
    pub(super) cas: Rc<Vec<Certificate>>,
    /// What is at its place, and how that differs from what is asked.
    pub(super) found: Option<(Vec<Certificate>, Vec<String>)>,
    pub(super) key: Option<FoundKey>,
}

impl Planner<'_> {
    /// What is decided before anybody asks whether a CA may sign: the step for what others must do first, or that another
    /// command does.
    pub(super) fn step_of_others(&mut self, spec: &CertificateSpec) -> Result<Option<Step>, Error> {
        match (&spec.issuer, self.unsigned) {
            (_, Unsigned::Fail) | (IssuerSpec::Itself, Unsigned::Request) => Ok(None),
            (IssuerSpec::Itself, Unsigned::Import { .. }) => self.import_ca(spec).map(Some),
            (IssuerSpec::Itself, Unsigned::Tell) => self.asked_elsewhere(spec),
            (IssuerSpec::Files(files), Unsigned::Tell) => Ok(self.behind_its_ca(spec, files)),
            (IssuerSpec::Files(files), Unsigned::Request | Unsigned::Import { .. }) => {
                let ca = self.inventory.bytes("CA certificate", &files.certificate)?;
                let is_made_here =
                    ca.is_none() || self.inventory.bytes("CA key", &files.key)?.is_some();
                is_made_here.then(|| self.leave(spec, files)).transpose()
            }
        }
    }

    /// The certificates that are trusted for something, where the key that must sign it is not here.
    pub(super) fn foreign(
        &self,
        issuer: &IssuerSpec,
        authority: &Authority,
    ) -> Result<Option<Rc<Vec<Certificate>>>, Error> {
        let (IssuerSpec::Files(files), Authority::Known(cas)) = (issuer, authority) else {
            return Ok(None);
        };
        let is_here = self.inventory.bytes("CA key", &files.key)?.is_some();
        let is_told = matches!(self.unsigned, Unsigned::Fail) || self.differs(&files.certificate);
        Ok((!is_here && !is_told).then(|| cas.clone()))
    }

    /// Decides about it.
    pub(super) fn unsigned(&mut self, case: Case<'_>) -> Result<Step, Error> {
        if matches!(self.unsigned, Unsigned::Import { .. }) {
            return self.import(case);
        }
        if let Some((chain, _)) = case.found.as_ref().filter(|(_, how)| how.is_empty()) {
            let place = case.spec.place().unwrap_or(Path::new("-"));
            self.note_open_key_of(case.key.as_ref());
            return Ok(Step::Keep(Kept::certificate(place, chain.clone(), case.key)));
        }
        match (self.unsigned, case.spec.request()) {
            (Unsigned::Request, Some(request)) => self.request(&RequestSpec {
                request: Destination::File(request),
                key: case.spec.key.clone(),
                subject: case.spec.subject.clone(),
                profile: case.spec.profile,
                sans: case.spec.sans.clone(),
            }),
            _ => Ok(waiting(&case, None)),
        }
    }

    /// A CA of which there is a key and a request, but no certificate: it was asked for, and making one here instead would put
    /// a root where an intermediate is to be.
    pub(super) fn asked_elsewhere(
        &mut self,
        spec: &CertificateSpec,
    ) -> Result<Option<Step>, Error> {
        let (Some(place), Some(request)) = (spec.place(), spec.request()) else { return Ok(None) };
        let Some((_, key)) = self.found_key(&spec.key)? else { return Ok(None) };
        if self.found_chain(&spec.certificate)?.is_some() || self.force {
            return Ok(None);
        }
        let is_ours = self.asks_for(&request, &key);
        let about = format!("needs the signature that {} asks for", request.display());
        Ok(is_ours.then(|| Step::Unsigned(Waiting { path: place.to_owned(), about })))
    }

    /// Whether a request is there, and is for this key.
    fn asks_for(&self, request: &Path, key: &PrivateKey) -> bool {
        let asked = self.inventory.request(request).ok();
        asked.is_some_and(|asked| asked.public_key() == key.public_key())
    }

    /// What a CA signs that itself waits for its signature.
    fn behind_its_ca(&self, spec: &CertificateSpec, files: &Pair) -> Option<Step> {
        let place = spec.place()?;
        self.behind(place, &files.certificate).or_else(|| {
            let is_planned = self.by_place.contains_key(&files.certificate);
            (!is_planned && self.is_awaited(files)).then(|| behind_ca(place, &files.certificate))
        })
    }

    /// Whether a CA that is no part of this plan was asked for elsewhere, and has not come back.
    fn is_awaited(&self, files: &Pair) -> bool {
        let is_absent =
            matches!(self.inventory.bytes("CA certificate", &files.certificate), Ok(None));
        let key = self.inventory.key("CA key", &files.key).ok().flatten();
        is_absent && key.is_some_and(|key| self.asks_for(&files.request(), &key))
    }

    /// What cannot be there before a CA is that itself waits for its signature.
    pub(super) fn behind(&self, place: &Path, ca: &Path) -> Option<Step> {
        let step = self.steps.get(*self.by_place.get(ca)?);
        matches!(step, Some(Step::Unsigned(_))).then(|| behind_ca(place, ca))
    }
}

/// The step for something that cannot be signed before its CA is.
fn behind_ca(place: &Path, ca: &Path) -> Step {
    let about = format!("waits for its CA {}", ca.display());
    Step::Unsigned(Waiting { path: place.to_owned(), about })
}

/// The step for something that waits for its signature.
pub(super) fn waiting(case: &Case<'_>, besides: Option<&str>) -> Step {
    let ca = case.cas[0].subject();
    let how = case.found.as_ref().map(|(_, how)| how.join("; "));
    let needs = format!("needs the signature of {ca}, whose key is not here");
    let about: Vec<String> =
        how.into_iter().chain(besides.map(ToOwned::to_owned)).chain([needs]).collect();
    let path = case.spec.place().unwrap_or(Path::new("-")).to_owned();
    Step::Unsigned(Waiting { path, about: about.join("; ") })
}

/// Something must have been asked for, now or before.
pub(super) fn require_requests(
    steps: &[Step],
    wanted: &[Wanted],
    inventory: Inventory<'_>,
) -> Result<(), Error> {
    if !steps.iter().all(|step| matches!(step, Step::Leave)) {
        return Ok(());
    }
    let mut why = BTreeSet::new();
    for one in wanted {
        if let Wanted::Certificate(CertificateSpec { issuer: IssuerSpec::Files(ca), .. }) = one {
            why.insert(match inventory.bytes("CA certificate", &ca.certificate)? {
                Some(_) => format!("the key {} is here", ca.key.display()),
                None => format!("the CA {} is still to be made", ca.certificate.display()),
            });
        }
    }
    if why.is_empty() {
        why.insert("nothing of this is signed".to_owned());
    }
    Err(Error::NothingToAsk(why.into_iter().collect()))
}
