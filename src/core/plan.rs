//! What to do: the pure decision between what was asked and what is there.
//!
//! Nothing here draws a random number or writes a file. `--dry-run` shows a plan; a real run carries the same plan out.

mod differences;
mod error;

use std::path::{Path, PathBuf};

use crate::core::catalog::MASTERS;
use crate::core::changes::Before;
use crate::core::inventory::{self, Inventory};
use crate::core::spec::{
    CertificateSpec, Destination, IssuerSpec, KEY_TYPE, KeySpec, RequestSpec, SignatureSpec, Spec,
    Wanted,
};
use crate::core::x509::cert::{Certificate, Template};
use crate::core::x509::chain::{self, Ca};
use crate::core::x509::csr::Request;
use crate::core::x509::key_type::KeyType;
use crate::core::x509::name::{Attribute, DistinguishedName};
use crate::core::x509::private_key::{self, PrivateKey};
use crate::core::x509::profile::Profile;
use crate::core::x509::public_key::PublicKey;
use crate::core::x509::san::San;
use crate::core::x509::time::{Moment, Until, Validity};

use differences::{of_certificate, of_request};
pub use error::Error;

/// What will be done, in order.
#[derive(Debug)]
pub struct Plan {
    /// The folder whose lock and journal cover all the files.
    pub home: PathBuf,
    /// One step for each thing that was asked for.
    pub steps: Vec<Step>,
    /// What the operator should know.
    pub notes: Vec<Note>,
}

/// What will be done about one thing that was asked for.
#[derive(Debug)]
pub enum Step {
    /// Sign a certificate.
    Certify(Box<Certify>),
    /// It is there as asked: nothing is written.
    Keep(Kept),
    /// Write a request.
    Request(Box<Ask>),
}

/// What is there already.
#[derive(Debug)]
pub struct Kept {
    /// The certificate or request.
    pub file: PathBuf,
    /// The certificates in it; none for a request.
    pub chain: Vec<Certificate>,
    /// Its key, where that is ours.
    pub key: Option<(PathBuf, PrivateKey)>,
}

/// A certificate to sign.
#[derive(Debug)]
pub struct Certify {
    /// What it is to say.
    pub template: Template,
    /// The key that it vouches for.
    pub key: KeyStep,
    /// Who signs it.
    pub issuer: Issuer,
    /// Where it goes.
    pub to: Target,
}

/// A request to write.
#[derive(Debug)]
pub struct Ask {
    /// Who asks.
    pub subject: DistinguishedName,
    /// What for.
    pub profile: Profile,
    /// Under which names.
    pub sans: Vec<San>,
    /// With which key.
    pub key: KeyStep,
    /// Where it goes.
    pub to: Target,
}

/// Where a key comes from.
#[derive(Debug)]
pub enum KeyStep {
    /// A new one is drawn and written.
    Draw {
        /// Its kind.
        key_type: KeyType,
        /// Where it goes.
        to: Target,
    },
    /// Somebody else's: only its public half is known.
    Foreign(PublicKey),
    /// It is there and is used as it is.
    Have {
        /// The key.
        key: PrivateKey,
        /// Its file.
        path: PathBuf,
    },
}

/// Who signs.
#[derive(Debug)]
pub enum Issuer {
    /// A CA that is there.
    Ca(Box<Ca>),
    /// The key itself.
    Itself,
}

/// A place, and what must hold of what is there.
#[derive(Debug)]
pub struct Target {
    /// The place.
    pub to: Destination,
    /// What must hold of it.
    pub before: Before,
}

