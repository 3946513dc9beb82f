//! The vocabulary of X.509 as Kubernetes uses it (RFC 5280).
//!
//! Values only: nothing here reads a file, a clock or the environment.

pub mod cert;
pub mod chain;
pub mod crl;
pub mod csr;
pub mod entropy;
pub mod extensions;
pub mod key_type;
pub mod name;
pub mod number;
pub mod pem;
pub mod private_key;
pub mod profile;
pub mod public_key;
pub mod revocation;
pub mod san;
pub mod time;
pub mod way;
