//! From a plan and its keys to the files: everything is signed and checked in memory before a file is touched.

use std::path::PathBuf;

use crate::core::changes::{Bytes, Change, Changes, Secrecy};
use crate::core::keys::Drawn;
use crate::core::kubeconfig::NewEntries;
use crate::core::parallel;
use crate::core::plan::{
    self, Ask, CertificateAndKey, Certify, Configure, Credential, Duplicate, Import, Issuer, Kept,
    KeyPair, KeyStep, KnownCredential, Part, Plan, Step, Target,
};
use crate::core::spec::Destination;
use crate::core::x509::cert::{self, Certificate, chain_to_pem};
use crate::core::x509::chain::is_issued_by;
use crate::core::x509::csr::{self, Request};
use crate::core::x509::entropy::Entropy;
use crate::core::x509::private_key::PrivateKey;
use crate::core::x509::public_key::PublicKey;

/// What came of a plan.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The files to write.
    pub changes: Changes,
    /// The entries to bring into kubeconfigs, whose files others may change until they are locked.
    pub kubeconfigs: Vec<Entries>,
    /// What goes to standard output instead.
    pub stdout: Bytes,
    /// One thing for each step of the plan.
    pub made: Vec<Made>,
    /// Each certificate that was signed, with the file of the CA that did.
    pub issued: Vec<(PathBuf, Certificate)>,
}

/// Entries for one kubeconfig.
#[derive(Debug)]
pub struct Entries {
    /// The kubeconfig.
    pub out: PathBuf,
    /// What is to be in it.
    pub entries: NewEntries,
    /// Whether entries that differ are replaced.
    pub force: bool,
}

