//! kubepki: the PKI of a Kubernetes cluster and the kubeconfigs that carry it.
//!
//! The program is one flow, and the modules are its stations:
//!
//! ```text
//! words in        values only (pure)                  randomness     pure        values       disk       words out
//! argv -> Request -> spec --+
//!                           +-> plan -> Plan -> keys -> Keys, serials -> sign -> Changes --+
//! pki dir -> Snapshot -> inventory                                                         +-> store -> Report -> output
//! kubeconfig paths -> Snapshot -> file -> view -> edit ----------------------> Changes ----+
//! pki dir or Secret -> Snapshot -> inventory -> bundle ----------------------> Changes ----+
//! any of these -> inventory, view -> check -> Findings ------------------------------------> Report -> output
//! ```
//!
//! There are four acts: *make* (init, issue, sign), *edit* (kubeconfigs, contexts), *share* (what a node takes over) and
//! *check* (show). A pure planner decides, one executor does: `--dry-run` is the first half of the real run.
//!
//! `core` collides with Rust's own crate of that name, so it is always written `crate::core`.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests set the world up"))]

pub mod cli;
pub mod core;
