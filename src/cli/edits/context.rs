//! `kubepki context set`, `rename`, `delete` and `namespace`.

use clap::{ArgGroup, Args};

use super::{Editing, check_new_name};
use crate::cli::exit::Exit;
use crate::cli::{Session, Stop};
use crate::core::kubeconfig::check_namespace;
use crate::core::{self as acts, ContextFields, Delete, Error, Which};

// `kubepki context set`
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("which").args(["name", "current"]).required(true)))]
pub struct SetContextArgs {
    /// The context; one that is not there is made
    name: Option<String>,

    /// The current context
    #[arg(long)]
    current: bool,

    /// Its cluster
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,

    /// Its user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,

    /// Its namespace; an empty one is none
    #[arg(short, long)]
    namespace: Option<String>,

    #[command(flatten)]
    editing: Editing,
}

// `kubepki context rename`
#[derive(Args, Debug)]
pub struct RenameContextArgs {
    #[command(flatten)]
    names: super::RenameArgs,
}

// `kubepki context delete`
#[derive(Args, Debug)]
pub struct DeleteContextArgs {
    /// Those that go
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,

    /// Delete their clusters and users too, where no other context of any file names these
    #[arg(long)]
    cascade: bool,

    #[command(flatten)]
    editing: Editing,
}

// `kubepki context namespace`
#[derive(Args, Debug)]
pub struct NamespaceArgs {
    /// The namespace; an empty one is none
    namespace: String,

    #[command(flatten)]
    editing: Editing,
}

impl Session<'_> {
    pub(in crate::cli) fn set_context(&mut self, args: SetContextArgs) -> Result<Exit, Stop> {
        let SetContextArgs { name, current: _, cluster, user, namespace, editing } = args;
        let how = self.how(&editing);
        if let Some(name) = &name {
            check_new_name("context", name)?;
        }
        check(namespace.as_deref())?;
        let which = name.map_or(Which::Current, Which::By);
        let fields = ContextFields { cluster, user, namespace };
        self.edited(acts::set_context(&how, &which, &fields, &self.world))
    }

    pub(in crate::cli) fn rename_context(&mut self, args: RenameContextArgs) -> Result<Exit, Stop> {
        let super::RenameArgs { old, new, editing } = args.names;
        check_new_name("context", &new)?;
        let how = self.how(&editing);
        self.edited(acts::rename_context(&how, &old, &new, &self.world))
    }

    pub(in crate::cli) fn delete_contexts(
        &mut self,
        args: DeleteContextArgs,
    ) -> Result<Exit, Stop> {
        let DeleteContextArgs { names, cascade, editing } = args;
        let delete = Delete { names, more: cascade };
        self.edited(acts::delete_contexts(&self.how(&editing), &delete, &self.world))
    }

    pub(in crate::cli) fn set_namespace(&mut self, args: &NamespaceArgs) -> Result<Exit, Stop> {
        check(Some(&args.namespace))?;
        let how = self.how(&args.editing);
        self.edited(acts::set_namespace(&how, &args.namespace, &self.world))
    }
}

fn check(namespace: Option<&str>) -> Result<(), Error> {
    let given = namespace.filter(|namespace| !namespace.is_empty());
    Ok(given.map(check_namespace).transpose().map(drop)?)
}