/// Something that the operator should know; it stops nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Note {
    /// The certificate ends with its CA.
    Clamped {
        /// The end that was asked for.
        asked: Moment,
        /// The end of the CA.
        end: Moment,
    },
    /// The request asked for something that is not given.
    Dropped {
        /// The file with the request.
        request: PathBuf,
        /// What was asked for.
        what: Vec<String>,
    },
    /// A key was found and is used: an earlier run was cut short, or somebody made it for this.
    KeyReused(PathBuf),
    /// The group that no rule can take anything from.
    Masters(String),
    /// A key that others may read.
    OpenKey {
        /// The key.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

/// Decides what to do about everything in `spec`.
///
/// # Errors
///
/// Files that are there but differ from what was asked (without force), files that cannot be read, a CA that cannot
/// sign, names or times that cannot be signed. Nothing has happened then.
pub fn make(spec: &Spec, inventory: Inventory<'_>, now: Moment) -> Result<Plan, Error> {
    let mut planner = Planner { force: spec.force, inventory, now, notes: Vec::new() };
    let steps = spec.wanted.iter().map(|wanted| planner.step(wanted)).collect::<Result<_, _>>()?;
    Ok(Plan { home: spec.home.clone().unwrap_or_default(), steps, notes: planner.notes })
}

impl Step {
    /// The kind of key that it needs anew.
    pub fn new_key(&self) -> Option<KeyType> {
        match self.key()? {
            KeyStep::Draw { key_type, .. } => Some(*key_type),
            KeyStep::Foreign(_) | KeyStep::Have { .. } => None,
        }
    }

    /// Where its key comes from; `None` where nothing is done.
    pub fn key(&self) -> Option<&KeyStep> {
        match self {
            Self::Certify(certify) => Some(&certify.key),
            Self::Keep(_) => None,
            Self::Request(ask) => Some(&ask.key),
        }
    }
}

impl Note {
    /// Whether it tells of a danger, not just of a fact.
    pub fn is_warning(&self) -> bool {
        match self {
            Self::Masters(_) | Self::OpenKey { .. } => true,
            Self::Clamped { .. } | Self::Dropped { .. } | Self::KeyReused(_) => false,
        }
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Clamped { asked, end } => {
                write!(f, "the certificate ends with its CA at {end}, not at {asked} as asked")
            }
            Self::Dropped { request, what } => {
                write!(
                    f,
                    "{} asks for what it does not get: {}",
                    request.display(),
                    what.join("; ")
                )
            }
            Self::KeyReused(path) => {
                write!(f, "uses the key {}, which is there already", path.display())
            }
            Self::Masters(name) => write!(
                f,
                "`{name}` is in the group {MASTERS}: no RBAC rule can take its rights back while the certificate lives"
            ),
            Self::OpenKey { path, mode } => {
                write!(
                    f,
                    "others can read the key {} (mode {mode:04o}): chmod 600 {0}",
                    path.display()
                )
            }
        }
    }
}

/// One decision after the other.
struct Planner<'a> {
    force: bool,
    inventory: Inventory<'a>,
    now: Moment,
    notes: Vec<Note>,
}

