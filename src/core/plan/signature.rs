//! Signatures for somebody's request: what it gets, and what it asked for in vain.

use super::certificate::{require_sans, spare_cas};
use super::differences::of_certificate;
use super::planner::Planner;
use super::{Difference, Error, Kept, KeyStep, Note, Step};
use crate::core::catalog::MASTERS;
use crate::core::spec::{IssuerSpec, SignatureSpec, usual_period};
use crate::core::x509::cert::Template;
use crate::core::x509::csr::Request;
use crate::core::x509::name::{Attribute, DistinguishedName};
use crate::core::x509::san::San;
use crate::core::x509::time::Until;

impl Planner<'_> {
    pub(super) fn signature(&mut self, spec: &SignatureSpec) -> Result<Step, Error> {
        let request = self.inventory.request(&spec.request)?;
        let (sans, dropped) = granted(spec, &request);
        require_sans(spec.profile, &sans).map_err(|_| Error::NoSansInSignature {
            request: spec.request.clone(),
            asked: request.extensions().sans().iter().map(ToString::to_string).collect(),
            copied: spec.copy_sans,
        })?;
        let issuer = IssuerSpec::Files(spec.issuer.clone());
        let authority = self.authority(&issuer, spec.profile)?;
        let until = spec.until.unwrap_or(Until::After(usual_period(spec.profile)));
        let template = Template {
            subject: subject_of(spec, &request)?,
            profile: spec.profile,
            sans,
            validity: self.validity(until, &authority)?,
        };
        let found = self.found_chain(&spec.certificate)?;
        spare_cas(&authority, spec.profile, found.as_deref(), None)?;
        if let (Some(file), Some(chain)) = (spec.certificate.path(), found) {
            let mut how = of_certificate(&chain, &template, &authority, spec.until, self.now);
            if chain[0].public_key() != request.public_key() {
                how.push("it is for another key".to_owned());
            }
            if how.is_empty() {
                return Ok(Step::Keep(Kept::certificate(file, chain, None)));
            }
            if let Some(step) = self.differ(Difference::new(file.to_owned(), how)) {
                return Ok(step);
            }
        }
        self.note_system_names(spec, &request);
        if !dropped.is_empty() {
            self.notes.push(Note::Dropped { request: spec.request.clone(), what: dropped });
        }
        self.note_masters(&template);
        self.note_clamp(until, &template)?;
        let signer = self.issuer(&issuer, &authority)?;
        self.certify(
            template,
            KeyStep::Foreign(request.public_key().clone()),
            (&issuer, signer),
            &spec.certificate,
        )
    }

    /// Names that Kubernetes gives rights of its own, and that the request chose, not the signer.
    fn note_system_names(&mut self, spec: &SignatureSpec, request: &Request) {
        let user = request.subject().common_name().filter(|_| spec.common_name.is_none());
        let groups = request.subject().organizations().filter(|_| spec.organizations.is_none());
        let names = user.into_iter().chain(groups);
        for name in names.filter(|name| name.starts_with("system:") && *name != MASTERS) {
            self.notes
                .push(Note::SystemName { request: spec.request.clone(), name: name.to_owned() });
        }
    }
}

/// The alternative names that a request gets, and what else it asked for in vain.
fn granted(spec: &SignatureSpec, request: &Request) -> (Vec<San>, Vec<String>) {
    let asked = request.extensions().sans();
    let mut dropped = request.beyond(spec.profile);
    dropped.extend(request.subject().besides(&TAKEN).map(|part| format!("subject ({part})")));
    let foreign = request.extensions().foreign_sans();
    dropped.extend(
        (foreign > 0)
            .then(|| format!("subjectAltName ({foreign} of a kind that Kubernetes does not use)")),
    );
    let mut sans = spec.sans.clone();
    if spec.copy_sans {
        // What a request holds is somebody else's text: only names that we would write ourselves are taken over.
        for san in asked {
            match san.to_string().parse::<San>() {
                Ok(san) if sans.contains(&san) => {}
                Ok(san) => sans.push(san),
                Err(_) => dropped.push(format!("subjectAltName ({san})")),
            }
        }
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

/// The parts of a request's subject that are taken over: the four that go in front, then the groups and the user.
const TAKEN: [Attribute; 6] = [
    Attribute::COUNTRY,
    Attribute::STATE,
    Attribute::LOCALITY,
    Attribute::ORGANIZATIONAL_UNIT,
    Attribute::ORGANIZATION,
    Attribute::COMMON_NAME,
];

/// The subject of the request, with what the signer puts in its place.
fn subject_of(spec: &SignatureSpec, request: &Request) -> Result<DistinguishedName, Error> {
    let asked = request.subject();
    let common_name = spec.common_name.as_deref().or(asked.common_name()).unwrap_or_default();
    let organizations: Vec<String> = match &spec.organizations {
        Some(organizations) => organizations.clone(),
        None => asked.organizations().map(ToOwned::to_owned).collect(),
    };
    let others = TAKEN[..4].iter().flat_map(|attribute| {
        asked.values(*attribute).map(move |value| (*attribute, value.to_owned()))
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
