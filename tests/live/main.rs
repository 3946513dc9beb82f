//! The tests against the real thing: Kubernetes' own programs, and Go's verifier. They run only when named:
//! `cargo test --test live`; the first time, `tests/control-plane/build` then takes a quarter of an hour.
#![allow(clippy::disallowed_methods, reason = "tests set the world up")]

mod agreement;
mod cluster;
mod compared;
mod contexts;
mod control_plane;
mod edits;
mod elsewhere;
mod expiry;
mod fields;
mod ha;
mod identity;
mod joining;
mod kubeadm;
mod kubeconfigs;
mod merged;
mod plugin;
mod profiles;
mod renewal;
mod revocation;
mod rotation;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "each test binary uses a part of it")]
mod support;
mod together;
mod tutorial;
mod views;
