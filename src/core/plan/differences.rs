//! How what is there differs from what is asked, in words for the operator.

use std::collections::BTreeSet;

use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};

use super::planner::Authority;
use crate::core::spec::RequestSpec;
use crate::core::x509::cert::{Certificate, Template};
use crate::core::x509::chain::{self, is_issued_by};
use crate::core::x509::csr::Request;
use crate::core::x509::extensions::{self, Extensions};
use crate::core::x509::name::DistinguishedName;
use crate::core::x509::private_key::PrivateKey;
use crate::core::x509::profile::Profile;
use crate::core::x509::public_key::PublicKey;
use crate::core::x509::san::San;
use crate::core::x509::time::{BACKDATE, Moment, Until};
use crate::core::x509::way::{self, Astray};

/// How a certificate differs from what is asked. The end counts only if it was asked for: a certificate of last month
/// that still lives is not wrong.
pub fn of_certificate(
    chain: &[Certificate],
    wanted: &Template,
    authority: &Authority,
    until: Option<Until>,
    now: Moment,
) -> Vec<String> {
    let found = &chain[0];
    let end = found.validity().not_after;
    let subject = (found.subject() != wanted.subject)
        .then(|| other_subject(&found.subject(), &wanted.subject));
    let purpose = usages(found.extensions(), wanted.profile, found.public_key());
    let other_end = until
        .filter(|until| !ends_as_asked(found, *until, wanted, authority, now))
        .map(|until| match until {
            Until::Date(date) => format!("it ends at {end}, not at {date}"),
            Until::After(period) => format!("it ends at {end}, not {period} after its start"),
        });
    let issuer = match authority {
        Authority::Itself => (!is_issued_by(found, found)).then(|| other_ca(found)),
        Authority::Known(cas) => {
            let between: Vec<&Certificate> = chain[1..].iter().collect();
            let cas = chain::of_one_name(cas);
            let way = way::find(found, wanted.profile, &between, cas, now);
            way.err().map(|astray| no_way(found, &astray, cas))
        }
        Authority::Made(made) => (!made.has_signed(found)).then(|| other_ca(found)),
        // What is wrong has been said of the CA.
        Authority::Unreadable => None,
    };
    let extensions = found.extensions();
    [
        subject,
        sans(extensions, &wanted.sans),
        purpose,
        not_understood(extensions),
        dates(found, now),
        other_end,
        issuer,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How a request differs from what is asked.
pub fn of_request(found: &Request, wanted: &RequestSpec, key: Option<&PrivateKey>) -> Vec<String> {
    let subject = (*found.subject() != wanted.subject)
        .then(|| other_subject(found.subject(), &wanted.subject));
    let purpose = usages(found.extensions(), wanted.profile, found.public_key());
    let key = match key {
        Some(key) if key.public_key() == found.public_key() => None,
        Some(_) => Some("it was made with another key".to_owned()),
        None => Some("its key is missing".to_owned()),
    };
    [subject, sans(found.extensions(), &wanted.sans), purpose, key].into_iter().flatten().collect()
}

/// Another subject, with both sides.
pub fn other_subject(found: &DistinguishedName, wanted: &DistinguishedName) -> String {
    format!("the subject is `{found}`, not `{wanted}`")
}

/// Another CA, by its name.
pub fn other_ca(found: &Certificate) -> String {
    format!("it was signed by another CA, `{}`", found.issuer())
}

/// Why there is no way from a certificate up to one of `anchors`.
pub fn no_way(found: &Certificate, astray: &Astray, anchors: &[Certificate]) -> String {
    match astray {
        Astray::Barred(error) => error.to_string(),
        Astray::Lost if found.is_signed_by_sha1() => {
            "it is signed with SHA-1, which Kubernetes takes no more".to_owned()
        }
        Astray::Lost if anchors.iter().any(|ca| found.names_as_issuer(ca)) => {
            format!("it was signed by another CA of the name `{}`", found.issuer())
        }
        Astray::Lost => other_ca(found),
    }
}

/// A critical extension that no verifier is known to take (RFC 5280, 4.2).
pub fn not_understood(found: Extensions<'_>) -> Option<String> {
    let first = found.not_understood().into_iter().next()?;
    Some(format!("its critical extension {first} is not understood"))
}

/// Whether the time of a certificate is over, or still to come.
pub fn dates(found: &Certificate, now: Moment) -> Option<String> {
    let validity = found.validity();
    if validity.not_after < now {
        return Some(format!("it expired at {}", validity.not_after));
    }
    (validity.not_before > now).then(|| format!("it is not valid before {}", validity.not_before))
}

/// How the alternative names differ from those that are wanted.
pub fn sans(found: Extensions<'_>, wanted: &[San]) -> Option<String> {
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

/// How the purpose differs from the one that is wanted. What kubeadm sets otherwise is no difference: key encipherment on
/// every certificate, and CAs without cRLSign.
pub fn usages(found: Extensions<'_>, wanted: Profile, key: &PublicKey) -> Option<String> {
    let asked = extensions::of_request(wanted, &[], key.is_rsa()).unwrap_or_default();
    let asked = Extensions(&asked);
    let words = |words: Vec<String>| match words.is_empty() {
        true => "none".to_owned(),
        false => words.join(", "),
    };
    let plain = |names: Vec<&str>| words(names.into_iter().map(ToOwned::to_owned).collect());
    if found.is_ca() != wanted.is_ca() {
        return Some(if found.is_ca() { "it is a CA's" } else { "it is not a CA's" }.to_owned());
    }
    let sorted = |extensions: Extensions<'_>| {
        let mut purposes = extensions.purposes();
        purposes.sort();
        purposes
    };
    if sorted(found) != sorted(asked) {
        let (found, wanted) = (words(found.purposes()), words(asked.purposes()));
        return Some(format!("its purpose is {found}, not {wanted}"));
    }
    if has_other_key_usage(found, wanted, key.is_rsa()) {
        let (found, wanted) = (plain(found.key_usages()), plain(asked.key_usages()));
        return Some(format!("its key usage is {found}, not {wanted}"));
    }
    // A leaf that says nothing of it is no CA either.
    let is_constrained = found.get::<BasicConstraints>().map(|(_, found)| found);
    let differs =
        is_constrained.unwrap_or(Profile::Client.basic_constraints()) != wanted.basic_constraints();
    differs.then(|| "it is a CA of another depth".to_owned())
}

fn has_other_key_usage(found: Extensions<'_>, wanted: Profile, rsa_key: bool) -> bool {
    let KeyUsage(asked) = wanted.key_usage(rsa_key);
    let needed = asked - (KeyUsages::CRLSign | KeyUsages::KeyEncipherment);
    let allowed = asked | KeyUsages::KeyEncipherment;
    found
        .get::<KeyUsage>()
        .is_none_or(|(_, found)| !found.0.contains(needed) || !allowed.contains(found.0))
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
