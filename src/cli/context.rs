//! `kubepki context`: which cluster, as whom.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::edits::{DeleteContextArgs, NamespaceArgs, RenameContextArgs, SetContextArgs};
use super::kubeconfig_view::ExportArgs;
use super::shell::ShellArgs;
use crate::core::Wanted;
use crate::core::kubeconfig::{LoadPaths, load_paths};

/// What can be done with contexts.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum ContextCommand {
    /// Print the name of the current context
    #[command(after_help = "\
Examples:
  kubepki context current
  kubepki context current --kubeconfig admin.conf")]
    Current(Where),

    /// Delete contexts; where the current one goes, none is current any more
    #[command(after_help = "\
Examples:
  kubepki context delete old
  kubepki context delete old --cascade")]
    Delete(DeleteContextArgs),

    /// Make one file of a context and all that it needs, certificates and keys included
    #[command(after_help = "\
Examples:
  kubepki context export admin@kubernetes
  kubepki context export admin@kubernetes --out - | ssh cp-1 'cat > admin.conf'")]
    Export(ExportArgs),

    /// List the contexts, and until when their certificates count
    #[command(
        visible_alias = "ls",
        after_help = "\
Examples:
  kubepki context list
  kubepki context list -o wide
  kubepki context list --kubeconfig admin.conf -o name"
    )]
    List(Where),

    /// Give the current context another namespace
    #[command(
        visible_alias = "ns",
        after_help = "\
Examples:
  kubepki context namespace payments"
    )]
    Namespace(NamespaceArgs),

    /// Give a context another name; the current one stays the current one
    #[command(after_help = "\
Examples:
  kubepki context rename admin@kubernetes prod")]
    Rename(RenameContextArgs),

    /// Change what a context names, or make one; what is not given stays
    #[command(after_help = "\
Examples:
  kubepki context set prod --namespace payments
  kubepki context set bob-prod --cluster kubernetes --user bob
  kubepki context set --current --user bob")]
    Set(SetContextArgs),

    /// Start a shell, or a command, for one context alone; no file changes, and other terminals stay where they are
    #[command(after_help = "\
Examples:
  kubepki context shell prod
  kubepki context shell prod -- kubectl get nodes")]
    Shell(ShellArgs),

    /// Switch to another context: change that one value of the file, and nothing else
    #[command(after_help = "\
Examples:
  kubepki context use admin@kubernetes
  kubepki context use admin --part
  kubepki context use -")]
    Use(UseArgs),
}

// Which kubeconfigs are meant.
#[derive(Args, Debug)]
pub struct Where {
    /// Kubeconfig [default: the files of $KUBECONFIG, else ~/.kube/config]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
}

// `kubepki context use`
#[derive(Args, Debug)]
pub struct UseArgs {
    /// The context; `-` is the one before the last switch. Without one, choose on the terminal
    #[arg(allow_hyphen_values = true)]
    name: Option<String>,

    /// Take a part of a name, large or small, if one context alone has it
    #[arg(long, requires = "name")]
    part: bool,

    #[command(flatten)]
    pub(super) place: Where,

    /// Show what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

impl Where {
    /// The files, by client-go's rules.
    pub fn paths(&self, environment: &dyn Fn(&str) -> Option<OsString>) -> LoadPaths {
        files(self.kubeconfig.as_deref(), environment)
    }

    /// Whether a file was named.
    pub fn is_typed(&self) -> bool {
        self.kubeconfig.is_some()
    }
}

/// The files, by client-go's rules, with one that was typed or without.
pub fn files(typed: Option<&Path>, environment: &dyn Fn(&str) -> Option<OsString>) -> LoadPaths {
    let list = environment("KUBECONFIG");
    let home = environment("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    load_paths(typed, list.as_deref(), home.as_deref())
}

impl UseArgs {
    /// The context that is meant, if one was named.
    pub fn wanted(&self) -> Option<Wanted> {
        self.name.clone().map(|name| match name.as_str() {
            "-" => Wanted::Previous,
            _ if self.part => Wanted::Part(name),
            _ => Wanted::Named(name),
        })
    }
}
