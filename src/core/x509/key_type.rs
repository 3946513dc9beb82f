//! The kinds of key that we make, under kubeadm's names.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A kind of key.
///
/// The names are those of kubeadm's `encryptionAlgorithm` (`cmd/kubeadm/app/apis/kubeadm/v1beta4/types.go`), and
/// `Ed25519`, which kubeadm does not take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyType {
    /// ECDSA on NIST P-256.
    EcdsaP256,
    /// ECDSA on NIST P-384.
    EcdsaP384,
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// RSA with a modulus of 2048 bits.
    Rsa2048,
    /// RSA with a modulus of 3072 bits.
    Rsa3072,
    /// RSA with a modulus of 4096 bits.
    Rsa4096,
}

/// Not one of the names.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` is no key type")]
pub struct Error(String);

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        Self::choices()
    }

    /// The kinds that there are.
    pub fn choices() -> Option<String> {
        let names: Vec<String> = KeyType::ALL.iter().map(ToString::to_string).collect();
        Some(format!("choose one of {}", names.join(", ")))
    }
}

impl KeyType {
    /// Every kind, kubeadm's default first.
    pub const ALL: [Self; 6] = [
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::Ed25519,
    ];
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EcdsaP256 => "ECDSA-P256",
            Self::EcdsaP384 => "ECDSA-P384",
            Self::Ed25519 => "Ed25519",
            Self::Rsa2048 => "RSA-2048",
            Self::Rsa3072 => "RSA-3072",
            Self::Rsa4096 => "RSA-4096",
        })
    }
}

/// Reads a name in any case.
impl FromStr for KeyType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let same = |kind: &Self| kind.to_string().eq_ignore_ascii_case(text);
        Self::ALL.into_iter().find(same).ok_or_else(|| Error(text.to_owned()))
    }
}

impl Serialize for KeyType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
