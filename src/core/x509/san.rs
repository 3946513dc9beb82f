//! Subject alternative names (RFC 5280, 4.2.1.6): what a server may be called.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use der::asn1::{Ia5String, OctetString};
use serde::{Serialize, Serializer};
use x509_cert::ext::pkix::name::GeneralName;

/// The longest DNS name (RFC 1035, 2.3.4, less the dots of the root).
const LONGEST_DNS_NAME: usize = 253;

/// The longest URI or e-mail address that we write.
const LONGEST_OTHER: usize = 2048;

/// One subject alternative name.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum San {
    /// A host name in lower case, its first label perhaps `*`.
    Dns(String),
    /// An address.
    Ip(IpAddr),
    /// A URI with its scheme, such as a SPIFFE ID.
    Uri(String),
    /// A mail address.
    Email(String),
}

/// Why a text is no subject alternative name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// Not a host name.
    #[error("`{name}` is no DNS name: {why}")]
    Dns {
        /// What was given.
        name: String,
        /// The rule that it breaks.
        why: &'static str,
    },
    /// Not an address.
    #[error("`{0}` is no IP address")]
    Ip(String),
    /// Where a server is, rather than what it is called.
    #[error("`{0}` says where a server is; a certificate names hosts, without scheme and port")]
    Place(String),
    /// An address with a prefix length.
    #[error("`{0}` is a network; a certificate names single addresses")]
    Network(String),
    /// Not a mail address.
    #[error("`{0}` is no e-mail address")]
    Email(String),
    /// Not a URI.
    #[error("`{0}` is no URI: it needs a scheme, as in spiffe://cluster.local/ns/dev")]
    Uri(String),
    /// Longer than any that a verifier reads.
    #[error("a name of {0} bytes is too long")]
    TooLong(usize),
}

impl Error {
    /// What to type instead. Names come by several options and from files, and so no option is named.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Network(network) => {
                let address = network.split('/').next().unwrap_or_default();
                format!("give the address alone: {address}")
            }
            Self::Place(text) => {
                let host = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
                let host = host.split([':', '/']).next().unwrap_or_default();
                format!("give the host alone: {host}")
            }
            _ => "write dns:NAME, ip:ADDRESS, uri:URI or email:ADDRESS".into(),
        })
    }
}

impl San {
    /// As X.509 carries it. `None` where it does not fit an IA5String, which the checks of [`FromStr`] exclude.
    pub fn to_general_name(&self) -> Option<GeneralName> {
        let ia5 = |text: &str| Ia5String::new(text).ok();
        Some(match self {
            Self::Dns(name) => GeneralName::DnsName(ia5(name)?),
            Self::Email(address) => GeneralName::Rfc822Name(ia5(address)?),
            Self::Uri(uri) => GeneralName::UniformResourceIdentifier(ia5(uri)?),
            Self::Ip(IpAddr::V4(ip)) => GeneralName::IpAddress(OctetString::new(ip.octets()).ok()?),
            Self::Ip(IpAddr::V6(ip)) => GeneralName::IpAddress(OctetString::new(ip.octets()).ok()?),
        })
    }

    /// Reads what a certificate carries, unchecked; `None` for a kind that Kubernetes does not use.
    pub fn from_general_name(name: &GeneralName) -> Option<Self> {
        Some(match name {
            GeneralName::DnsName(name) => Self::Dns(name.as_str().to_owned()),
            GeneralName::Rfc822Name(address) => Self::Email(address.as_str().to_owned()),
            GeneralName::UniformResourceIdentifier(uri) => Self::Uri(uri.as_str().to_owned()),
            GeneralName::IpAddress(octets) => Self::Ip(ip(octets.as_bytes())?),
            _ => return None,
        })
    }
}

/// `dns:example`, `ip:10.0.0.1`: the form that [`FromStr`] reads.
impl fmt::Display for San {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "dns:{name}"),
            Self::Email(address) => write!(f, "email:{address}"),
            Self::Ip(ip) => write!(f, "ip:{ip}"),
            Self::Uri(uri) => write!(f, "uri:{uri}"),
        }
    }
}

impl Serialize for San {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads `dns:`, `ip:`, `uri:`, `email:`, or a bare name whose form tells its type.
impl FromStr for San {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let split = text.split_once(':').map(|(kind, rest)| (kind.to_ascii_lowercase(), rest));
        match split.as_ref().map(|(kind, rest)| (kind.as_str(), *rest)) {
            Some(("dns", name)) => dns(name),
            Some(("ip", address)) => address_of(address),
            Some(("uri", uri)) => uri_of(uri),
            Some(("email", address)) => email(address),
            _ => by_form(text),
        }
    }
}

/// Guesses the type of a bare name.
fn by_form(text: &str) -> Result<San, Error> {
    let is_web_page = ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme));
    let has_port = text.matches(':').count() == 1;
    if is_web_page || (has_port && !text.contains("://")) {
        return Err(Error::Place(text.to_owned()));
    }
    if text.contains("://") {
        return uri_of(text);
    }
    if text.contains('@') {
        return email(text);
    }
    let looks_like_address = text.contains([':', '/'])
        || (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
    if looks_like_address { address_of(text) } else { dns(text) }
}

