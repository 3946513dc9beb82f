//! All randomness: key pairs and serial numbers.
