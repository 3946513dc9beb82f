//! What a certificate is for: key usage, extended key usage and basic constraints, decided together.
//!
//! There are no loose flags. A profile is chosen, and the extensions follow (RFC 5280, 4.2.1.3, 4.2.1.9, 4.2.1.12).

use std::fmt;

use der::asn1::ObjectIdentifier;
use der::oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};

/// The purpose of a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Profile {
    /// Signs certificates and revocation lists; `path_length` CAs may follow below it, any number if `None`.
    Ca {
        /// How many CAs may stand between it and a leaf.
        path_length: Option<u8>,
    },
    /// Shows who a client is.
    Client,
    /// Both at once: etcd members dial each other, and etcd's gateway dials its own serving certificate.
    Peer,
    /// Shows who a server is.
    Server,
}

/// `CA`, `client`, `peer`, `server`.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ca { .. } => "CA",
            Self::Client => "client",
            Self::Peer => "peer",
            Self::Server => "server",
        })
    }
}

impl Profile {
    /// A CA at the top: it may have CAs below it.
    pub const ROOT: Self = Self::Ca { path_length: None };
    /// A CA below another: leaves only.
    pub const INTERMEDIATE: Self = Self::Ca { path_length: Some(0) };

    /// Whether it may sign certificates.
    pub fn is_ca(self) -> bool {
        matches!(self, Self::Ca { .. })
    }

    /// Whether a name for the host belongs into it.
    pub fn is_server(self) -> bool {
        matches!(self, Self::Peer | Self::Server)
    }

    /// Basic constraints: always there, so that no verifier has to guess.
    pub fn basic_constraints(self) -> BasicConstraints {
        match self {
            Self::Ca { path_length } => {
                BasicConstraints { ca: true, path_len_constraint: path_length }
            }
            Self::Client | Self::Peer | Self::Server => {
                BasicConstraints { ca: false, path_len_constraint: None }
            }
        }
    }

    /// Key usage. Key encipherment is only for servers with an RSA key: nobody encrypts to a client, and EC cannot.
    pub fn key_usage(self, rsa_key: bool) -> KeyUsage {
        KeyUsage(match self {
            Self::Ca { .. } => {
                KeyUsages::DigitalSignature | KeyUsages::KeyCertSign | KeyUsages::CRLSign
            }
            Self::Peer | Self::Server if rsa_key => {
                KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment
            }
            Self::Client | Self::Peer | Self::Server => KeyUsages::DigitalSignature.into(),
        })
    }

    /// Extended key usage; empty for a CA.
    pub fn extended_key_usages(self) -> &'static [ObjectIdentifier] {
        match self {
            Self::Ca { .. } => &[],
            Self::Client => &[ID_KP_CLIENT_AUTH],
            Self::Peer => &[ID_KP_SERVER_AUTH, ID_KP_CLIENT_AUTH],
            Self::Server => &[ID_KP_SERVER_AUTH],
        }
    }
}
