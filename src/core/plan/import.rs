//! Certificates that came back from elsewhere: which fits where, and why not.

use std::path::{Path, PathBuf};

use super::certificate::FoundKey;
use super::foreign::{self, Foreign};
use super::planner::Planner;
use super::unsigned::{Case, waiting};
use super::{Error, Kept, Note, Step, Target};
use crate::core::spec::{CertificateSpec, Destination, Offer, Pair, Unsigned};
use crate::core::x509::cert::{Certificate, Template};
use crate::core::x509::chain::is_issued_by;
use crate::core::x509::profile::Profile;
use crate::core::x509::public_key::PublicKey;
use crate::core::x509::time::Validity;

/// The most certificates that are looked at for one key: what is offered is somebody else's.
const MOST_FOR_A_KEY: usize = 32;

/// A certificate from elsewhere that fits.
#[derive(Debug)]
pub struct Import {
    /// The certificate, then those that lead to its CA.
    pub chain: Vec<Certificate>,
    /// What it is for.
    pub profile: Profile,
    /// Where it goes.
    pub to: Target,
}

/// A certificate from elsewhere that does not fit.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The file that it came in.
    pub file: PathBuf,
    /// Whose it is.
    pub subject: String,
    /// Each reason in words.
    pub why: Vec<String>,
}

/// Everything that was offered, and what became of it.
pub(super) struct Offers<'a> {
    all: Vec<Offered<'a>>,
    /// Whether one that nobody waits for is a mistake.
    is_whole: bool,
    refused: Vec<Refusal>,
}

struct Offered<'a> {
    offer: &'a Offer,
    certificate: &'a Certificate,
    /// Those of CAs come along with others, and are not for a key that is here. Found once: there may be thousands.
    is_ca: bool,
    /// Whether somebody here has its key.
    is_claimed: bool,
}

impl Offered<'_> {
    fn refusal(&self, why: Vec<String>) -> Refusal {
        let subject = self.certificate.subject().to_string();
        Refusal { file: self.offer.file.clone(), subject, why }
    }
}

impl<'a> Offers<'a> {
    pub(super) fn new(unsigned: &'a Unsigned) -> Self {
        let (offers, is_whole) = match unsigned {
            Unsigned::Import { offers, is_whole } => (offers.as_slice(), *is_whole),
            Unsigned::Fail | Unsigned::Request | Unsigned::Tell => (&[][..], false),
        };
        let all = offers.iter().flat_map(|offer| {
            let certificates = offer.certificates.iter();
            certificates.map(move |certificate| Offered {
                offer,
                certificate,
                is_ca: certificate.extensions().is_ca(),
                is_claimed: false,
            })
        });
        Self { all: all.collect(), is_whole, refused: Vec::new() }
    }

    /// What does not fit, with what nobody here has the key of.
    pub(super) fn refused(self) -> Vec<Refusal> {
        let is_along = |one: &Offered<'_>| one.is_ca || one.certificate.is_self_issued();
        let stray = |one: &&Offered<'_>| self.is_whole && !one.is_claimed && !is_along(one);
        let stray = self.all.iter().filter(stray);
        let stray = stray.map(|one| one.refusal(vec!["its key is none of those here".to_owned()]));
        let stray: Vec<Refusal> = stray.collect();
        self.refused.into_iter().chain(stray).collect()
    }

    /// Of those for a key that fit, the one that lasts longest, with its chain; those that do not fit are refused. What is
    /// `there` already needs no refusal.
    fn best(
        &mut self,
        key: &PublicKey,
        there: Option<&Certificate>,
        judged: impl Fn(&Foreign<'_>) -> Result<Vec<Certificate>, Vec<String>>,
    ) -> Option<Vec<Certificate>> {
        let is_for_it = |index: &usize| self.all[*index].certificate.public_key() == key;
        let candidates: Vec<usize> = (0..self.all.len()).filter(is_for_it).collect();
        let mut fit = Vec::new();
        for (count, index) in candidates.into_iter().enumerate() {
            let certificate = self.all[index].certificate;
            self.all[index].is_claimed = true;
            let judgement = match count < MOST_FOR_A_KEY {
                true => judged(&Foreign { leaf: certificate, between: self.cas_for(index) }),
                false => Err(vec![format!("there are more than {MOST_FOR_A_KEY} for its key")]),
            };
            match judgement {
                Ok(chain) => fit.push(chain),
                Err(_) if there == Some(certificate) => {}
                Err(why) => self.refused.push(self.all[index].refusal(why)),
            }
        }
        fit.into_iter().max_by_key(|chain| chain[0].validity().not_after)
    }

    /// The CAs that came along, those of the same file first.
    fn cas_for(&self, index: usize) -> Vec<&'a Certificate> {
        let own = self.all[index].offer;
        let cas = |is_own: bool| {
            let cas = self.all.iter().filter(|one| one.is_ca);
            cas.filter(move |one| std::ptr::eq(one.offer, own) == is_own).map(|one| one.certificate)
        };
        cas(true).chain(cas(false)).collect()
    }

