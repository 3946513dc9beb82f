//! The tests that need nothing but a shell, openssl, Python, curl and strace: `cargo test`.
#![allow(clippy::disallowed_methods, reason = "tests set the world up")]

mod completion;
mod contexts;
mod crash;
mod foreign;
mod full_disk;
mod help;
mod house;
mod judges;
mod keys;
mod killed_rotations;
mod picker;
mod profiles;
mod progress;
mod prompt;
mod reading;
mod renewal;
mod requests;
mod revocation;
mod servers;
mod shell;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "each test binary uses a part of it")]
mod support;
mod timer;
mod together;
mod transcripts;
