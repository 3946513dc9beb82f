//! `kubepki kubeconfig view`, `check`, `diff` and `split`, and `kubepki context export`: looking at kubeconfigs.

use std::path::{Component, Path, PathBuf};

use clap::Args;

use super::Session;
use super::args::Writing;
use super::context::{Where, files};
use super::exit::Exit;
use crate::core::changes::Bytes;
use crate::core::check::Severity;
use crate::core::spec::{Destination, file_name};
use crate::core::x509::time::Period;
use crate::core::{self as acts, Export, Made, Shown, Split, ViewOf};

// `kubepki kubeconfig view`
#[derive(Args, Debug)]
pub struct ViewArgs {
    #[command(flatten)]
    place: Where,

    /// Only what the current context needs
    #[arg(long)]
    minify: bool,

    /// With --minify: this context instead of the current one
    #[arg(long, value_name = "NAME", requires = "minify")]
    context: Option<String>,

    /// Take in the certificates and keys that are named by paths
    #[arg(long)]
    flatten: bool,

    /// Show all secrets
    #[arg(long)]
    raw: bool,

    /// Tell which file each entry comes from and in which files it hides another one
    #[arg(long, conflicts_with_all = ["flatten", "raw"])]
    origin: bool,
}

// `kubepki context export`
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// The context
    name: String,

    #[command(flatten)]
    place: Where,

    /// Where it goes; `-` prints it [default: NAME.conf]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    #[command(flatten)]
    writing: Writing,
}

// `kubepki kubeconfig split`
#[derive(Args, Debug)]
pub struct SplitArgs {
    /// The contexts [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    #[command(flatten)]
    place: Where,

    /// Folder of the files, which have the names of the contexts
    #[arg(long, value_name = "DIR", default_value = ".")]
    out_dir: PathBuf,

    #[command(flatten)]
    writing: Writing,
}

// `kubepki kubeconfig check`
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// Kubeconfigs, each by itself [default: those of $KUBECONFIG, else ~/.kube/config, as they count together]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// How soon the end of a certificate is worth a warning
    #[arg(long, value_name = "PERIOD", default_value = "30d")]
    within: Period,

    /// What makes the exit code 3: error, warning or info, and all that is worse
    #[arg(long, value_name = "SEVERITY", default_value = "warning")]
    fail_on: Severity,
}

// `kubepki kubeconfig diff`
#[derive(Args, Debug)]
pub struct DiffArgs {
    /// The kubeconfig as it was
    old: PathBuf,

    /// The kubeconfig as it is
    new: PathBuf,
}

impl ViewArgs {
    fn of(self) -> ViewOf {
        let Self { minify, context, flatten, raw, origin, place: _ } = self;
        ViewOf { minify: minify.then_some(context), flatten, raw, origin }
    }
}

impl ExportArgs {
    fn out(&self) -> Destination {
        match self.out.as_deref() {
            Some(out) if out == Path::new("-") => Destination::Stdout,
            Some(out) => Destination::File(out.to_owned()),
            None => Destination::File(PathBuf::from(format!("{}.conf", file_name(&self.name)))),
        }
    }
}

impl Session<'_> {
    pub(super) fn view(&mut self, args: ViewArgs) -> Result<Exit, super::Stop> {
        let paths = args.place.paths(self.environment);
        match acts::view(&paths, &args.of(), &self.folder, self.world.now)? {
            Shown::Origins(report) => {
                self.tell(&report.warnings, &[]);
                self.out.report(&report)?;
            }
            Shown::View(report) => {
                self.tell(&report.warnings, &report.notes);
                self.out.report(&report)?;
            }
        }
        Ok(Exit::Done)
    }

    /// Findings as bad as asked make the exit code.
    pub(super) fn check(&mut self, args: &CheckArgs) -> Result<Exit, super::Stop> {
        let (within, now) = (args.within, self.world.now);
        let report = match args.paths.as_slice() {
            [] => acts::check_kubeconfigs(&files(None, self.environment), within, now)?,
            paths => acts::check_each(paths, within, now)?,
        };
        self.out.report(&report)?;
        Ok(if report.has(args.fail_on) { Exit::Findings } else { Exit::Done })
    }

    /// A difference is a finding.
    pub(super) fn diff(&mut self, args: &DiffArgs) -> Result<Exit, super::Stop> {
        let report = acts::diff(&args.old, &args.new)?;
        self.out.report(&report)?;
        Ok(if report.differences.is_empty() { Exit::Done } else { Exit::Findings })
    }

    pub(super) fn split(&mut self, args: SplitArgs) -> Result<Exit, super::Stop> {
        let SplitArgs { names, place, out_dir, writing: Writing { force, dry_run } } = args;
        let out_dir = out_dir.components().filter(|part| *part != Component::CurDir).collect();
        let wanted = Split { names, out_dir, force, dry_run, folder: self.folder.clone() };
        let report = acts::split(&place.paths(self.environment), &wanted, &self.world)?;
        self.made(&Made { report, stdout: Bytes::default() })
    }

    pub(super) fn export(&mut self, args: &ExportArgs) -> Result<Exit, super::Stop> {
        let Writing { force, dry_run } = args.writing;
        let (name, folder) = (args.name.clone(), self.folder.clone());
        let wanted = Export { name, out: args.out(), force, dry_run, folder };
        let paths = args.place.paths(self.environment);
        let made = acts::export(&paths, &wanted, &self.world)?;
        self.made(&made)
    }
}
