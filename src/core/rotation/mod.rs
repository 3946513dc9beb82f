//! The rotation of CAs and of the key of service-account tokens, in stages that a running cluster does not notice. Pure.
//!
//! A stage is a state that files are in: who is trusted, who signs, whose certificates are in use. Going to a stage, forth or back,
//! is bringing the files into that state; and a stage is complete when nothing is left to do for it. So one function decides what
//! to do, whether it was done everywhere, and what a run that was killed left undone.

mod anchor;
mod bring;
mod error;
mod files;
mod lists;
mod plan;
mod servers;
mod side;
mod state;
mod steps;
#[cfg(test)]
mod tests;

pub use anchor::{Anchor, Stage};
pub use bring::{Rotation, put_signing};
pub use error::{Error, Missing};
pub use files::{Files, Said, Standing, Touched, is_kubeconfig};
pub use plan::{Ground, Move, Order, Plan, Reissue, plan, put_state};
pub use servers::Server;
pub use side::{Public, Side};
pub use state::{Entry, FILE, State};
pub use steps::{Step, next, notes, steps};
