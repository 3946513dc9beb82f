//! What the test binaries share.

pub mod judges;
pub mod transcripts;
pub mod world;
