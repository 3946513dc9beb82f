//! The core: make, edit, check. Values in, values out; only [`store`] touches the disk.
//!
//! Imports go one way; a module uses only modules to its left:
//! `changes x509 catalog spec inventory plan keys kubeconfig sign check report store error`.

pub mod catalog;
pub mod changes;
pub mod inventory;
pub mod keys;
pub mod kubeconfig;
pub mod plan;
pub mod sign;
pub mod spec;
pub mod store;
pub mod x509;