fn dns(name: &str) -> Result<San, Error> {
    let lower = name.to_ascii_lowercase();
    match flaw_of_dns_name(lower.strip_prefix("*.").unwrap_or(&lower)) {
        None => Ok(San::Dns(lower)),
        Some(why) => Err(Error::Dns { name: name.to_owned(), why }),
    }
}

/// Why `name`, in lower case, is no DNS name that a verifier would look for; `None` if it is one.
pub fn flaw_of_dns_name(name: &str) -> Option<&'static str> {
    let last = name.rsplit('.').next().unwrap_or_default();
    flaw_of_subdomain(name).or_else(|| {
        let like_an_address = name.contains('.') && last.bytes().all(|b| b.is_ascii_digit());
        like_an_address.then_some("its last part is a number, as in an address")
    })
}

/// Why `name` is no DNS subdomain (RFC 1123), as Kubernetes' own names are; `None` if it is one. Addresses are.
pub fn flaw_of_subdomain(name: &str) -> Option<&'static str> {
    let label_ok = |label: &str| {
        let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        label.len() <= 63 && edge(label.as_bytes().first()) && edge(label.as_bytes().last())
    };
    if name.is_empty() {
        Some("it is empty")
    } else if name.len() > LONGEST_DNS_NAME {
        Some("it is longer than 253 bytes")
    } else if !name.is_ascii() {
        Some("it is not ASCII; give its xn-- form")
    } else if name.contains('*') {
        Some("a wildcard may only be the whole first label, as in *.example.com")
    } else if name.ends_with('.') {
        Some("it ends in a dot")
    } else if name
        .bytes()
        .any(|b| !(b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.'))
    {
        Some("only letters, digits, `-` and `.` may be in it")
    } else if !name.split('.').all(label_ok) {
        Some("each part must have 1 to 63 bytes and begin and end with a letter or digit")
    } else {
        None
    }
}

fn address_of(text: &str) -> Result<San, Error> {
    if text.contains('/') {
        return Err(Error::Network(text.to_owned()));
    }
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().map(San::Ip).map_err(|_| Error::Ip(text.to_owned()))
}

fn uri_of(text: &str) -> Result<San, Error> {
    let scheme =
        text.split_once(':').map_or("", |(scheme, rest)| if rest.is_empty() { "" } else { scheme });
    let scheme_ok = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    if !scheme_ok || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Error::Uri(text.to_owned()));
    }
    short(text).map(San::Uri)
}

fn email(text: &str) -> Result<San, Error> {
    let parts_ok = text.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty()
            && local.bytes().all(|b| b.is_ascii_graphic() && !b"<>(),;:\"[]\\".contains(&b))
            && flaw_of_dns_name(&host.to_ascii_lowercase()).is_none()
    });
    if parts_ok { short(text).map(San::Email) } else { Err(Error::Email(text.to_owned())) }
}

fn short(text: &str) -> Result<String, Error> {
    if text.len() > LONGEST_OTHER { Err(Error::TooLong(text.len())) } else { Ok(text.to_owned()) }
}

/// 4 or 16 octets as an address.
fn ip(octets: &[u8]) -> Option<IpAddr> {
    match octets.len() {
        4 => Some(IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?))),
        16 => Some(IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_form_of_a_bare_name_tells_its_type() {
        for (text, typed) in [
            ("Example.COM", "dns:example.com"),
            ("*.pods.example.com", "dns:*.pods.example.com"),
            ("localhost", "dns:localhost"),
            ("10.96.0.1", "ip:10.96.0.1"),
            ("::1", "ip:::1"),
            ("[fd00::1]", "ip:fd00::1"),
            ("ip:fd00::1", "ip:fd00::1"),
            ("spiffe://cluster.local/ns/dev", "uri:spiffe://cluster.local/ns/dev"),
            ("uri:urn:x", "uri:urn:x"),
            ("a.b@example.com", "email:a.b@example.com"),
        ] {
            assert_eq!(text.parse::<San>().map(|san| san.to_string()), Ok(typed.into()), "{text}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "",
            "dns:",
            "a..b",
            "-a",
            "a-",
            "a_b",
            "*",
            "*.*.a",
            "a.*.b",
            "*a.b",
            "bücher.de",
            "a b",
            "a.",
            "dns:1.2.3.4",
            "10.0.0.0/8",
            "1.2.3",
            "256.1.1.1",
            "ip:a",
            "uri:nothing",
            "://x",
            "@a",
            "a@",
            "a@b@c",
            "a\nb",
            "\u{1b}[31m",
        ] {
            assert!(text.parse::<San>().is_err(), "{text:?}");
        }
        assert!(matches!("10.0.0.0/8".parse::<San>(), Err(Error::Network(_))));
        assert!(format!("dns:{}", "a.".repeat(200)).parse::<San>().is_err());
    }

    proptest! {
        #[test]
        fn what_is_accepted_survives_text_and_x509(text in "[a-zA-Z0-9.:@/*_ -]{0,30}") {
            if let Ok(san) = text.parse::<San>() {
                prop_assert_eq!(san.to_string().parse(), Ok(san.clone()));
                let carried = san.to_general_name().unwrap();
                prop_assert_eq!(San::from_general_name(&carried), Some(san));
            }
        }
    }
}