impl Planner<'_> {
    fn step(&mut self, wanted: &Wanted) -> Result<Step, Error> {
        match wanted {
            Wanted::Certificate(spec) => self.certificate(spec),
            Wanted::Request(spec) => self.request(spec),
            Wanted::Signature(spec) => self.signature(spec),
        }
    }

    fn certificate(&mut self, spec: &CertificateSpec) -> Result<Step, Error> {
        require_sans(spec.profile, &spec.sans)?;
        let new_key = match &spec.key {
            KeySpec::Own { to, .. } => to.path(),
            KeySpec::Existing(_) => None,
        };
        let places = [spec.certificate.path(), new_key];
        refuse_own_issuer(&spec.issuer, places)?;
        let issuer = self.issuer(&spec.issuer, spec.profile)?;
        let template = Template {
            subject: spec.subject.clone(),
            profile: spec.profile,
            sans: spec.sans.clone(),
            validity: self.validity(spec.until(), &issuer)?,
        };
        let found = self.found_chain("certificate", &spec.certificate)?;
        let key = self.found_key(&spec.key)?;
        if let (Some(file), Some(chain)) = (spec.certificate.path(), found) {
            let differences = of_certificate(&chain[0], &template, &issuer, spec.until, self.now);
            let differences = self.with_key(differences, &chain[0], &spec.key, key.as_ref());
            if differences.is_empty() {
                return Ok(Step::Keep(Kept { file: file.to_owned(), chain, key }));
            }
            self.refuse(file, differences)?;
        }
        self.note_masters(&template);
        let key = self.key_step(&spec.key, key)?;
        self.note_clamp(spec.until(), &template)?;
        Ok(Step::Certify(Box::new(Certify {
            template,
            key,
            issuer,
            to: self.target("certificate", &spec.certificate)?,
        })))
    }

    fn request(&mut self, spec: &RequestSpec) -> Result<Step, Error> {
        let key = self.found_key(&spec.key)?;
        if let Some(file) = spec.request.path()
            && self.inventory.bytes("request", file)?.is_some()
        {
            let differences = match self.inventory.request(file) {
                Ok(found) => of_request(&found, spec, key.as_ref().map(|(_, key)| key)),
                Err(inventory::Error::Request { source, .. }) => vec![source.to_string()],
                Err(error) => vec![error.to_string()],
            };
            if differences.is_empty() {
                return Ok(Step::Keep(Kept { file: file.to_owned(), chain: Vec::new(), key }));
            }
            self.refuse(file, differences)?;
        }
        Ok(Step::Request(Box::new(Ask {
            subject: spec.subject.clone(),
            profile: spec.profile,
            sans: spec.sans.clone(),
            key: self.key_step(&spec.key, key)?,
            to: self.target("request", &spec.request)?,
        })))
    }

    fn signature(&mut self, spec: &SignatureSpec) -> Result<Step, Error> {
        let request = self.inventory.request(&spec.request)?;
        let (sans, dropped) = granted(spec, &request);
        require_sans(spec.profile, &sans).map_err(|_| Error::NoSansInSignature {
            request: spec.request.clone(),
            asked: request.extensions().sans().iter().map(ToString::to_string).collect(),
        })?;
        let issuer = IssuerSpec::Files(spec.issuer.clone());
        refuse_own_issuer(&issuer, [spec.certificate.path(), None])?;
        let issuer = self.issuer(&issuer, spec.profile)?;
        let until =
            spec.until.unwrap_or(Until::After(crate::core::spec::usual_period(spec.profile)));
        let template = Template {
            subject: subject_of(spec, &request)?,
            profile: spec.profile,
            sans,
            validity: self.validity(until, &issuer)?,
        };
        if let (Some(file), Some(chain)) =
            (spec.certificate.path(), self.found_chain("certificate", &spec.certificate)?)
        {
            let mut differences =
                of_certificate(&chain[0], &template, &issuer, spec.until, self.now);
            if chain[0].public_key() != request.public_key() {
                differences.push("it is for another key".to_owned());
            }
            if differences.is_empty() {
                return Ok(Step::Keep(Kept { file: file.to_owned(), chain, key: None }));
            }
            self.refuse(file, differences)?;
        }
        if !dropped.is_empty() {
            self.notes.push(Note::Dropped { request: spec.request.clone(), what: dropped });
        }
        self.note_masters(&template);
        self.note_clamp(until, &template)?;
        Ok(Step::Certify(Box::new(Certify {
            template,
            key: KeyStep::Foreign(request.public_key().clone()),
            issuer,
            to: self.target("certificate", &spec.certificate)?,
        })))
    }

    /// The CA that signs, fit to do so now.
    fn issuer(&mut self, spec: &IssuerSpec, profile: Profile) -> Result<Issuer, Error> {
        let IssuerSpec::Files(files) = spec else { return Ok(Issuer::Itself) };
        let ca = self.inventory.ca(files, self.now)?;
        ca.may_issue(profile)
            .map_err(|source| Error::Issuer { path: files.certificate.clone(), source })?;
        self.note_open_key(&files.key);
        Ok(Issuer::Ca(Box::new(ca)))
    }

    /// From five minutes ago until the end that was asked for, or that of the CA.
    fn validity(&self, until: Until, issuer: &Issuer) -> Result<Validity, Error> {
        let asked = Validity::new(self.now, until)?;
        Ok(match issuer {
            Issuer::Ca(ca) => asked.clamped(ca.certificate().validity().not_after),
            Issuer::Itself => asked,
        })
    }

    fn note_clamp(&mut self, until: Until, template: &Template) -> Result<(), Error> {
        let (asked, end) = (until.end(self.now)?, template.validity.not_after);
        if asked > end {
            self.notes.push(Note::Clamped { asked, end });
        }
        Ok(())
    }

    fn note_masters(&mut self, template: &Template) {
        if template.subject.organizations().any(|group| group == MASTERS) {
            let user = template.subject.common_name().unwrap_or_default();
            self.notes.push(Note::Masters(user.to_owned()));
        }
    }

    fn note_open_key(&mut self, path: &Path) {
        if let Some(mode) = self.inventory.mode(path).filter(|mode| mode & 0o007 != 0) {
            self.notes.push(Note::OpenKey { path: path.to_owned(), mode });
        }
    }

    fn found_chain(
        &self,
        what: &'static str,
        at: &Destination,
    ) -> Result<Option<Vec<Certificate>>, Error> {
        let Some(path) = at.path() else { return Ok(None) };
        match self.inventory.chain(what, path) {
            // What will be replaced need not be readable.
            Err(_) if self.force => Ok(None),
            // Somebody's file, whatever it is: the question is not how to read it.
            Err(inventory::Error::Certificate { path, source, .. }) => {
                Err(Error::Differs { path, differences: vec![source.to_string()] })
            }
            other => Ok(other?),
        }
    }

    /// The key that is there; one that must be there is an error if it is not.
    fn found_key(&self, spec: &KeySpec) -> Result<Option<(PathBuf, PrivateKey)>, Error> {
        let Some(path) = spec.path() else { return Ok(None) };
        let found = match (spec, self.inventory.key("key", path)) {
            (KeySpec::Own { .. }, Err(_)) if self.force => None,
            (KeySpec::Own { .. }, Err(inventory::Error::Key { path, source, .. }))
                if !matches!(source, private_key::Error::Encrypted) =>
            {
                return Err(Error::Differs { path, differences: vec![source.to_string()] });
            }
            (_, found) => found?,
        };
        match (spec, found) {
            (KeySpec::Existing(_), None) => Err(Error::NoKey(path.to_owned())),
            (_, found) => Ok(found.map(|key| (path.to_owned(), key))),
        }
    }

    /// Adds what is wrong with the key of a certificate that is there.
    fn with_key(
        &self,
        mut differences: Vec<String>,
        certificate: &Certificate,
        spec: &KeySpec,
        key: Option<&(PathBuf, PrivateKey)>,
    ) -> Vec<String> {
        match (spec.path(), key) {
            (Some(_), Some((path, key)))
                if chain::belongs(certificate, key.public_key()).is_err() =>
            {
                differences
                    .push(format!("its key {} belongs to another certificate", path.display()));
            }
            (Some(path), None) => {
                differences.push(format!("its key {} is missing", path.display()))
            }
            _ => {}
        }
        if let KeySpec::Own { key_type: Some(wanted), .. } = spec
            && certificate.public_key().key_type() != Some(*wanted)
        {
            differences.push(format!("the key is {}, not {wanted}", certificate.public_key()));
        }
        differences
    }

    /// Stops at a file that differs, unless it may be replaced.
    fn refuse(&self, file: &Path, differences: Vec<String>) -> Result<(), Error> {
        if self.force { Ok(()) } else { Err(Error::Differs { path: file.to_owned(), differences }) }
    }

    /// The key to use: the one that must exist, one left over without a certificate, or a new one.
    fn key_step(
        &mut self,
        spec: &KeySpec,
        found: Option<(PathBuf, PrivateKey)>,
    ) -> Result<KeyStep, Error> {
        let (to, key_type) = match (spec, found) {
            (KeySpec::Existing(_), Some((path, key))) => {
                if let Some(weakness) = key.public_key().weakness() {
                    return Err(Error::WeakKey { path, weakness });
                }
                self.note_open_key(&path);
                return Ok(KeyStep::Have { key, path });
            }
            (KeySpec::Own { key_type, .. }, Some((path, key))) if !self.force => {
                if let Some(wanted) =
                    key_type.filter(|wanted| Some(*wanted) != key.public_key().key_type())
                {
                    let found = key.public_key().to_string();
                    return Err(Error::KeyDiffers { path, found, wanted });
                }
                self.note_open_key(&path);
                self.notes.push(Note::KeyReused(path.clone()));
                return Ok(KeyStep::Have { key, path });
            }
            (KeySpec::Own { to, key_type }, _) => (to, key_type),
            (KeySpec::Existing(path), None) => return Err(Error::NoKey(path.clone())),
        };
        Ok(KeyStep::Draw { key_type: key_type.unwrap_or(KEY_TYPE), to: self.target("key", to)? })
    }

    /// Where a file goes: what is there now must still be there then.
    fn target(&self, what: &'static str, to: &Destination) -> Result<Target, Error> {
        let before = match to {
            Destination::Stdout => Before::Anything,
            Destination::File(path) => match self.inventory.bytes(what, path)? {
                Some(bytes) => Before::Exactly(bytes.clone()),
                None => Before::Absent,
            },
        };
        Ok(Target { to: to.clone(), before })
    }
}

