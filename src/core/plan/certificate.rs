//! Certificates with a key of ours.

use std::path::{Path, PathBuf};

use super::differences::of_certificate;
use super::foreign::{self, Foreign};
use super::planner::{Authority, Planner};
use super::unsigned::Case;
use super::{Difference, Error, Kept, KeyStep, Note, Step};
use crate::core::inventory;
use crate::core::spec::{CertificateSpec, Destination, IssuerSpec, KEY_TYPE, KeySpec, Unsigned};
use crate::core::x509::cert::{Certificate, Template};
use crate::core::x509::chain;
use crate::core::x509::key_type::KeyType;
use crate::core::x509::private_key::{self, PrivateKey};
use crate::core::x509::profile::Profile;
use crate::core::x509::san::San;

/// A key that is there, and its file.
pub(super) type FoundKey = (PathBuf, PrivateKey);

impl Planner<'_> {
    pub(super) fn certificate(&mut self, spec: &CertificateSpec) -> Result<Step, Error> {
        require_sans(spec.profile, &spec.sans)?;
        if let Destination::Inside { file, user } = &spec.certificate
            && self.names_files(file, user)?
        {
            return Ok(Step::Told);
        }
        if let Some(step) = self.step_of_others(spec)? {
            return Ok(step);
        }
        let authority = self.authority(&spec.issuer, spec.profile)?;
        let template = Template {
            subject: spec.subject.clone(),
            profile: spec.profile,
            sans: spec.sans.clone(),
            validity: self.validity(spec.until(), &authority)?,
        };
        let found = self.found_chain(&spec.certificate)?;
        let key = self.found_key(&spec.key)?;
        spare_cas(&authority, spec.profile, found.as_deref(), key.as_ref())?;
        let is_replaced = found.is_some();
        let cas = self.foreign(&spec.issuer, &authority)?;
        let found = found.map(|chain| {
            let how = self.judge(spec, &template, &authority, cas.as_deref(), &chain, key.as_ref());
            (chain, how)
        });
        if let Some(cas) = cas {
            return self.unsigned(Case { spec, template, cas, found, key });
        }
        if let (Some(file), Some((found, how))) = (spec.place(), found) {
            if how.is_empty() {
                self.note_key_elsewhere(&found[0], &spec.key, key.as_ref());
                self.note_open_key_of(key.as_ref());
                return Ok(Step::Keep(Kept::certificate(file, found, key)));
            }
            let is_foreign = |(_, key): &&FoundKey| {
                spec.profile.is_ca() && chain::belongs(&found[0], key.public_key()).is_err()
            };
            let foreign_key = key.as_ref().filter(is_foreign).map(|(path, _)| path.clone());
            if let Some(step) = self.differ(Difference { path: file.to_owned(), how, foreign_key })
            {
                return Ok(step);
            }
            if spec.profile.is_ca() {
                self.notes.push(Note::CaReplaced(file.to_owned()));
            }
        }
        self.note_masters(&template);
        let key = self.key_step(&spec.key, key, is_replaced)?;
        self.note_clamp(spec.until(), &template)?;
        let issuer = self.issuer(&spec.issuer, &authority)?;
        self.certify(template, key, (&spec.issuer, issuer), &spec.certificate)
    }

    /// How what is there differs from what is asked, by the rules for whoever signed it.
    fn judge(
        &self,
        spec: &CertificateSpec,
        template: &Template,
        authority: &Authority,
        cas: Option<&Vec<Certificate>>,
        chain: &[Certificate],
        key: Option<&FoundKey>,
    ) -> Vec<String> {
        let is_foreign_ca = matches!(spec.issuer, IssuerSpec::Itself)
            && !matches!(self.unsigned, Unsigned::Fail)
            && (key.is_none() || !chain[0].is_self_issued());
        let mut how = match cas {
            Some(cas) => {
                let judged = Foreign::of_file(chain).judged(template, cas, self.now);
                judged.err().unwrap_or_default()
            }
            None if is_foreign_ca => foreign::of_ca(chain, template, key.is_some(), self.now),
            // The names of a CA of a cluster are no difference: nobody looks at them, and other tools write none.
            None if matches!(spec.issuer, IssuerSpec::Itself)
                && !matches!(self.unsigned, Unsigned::Fail) =>
            {
                let sans = chain[0].extensions().sans();
                let template = Template { sans, ..template.clone() };
                of_certificate(chain, &template, authority, spec.until, self.now)
            }
            None => of_certificate(chain, template, authority, spec.until, self.now),
        };
        if !is_foreign_ca || key.is_some() {
            how.extend(of_key(&chain[0], &spec.key, key));
        }
        how
    }

    /// A CA whose key is not beside it is as good as any: it signs where the key is.
    fn note_key_elsewhere(
        &mut self,
        certificate: &Certificate,
        spec: &KeySpec,
        key: Option<&FoundKey>,
    ) {
        if let (true, None, Some(path)) = (certificate.extensions().is_ca(), key, spec.path()) {
            self.notes.push(Note::KeyElsewhere(path.to_owned()));
        }
    }

    /// The certificates that are at a place. What will be replaced need not be readable.
    pub(super) fn found_chain(
        &mut self,
        at: &Destination,
    ) -> Result<Option<Vec<Certificate>>, Error> {
        let found = match at {
            Destination::File(path) => self.inventory.chain("certificate", path),
            Destination::Inside { file, user } => {
                return Ok(self.inside(file, user)?.and_then(|(chain, _)| chain));
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
    pub(super) fn found_key(&mut self, spec: &KeySpec) -> Result<Option<FoundKey>, Error> {
        if let KeySpec::Own { to: Destination::Inside { file, user }, .. } = spec {
            return Ok(self.inside(file, user)?.map(|(_, key)| (file.clone(), key)));
        }
        let Some(path) = spec.path() else { return Ok(None) };
        let found = match (spec, self.inventory.key("key", path)) {
            // A key under a passphrase is somebody's: it is neither damaged nor absent.
            (
                _,
                Err(error @ inventory::Error::Key { source: private_key::Error::Encrypted, .. }),
            ) => {
                return Err(error.into());
            }
            (KeySpec::Own { .. }, Err(_)) if self.force => None,
            (KeySpec::Own { .. }, Err(inventory::Error::Key { path, source, .. })) => {
                return Err(Self::unreadable(path, source.to_string()));
            }
            (_, found) => found?,
        };
        match (spec, found) {
            (KeySpec::Existing(_), None) => Err(Error::NoKey(path.to_owned())),
            (_, found) => Ok(found.map(|key| (path.to_owned(), key))),
        }
    }

    /// The key to use: the one that must exist, one left over without a certificate, or a new one. `is_replaced` says that
    /// there is a certificate or request which differs, and whose key goes with it.
    pub(super) fn key_step(
        &mut self,
        spec: &KeySpec,
        found: Option<FoundKey>,
        is_replaced: bool,
    ) -> Result<KeyStep, Error> {
        match (spec, found) {
            (KeySpec::Existing(_), Some((path, key))) => self.existing_key(path, key),
            (KeySpec::Existing(path), None) => Err(Error::NoKey(path.clone())),
            (KeySpec::Own { key_type, .. }, Some((path, key)))
                if !is_replaced && (!self.force || is_kind(&key, *key_type)) =>
            {
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
        require_kind(&path, &key, wanted)?;
        self.note_open_key(&path);
        self.notes.push(Note::KeyReused(path.clone()));
        Ok(KeyStep::Have { key, path })
    }
}

/// A server that has no name is of no use: verifiers stopped reading the common name long ago (RFC 9525, 6.3).
pub(super) fn require_sans(profile: Profile, sans: &[San]) -> Result<(), Error> {
    if profile.is_server() && sans.is_empty() { Err(Error::NoSans) } else { Ok(()) }
}

/// A key that is there is used only if it is of the kind that is wanted, if any is.
pub(super) fn require_kind(
    path: &Path,
    key: &PrivateKey,
    wanted: Option<KeyType>,
) -> Result<(), Error> {
    match wanted.filter(|_| !is_kind(key, wanted)) {
        Some(wanted) => {
            let how = format!("it is {}, not {wanted} as asked", key.public_key());
            Err(Planner::unreadable(path.to_owned(), how))
        }
        None => Ok(()),
    }
}

/// Whether a key is of the kind that is wanted, if any is.
fn is_kind(key: &PrivateKey, wanted: Option<KeyType>) -> bool {
    wanted.is_none_or(|wanted| key.public_key().key_type() == Some(wanted))
}

/// What a CA signs is never written over that CA, and no leaf over any CA, not even with force: nothing could be signed or
/// verified after that. What counts is what a file holds, by whatever path or link it was named; and no leaf gets the key of
/// a CA.
pub(super) fn spare_cas(
    authority: &Authority,
    profile: Profile,
    found: Option<&[Certificate]>,
    key: Option<&FoundKey>,
) -> Result<(), Error> {
    let issuer = match authority {
        Authority::Known(chain) => chain.first(),
        Authority::Itself | Authority::Made(..) | Authority::Unreadable => None,
    };
    let found = found.and_then(<[Certificate]>::first);
    let is_issuer = |found: &Certificate| {
        issuer == Some(found) || (found.extensions().is_ca() && !profile.is_ca())
    };
    let has_issuers_key = key
        .zip(issuer)
        .is_some_and(|((_, key), issuer)| chain::belongs(issuer, key.public_key()).is_ok());
    match found {
        Some(found) if is_issuer(found) => Err(Error::OverCa(found.subject().to_string())),
        _ if has_issuers_key => {
            Err(Error::OverCa(issuer.map(|ca| ca.subject().to_string()).unwrap_or_default()))
        }
        _ => Ok(()),
    }
}

/// What is wrong with the key of a certificate that is there.
fn of_key(certificate: &Certificate, spec: &KeySpec, key: Option<&FoundKey>) -> Vec<String> {
    let mut how = Vec::new();
    match (spec.path(), key) {
        (_, Some((path, key))) if chain::belongs(certificate, key.public_key()).is_err() => {
            how.push(format!("its key {} belongs to another certificate", path.display()));
        }
        // A CA may sign elsewhere.
        (Some(path), None) if !certificate.extensions().is_ca() => {
            how.push(format!("its key {} is missing", path.display()));
        }
        _ => {}
    }
    if let KeySpec::Own { key_type: Some(wanted), .. } = spec
        && certificate.public_key().key_type() != Some(*wanted)
    {
        how.push(format!("the key is {}, not {wanted}", certificate.public_key()));
    }
    how
}
