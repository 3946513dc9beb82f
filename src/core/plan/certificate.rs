//! Certificates with a key of ours, and signatures for somebody's request.

use std::path::{Path, PathBuf};

use super::differences::of_certificate;
use super::planner::Planner;
use super::{Error, Kept, KeyStep, Note, Step};
use crate::core::inventory;
use crate::core::spec::{
    CertificateSpec, Destination, IssuerSpec, KEY_TYPE, KeySpec, SignatureSpec, usual_period,
};
use crate::core::x509::cert::{Certificate, Template};
use crate::core::x509::chain;
use crate::core::x509::csr::Request;
use crate::core::x509::key_type::KeyType;
use crate::core::x509::name::{Attribute, DistinguishedName};
use crate::core::x509::private_key::{self, PrivateKey};
use crate::core::x509::profile::Profile;
use crate::core::x509::san::San;
use crate::core::x509::time::Until;

/// A key that is there, and its file.
type FoundKey = (PathBuf, PrivateKey);

impl Planner<'_> {
    pub(super) fn certificate(&mut self, spec: &CertificateSpec) -> Result<Step, Error> {
        require_sans(spec.profile, &spec.sans)?;
        let new_key = match &spec.key {
            KeySpec::Own { to, .. } => to.path(),
            KeySpec::Existing(_) => None,
        };
        refuse_own_issuer(&spec.issuer, [spec.certificate.path(), new_key])?;
        let authority = self.authority(&spec.issuer, spec.profile)?;
        let template = Template {
            subject: spec.subject.clone(),
            profile: spec.profile,
            sans: spec.sans.clone(),
            validity: self.validity(spec.until(), &authority)?,
        };
        let found = self.found_chain(&spec.certificate)?;
        let key = self.found_key(&spec.key)?;
        if let (Destination::File(file) | Destination::Inside(file), Some(chain)) =
            (&spec.certificate, found)
        {
            let mut how = of_certificate(&chain[0], &template, &authority, spec.until, self.now);
            how.extend(of_key(&chain[0], &spec.key, key.as_ref()));
            if how.is_empty() {
                return Ok(Step::Keep(Kept::certificate(file, chain, key)));
            }
            if let Some(step) = self.differ(file, how) {
                return Ok(step);
            }
        }
        self.note_masters(&template);
        let key = self.key_step(&spec.key, key)?;
        self.note_clamp(spec.until(), &template)?;
        let issuer = self.issuer(&spec.issuer, &authority)?;
        self.certify(template, key, issuer, &spec.certificate)
    }

    pub(super) fn signature(&mut self, spec: &SignatureSpec) -> Result<Step, Error> {
        let request = self.inventory.request(&spec.request)?;
        let (sans, dropped) = granted(spec, &request);
        require_sans(spec.profile, &sans).map_err(|_| Error::NoSansInSignature {
            request: spec.request.clone(),
            asked: request.extensions().sans().iter().map(ToString::to_string).collect(),
        })?;
        let issuer = IssuerSpec::Files(spec.issuer.clone());
        refuse_own_issuer(&issuer, [spec.certificate.path(), None])?;
        let authority = self.authority(&issuer, spec.profile)?;
        let until = spec.until.unwrap_or(Until::After(usual_period(spec.profile)));
        let template = Template {
            subject: subject_of(spec, &request)?,
            profile: spec.profile,
            sans,
            validity: self.validity(until, &authority)?,
        };
        if let (Some(file), Some(chain)) =
            (spec.certificate.path(), self.found_chain(&spec.certificate)?)
        {
            let mut how = of_certificate(&chain[0], &template, &authority, spec.until, self.now);
            if chain[0].public_key() != request.public_key() {
                how.push("it is for another key".to_owned());
            }
            if how.is_empty() {
                return Ok(Step::Keep(Kept::certificate(file, chain, None)));
            }
            if let Some(step) = self.differ(file, how) {
                return Ok(step);
            }
        }
        if !dropped.is_empty() {
            self.notes.push(Note::Dropped { request: spec.request.clone(), what: dropped });
        }
        self.note_masters(&template);
        self.note_clamp(until, &template)?;
        let issuer = self.issuer(&issuer, &authority)?;
        self.certify(
            template,
            KeyStep::Foreign(request.public_key().clone()),
            issuer,
            &spec.certificate,
        )
    }

    /// The certificates that are at a place. What will be replaced need not be readable.
    fn found_chain(&self, at: &Destination) -> Result<Option<Vec<Certificate>>, Error> {
        let found = match at {
            Destination::File(path) => self.inventory.chain("certificate", path),
            Destination::Inside(path) => {
                return Ok(self.inside(path)?.map(|(chain, _)| chain));
            }
            Destination::Stdout => return Ok(None),
        };
        match found {
            Err(_) if self.force => Ok(None),
            // Somebody's file, whatever it is: the question is not how to read it.
            Err(inventory::Error::Certificate { path, source, .. }) => {
                Err(Self::unreadable(path, source.to_string()))
            }
            other => Ok(other?),
        }
    }

    /// The key that is there; one that must be there is an error if it is not.
    pub(super) fn found_key(&self, spec: &KeySpec) -> Result<Option<FoundKey>, Error> {
        if let KeySpec::Own { to: Destination::Inside(path), .. } = spec {
            return Ok(self.inside(path)?.map(|(_, key)| (path.clone(), key)));
        }
        let Some(path) = spec.path() else { return Ok(None) };
        let found = match (spec, self.inventory.key("key", path)) {
            (KeySpec::Own { .. }, Err(_)) if self.force => None,
            (KeySpec::Own { .. }, Err(inventory::Error::Key { path, source, .. }))
                if !matches!(source, private_key::Error::Encrypted) =>
            {
                return Err(Self::unreadable(path, source.to_string()));
            }
            (_, found) => found?,
        };
        match (spec, found) {
            (KeySpec::Existing(_), None) => Err(Error::NoKey(path.to_owned())),
            (_, found) => Ok(found.map(|key| (path.to_owned(), key))),
        }
    }

    /// The key to use: the one that must exist, one left over without a certificate, or a new one.
    pub(super) fn key_step(
        &mut self,
        spec: &KeySpec,
        found: Option<FoundKey>,
    ) -> Result<KeyStep, Error> {
        match (spec, found) {
            (KeySpec::Existing(_), Some((path, key))) => self.existing_key(path, key),
            (KeySpec::Existing(path), None) => Err(Error::NoKey(path.clone())),
            (KeySpec::Own { key_type, .. }, Some((path, key))) if !self.force => {
                self.leftover_key(path, key, *key_type)
            }
            (KeySpec::Own { to, key_type }, found) => {
                // What is replaced keeps its kind, unless another is asked for.
                let replaced = found.and_then(|(_, key)| key.public_key().key_type());
                let key_type = key_type.or(replaced).unwrap_or(KEY_TYPE);
                Ok(KeyStep::Draw { key_type, to: self.target("key", to)? })
            }
        }
    }

    fn existing_key(&mut self, path: PathBuf, key: PrivateKey) -> Result<KeyStep, Error> {
        if let Some(weakness) = key.public_key().weakness() {
            return Err(Error::WeakKey { path, weakness });
        }
        self.note_open_key(&path);
        Ok(KeyStep::Have { key, path })
    }

    fn leftover_key(
        &mut self,
        path: PathBuf,
        key: PrivateKey,
        wanted: Option<KeyType>,
    ) -> Result<KeyStep, Error> {
        if let Some(wanted) = wanted.filter(|wanted| Some(*wanted) != key.public_key().key_type()) {
            let how = format!("it is {}, not {wanted} as asked", key.public_key());
            return Err(Self::unreadable(path, how));
        }
        self.note_open_key(&path);
        self.notes.push(Note::KeyReused(path.clone()));
        Ok(KeyStep::Have { key, path })
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

/// What is wrong with the key of a certificate that is there.
fn of_key(certificate: &Certificate, spec: &KeySpec, key: Option<&FoundKey>) -> Vec<String> {
    let mut how = Vec::new();
    match (spec.path(), key) {
        (_, Some((path, key))) if chain::belongs(certificate, key.public_key()).is_err() => {
            how.push(format!("its key {} belongs to another certificate", path.display()));
        }
        (Some(path), None) => how.push(format!("its key {} is missing", path.display())),
        _ => {}
    }
    if let KeySpec::Own { key_type: Some(wanted), .. } = spec
        && certificate.public_key().key_type() != Some(*wanted)
    {
        how.push(format!("the key is {}, not {wanted}", certificate.public_key()));
    }
    how
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
