//! The tests against the real thing: Kubernetes' own programs, and Go's verifier. `cargo test --test live` with
//! KUBEBUILDER_ASSETS set to the folder that `tests/control-plane/build` prints.

mod control_plane;
mod kubeadm;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "each test binary uses a part of it")]
mod support;
