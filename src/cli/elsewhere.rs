//! `kubepki cluster csr` and `kubepki cluster import`: what CAs sign whose key is not here.

use std::path::PathBuf;

use clap::Args;

use super::cluster::Asked;
use super::exit::Exit;
use super::{Session, Stop};
use crate::core::report::MadeReport;
use crate::core::spec::{Offer, Spec};
use crate::core::{self as acts, Error, plan};

// `kubepki cluster csr`
#[derive(Args, Debug)]
pub struct CsrArgs {
    #[command(flatten)]
    pub(super) asked: Asked,

    /// Show what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

// `kubepki cluster import`
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
    fn spec(&self, cluster: Spec) -> Spec {
        cluster.requests(!self.asked.only.is_empty())
    }
}

impl ImportArgs {
    /// What is meant: with a part of the cluster, certificates for the others are no mistake.
    fn spec(&self, cluster: Spec, offers: Vec<Offer>) -> Spec {
        cluster.imports(offers, self.asked.only.is_empty())
    }
}

impl Session<'_> {
    /// The names of its report are those of the requests.
    pub(super) fn csr(&mut self, args: &CsrArgs) -> Result<Exit, Stop> {
        let spec = args.spec(self.cluster(&args.asked)?.spec(false).map_err(Error::from)?);
        let made = self.act(&[spec], args.dry_run)?;
        let report = MadeReport { names_requests: true, ..made.report };
        self.report(&report)?;
        Ok(Exit::Done)
    }

    /// What is refused is listed; what is still missing is a finding.
    pub(super) fn import(&mut self, args: &ImportArgs) -> Result<Exit, Stop> {
        let offers = acts::read_offers(&args.paths)?;
        let spec = args.spec(self.cluster(&args.asked)?.spec(false).map_err(Error::from)?, offers);
        let report = match self.act(&[spec], args.dry_run) {
            Err(Error::Plan(plan::Error::Refused(refused))) => {
                self.out.report(&MadeReport::of_refused(&refused))?;
                return Err(Error::from(plan::Error::Refused(refused)).into());
            }
            made => made?.report,
        };
        self.report(&report)?;
        Ok(if report.is_waiting() { Exit::Findings } else { Exit::Done })
    }
}
