//! `kubepki cert log`: what CAs have signed.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::{self, Shared};
use super::exit::Exit;
use super::{Session, Stop};
use crate::core::catalog;
use crate::core::log::{Filter, State};
use crate::core::spec::Pair;
use crate::core::x509::time::{Moment, Until};
use crate::core::{self as acts, Among, Error};

// `kubepki cert log`
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct LogArgs {
    #[command(subcommand)]
    import: Option<LogCommand>,

    /// CA whose log is read: a NAME in the certificate folder, or the FILE of its certificate [default: every log in the folder]
    #[arg(long, value_name = "NAME|FILE")]
    ca: Option<String>,

    /// Those with this text in their subject or an alternative name
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,

    /// Those with this common name: the user that kube-apiserver reads
    #[arg(long)]
    user: Option<String>,

    /// The one with this serial number, in hexadecimal
    #[arg(long, value_name = "NUMBER")]
    serial: Option<String>,

    /// Those logged since a date, or for so long: 2026-01-31, 7d
    #[arg(long, value_name = "DATE|PERIOD")]
    since: Option<String>,

    /// Those that count: neither expired nor revoked
    #[arg(long)]
    valid: bool,

    /// Those that have expired
    #[arg(long)]
    expired: bool,

    /// Those that are revoked or held
    #[arg(long)]
    revoked: bool,

    /// Certificates of these CAs that are not in a log, in these files and folders [default: the certificate folder and the
    /// kubeconfigs beside it]
    #[arg(
        long,
        value_name = "PATH",
        num_args = 0..,
        conflicts_with_all = ["name", "user", "serial", "since", "valid", "expired", "revoked"]
    )]
    missing: Option<Vec<PathBuf>>,
}

/// What can be done with logs besides reading them.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum LogCommand {
    /// Take in certificates that were signed without a log
    #[command(after_help = "\
Examples:
  kubepki cert log import
  kubepki cert log import . --dry-run")]
    Import(ImportArgs),
}

// `kubepki cert log import`
#[derive(Args, Debug)]
pub struct ImportArgs {
    /// Files and folders to look into [default: the certificate folder and the kubeconfigs beside it]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// CA whose certificates are taken in: a NAME in the certificate folder, or the FILE of its certificate [default: every CA
    /// there]
    #[arg(long, value_name = "NAME|FILE")]
    ca: Option<String>,

    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Session<'_> {
    pub(super) fn log(&mut self, args: LogArgs) -> Result<Exit, Stop> {
        match &args {
            LogArgs { import: Some(LogCommand::Import(args)), .. } => self.import_into_log(args),
            LogArgs { missing: Some(paths), ca, .. } => self.missing_in_log(paths, ca.as_deref()),
            _ => self.read_log(&args),
        }
    }

    fn read_log(&mut self, args: &LogArgs) -> Result<Exit, Stop> {
        let filter = args.filter(self.world.now)?;
        let ca = args.ca.as_deref().map(|ca| certificate_of(&self.shared, ca));
        let cas = acts::logged_cas(&self.shared.cert_dir, ca.as_deref())?;
        let (now, out) = (self.world.now, &mut self.out);
        let shared = acts::read_log::<Stop>(&cas, &filter, now, |row| Ok(out.row(&row)?));
        out.end_of_rows()?;
        for (ca, serial) in shared? {
            let ca = ca.display();
            out.warning(&format!("several certificates of {ca} have the serial number {serial}"));
        }
        Ok(Exit::Done)
    }

    fn missing_in_log(&mut self, paths: &[PathBuf], ca: Option<&str>) -> Result<Exit, Stop> {
        let report = acts::strays(&among(&self.shared, paths, ca))?;
        self.tell(&[], &report.notes);
        self.out.report(&report)?;
        Ok(if report.certificates.is_empty() { Exit::Done } else { Exit::Findings })
    }

    fn import_into_log(&mut self, args: &ImportArgs) -> Result<Exit, Stop> {
        let among = among(&self.shared, &args.paths, args.ca.as_deref());
        let report = acts::import_into_log(&among, args.dry_run, &self.world)?;
        self.tell(&[], &report.0.notes);
        self.out.report(&report)?;
        Ok(Exit::Done)
    }
}

impl LogArgs {
    fn filter(&self, now: Moment) -> Result<Filter, Error> {
        let since = self.since.as_deref().map(str::parse).transpose()?;
        let states = [
            (self.valid, State::Valid),
            (self.expired, State::Expired),
            (self.revoked, State::Revoked),
            (self.revoked, State::Held),
        ];
        Ok(Filter {
            name: self.name.clone(),
            user: self.user.clone(),
            serial: self.serial.as_deref().map(str::parse).transpose()?,
            since: since.map(|since| match since {
                Until::Date(date) => date,
                Until::After(period) => now.back(period.into()),
            }),
            states: states
                .into_iter()
                .filter(|(is_wanted, _)| *is_wanted)
                .map(|(_, it)| it)
                .collect(),
        })
    }
}

fn among(shared: &Shared, paths: &[PathBuf], ca: Option<&str>) -> Among {
    Among {
        cert_dir: shared.cert_dir.clone(),
        ca: ca.map(|ca| certificate_of(shared, ca)),
        paths: paths.to_vec(),
    }
}

/// The certificate of a CA: a name in the certificate folder, or a file.
fn certificate_of(shared: &Shared, ca: &str) -> PathBuf {
    match args::is_path(ca) {
        true => ca.into(),
        false => Pair::beside(&shared.cert_dir, catalog::file(ca)).certificate,
    }
}
