//! `kubepki cert revoke`, `kubepki cert unhold` and `kubepki crl`: what was signed is taken back.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::{self, Shared, Signing};
use super::exit::Exit;
use super::{Session, Stop};
use crate::core::spec::Pair;
use crate::core::x509::revocation::Reason;
use crate::core::x509::time::Period;
use crate::core::{self as acts, Error, ListSpec, Refresh, Revoke, Target, What};
use crate::core::{catalog, report::RevokeReport};

/// What can be done with revocation lists.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum CrlCommand {
    /// Make the list of a CA anew: with the next number and new dates
    #[command(
        visible_alias = "refresh",
        after_help = "\
Examples:
  kubepki crl make ca
  kubepki crl make --if-expiring-in 10d
  kubepki crl make etcd-ca --next-update 90d"
    )]
    Make(CrlMakeArgs),
}

// `kubepki cert revoke`
#[derive(Args, Debug)]
pub struct RevokeArgs {
    /// Which certificate: its FILE or a kubeconfig, its NAME in the certificate folder or as a user, or its serial NUMBER
    #[arg(value_name = "FILE|NAME|NUMBER")]
    which: String,

    /// Why: keyCompromise, cACompromise, affiliationChanged, superseded, cessationOfOperation, certificateHold, privilegeWithdrawn,
    /// aACompromise [default: unspecified]
    #[arg(long)]
    reason: Option<String>,

    #[command(flatten)]
    signing: CaThatSigned,

    #[command(flatten)]
    listing: Listing,
}

// `kubepki cert unhold`
#[derive(Args, Debug)]
pub struct UnholdArgs {
    /// Which certificate: its FILE or a kubeconfig, its NAME in the certificate folder or as a user, or its serial NUMBER
    #[arg(value_name = "FILE|NAME|NUMBER")]
    which: String,

    #[command(flatten)]
    signing: CaThatSigned,

    #[command(flatten)]
    listing: Listing,
}

// `kubepki crl make`
#[derive(Args, Debug)]
pub struct CrlMakeArgs {
    /// CAs: each a NAME in the certificate folder, or the FILE of its certificate [default: those that have a list]
    #[arg(value_name = "CA")]
    cas: Vec<String>,

    /// Only where the next list is due within this time: for a timer
    #[arg(long, value_name = "PERIOD", allow_hyphen_values = true)]
    if_expiring_in: Option<String>,

    #[command(flatten)]
    listing: Listing,
}

// Options that name the CA of a certificate.
#[derive(Args, Clone, Debug)]
struct CaThatSigned {
    /// CA that signed it: a NAME in the certificate folder, or the FILE of its certificate [default: whichever there did]
    #[arg(long, value_name = "NAME|FILE")]
    ca: Option<String>,

    /// Key of the CA [default: beside its certificate]
    #[arg(long, value_name = "FILE", requires = "ca")]
    ca_key: Option<PathBuf>,
}

// Options for the list.
#[derive(Args, Clone, Debug)]
struct Listing {
    /// How long the list counts [default: as long as the last one, or else 30d]
    #[arg(long, value_name = "PERIOD", allow_hyphen_values = true)]
    next_update: Option<String>,

    /// Write it in DER as well, as ca.crl.der; for etcd that is always done
    #[arg(long)]
    der: bool,

    /// Go on where the log does not know the number, the clock went back, or the CA may not sign lists
    #[arg(long)]
    force: bool,

    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Session<'_> {
    pub(super) fn revoke(&mut self, args: &RevokeArgs) -> Result<Exit, Stop> {
        let reason = args.reason.as_deref().map(str::parse).transpose().map_err(Error::from)?;
        let what = What::Revoke(reason.unwrap_or(Reason::Unspecified));
        self.take_back(&args.which, what, &args.signing, &args.listing)
    }

    pub(super) fn unhold(&mut self, args: &UnholdArgs) -> Result<Exit, Stop> {
        self.take_back(&args.which, What::Release, &args.signing, &args.listing)
    }

    pub(super) fn crl(&mut self, command: &CrlCommand) -> Result<Exit, Stop> {
        let CrlCommand::Make(args) = command;
        let wanted = args.refresh(&self.shared)?;
        let report = acts::refresh_lists(&wanted, args.listing.dry_run, &self.world)?;
        self.taken_back(&report)
    }

    fn take_back(
        &mut self,
        which: &str,
        what: What,
        signing: &CaThatSigned,
        listing: &Listing,
    ) -> Result<Exit, Stop> {
        let wanted = Revoke {
            cert_dir: self.shared.cert_dir.clone(),
            target: target(which),
            ca: signing.files(&self.shared),
            what,
            list: listing.spec()?,
        };
        let report = acts::revoke(&wanted, listing.dry_run, &self.world)?;
        self.taken_back(&report)
    }

    fn taken_back(&mut self, report: &RevokeReport) -> Result<Exit, Stop> {
        self.tell(&report.warnings, &report.notes);
        self.out.report(report)?;
        Ok(Exit::Done)
    }
}

impl CrlMakeArgs {
    fn refresh(&self, shared: &Shared) -> Result<Refresh, Error> {
        let files = |ca: &String| CaThatSigned { ca: Some(ca.clone()), ca_key: None }.files(shared);
        Ok(Refresh {
            cert_dir: shared.cert_dir.clone(),
            cas: self.cas.iter().filter_map(files).collect(),
            if_expiring_in: period(self.if_expiring_in.as_deref())?,
            list: self.listing.spec()?,
        })
    }
}

impl CaThatSigned {
    fn files(&self, shared: &Shared) -> Option<Pair> {
        let Self { ca, ca_key } = self.clone();
        let default = catalog::CLUSTER_CA;
        ca.is_some().then(|| Signing { ca, ca_key }.files(shared, default))
    }
}

impl Listing {
    fn spec(&self) -> Result<ListSpec, Error> {
        let next_update = period(self.next_update.as_deref())?;
        Ok(ListSpec { next_update, der: self.der, force: self.force })
    }
}

fn period(text: Option<&str>) -> Result<Option<Period>, Error> {
    Ok(text.map(str::parse).transpose()?)
}

/// What looks like a file is one.
fn target(which: &str) -> Target {
    let suffix = std::path::Path::new(which).extension();
    match args::is_path(which) || suffix.is_some_and(|suffix| suffix == "conf") {
        true => Target::File(which.into()),
        false => Target::Named(which.to_owned()),
    }
}
