//! Commands that edit contexts, clusters and users of kubeconfigs, and merge and edit whole ones.

mod cluster;
mod context;
mod merge;
mod screen;
mod user;
mod whole;

use clap::Args;

use super::context::Where;
use super::exit::Exit;
use super::{Session, Stop};
use crate::core::report::EditReport;
use crate::core::{self as acts, Delete, Error, How};

pub use cluster::ClusterEntryCommand;
pub use context::{DeleteContextArgs, NamespaceArgs, RenameContextArgs, SetContextArgs};
pub use merge::MergeArgs;
pub use user::UserEntryCommand;
pub use whole::{EditingFiles, EmbedArgs, ExtractArgs, PruneArgs, RepairArgs, UndoArgs};

// Which kubeconfigs are edited, and whether.
#[derive(Args, Debug)]
pub struct Editing {
    #[command(flatten)]
    place: Where,

    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

// `rename OLD NEW`
#[derive(Args, Debug)]
pub struct RenameArgs {
    /// The name that it has
    #[arg(value_name = "OLD")]
    old: String,

    /// The name that it gets
    #[arg(value_name = "NEW")]
    new: String,

    #[command(flatten)]
    editing: Editing,
}

// `delete NAME...`
#[derive(Args, Debug)]
pub struct DeleteArgs {
    /// Those that go
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,

    /// Also where contexts name them
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    editing: Editing,
}

impl DeleteArgs {
    fn delete(self) -> (Delete, Editing) {
        (Delete { names: self.names, more: self.force }, self.editing)
    }
}

impl Session<'_> {
    fn how(&self, editing: &Editing) -> How {
        How {
            paths: editing.place.paths(self.environment),
            dry_run: editing.dry_run,
            folder: self.folder.clone(),
        }
    }

    fn edited(&mut self, report: Result<EditReport, Error>) -> Result<Exit, Stop> {
        let report = report?;
        self.tell(&report.warnings, &report.notes);
        self.out.report(&report)?;
        Ok(Exit::Done)
    }

    pub(super) fn cluster_entry(&mut self, command: ClusterEntryCommand) -> Result<Exit, Stop> {
        match command {
            ClusterEntryCommand::Delete(args) => {
                let (delete, editing) = args.delete();
                self.edited(acts::delete_clusters(&self.how(&editing), &delete, &self.world))
            }
            ClusterEntryCommand::List(place) => {
                let report = acts::clusters(&place.paths(self.environment))?;
                self.tell(&report.warnings, &[]);
                self.out.report(&report)?;
                Ok(Exit::Done)
            }
            ClusterEntryCommand::Rename(RenameArgs { old, new, editing }) => {
                check_new_name("cluster", &new)?;
                let how = self.how(&editing);
                self.edited(acts::rename_cluster(&how, &old, &new, &self.world))
            }
            ClusterEntryCommand::Set(args) => {
                let (how, fields) = (self.how(&args.editing), args.fields()?);
                self.edited(acts::set_cluster(&how, &args.name, &fields, &self.world))
            }
        }
    }

    pub(super) fn user_entry(&mut self, command: UserEntryCommand) -> Result<Exit, Stop> {
        match command {
            UserEntryCommand::Delete(args) => {
                let (delete, editing) = args.delete();
                self.edited(acts::delete_users(&self.how(&editing), &delete, &self.world))
            }
            UserEntryCommand::List(place) => {
                let report = acts::users(&place.paths(self.environment), self.world.now)?;
                self.tell(&report.warnings, &[]);
                self.out.report(&report)?;
                Ok(Exit::Done)
            }
            UserEntryCommand::Rename(RenameArgs { old, new, editing }) => {
                check_new_name("user", &new)?;
                let how = self.how(&editing);
                self.edited(acts::rename_user(&how, &old, &new, &self.world))
            }
            UserEntryCommand::Set(args) => {
                let how = self.how(&args.editing);
                let name = args.name.clone();
                let fields = self.user_fields(*args)?;
                self.edited(acts::set_user(&how, &name, &fields, &self.world))
            }
        }
    }
}

fn check_new_name(what: &'static str, name: &str) -> Result<(), Error> {
    Ok(crate::core::kubeconfig::check_name(what, name)?)
}