/// A server that has no name is of no use: verifiers stopped reading the common name long ago (RFC 9525, 6.3).
fn require_sans(profile: Profile, sans: &[San]) -> Result<(), Error> {
    if profile.is_server() && sans.is_empty() { Err(Error::NoSans) } else { Ok(()) }
}

/// What a CA signs must not be written over the CA, not even with force: nothing could be signed or verified after that.
fn refuse_own_issuer(issuer: &IssuerSpec, places: [Option<&Path>; 2]) -> Result<(), Error> {
    let IssuerSpec::Files(ca) = issuer else { return Ok(()) };
    let taken =
        places.into_iter().flatten().any(|place| place == ca.certificate || place == ca.key);
    if taken { Err(Error::OwnIssuer(ca.certificate.clone())) } else { Ok(()) }
}

/// The alternative names that a request gets, and what else it asked for in vain.
fn granted(spec: &SignatureSpec, request: &Request) -> (Vec<San>, Vec<String>) {
    let asked = request.extensions().sans();
    let mut dropped = request.beyond(spec.profile);
    let mut sans = spec.sans.clone();
    if spec.copy_sans {
        // What a request holds is somebody else's text: only names that we would write ourselves are taken over.
        let (good, bad): (Vec<San>, Vec<San>) =
            asked.into_iter().partition(|san| san.to_string().parse::<San>().as_ref() == Ok(san));
        sans.extend(good.into_iter().filter(|san| !spec.sans.contains(san)));
        dropped.extend(bad.iter().map(|san| format!("subjectAltName ({san})")));
    } else {
        let names: Vec<String> =
            asked.iter().filter(|san| !spec.sans.contains(san)).map(ToString::to_string).collect();
        if !names.is_empty() {
            dropped.push(format!(
                "subjectAltName ({}; --copy-sans takes them over)",
                names.join(", ")
            ));
        }
    }
    (sans, dropped)
}