/// What came of one step.
#[derive(Debug, Default)]
pub struct Made {
    /// The certificate, then those above it; empty for a request.
    pub chain: Vec<Certificate>,
    /// The request, where that was asked for.
    pub request: Option<Request>,
    /// The private key, where we have it.
    pub key: Option<PrivateKey>,
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The certificate could not be made.
    #[error(transparent)]
    Certificate(#[from] cert::Error),
    /// The kubeconfig could not be put together.
    #[error(transparent)]
    Kubeconfig(#[from] plan::Error),
    /// The request could not be made.
    #[error(transparent)]
    Request(#[from] csr::Error),
    /// A plan that must not be carried out.
    #[error("the plan for `{0}` cannot be carried out")]
    Unfit(String),
    /// What was signed does not verify: it is never let out.
    #[error("the new certificate for `{0}` does not verify under its CA")]
    Untrue(String),
}

/// Carries out a plan in memory.
///
/// # Errors
///
/// A key that does not sign, or a signature that does not verify.
pub fn carry_out(plan: Plan, drawn: Drawn, entropy: &dyn Entropy) -> Result<Outcome, Error> {
    let signed = carry_out_and(plan, drawn, entropy, |(): ()| (), |outcome, _| Ok(outcome));
    signed.map(|(outcome, _)| outcome)
}

/// The same, and goes on with `then` once all is signed; what that hands out is for `work`, beside the verifying. Returns what came of
/// both, which is not let out where something does not verify.
///
/// # Errors
///
/// Those of [`carry_out`], and of `then`.
pub fn carry_out_and<T: Send, R: Send, O, E: From<Error>>(
    plan: Plan,
    drawn: Drawn,
    entropy: &dyn Entropy,
    work: impl Fn(T) -> R + Sync,
    then: impl FnOnce(Outcome, &mut dyn FnMut(T)) -> Result<O, E>,
) -> Result<(O, Vec<R>), E> {
    let work = |task| match task {
        Task::Verify(signed) => signed.verify().map(|()| None),
        Task::Work(item) => Ok(Some(work(item))),
    };
    // To verify takes longer than to sign.
    let (outcome, done) = parallel::meanwhile(plan.steps.len(), work, |give| {
        let signed = &mut |signed: Signed| give(Task::Verify(signed.into()));
        let outcome = sign(plan, drawn, entropy, signed)?;
        then(outcome, &mut |item| give(Task::Work(item)))
    });
    let outcome = outcome?;
    let done: Vec<Option<R>> = done.into_iter().collect::<Result<_, Error>>()?;
    Ok((outcome, done.into_iter().flatten().collect()))
}

/// What is done beside the signing.
enum Task<T> {
    Verify(Box<Signed>),
    Work(T),
}

/// Signs one after the other, since one may be the CA of the next.
fn sign(
    plan: Plan,
    drawn: Drawn,
    entropy: &dyn Entropy,
    signed: &mut dyn FnMut(Signed),
) -> Result<Outcome, Error> {
    let mut signer = Signer {
        keys: drawn.keys.into_iter(),
        serials: drawn.serials.into_iter(),
        entropy,
        outcome: Outcome::default(),
        signed,
    };
    signer.outcome.changes.home = plan.home;
    for step in plan.steps {
        let made = match step {
            Step::Certify(certify) => signer.certify(*certify)?,
            Step::Copy(copy) => signer.copy(copy)?,
            Step::Differ(difference) => {
                return Err(Error::Unfit(difference.path.display().to_string()));
            }
            Step::Import(import) => signer.import(*import),
            Step::Keep(kept) => keep(kept),
            Step::KeyPair(pair) => signer.key_pair(*pair),
            Step::Kubeconfig(configure) => signer.configure(*configure)?,
            Step::Request(ask) => signer.ask(*ask)?,
            Step::Leave | Step::Told | Step::Unsigned(_) => Made::default(),
        };
        signer.outcome.made.push(made);
    }
    Ok(signer.outcome)
}

/// One step after the other, with the keys and serial numbers that were drawn for them.
struct Signer<'a> {
    keys: std::vec::IntoIter<PrivateKey>,
    serials: std::vec::IntoIter<x509_cert::serial_number::SerialNumber>,
    entropy: &'a dyn Entropy,
    outcome: Outcome,
    /// Takes each certificate that is signed.
    signed: &'a mut dyn FnMut(Signed),
}

impl Signer<'_> {
    fn certify(&mut self, step: Certify) -> Result<Made, Error> {
        let key = self.take_key(step.key);
        let serial = self.serials.next().expect("a serial number is drawn for each signature");
        let untrue = || Error::Untrue(step.template.subject.to_string());
        let (above, signer) = match &step.issuer {
            Issuer::Ca(ca) => (ca.chain(), ca.key()),
            Issuer::Itself => (&[][..], key.own().ok_or_else(untrue)?),
            Issuer::Step(index) => {
                let ca = &self.outcome.made[*index];
                (ca.chain.as_slice(), ca.key.as_ref().ok_or_else(untrue)?)
            }
            Issuer::Unfit => return Err(Error::Unfit(step.template.subject.to_string())),
        };
        let certificate = Certificate::issue(
            &step.template,
            serial,
            key.public_key(),
            above.first(),
            signer,
            self.entropy,
        )?;
        let issuer = above.first().unwrap_or(&certificate).clone();
        (self.signed)(Signed { certificate: certificate.clone(), issuer });
        if let Some(ca) = step.ca {
            self.outcome.issued.push((ca, certificate.clone()));
        }
        // Those who trust an intermediate need the root as well; those who are shown a leaf have it already.
        let is_ca = step.template.profile.is_ca();
        let above = above.iter().take_while(|ca| is_ca || !ca.is_self_issued());
        let chain: Vec<Certificate> = std::iter::once(&certificate).chain(above).cloned().collect();
        self.write(step.to, chain_to_pem(&chain).into_bytes(), Secrecy::Public);
        Ok(Made { chain, request: None, key: key.into_own() })
    }

    fn copy(&mut self, step: Duplicate) -> Result<Made, Error> {
        let written = || {
            let written = self.outcome.changes.list.iter().find(|change| change.path == step.from);
            written.map(|change| change.bytes.clone())
        };
        let unfit = || Error::Unfit(step.from.display().to_string());
        let bytes = step.bytes.clone().or_else(written).ok_or_else(unfit)?;
        self.write(step.to, bytes, step.secrecy);
        Ok(Made::default())
    }

    fn ask(&mut self, step: Ask) -> Result<Made, Error> {
        let Held::Own(key) = self.take_key(step.key) else {
            return Err(Error::Untrue(step.subject.to_string()));
        };
        let request = Request::create(&step.subject, step.profile, &step.sans, &key, self.entropy)?;
        request.verify()?;
        self.write(step.to, request.to_pem().into_bytes(), Secrecy::Public);
        Ok(Made { chain: Vec::new(), request: Some(request), key: Some(key) })
    }

    fn import(&mut self, step: Import) -> Made {
        self.write(step.to, chain_to_pem(&step.chain).into_bytes(), Secrecy::Public);
        Made { chain: step.chain, ..Made::default() }
    }

    fn key_pair(&mut self, step: KeyPair) -> Made {
        let key = self.take_key(step.key);
        self.write(step.public, key.public_key().to_pem().into_bytes(), Secrecy::Public);
        Made { key: key.into_own(), ..Made::default() }
    }

    fn configure(&mut self, step: Configure) -> Result<Made, Error> {
        let ca = match &step.ca {
            Part::Known(chain) => chain_to_pem(chain),
            Part::Step(index) => chain_to_pem(&self.outcome.made[*index].chain),
        };
        let made;
        let credential = match &step.credential {
            Credential::Token(token) => KnownCredential::Token(token),
            Credential::Certificate(Part::Known(it)) => KnownCredential::Certificate(it),
            Credential::Certificate(Part::Step(index)) => {
                let Made { chain, key, .. } = &self.outcome.made[*index];
                let key = key.as_ref().ok_or_else(|| Error::Unfit(step.spec.user.clone()))?;
                made = CertificateAndKey::new(chain, key);
                KnownCredential::Certificate(&made)
            }
        };
        let entries =
            NewEntries { renews: step.renews, ..plan::entries(&step.spec, &ca, &credential) };
        match &step.spec.out {
            Destination::File(out) => {
                self.outcome.kubeconfigs.push(Entries {
                    out: out.clone(),
                    entries,
                    force: step.force,
                });
            }
            Destination::Inside { .. } | Destination::Stdout => {
                let alone = plan::place(std::path::Path::new("-"), &entries, None, false)?;
                let bytes = alone.map(|change| change.bytes).unwrap_or_default();
                self.outcome.stdout.extend_from_slice(&bytes);
            }
        }
        Ok(Made::default())
    }

    /// The key of a step; a new one is written before what it belongs to.
    fn take_key(&mut self, step: KeyStep) -> Held {
        match step {
            KeyStep::Foreign(public_key) => Held::Foreign(public_key),
            KeyStep::Have { key, .. } => Held::Own(key),
            KeyStep::Draw { to, .. } => {
                let key = self.keys.next().expect("a key is drawn for each step that needs one");
                self.write(to, key.to_pem().as_bytes().to_vec(), Secrecy::Secret);
                Held::Own(key)
            }
        }
    }

    fn write(&mut self, target: Target, bytes: impl Into<Bytes>, secrecy: Secrecy) {
        let bytes = bytes.into();
        match target.to {
            // It goes on in what came of the step.
            Destination::Inside { .. } => {}
            Destination::Stdout => self.outcome.stdout.extend_from_slice(&bytes),
            Destination::File(path) => {
                self.outcome.changes.list.push(Change {
                    path,
                    bytes,
                    secrecy,
                    before: target.before,
                });
            }
        }
    }
}

/// A certificate that was signed, and the one of its CA: to be verified before any is let out.
struct Signed {
    certificate: Certificate,
    issuer: Certificate,
}

impl Signed {
    fn verify(self) -> Result<(), Error> {
        match is_issued_by(&self.certificate, &self.issuer) {
            true => Ok(()),
            false => Err(Error::Untrue(self.certificate.subject().to_string())),
        }
    }
}

/// A key of which we have both halves, or only the public one.
enum Held {
    Foreign(PublicKey),
    Own(PrivateKey),
}

impl Held {
    fn public_key(&self) -> &PublicKey {
        match self {
            Self::Foreign(key) => key,
            Self::Own(key) => key.public_key(),
        }
    }

    fn own(&self) -> Option<&PrivateKey> {
        match self {
            Self::Foreign(_) => None,
            Self::Own(key) => Some(key),
        }
    }

    fn into_own(self) -> Option<PrivateKey> {
        match self {
            Self::Foreign(_) => None,
            Self::Own(key) => Some(key),
        }
    }
}

fn keep(kept: Kept) -> Made {
    Made { chain: kept.chain, request: None, key: kept.key.map(|(_, key)| key) }
}
