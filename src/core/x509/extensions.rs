//! Certificate extensions (RFC 5280, 4.2): the ones we write, and a typed reading of any.

use der::asn1::{ObjectIdentifier, OctetString};
use der::oid::AssociatedOid;
use der::{Decode, Encode};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralNames;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages,
    SubjectAltName, SubjectKeyIdentifier,
};

use super::profile::Profile;
use super::public_key::PublicKey;
use super::san::San;

/// Names of the key usage bits, as openssl and RFC 5280 write them.
const KEY_USAGE_NAMES: [(KeyUsages, &str); 9] = [
    (KeyUsages::DigitalSignature, "digitalSignature"),
    (KeyUsages::NonRepudiation, "nonRepudiation"),
    (KeyUsages::KeyEncipherment, "keyEncipherment"),
    (KeyUsages::DataEncipherment, "dataEncipherment"),
    (KeyUsages::KeyAgreement, "keyAgreement"),
    (KeyUsages::KeyCertSign, "keyCertSign"),
    (KeyUsages::CRLSign, "cRLSign"),
    (KeyUsages::EncipherOnly, "encipherOnly"),
    (KeyUsages::DecipherOnly, "decipherOnly"),
];

/// Names of the purposes that appear in clusters.
const PURPOSE_NAMES: [(&str, &str); 7] = [
    ("1.3.6.1.5.5.7.3.1", "serverAuth"),
    ("1.3.6.1.5.5.7.3.2", "clientAuth"),
    ("1.3.6.1.5.5.7.3.3", "codeSigning"),
    ("1.3.6.1.5.5.7.3.4", "emailProtection"),
    ("1.3.6.1.5.5.7.3.8", "timeStamping"),
    ("1.3.6.1.5.5.7.3.9", "OCSPSigning"),
    ("2.5.29.37.0", "anyExtendedKeyUsage"),
];

/// Names of the extensions that people put into requests.
const EXTENSION_NAMES: [(&str, &str); 12] = [
    ("2.5.29.14", "subjectKeyIdentifier"),
    ("2.5.29.15", "keyUsage"),
    ("2.5.29.17", "subjectAltName"),
    ("2.5.29.19", "basicConstraints"),
    ("2.5.29.30", "nameConstraints"),
    ("2.5.29.31", "cRLDistributionPoints"),
    ("2.5.29.32", "certificatePolicies"),
    ("2.5.29.35", "authorityKeyIdentifier"),
    ("2.5.29.37", "extendedKeyUsage"),
    ("1.3.6.1.5.5.7.1.1", "authorityInfoAccess"),
    ("1.3.6.1.5.5.7.1.24", "tlsFeature"),
    ("2.16.840.1.113730.1.13", "nsComment"),
];

/// The extensions of a certificate or request, in their order.
#[derive(Clone, Copy, Debug)]
pub struct Extensions<'a>(pub &'a [Extension]);

