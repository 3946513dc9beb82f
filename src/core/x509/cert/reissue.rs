//! The next certificate of the same holder: all that the old one says, for another time, and perhaps for another key, by
//! another CA, or with other names.
//!
//! What is kept is kept as bytes, never read and written anew: the subject with its order and string types, names of kinds
//! that we do not know, extensions with their criticality. Three things cannot be kept: the identifiers of both keys are those
//! of the new ones, and signed certificate timestamps (RFC 6962, 3.3) vouch for the old certificate alone.

use der::asn1::{Any, ObjectIdentifier, OctetString};
use der::oid::AssociatedOid;
use der::{Decode, Encode};
use x509_cert::certificate::Version;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, KeyUsage, KeyUsages, SubjectAltName, SubjectKeyIdentifier,
};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::{Certificate, Error, Tbs};
use crate::core::x509::entropy::Entropy;
use crate::core::x509::extensions::extension;
use crate::core::x509::private_key::PrivateKey;
use crate::core::x509::public_key::PublicKey;
use crate::core::x509::san::San;
use crate::core::x509::time::Validity;

/// Signed certificate timestamps.
const TIMESTAMPS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.4.2");

/// Names that come and go, where somebody asked for that.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SanChanges {
    /// Those that come, unless they are there.
    pub add: Vec<San>,
    /// Those that go.
    pub remove: Vec<San>,
}

impl Certificate {
    /// Issues the next certificate of the same holder, for `subject_key`, signed by `signer`, the key of `issuer`.
    ///
    /// # Errors
    ///
    /// Alternative names that are no list of names, or a key that does not sign.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is another thing, and all of them are needed"
    )]
    pub fn reissue(
        &self,
        validity: Validity,
        sans: &SanChanges,
        serial_number: SerialNumber,
        subject_key: &PublicKey,
        issuer: &Self,
        signer: &PrivateKey,
        entropy: &dyn Entropy,
    ) -> Result<Self, Error> {
        let kept = self.kept_extensions(sans, subject_key)?;
        let tbs = Tbs {
            version: Version::V3,
            serial_number,
            signature: signer.signature_algorithm(),
            issuer: issuer.tbs.subject.clone(),
            validity: x509_cert::time::Validity::new(
                validity.not_before.to_x509(),
                validity.not_after.to_x509(),
            ),
            subject: self.tbs.subject.clone(),
            public_key: SubjectPublicKeyInfoOwned::from_der(subject_key.spki_der())?,
            issuer_unique_id: None,
            subject_unique_id: self.tbs.subject_unique_id.clone(),
            extensions: Some(with_key_ids(kept, subject_key, &issuer.key_id())?),
        };
        Self::sign(tbs, signer, entropy)
    }

    /// The subject as X.509 carries it.
    pub(in crate::core::x509) fn subject_name(&self) -> Result<Name, Error> {
        Ok(Name::from_der(&self.tbs.subject.to_der()?)?)
    }

    /// What a request for the next certificate asks for: all of it but the identifiers of keys, which are the issuer's to set.
    pub(in crate::core::x509) fn asked_extensions(
        &self,
        sans: &SanChanges,
        subject_key: &PublicKey,
    ) -> Result<Vec<Extension>, Error> {
        let mut kept = self.kept_extensions(sans, subject_key)?;
        kept.retain(|one| !is_key_id(one));
        Ok(kept)
    }

    /// The alternative names with those that come and without those that go.
    ///
    /// # Errors
    ///
    /// Alternative names that are no list of names.
    pub fn sans_after(&self, changes: &SanChanges) -> Result<Vec<San>, Error> {
        let kept = self.kept_extensions(changes, &self.public_key)?;
        Ok(super::Extensions(&kept).sans())
    }

    fn kept_extensions(
        &self,
        sans: &SanChanges,
        subject_key: &PublicKey,
    ) -> Result<Vec<Extension>, Error> {
        let old = self.tbs.extensions.as_deref().unwrap_or_default();
        let mut kept = Vec::new();
        for one in old.iter().filter(|one| one.extn_id != TIMESTAMPS) {
            match one.extn_id {
                SubjectAltName::OID => kept.extend(changed_sans(one, sans)?),
                KeyUsage::OID if self.public_key.is_rsa() && !subject_key.is_rsa() => {
                    kept.push(without_encipherment(one)?);
                }
                _ => kept.push(one.clone()),
            }
        }
        let has_sans = old.iter().any(|one| one.extn_id == SubjectAltName::OID);
        if !has_sans && !sans.add.is_empty() {
            let names = sans.add.iter().filter_map(San::to_general_name).collect();
            kept.push(extension(false, &SubjectAltName(names))?);
        }
        Ok(kept)
    }
}