    /// The roots that came along.
    fn roots(&self) -> Vec<Certificate> {
        let roots = self.all.iter().map(|one| one.certificate);
        roots.filter(|one| one.is_self_issued() && is_issued_by(one, one)).cloned().collect()
    }
}

impl Planner<'_> {
    /// Something else than what waits elsewhere: nothing that is offered may take its place.
    pub(super) fn leave(&mut self, spec: &CertificateSpec, ca: &Pair) -> Result<Step, Error> {
        if matches!(self.unsigned, Unsigned::Import { .. })
            && let Some((_, key)) = self.found_key(&spec.key)?
        {
            let there = self.found_chain(&spec.certificate)?;
            let why = match self.inventory.bytes("CA key", &ca.key)? {
                Some(_) => format!("the CA {} signs it here", ca.certificate.display()),
                None => format!("there is no CA {} to judge it by", ca.certificate.display()),
            };
            let there = there.as_deref().and_then(<[_]>::first);
            self.offers.best(key.public_key(), there, |_| Err(vec![why.clone()]));
        }
        Ok(Step::Leave)
    }

    /// What is offered for a key that is here; what is there stays where that is as good.
    pub(super) fn import(&mut self, case: Case<'_>) -> Result<Step, Error> {
        let Some((_, key)) = &case.key else {
            return Ok(waiting(&case, Some("it has no key yet")));
        };
        let (now, there) = (self.now, case.found.as_ref().map(|(chain, _)| &chain[0]));
        let judged = |foreign: &Foreign<'_>| foreign.judged(&case.template, &case.cas, now);
        let best = self.offers.best(key.public_key(), there, judged);
        let good = case.found.as_ref().filter(|(_, how)| how.is_empty()).map(|(chain, _)| chain);
        match best.filter(|new| good.is_none_or(|old| is_later(new, old))) {
            Some(chain) => self.put(case.spec, chain),
            None if good.is_some() => Ok(kept(case.spec, case.found, case.key)),
            None => Ok(waiting(&case, None)),
        }
    }

    /// A CA with its key here that was asked for elsewhere. One that made itself stays what it is.
    pub(super) fn import_ca(&mut self, spec: &CertificateSpec) -> Result<Step, Error> {
        let Some((path, key)) = self.found_key(&spec.key)? else { return Ok(Step::Leave) };
        let (now, roots) = (self.now, self.offers.roots());
        let template = Template {
            subject: spec.subject.clone(),
            profile: Profile::INTERMEDIATE,
            sans: Vec::new(),
            validity: Validity::new(now, spec.until())?,
        };
        let found = self.found_chain(&spec.certificate)?.map(|chain| {
            let how = foreign::of_ca(&chain, &template, true, now);
            (chain, how)
        });
        let there = found.as_ref().map(|(chain, _)| &chain[0]);
        let judged = |foreign: &Foreign<'_>| foreign.judged_as_ca(&template, &roots, now);
        let best = self.offers.best(key.public_key(), there, judged);
        let good = found.as_ref().filter(|(_, how)| how.is_empty()).map(|(chain, _)| chain);
        let is_better = |new: &Vec<Certificate>| {
            good.is_none_or(|old| !old[0].is_self_issued() && is_later(new, old))
        };
        match best {
            Some(chain) if is_better(&chain) => {
                self.note_no_root(spec, &chain);
                self.put(spec, chain)
            }
            Some(_) => Ok(kept(spec, found, Some((path, key)))),
            None => Ok(self.asked_elsewhere(spec)?.unwrap_or(Step::Leave)),
        }
    }

    fn put(&self, spec: &CertificateSpec, chain: Vec<Certificate>) -> Result<Step, Error> {
        let to = self.target("certificate", &spec.certificate)?;
        Ok(Step::Import(Box::new(Import { chain, profile: spec.profile, to })))
    }

    fn note_no_root(&mut self, spec: &CertificateSpec, chain: &[Certificate]) {
        if let (Destination::File(path), Some(last)) = (&spec.certificate, chain.last())
            && !last.is_self_issued()
        {
            let issuer = last.issuer().to_string();
            self.notes.push(Note::NoRoot { path: path.clone(), issuer });
        }
    }
}

fn is_later(new: &[Certificate], old: &[Certificate]) -> bool {
    new[0].validity().not_after > old[0].validity().not_after
}

fn kept(
    spec: &CertificateSpec,
    found: Option<(Vec<Certificate>, Vec<String>)>,
    key: Option<FoundKey>,
) -> Step {
    let chain = found.map(|(chain, _)| chain).unwrap_or_default();
    Step::Keep(Kept::certificate(spec.place().unwrap_or(Path::new("-")), chain, key))
}
