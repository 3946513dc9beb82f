//! How what is there differs from what is asked, in words for the operator.

use std::collections::BTreeSet;

use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages};

use super::planner::Authority;
use crate::core::spec::RequestSpec;
use crate::core::x509::cert::{Certificate, Template};
use crate::core::x509::chain::is_issued_by;
use crate::core::x509::csr::Request;
use crate::core::x509::extensions::Extensions;
use crate::core::x509::private_key::PrivateKey;
use crate::core::x509::profile::Profile;
use crate::core::x509::san::San;
use crate::core::x509::time::{BACKDATE, Moment, Until};

/// How a certificate differs from what is asked. The end counts only if it was asked for: a certificate of last month
/// that still lives is not wrong.
pub fn of_certificate(
    found: &Certificate,
    wanted: &Template,
    authority: &Authority,
    until: Option<Until>,
    now: Moment,
) -> Vec<String> {
    let end = found.validity().not_after;
    let subject = (found.subject() != wanted.subject)
        .then(|| format!("the subject is `{}`, not `{}`", found.subject(), wanted.subject));
    let purpose = has_other_usages(found.extensions(), wanted.profile, found.public_key().is_rsa())
        .then(|| "it is for another purpose".to_owned());
    let start = found.validity().not_before;
    let expired = if end < now {
        Some(format!("it expired at {end}"))
    } else {
        (start > now).then(|| format!("it is not valid before {start}"))
    };
    let other_end = until
        .filter(|until| !ends_as_asked(found, *until, wanted, authority, now))
        .map(|until| match until {
            Until::Date(date) => format!("it ends at {end}, not at {date}"),
            Until::After(period) => format!("it ends at {end}, not {period} after its start"),
        });
    let is_ours = match authority {
        Authority::Itself => is_issued_by(found, found),
        Authority::Known(chain) => is_issued_by(found, &chain[0]),
        Authority::Made(..) => false,
        // What is wrong has been said of the CA.
        Authority::Unreadable => true,
    };
    let issuer = (!is_ours).then(|| format!("it was signed by another CA, `{}`", found.issuer()));
    [subject, sans(found.extensions(), &wanted.sans), purpose, expired, other_end, issuer]
        .into_iter()
        .flatten()
        .collect()
}

/// How a request differs from what is asked.
pub fn of_request(found: &Request, wanted: &RequestSpec, key: Option<&PrivateKey>) -> Vec<String> {
    let subject = (*found.subject() != wanted.subject)
        .then(|| format!("the subject is `{}`, not `{}`", found.subject(), wanted.subject));
    let purpose = has_other_usages(found.extensions(), wanted.profile, found.public_key().is_rsa())
        .then(|| "it is for another purpose".to_owned());
    let key = match key {
        Some(key) if key.public_key() == found.public_key() => None,
        Some(_) => Some("it was made with another key".to_owned()),
        None => Some("its key is missing".to_owned()),
    };
    [subject, sans(found.extensions(), &wanted.sans), purpose, key].into_iter().flatten().collect()
}

fn sans(found: Extensions<'_>, wanted: &[San]) -> Option<String> {
    let foreign = found.foreign_sans();
    let found: BTreeSet<San> = found.sans().into_iter().collect();
    let wanted: BTreeSet<San> = wanted.iter().cloned().collect();
    let list = |sans: &mut dyn Iterator<Item = &San>| {
        sans.map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    if foreign > 0 {
        return Some(format!("it has {foreign} names of a kind that Kubernetes does not use"));
    }
    let missing = list(&mut wanted.difference(&found));
    let besides = list(&mut found.difference(&wanted));
    match (missing.is_empty(), besides.is_empty()) {
        (true, true) => None,
        (false, true) => Some(format!("it lacks the names {missing}")),
        (true, false) => Some(format!("it has the names {besides} besides")),
        (false, false) => Some(format!("it lacks the names {missing} and has {besides} besides")),
    }
}

/// What kubeadm sets otherwise is no difference: key encipherment on every certificate, and CAs without cRLSign.
fn has_other_usages(found: Extensions<'_>, wanted: Profile, rsa_key: bool) -> bool {
    let KeyUsage(needed) = wanted.key_usage(rsa_key);
    let needed = needed - (KeyUsages::CRLSign | KeyUsages::KeyEncipherment);
    let allowed = wanted.key_usage(rsa_key).0 | KeyUsages::KeyEncipherment;
    let purposes = wanted.extended_key_usages();
    let found_purposes =
        found.get::<ExtendedKeyUsage>().map(|(_, usage)| usage.0).unwrap_or_default();
    let same_purposes = purposes.len() == found_purposes.len()
        && purposes.iter().all(|purpose| found_purposes.contains(purpose));
    found
        .get::<KeyUsage>()
        .is_none_or(|(_, found)| !found.0.contains(needed) || !allowed.contains(found.0))
        || found.get::<BasicConstraints>().map(|(_, found)| found)
            != Some(wanted.basic_constraints())
        || !same_purposes
}

/// Whether it ends when asked, or with its CA.
fn ends_as_asked(
    found: &Certificate,
    until: Until,
    wanted: &Template,
    authority: &Authority,
    now: Moment,
) -> bool {
    let validity = found.validity();
    if let Until::After(period) = until
        && begins_with_its_ca(found, authority)
    {
        let made = validity.not_after.unix().saturating_sub(period.seconds());
        return validity.not_before.unix() <= made && made <= now.unix();
    }
    let asked = match until {
        Until::Date(date) => Some(date),
        Until::After(period) => {
            Moment::from_unix(validity.not_before.unix() + BACKDATE.as_secs() + period.seconds())
        }
    };
    Some(validity.not_after) == asked || validity.not_after == wanted.validity.not_after
}

/// kubeadm lets a client in a kubeconfig begin when its CA began, and so the start does not tell when it was made. It gives
/// leaves no subject key identifier; we do.
fn begins_with_its_ca(found: &Certificate, authority: &Authority) -> bool {
    let Authority::Known(chain) = authority else { return false };
    found.validity().not_before == chain[0].validity().not_before
        && found.extensions().subject_key_id().is_none()
}