impl Extensions<'_> {
    /// The extension of type `T` and whether it is critical; `None` also where it cannot be read.
    pub fn get<T: AssociatedOid + for<'b> Decode<'b>>(self) -> Option<(bool, T)> {
        let found = self.0.iter().find(|extension| extension.extn_id == T::OID)?;
        Some((found.critical, T::from_der(found.extn_value.as_bytes()).ok()?))
    }

    /// Whether CA:TRUE is said.
    pub fn is_ca(self) -> bool {
        self.get::<BasicConstraints>().is_some_and(|(_, constraints)| constraints.ca)
    }

    /// How many CAs may stand below.
    pub fn path_length(self) -> Option<u8> {
        self.get::<BasicConstraints>().and_then(|(_, constraints)| constraints.path_len_constraint)
    }

    /// Whether a key usage is given and has `usage`; `None` when no usage is given, which permits all.
    pub fn permits(self, usage: KeyUsages) -> Option<bool> {
        self.get::<KeyUsage>().map(|(_, given)| given.0.contains(usage))
    }

    /// The key usages by name.
    pub fn key_usages(self) -> Vec<&'static str> {
        let named = |usages: KeyUsage| {
            KEY_USAGE_NAMES
                .iter()
                .filter(move |(bit, _)| usages.0.contains(*bit))
                .map(|(_, name)| *name)
        };
        self.get::<KeyUsage>().map(|(_, usages)| named(usages).collect()).unwrap_or_default()
    }

    /// The purposes by name, or as numbers.
    pub fn purposes(self) -> Vec<String> {
        let purposes = self.get::<ExtendedKeyUsage>().map(|(_, usage)| usage.0).unwrap_or_default();
        purposes.iter().map(|oid| name_of(&PURPOSE_NAMES, *oid)).collect()
    }

    /// Whether a CA with these may sign for `purposes`: it has none of its own, any, or these.
    pub fn permits_purposes(self, purposes: &[ObjectIdentifier]) -> bool {
        const ANY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
        let Some((_, ExtendedKeyUsage(own))) = self.get::<ExtendedKeyUsage>() else { return true };
        own.contains(&ANY) || purposes.iter().all(|purpose| own.contains(purpose))
    }

    /// The subject alternative names of the kinds that Kubernetes uses.
    pub fn sans(self) -> Vec<San> {
        let names = self.get::<SubjectAltName>().map(|(_, names)| names.0).unwrap_or_default();
        names.iter().filter_map(San::from_general_name).collect()
    }

    /// How many subject alternative names are of other kinds.
    pub fn foreign_sans(self) -> usize {
        let names = self.get::<SubjectAltName>().map(|(_, names)| names.0).unwrap_or_default();
        names.iter().filter(|name| San::from_general_name(name).is_none()).count()
    }

    /// The critical extensions of kinds that we do not understand, name constraints among them: whoever goes on regardless
    /// may sign what no verifier accepts (RFC 5280, 4.2).
    pub fn not_understood(self) -> Vec<String> {
        const UNDERSTOOD: [&str; 7] = [
            "authorityKeyIdentifier",
            "basicConstraints",
            "certificatePolicies",
            "extendedKeyUsage",
            "keyUsage",
            "subjectAltName",
            "subjectKeyIdentifier",
        ];
        let critical: Vec<Extension> = self.0.iter().filter(|one| one.critical).cloned().collect();
        let mut names = Extensions(&critical).names();
        names.retain(|name| !UNDERSTOOD.contains(&name.as_str()));
        names
    }

    /// The subject key identifier.
    pub fn subject_key_id(self) -> Option<Vec<u8>> {
        self.get::<SubjectKeyIdentifier>().map(|(_, id)| id.0.into_bytes().into())
    }

    /// The identifier of the key that signed.
    pub fn authority_key_id(self) -> Option<Vec<u8>> {
        self.get::<AuthorityKeyIdentifier>()?.1.key_identifier.map(|id| id.into_bytes().into())
    }

    /// Every extension by name, or as a number.
    pub fn names(self) -> Vec<String> {
        self.0.iter().map(|extension| name_of(&EXTENSION_NAMES, extension.extn_id)).collect()
    }
}

/// What a certificate carries, in kubeadm's order: usages, constraints, key identifiers, names.
///
/// `issuer_key_id` is the subject key identifier of the issuer; `None` for a self-signed certificate, which needs no
/// pointer to itself (RFC 5280, 4.2.1.1).
pub fn of_certificate(
    profile: Profile,
    sans: &[San],
    subject_key: &PublicKey,
    issuer_key_id: Option<&[u8]>,
) -> der::Result<Vec<Extension>> {
    let mut list = usages(profile, subject_key.is_rsa())?;
    list.push(extension(false, &SubjectKeyIdentifier(OctetString::new(subject_key.key_id())?))?);
    if let Some(id) = issuer_key_id {
        let pointer = AuthorityKeyIdentifier {
            key_identifier: Some(OctetString::new(id)?),
            ..AuthorityKeyIdentifier::default()
        };
        list.push(extension(false, &pointer)?);
    }
    list.extend(alternative_names(sans)?);
    Ok(list)
}

/// What a request asks for: the same, less the key identifiers, which are the issuer's to set.
pub fn of_request(profile: Profile, sans: &[San], rsa_key: bool) -> der::Result<Vec<Extension>> {
    let mut list = usages(profile, rsa_key)?;
    list.extend(alternative_names(sans)?);
    Ok(list)
}

/// Key usage and basic constraints, critical; extended key usage, not critical.
fn usages(profile: Profile, rsa_key: bool) -> der::Result<Vec<Extension>> {
    let mut list = vec![extension(true, &profile.key_usage(rsa_key))?];
    let purposes = profile.extended_key_usages();
    if !purposes.is_empty() {
        list.push(extension(false, &ExtendedKeyUsage(purposes.to_vec()))?);
    }
    list.push(extension(true, &profile.basic_constraints())?);
    Ok(list)
}

/// The names, if there are any: an empty extension is malformed (RFC 5280, 4.2.1.6).
fn alternative_names(sans: &[San]) -> der::Result<Option<Extension>> {
    if sans.is_empty() {
        return Ok(None);
    }
    let names: GeneralNames = sans.iter().filter_map(San::to_general_name).collect();
    extension(false, &SubjectAltName(names)).map(Some)
}

/// One extension with its value.
pub(super) fn extension<T: AssociatedOid + Encode>(
    critical: bool,
    value: &T,
) -> der::Result<Extension> {
    Ok(Extension { extn_id: T::OID, critical, extn_value: OctetString::new(value.to_der()?)? })
}

fn name_of(table: &[(&str, &str)], oid: ObjectIdentifier) -> String {
    let number = oid.to_string();
    let known = table.iter().find(|(known, _)| *known == number);
    known.map_or(number, |(_, name)| (*name).to_owned())
}
