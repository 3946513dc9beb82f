//! The acts of looking at kubeconfigs: view and check them, compare two, take one context out. What they name is never run,
//! and nothing is asked over the network.

mod check;
mod diff;
mod export;
mod view;

pub use check::{check, check_each};
pub use diff::diff;
pub use export::{Export, export};
pub use view::{Shown, ViewOf, view};
