//! `kubepki kubeconfig embed`, `extract`, `fmt`, `prune`, `repair` and `undo`.

use std::path::PathBuf;

use clap::Args;

use super::Editing;
use crate::cli::context::files;
use crate::cli::exit::Exit;
use crate::cli::{Session, Stop};
use crate::core::kubeconfig::LoadPaths;
use crate::core::{self as acts, ContextError, How, Only, Undo};

// Which files are edited, and whether.
#[derive(Args, Debug)]
pub struct EditingFiles {
    /// Kubeconfigs [default: the files of $KUBECONFIG, else ~/.kube/config]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

// Which entries are meant.
#[derive(Args, Debug)]
struct OnlyArgs {
    /// Only this cluster, and users that are named [may be repeated]
    #[arg(long = "cluster", value_name = "NAME")]
    clusters: Vec<String>,

    /// Only this user, and clusters that are named [may be repeated]
    #[arg(long = "user", value_name = "NAME")]
    users: Vec<String>,
}

// `kubepki kubeconfig embed`
#[derive(Args, Debug)]
pub struct EmbedArgs {
    #[command(flatten)]
    only: OnlyArgs,

    /// Take in tokens from their files too; clients then no longer see new ones
    #[arg(long)]
    tokens: bool,

    #[command(flatten)]
    editing: EditingFiles,
}

// `kubepki kubeconfig extract`
#[derive(Args, Debug)]
pub struct ExtractArgs {
    #[command(flatten)]
    only: OnlyArgs,

    /// Folder for the files [default: that of the kubeconfig]
    #[arg(long, value_name = "DIR")]
    out_dir: Option<PathBuf>,

    #[command(flatten)]
    editing: EditingFiles,
}

// `kubepki kubeconfig prune`
#[derive(Args, Debug)]
pub struct PruneArgs {
    /// Users too whose certificate has expired, and their contexts
    #[arg(long)]
    expired: bool,

    #[command(flatten)]
    editing: Editing,
}

// `kubepki kubeconfig repair`
#[derive(Args, Debug)]
pub struct RepairArgs {
    /// Kubeconfigs [default: the files of $KUBECONFIG, else ~/.kube/config]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Write what is shown; without it nothing changes, and something to repair makes the exit code 3
    #[arg(long)]
    yes: bool,
}

// `kubepki kubeconfig undo`
#[derive(Args, Debug)]
pub struct UndoArgs {
    /// Kubeconfig [default: the one that was edited last, of $KUBECONFIG, else ~/.kube/config]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// List the edits that can be undone or made again, and change nothing
    #[arg(long, conflicts_with_all = ["redo", "force", "dry_run"])]
    list: bool,

    /// Make the edit again that was undone last
    #[arg(long)]
    redo: bool,

    /// Also where somebody else has edited the file since
    #[arg(long)]
    force: bool,

    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl From<OnlyArgs> for Only {
    fn from(OnlyArgs { clusters, users }: OnlyArgs) -> Self {
        Self { clusters, users }
    }
}

impl Session<'_> {
    /// A file that was typed must be there.
    fn how_of_files(&self, editing: EditingFiles) -> Result<How, ContextError> {
        let EditingFiles { files: typed, dry_run } = editing;
        acts::are_there(&typed)?;
        let paths = match typed.as_slice() {
            [] => files(None, self.environment),
            [one] => LoadPaths::Explicit(one.clone()),
            _ => LoadPaths::List(typed),
        };
        Ok(How { paths, dry_run, folder: self.folder.clone() })
    }

    pub(in crate::cli) fn embed(&mut self, args: EmbedArgs) -> Result<Exit, Stop> {
        let EmbedArgs { only, tokens, editing } = args;
        let how = self.how_of_files(editing)?;
        self.edited(acts::embed(&how, &only.into(), tokens, &self.world))
    }

    pub(in crate::cli) fn extract(&mut self, args: ExtractArgs) -> Result<Exit, Stop> {
        let ExtractArgs { only, out_dir, editing } = args;
        let how = self.how_of_files(editing)?;
        self.edited(acts::extract(&how, &only.into(), out_dir.as_deref(), &self.world))
    }

    pub(in crate::cli) fn fmt(&mut self, editing: EditingFiles) -> Result<Exit, Stop> {
        let how = self.how_of_files(editing)?;
        self.edited(acts::order(&how, &self.world))
    }

    pub(in crate::cli) fn repair(&mut self, args: RepairArgs) -> Result<Exit, Stop> {
        let how = self.how_of_files(EditingFiles { files: args.files, dry_run: !args.yes })?;
        let report = acts::repair(&how, &self.world)?;
        self.out.report(&report)?;
        if report.written || report.repairs.is_empty() {
            return Ok(Exit::Done);
        }
        self.out.note("nothing is changed yet: --yes repairs it");
        Ok(Exit::Findings)
    }

    pub(in crate::cli) fn undo(&mut self, args: &UndoArgs) -> Result<Exit, Stop> {
        let paths = files(args.file.as_deref(), self.environment);
        if args.list {
            self.out.report(&acts::states(&paths)?)?;
            return Ok(Exit::Done);
        }
        let UndoArgs { redo: again, force, dry_run, .. } = *args;
        let report = acts::undo(&Undo { paths, again, force, dry_run }, &self.world)?;
        self.out.report(&report)?;
        Ok(Exit::Done)
    }

    pub(in crate::cli) fn prune(&mut self, args: &PruneArgs) -> Result<Exit, Stop> {
        let how = self.how(&args.editing);
        self.edited(acts::prune(&how, args.expired, &self.world))
    }
}
