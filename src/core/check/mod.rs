//! What is there: reads any file of a PKI and tells what it holds.

mod client;
mod examine;

pub use client::{ClientCertificate, certificate_file};
pub use examine::{Error, Examined, What, examine};
