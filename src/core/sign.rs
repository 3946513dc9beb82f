//! From a plan and its keys to the files: everything is signed and checked in memory before a file is touched.

use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::core::changes::{Bytes, Change, Changes, Secrecy};
use crate::core::keys::Drawn;
use crate::core::plan::{Ask, Certify, Issuer, Kept, KeyStep, Plan, Step, Target};
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
    /// What goes to standard output instead.
    pub stdout: Bytes,
    /// One thing for each step of the plan.
    pub made: Vec<Made>,
}

/// What came of one step.
#[derive(Debug, Default)]
pub struct Made {
    /// The certificate, then the intermediates above it; empty for a request.
    pub chain: Vec<Certificate>,
    /// The request, where that was asked for.
    pub request: Option<Request>,
    /// The file of the certificate or request, if it is one.
    pub file: Option<PathBuf>,
    /// The private key, where we have it, and its file.
    pub key: Option<(PrivateKey, Option<PathBuf>)>,
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The certificate could not be made.
    #[error(transparent)]
    Certificate(#[from] cert::Error),
    /// The request could not be made.
    #[error(transparent)]
    Request(#[from] csr::Error),
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
    let mut signer = Signer {
        keys: drawn.keys.into_iter(),
        serials: drawn.serials.into_iter(),
        entropy,
        outcome: Outcome::default(),
    };
    signer.outcome.changes.home = plan.home;
    for step in plan.steps {
        let made = match step {
            Step::Certify(certify) => signer.certify(*certify)?,
            Step::Keep(kept) => keep(kept),
            Step::Request(ask) => signer.ask(*ask)?,
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
}

impl Signer<'_> {
    fn certify(&mut self, step: Certify) -> Result<Made, Error> {
        let serial = self.serials.next().expect("a serial number is drawn for each signature");
        let key = self.take_key(step.key);
        let certificate = match (&step.issuer, &key) {
            (Issuer::Ca(ca), key) => Certificate::issue(
                &step.template,
                serial,
                key.public_key(),
                Some(ca.certificate()),
                ca.key(),
                self.entropy,
            )?,
            (Issuer::Itself, Held::Own(key, _)) => Certificate::issue(
                &step.template,
                serial,
                key.public_key(),
                None,
                key,
                self.entropy,
            )?,
            (Issuer::Itself, Held::Foreign(_)) => {
                return Err(Error::Untrue(step.template.subject.to_string()));
            }
        };
        let above: &[Certificate] = match &step.issuer {
            // Those who trust an intermediate need the root as well; those who are shown a leaf have it already.
            Issuer::Ca(ca) if step.template.profile.is_ca() => ca.chain(),
            Issuer::Ca(ca) => ca.intermediates(),
            Issuer::Itself => &[],
        };
        let issuer = match &step.issuer {
            Issuer::Ca(ca) => ca.certificate(),
            Issuer::Itself => &certificate,
        };
        if !is_issued_by(&certificate, issuer) {
            return Err(Error::Untrue(step.template.subject.to_string()));
        }
        let chain: Vec<Certificate> = std::iter::once(&certificate).chain(above).cloned().collect();
        let file = step.to.to.path().map(ToOwned::to_owned);
        self.write(step.to, chain_to_pem(&chain).into_bytes(), Secrecy::Public);
        Ok(Made { chain, request: None, file, key: key.own() })
    }

    fn ask(&mut self, step: Ask) -> Result<Made, Error> {
        let Held::Own(key, path) = self.take_key(step.key) else {
            return Err(Error::Untrue(step.subject.to_string()));
        };
        let request = Request::create(&step.subject, step.profile, &step.sans, &key, self.entropy)?;
        request.verify()?;
        let file = step.to.to.path().map(ToOwned::to_owned);
        self.write(step.to, request.to_pem().into_bytes(), Secrecy::Public);
        Ok(Made { chain: Vec::new(), request: Some(request), file, key: Some((key, path)) })
    }

    /// The key of a step; a new one is written before what it belongs to.
    fn take_key(&mut self, step: KeyStep) -> Held {
        match step {
            KeyStep::Foreign(public_key) => Held::Foreign(public_key),
            KeyStep::Have { key, path } => Held::Own(key, Some(path)),
            KeyStep::Draw { to, .. } => {
                let key = self.keys.next().expect("a key is drawn for each step that needs one");
                let path = to.to.path().map(ToOwned::to_owned);
                self.write(to, key.to_pem().as_bytes().to_vec(), Secrecy::Secret);
                Held::Own(key, path)
            }
        }
    }

    fn write(&mut self, target: Target, bytes: Vec<u8>, secrecy: Secrecy) {
        let bytes = Zeroizing::new(bytes);
        match target.to {
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

/// A key of which we have both halves, or only the public one.
enum Held {
    Foreign(PublicKey),
    Own(PrivateKey, Option<PathBuf>),
}

impl Held {
    fn public_key(&self) -> &PublicKey {
        match self {
            Self::Foreign(key) => key,
            Self::Own(key, _) => key.public_key(),
        }
    }

    fn own(self) -> Option<(PrivateKey, Option<PathBuf>)> {
        match self {
            Self::Foreign(_) => None,
            Self::Own(key, path) => Some((key, path)),
        }
    }
}

fn keep(kept: Kept) -> Made {
    let key = kept.key.map(|(path, key)| (key, Some(path)));
    Made { chain: kept.chain, request: None, file: Some(kept.file), key }
}