/// The subject of the request, with what the signer puts in its place.
fn subject_of(spec: &SignatureSpec, request: &Request) -> Result<DistinguishedName, Error> {
    let asked = request.subject();
    let common_name = spec.common_name.as_deref().or(asked.common_name()).unwrap_or_default();
    let organizations: Vec<String> = match &spec.organizations {
        Some(organizations) => organizations.clone(),
        None => asked.organizations().map(ToOwned::to_owned).collect(),
    };
    let kept =
        [Attribute::COUNTRY, Attribute::STATE, Attribute::LOCALITY, Attribute::ORGANIZATIONAL_UNIT];
    let others = kept.into_iter().flat_map(|attribute| {
        asked.values(attribute).map(move |value| (attribute, value.to_owned()))
    });
    let organizations = organizations.into_iter().map(|value| (Attribute::ORGANIZATION, value));
    let parts =
        others.chain(organizations).chain([(Attribute::COMMON_NAME, common_name.to_owned())]);
    DistinguishedName::new(parts).map_err(|source| match source.label() {
        // Then it is what was typed that is wrong, not what the request holds.
        "CN" if spec.common_name.is_some() => source.into(),
        "O" if spec.organizations.is_some() => source.into(),
        _ => Error::RequestedName { request: spec.request.clone(), source },
    })
}
