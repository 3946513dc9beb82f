//! Distinguished names (RFC 5280, 4.1.2.4), and what kube-apiserver makes of them.

use std::fmt;

use der::asn1::{
    Any, BmpString, Ia5StringRef, ObjectIdentifier, PrintableStringRef, SetOfVec, TeletexStringRef,
    Utf8StringRef,
};
use der::{Decode, Encode, Tag, Tagged};
use serde::{Serialize, Serializer};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};

/// The longest common name that Kubernetes can need: `system:node:` and a node name of 253 bytes.
const LONGEST_COMMON_NAME: usize = 12 + 253;

/// The longest of the other parts that we write: RFC 5280 has 64, directories in use have more.
const LONGEST_PART: usize = 256;

/// A kind of name part.
///
/// Adding one is a row in [`Attribute::ALL`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Attribute {
    /// Short name, as RFC 4514 and openssl write it.
    pub label: &'static str,
    oid: ObjectIdentifier,
    string: StringType,
}

/// The ASN.1 string that carries a part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum StringType {
    /// PrintableString where the characters allow it, else UTF8String, as Go does.
    Directory,
    /// IA5String.
    Ia5,
    /// PrintableString of exactly two letters.
    Country,
}

impl Attribute {
    /// The user, for kube-apiserver; the name of a CA.
    pub const COMMON_NAME: Self = Self::directory("CN", "2.5.4.3");
    /// A group, for kube-apiserver.
    pub const ORGANIZATION: Self = Self::directory("O", "2.5.4.10");
    /// A department.
    pub const ORGANIZATIONAL_UNIT: Self = Self::directory("OU", "2.5.4.11");
    /// A country, two letters.
    pub const COUNTRY: Self = Self { label: "C", oid: oid("2.5.4.6"), string: StringType::Country };
    /// A state or province.
    pub const STATE: Self = Self::directory("ST", "2.5.4.8");
    /// A town.
    pub const LOCALITY: Self = Self::directory("L", "2.5.4.7");

    /// Every part that has a short name.
    pub const ALL: [Self; 13] = [
        Self::COMMON_NAME,
        Self::ORGANIZATION,
        Self::ORGANIZATIONAL_UNIT,
        Self::COUNTRY,
        Self::STATE,
        Self::LOCALITY,
        Self::directory("street", "2.5.4.9"),
        Self::directory("postalCode", "2.5.4.17"),
        Self::directory("serialNumber", "2.5.4.5"),
        Self { label: "DC", oid: oid("0.9.2342.19200300.100.1.25"), string: StringType::Ia5 },
        Self::directory("UID", "0.9.2342.19200300.100.1.1"),
        Self { label: "emailAddress", oid: oid("1.2.840.113549.1.9.1"), string: StringType::Ia5 },
        Self::directory("title", "2.5.4.12"),
    ];

    const fn directory(label: &'static str, number: &str) -> Self {
        Self { label, oid: oid(number), string: StringType::Directory }
    }
}

const fn oid(number: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(number)
}

/// A name: its parts in the order of the certificate.
///
/// Equality is that of the text; chains are compared by bytes, see [`cert`](super::cert).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DistinguishedName {
    parts: Vec<(ObjectIdentifier, String)>,
}

/// Why a name cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// No common name, or an empty one.
    #[error("the common name (CN) is empty")]
    NoCommonName,
    /// An empty part.
    #[error("the {0} of the name is empty")]
    Empty(&'static str),
    /// A part with characters that no screen or log should meet.
    #[error("the {label} `{value}` holds a control character")]
    Control {
        /// The short name of the part.
        label: &'static str,
        /// What was given.
        value: String,
    },
    /// Too long.
    #[error("the {label} has {found} bytes; the limit is {limit}")]
    TooLong {
        /// The short name of the part.
        label: &'static str,
        /// Its length in bytes.
        found: usize,
        /// The longest that is accepted.
        limit: usize,
    },
    /// Not in the alphabet of the part.
    #[error("the {label} `{value}` cannot be written: {why}")]
    Alphabet {
        /// The short name of the part.
        label: &'static str,
        /// What was given.
        value: String,
        /// The rule that it breaks.
        why: &'static str,
    },
}

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        Some(format!("give another with {} VALUE", flag(self.label())))
    }

    /// The short name of the part that cannot be used.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Alphabet { label, .. }
            | Self::Control { label, .. }
            | Self::Empty(label)
            | Self::TooLong { label, .. } => label,
            Self::NoCommonName => Attribute::COMMON_NAME.label,
        }
    }
}

