//! `kubepki cluster csr` and `kubepki cluster import`: what CAs sign whose key is not here.

use std::path::PathBuf;

use clap::Args;

use super::cluster::Asked;
use crate::core::spec::{Offer, Spec};

/// `kubepki cluster csr`
#[derive(Args, Debug)]
pub struct CsrArgs {
    #[command(flatten)]
    pub(super) asked: Asked,

    /// Show what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// `kubepki cluster import`
#[derive(Args, Debug)]
pub struct ImportArgs {
    /// Files with certificates, PEM or DER, and folders of such; CAs that stand between may be among them
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) asked: Asked,

    /// Show what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

impl CsrArgs {
    /// What is meant: CAs are asked for where they are named.
    pub fn spec(&self, cluster: Spec) -> Spec {
        cluster.requests(!self.asked.only.is_empty())
    }
}

impl ImportArgs {
    /// What is meant: with a part of the cluster, certificates for the others are no mistake.
    pub fn spec(&self, cluster: Spec, offers: Vec<Offer>) -> Spec {
        cluster.imports(offers, self.asked.only.is_empty())
    }
}
