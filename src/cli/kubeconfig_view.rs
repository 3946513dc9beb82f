//! `kubepki kubeconfig view`, `check` and `diff`, and `kubepki context export`: looking at kubeconfigs.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Session;
use super::args::Writing;
use super::context::Where;
use super::exit::Exit;
use crate::core::spec::{Destination, check_file_name};
use crate::core::{self as acts, Error, Export, Shown, ViewOf};

/// `kubepki kubeconfig view`
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

/// `kubepki context export`
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

impl ViewArgs {
    fn of(self) -> ViewOf {
        let Self { minify, context, flatten, raw, origin, place: _ } = self;
        ViewOf { minify: minify.then_some(context), flatten, raw, origin }
    }
}

impl ExportArgs {
    fn out(&self) -> Result<Destination, Error> {
        Ok(match self.out.as_deref() {
            Some(out) if out == Path::new("-") => Destination::Stdout,
            Some(out) => Destination::File(out.to_owned()),
            None => {
                check_file_name(&self.name)?;
                Destination::File(PathBuf::from(format!("{}.conf", self.name)))
            }
        })
    }
}

impl Session<'_> {
    pub(super) fn view(&mut self, args: ViewArgs) -> Result<Exit, super::Stop> {
        let paths = args.place.paths(self.environment);
        match acts::view(&paths, &args.of(), &self.folder)? {
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

    pub(super) fn export(&mut self, args: &ExportArgs) -> Result<Exit, super::Stop> {
        let Writing { force, dry_run } = args.writing;
        let (name, folder) = (args.name.clone(), self.folder.clone());
        let wanted = Export { name, out: args.out()?, force, dry_run, folder };
        let paths = args.place.paths(self.environment);
        let made = acts::export(&paths, &wanted, &self.world)?;
        self.made(&made)
    }
}