/// The option that gives a part of a name.
fn flag(label: &str) -> &'static str {
    match label {
        "C" => "--country",
        "L" => "--locality",
        "O" => "--org",
        "OU" => "--ou",
        "ST" => "--state",
        _ => "--cn",
    }
}

impl DistinguishedName {
    /// A name from its parts, each of which becomes a part (RDN) of its own, in this order.
    ///
    /// # Errors
    ///
    /// An empty part, one with control characters, one that is too long, and a missing common name.
    pub fn new<V: Into<String>>(
        parts: impl IntoIterator<Item = (Attribute, V)>,
    ) -> Result<Self, Error> {
        let mut name = Self::default();
        for (attribute, value) in parts {
            let value = value.into();
            check(attribute, &value)?;
            name.parts.push((attribute.oid, value));
        }
        match name.common_name() {
            Some(_) => Ok(name),
            None => Err(Error::NoCommonName),
        }
    }

    /// The name of a user as Kubernetes reads it: groups first, as kubeadm orders them, then the user.
    pub fn user<G: Into<String>>(
        user: &str,
        groups: impl IntoIterator<Item = G>,
    ) -> Result<Self, Error> {
        let groups = groups.into_iter().map(|group| (Attribute::ORGANIZATION, group.into()));
        Self::new(groups.chain([(Attribute::COMMON_NAME, user.to_owned())]))
    }

    /// Reads a name that is there, without judging it.
    pub fn read(name: &Name) -> Self {
        Self { parts: name.iter().map(|part| (part.oid, text(&part.value))).collect() }
    }

    /// The user that kube-apiserver reads: the last CN, as Go's `pkix.Name` keeps it.
    pub fn common_name(&self) -> Option<&str> {
        self.values(Attribute::COMMON_NAME).last()
    }

    /// The groups that kube-apiserver reads: every O, wherever it stands.
    pub fn organizations(&self) -> impl Iterator<Item = &str> {
        self.values(Attribute::ORGANIZATION)
    }

    /// The values of one kind of part, in order.
    pub fn values(&self, attribute: Attribute) -> impl DoubleEndedIterator<Item = &str> {
        self.parts
            .iter()
            .filter(move |(oid, _)| *oid == attribute.oid)
            .map(|(_, value)| value.as_str())
    }

    /// The parts of other kinds than these, as text: `UID=u1`.
    pub fn besides(&self, known: &[Attribute]) -> impl Iterator<Item = String> {
        let others =
            self.parts.iter().filter(|(oid, _)| known.iter().all(|known| known.oid != *oid));
        others.map(|part| Self { parts: vec![part.clone()] }.to_string())
    }

    /// Whether it has no part at all.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// As X.509 carries it.
    pub fn to_x509(&self) -> der::Result<Name> {
        let mut sequence = RdnSequence::default();
        for (oid, value) in &self.parts {
            let string =
                Attribute::ALL.iter().find(|known| known.oid == *oid).map(|known| known.string);
            let value = encode(string.unwrap_or(StringType::Directory), value)?;
            let part = SetOfVec::try_from(vec![AttributeTypeAndValue { oid: *oid, value }])?;
            sequence.push(RelativeDistinguishedName::from(part));
        }
        // Name has no safe constructor from parts; its own encoding, read back, is checked.
        Name::from_der(&sequence.to_der()?)
    }
}

/// `O=dev, CN=alice`: in the order of the certificate, escaped as RFC 4514 (2.4) says.
impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (oid, value)) in self.parts.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            match Attribute::ALL.iter().find(|known| known.oid == *oid) {
                Some(known) => write!(f, "{separator}{}={}", known.label, escaped(value))?,
                None => write!(f, "{separator}{oid}={}", escaped(value))?,
            }
        }
        Ok(())
    }
}

impl Serialize for DistinguishedName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Refuses what should not be signed.
fn check(attribute: Attribute, value: &str) -> Result<(), Error> {
    let label = attribute.label;
    let limit =
        if attribute == Attribute::COMMON_NAME { LONGEST_COMMON_NAME } else { LONGEST_PART };
    let alphabet = |why| Err(Error::Alphabet { label, value: value.to_owned(), why });
    if value.is_empty() {
        return Err(if attribute == Attribute::COMMON_NAME {
            Error::NoCommonName
        } else {
            Error::Empty(label)
        });
    }
    if value.len() > limit {
        return Err(Error::TooLong { label, found: value.len(), limit });
    }
    if value.chars().any(is_unprintable) {
        return Err(Error::Control { label, value: value.to_owned() });
    }
    match attribute.string {
        StringType::Country
            if value.len() != 2 || !value.bytes().all(|b| b.is_ascii_uppercase()) =>
        {
            alphabet("a country is two capital letters, such as DE")
        }
        StringType::Ia5 if !value.is_ascii() => alphabet("it must be ASCII"),
        _ => Ok(()),
    }
}

