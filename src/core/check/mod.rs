//! What is there: reads any file of a PKI and tells what it holds.

mod examine;

pub use examine::{Error, Examined, What, examine};
