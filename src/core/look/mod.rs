//! The acts of looking at kubeconfigs: view and check them, compare two, take contexts out, into files or for a while. What
//! they name is never run, and nothing is asked over the network.

mod alone;
mod check;
mod diff;
mod export;
mod one;
mod split;
mod view;

pub use alone::{Alone, alone};
pub use check::{check, check_each};
pub use diff::diff;
pub use export::{Export, export};
pub use split::{Split, split};
pub use view::{Shown, ViewOf, view};