/// The identifiers of both keys in the places of the old ones; those that were not there come at the end.
fn with_key_ids(
    mut list: Vec<Extension>,
    subject_key: &PublicKey,
    issuer_key_id: &[u8],
) -> der::Result<Vec<Extension>> {
    let pointer = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(issuer_key_id)?),
        ..AuthorityKeyIdentifier::default()
    };
    let ids = [
        extension(false, &SubjectKeyIdentifier(OctetString::new(subject_key.key_id())?))?,
        extension(false, &pointer)?,
    ];
    for id in ids {
        match list.iter_mut().find(|one| one.extn_id == id.extn_id) {
            Some(old) => *old = Extension { critical: old.critical, ..id },
            None => list.push(id),
        }
    }
    Ok(list)
}

fn is_key_id(one: &Extension) -> bool {
    [SubjectKeyIdentifier::OID, AuthorityKeyIdentifier::OID].contains(&one.extn_id)
}

/// Each name stays as the bytes that it was; with none left, the whole extension goes (RFC 5280, 4.2.1.6).
fn changed_sans(old: &Extension, changes: &SanChanges) -> der::Result<Option<Extension>> {
    if *changes == SanChanges::default() {
        return Ok(Some(old.clone()));
    }
    let mut names = Vec::<Any>::from_der(old.extn_value.as_bytes())?;
    let san = |name: &Any| {
        let name = GeneralName::from_der(&name.to_der().ok()?).ok()?;
        San::from_general_name(&name)
    };
    let is = |name: &Any, wanted: &San| san(name).is_some_and(|found| is_same(&found, wanted));
    names.retain(|name| !changes.remove.iter().any(|wanted| is(name, wanted)));
    for wanted in &changes.add {
        if !names.iter().any(|name| is(name, wanted))
            && let Some(name) = wanted.to_general_name()
        {
            names.push(Any::from_der(&name.to_der()?)?);
        }
    }
    if names.is_empty() {
        return Ok(None);
    }
    let extn_value = OctetString::new(names.to_der()?)?;
    Ok(Some(Extension { extn_value, ..old.clone() }))
}

/// Names of hosts are the same in any case (RFC 4343).
pub fn is_same(one: &San, other: &San) -> bool {
    match (one, other) {
        (San::Dns(one), San::Dns(other)) => one.eq_ignore_ascii_case(other),
        _ => one == other,
    }
}

/// No key but RSA can be encrypted to.
fn without_encipherment(old: &Extension) -> der::Result<Extension> {
    let mut usages = KeyUsage::from_der(old.extn_value.as_bytes())?.0;
    usages -= KeyUsages::KeyEncipherment | KeyUsages::DataEncipherment;
    if usages.is_empty() {
        usages = KeyUsages::DigitalSignature.into();
    }
    let extn_value = OctetString::new(KeyUsage(usages).to_der()?)?;
    Ok(Extension { extn_value, ..old.clone() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::keys::{draw, draw_serial};
    use crate::core::x509::cert::Template;
    use crate::core::x509::entropy::System;
    use crate::core::x509::key_type::KeyType;
    use crate::core::x509::name::DistinguishedName;
    use crate::core::x509::profile::Profile;
    use crate::core::x509::time::Moment;

    const NAMES: [&str; 6] =
        ["dns:a.example.com", "ip:192.0.2.7", "uri:spiffe://a/b", "email:a@b.c", "dns:b", "ip:::1"];

    fn at(seconds: u64) -> Moment {
        Moment::from_unix(seconds).unwrap()
    }

    fn names(chosen: &[usize]) -> Vec<San> {
        let mut names = Vec::new();
        for name in chosen.iter().map(|index| NAMES[*index].parse::<San>().unwrap()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn names_come_and_go_and_all_else_stays(
            there in proptest::collection::vec(0..NAMES.len(), 0..5),
            add in proptest::collection::vec(0..NAMES.len(), 0..3),
            remove in proptest::collection::vec(0..NAMES.len(), 0..3),
        ) {
            let entropy = System::default();
            let key = draw(KeyType::EcdsaP256, &entropy).unwrap();
            let (there, add, remove) = (names(&there), names(&add), names(&remove));
            let template = Template {
                subject: DistinguishedName::user("jane", ["dev"]).unwrap(),
                profile: Profile::Peer,
                sans: there.clone(),
                validity: Validity { not_before: at(1), not_after: at(9) },
            };
            let serial = || draw_serial(&entropy).unwrap();
            let public = key.public_key();
            let old = Certificate::issue(&template, serial(), public, None, &key, &entropy).unwrap();
            let validity = Validity { not_before: at(5), not_after: at(13) };
            let changes = SanChanges { add: add.clone(), remove: remove.clone() };
            let new = old.reissue(validity, &changes, serial(), public, &old, &key, &entropy).unwrap();

            let mut wanted: Vec<San> = there.into_iter().filter(|it| !remove.contains(it)).collect();
            for name in add {
                if !wanted.contains(&name) {
                    wanted.push(name);
                }
            }
            prop_assert_eq!(new.extensions().sans(), wanted);
            prop_assert_eq!(new.validity(), validity);
            prop_assert_eq!(&new.tbs.subject, &old.tbs.subject);
            prop_assert_eq!(new.extensions().purposes(), old.extensions().purposes());
            prop_assert!(new.is_signed_by(public) && new.serial_number() != old.serial_number());
        }
    }
}