/// Control characters, and those that reorder or break lines on a screen.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}' | '\u{feff}')
}

fn encode(string: StringType, value: &str) -> der::Result<Any> {
    match string {
        StringType::Ia5 => Ia5StringRef::new(value).and_then(|v| Any::encode_from(&v)),
        StringType::Country | StringType::Directory => match PrintableStringRef::new(value) {
            Ok(printable) => Any::encode_from(&printable),
            Err(_) => Utf8StringRef::new(value).and_then(|v| Any::encode_from(&v)),
        },
    }
}

/// The text of a part, whatever string type carries it; hexadecimal (RFC 4514, 2.4) where it is no text.
fn text(value: &Any) -> String {
    let read = match value.tag() {
        Tag::Utf8String => value.decode_as::<Utf8StringRef<'_>>().map(|v| v.as_str().to_owned()),
        Tag::PrintableString => {
            value.decode_as::<PrintableStringRef<'_>>().map(|v| v.as_str().to_owned())
        }
        Tag::Ia5String => value.decode_as::<Ia5StringRef<'_>>().map(|v| v.as_str().to_owned()),
        Tag::TeletexString => {
            value.decode_as::<TeletexStringRef<'_>>().map(|v| v.as_str().to_owned())
        }
        Tag::BmpString => value.decode_as::<BmpString>().map(|v| v.to_string()),
        tag => Err(tag.value_error().into()),
    };
    read.unwrap_or_else(|_| {
        let hex: String = value.value().iter().map(|byte| format!("{byte:02X}")).collect();
        format!("#{hex}")
    })
}

fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut out = String::with_capacity(value.len());
    for (index, c) in value.chars().enumerate() {
        let special = matches!(c, '"' | '+' | ',' | ';' | '<' | '>' | '\\')
            || (index == 0 && matches!(c, '#' | ' '))
            || (index == last && c == ' ');
        if special {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_group_is_a_part_of_its_own_in_the_order_given() {
        let name =
            DistinguishedName::user("alice", ["ops", "dev", "a,b \"c\"+d", "größe"]).unwrap();
        let read = DistinguishedName::read(&name.to_x509().unwrap());
        assert_eq!(
            read.organizations().collect::<Vec<_>>(),
            ["ops", "dev", "a,b \"c\"+d", "größe"]
        );
        assert_eq!(read.common_name(), Some("alice"));
        assert_eq!(name.to_x509().unwrap().iter_rdn().count(), 5);
        assert_eq!(read.to_string(), r#"O=ops, O=dev, O=a\,b \"c\"\+d, O=größe, CN=alice"#);
    }

    #[test]
    fn printable_names_are_printable_strings_as_with_kubeadm() {
        let tags = |user: &str| {
            let name = DistinguishedName::user(user, ["x"; 0]).unwrap().to_x509().unwrap();
            name.iter().map(|part| part.value.tag()).collect::<Vec<_>>()
        };
        assert_eq!(tags("system:node:a"), [Tag::PrintableString]);
        assert_eq!(tags("alice@corp"), [Tag::Utf8String]);
    }

    #[test]
    fn what_should_not_be_signed_is_refused() {
        let user = |name: &str| DistinguishedName::user(name, ["x"; 0]);
        assert_eq!(user(""), Err(Error::NoCommonName));
        assert!(matches!(user("a\nb"), Err(Error::Control { .. })));
        assert!(matches!(user("\u{202e}a"), Err(Error::Control { .. })));
        assert!(matches!(user(&"a".repeat(4000)), Err(Error::TooLong { found: 4000, .. })));
        assert_eq!(DistinguishedName::user("a", [""]), Err(Error::Empty("O")));
        let country = DistinguishedName::new([
            (Attribute::COUNTRY, "Germany"),
            (Attribute::COMMON_NAME, "a"),
        ]);
        assert!(matches!(country, Err(Error::Alphabet { .. })));
    }

    proptest! {
        #[test]
        fn a_name_arrives_unchanged(user in "\\PC{1,60}", groups in proptest::collection::vec("\\PC{1,60}", 0..4)) {
            if let Ok(name) = DistinguishedName::user(&user, groups) {
                prop_assert_eq!(DistinguishedName::read(&name.to_x509().unwrap()), name);
            }
        }
    }
}
