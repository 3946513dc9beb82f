//! The tests that need nothing but a shell, openssl, Python and curl: `cargo test`.
#![allow(clippy::disallowed_methods, reason = "tests set the world up")]

mod accepted;
mod crash;
mod full_disk;
mod help;
mod house;
mod judges;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "each test binary uses a part of it")]
mod support;
mod transcripts;
