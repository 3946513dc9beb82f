//! `kubepki kubeconfig user`.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, Subcommand};

use super::{DeleteArgs, Editing, RenameArgs, check_new_name};
use crate::cli::context::Where;
use crate::cli::{Session, Stop};
use crate::core::kubeconfig::{InputError, Secret};
use crate::core::{self as acts, Error, ExecFields, Given, UserFields};

/// What can be done with users of kubeconfigs.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum UserEntryCommand {
    /// Delete users; those that contexts name stay, unless forced
    #[command(after_help = "\
Examples:
  kubepki kubeconfig user delete bob
  kubepki kubeconfig user delete bob --force")]
    Delete(DeleteArgs),

    /// List the users, how they show who they are, and until when their certificates count
    #[command(
        visible_alias = "ls",
        after_help = "\
Examples:
  kubepki kubeconfig user list"
    )]
    List(Where),

    /// Give a user another name; contexts that name it follow
    #[command(after_help = "\
Examples:
  kubepki kubeconfig user rename alice alice-prod")]
    Rename(RenameArgs),

    /// Change fields of a user, or make one; what is not given stays
    #[command(after_help = "\
Examples:
  kubepki kubeconfig user set alice --client-certificate pki/alice.crt --client-key pki/alice.key --embed-certs
  kubepki kubeconfig user set bot --token-file token
  kubepki kubeconfig user set alice --username alice --password-file -
  kubepki kubeconfig user set sso --exec-command kubelogin --exec-arg get-token --exec-api-version client.authentication.k8s.io/v1 --exec-interactive-mode Never
  kubepki kubeconfig user set alice --as admin --as-group ops")]
    Set(Box<SetUserArgs>),
}

// `kubepki kubeconfig user set`
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("pair").args(["client_certificate", "client_key"]).multiple(true)))]
pub struct SetUserArgs {
    /// The user; one that is not there is made
    pub(super) name: String,

    /// Client certificate
    #[arg(long, value_name = "FILE")]
    client_certificate: Option<PathBuf>,

    /// Key of the client certificate
    #[arg(long, value_name = "FILE")]
    client_key: Option<PathBuf>,

    /// Take certificate and key in, instead of naming their files
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        requires_if("true", "pair")
    )]
    embed_certs: Option<bool>,

    /// Bearer token in this file, which is taken in; `-` is standard input, or asks; it takes name and password away
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// File of a bearer token that is named, and that clients read again and again
    #[arg(long, value_name = "FILE")]
    token_path: Option<PathBuf>,

    /// Name, for basic authentication; it takes the token away
    #[arg(long, value_name = "NAME")]
    username: Option<String>,

    /// Password in this file; `-` is standard input, or asks
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,

    /// Whom to act as
    #[arg(long = "as", value_name = "NAME")]
    act_as: Option<String>,

    /// UID to act as
    #[arg(long = "as-uid", value_name = "UID")]
    act_as_uid: Option<String>,

    /// Group to act as (repeat for all); an empty one is none
    #[arg(long = "as-group", value_name = "GROUP")]
    act_as_groups: Vec<String>,

    /// More about whom to act as (repeat); `KEY-` takes a key away
    #[arg(long = "as-user-extra", value_name = "KEY=VALUE")]
    act_as_extra: Vec<String>,

    #[command(flatten, next_help_heading = "A program that hands out credentials")]
    exec: ExecArgs,

    #[command(flatten, next_help_heading = "A plugin of the client")]
    provider: ProviderArgs,

    #[command(flatten, next_help_heading = "Options")]
    pub(super) editing: Editing,
}

// What a program is told.
#[derive(Args, Debug)]
struct ExecArgs {
    /// The program; it takes the arguments of another one away
    #[arg(long = "exec-command", value_name = "PROGRAM")]
    exec_command: Option<String>,

    /// Argument (repeat for all)
    #[arg(long = "exec-arg", value_name = "ARG", allow_hyphen_values = true)]
    exec_args: Vec<String>,

    /// Variable of its environment (repeat); `KEY-` takes a key away
    #[arg(long = "exec-env", value_name = "KEY=VALUE")]
    exec_env: Vec<String>,

    /// Variable whose value is in this file (repeat)
    #[arg(long = "exec-env-file", value_name = "KEY=FILE")]
    exec_env_files: Vec<String>,

    /// Version of the protocol
    #[arg(long, value_name = "VERSION")]
    exec_api_version: Option<String>,

    /// Whether it may ask the person in front of it
    #[arg(long, value_name = "MODE", value_parser = ["Never", "IfAvailable", "Always"])]
    exec_interactive_mode: Option<String>,

    /// Tell it about the cluster
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    exec_provide_cluster_info: Option<bool>,

    /// What to tell a person who lacks it
    #[arg(long, value_name = "TEXT")]
    exec_install_hint: Option<String>,
}

// What a plugin of the client is told.
#[derive(Args, Debug)]
struct ProviderArgs {
    /// Its name; another one takes the settings away
    #[arg(long, value_name = "NAME")]
    auth_provider: Option<String>,

    /// Setting (repeat); `KEY-` takes a key away
    #[arg(long = "auth-provider-arg", value_name = "KEY=VALUE")]
    auth_provider_args: Vec<String>,

    /// Setting whose value is in this file (repeat)
    #[arg(long = "auth-provider-arg-file", value_name = "KEY=FILE")]
    auth_provider_files: Vec<String>,
}

impl Session<'_> {
    /// What is meant; files that hold a secret are read.
    pub(super) fn user_fields(&mut self, args: SetUserArgs) -> Result<UserFields, Stop> {
        check_new_name("user", &args.name)?;
        let has_name = args.username.as_ref().is_some_and(|name| !name.is_empty());
        if args.token_file.is_some() && (has_name || args.password_file.is_some()) {
            return Err(Error::from(InputError::TokenAndPassword).into());
        }
        let SetUserArgs { exec, provider, .. } = args;
        let token = match &args.token_file {
            Some(path) => Some(acts::read_token(&self.secret("token", path)?)?),
            None => None,
        };
        let password = match args.password_file {
            Some(path) => Some(self.text("password file", "password", &path)?),
            None => None,
        };
        Ok(UserFields {
            client_certificate: args.client_certificate,
            client_key: args.client_key,
            embed: args.embed_certs == Some(true),
            token,
            token_path: args.token_path,
            username: args.username,
            password,
            act_as: args.act_as,
            act_as_uid: args.act_as_uid,
            act_as_groups: args.act_as_groups,
            act_as_extra: given("as-user-extra", &args.act_as_extra)?,
            exec: ExecFields {
                command: exec.exec_command,
                args: exec.exec_args.into_iter().map(Secret::new).collect(),
                env: self.with_files(
                    given("exec-env", &exec.exec_env)?,
                    files("exec-env-file", &exec.exec_env_files)?,
                )?,
                api_version: exec.exec_api_version,
                interactive_mode: exec.exec_interactive_mode,
                provide_cluster_info: exec.exec_provide_cluster_info,
                install_hint: exec.exec_install_hint,
            },
            auth_provider: provider.auth_provider,
            auth_provider_args: self.with_files(
                given("auth-provider-arg", &provider.auth_provider_args)?,
                files("auth-provider-arg-file", &provider.auth_provider_files)?,
            )?,
        })
    }

    fn with_files(
        &mut self,
        mut given: Vec<Given>,
        files: Vec<(String, PathBuf)>,
    ) -> Result<Vec<Given>, Stop> {
        for (key, path) in files {
            given.push(Given::Set(
                key.clone(),
                self.text("file", &format!("value of {key}"), &path)?,
            ));
        }
        Ok(given)
    }

    /// The one line in a file; `asked` is what it is called where it is typed.
    fn text(&mut self, what: &'static str, asked: &str, path: &Path) -> Result<Secret, Stop> {
        Ok(acts::read_text(what, &self.secret(asked, path)?)?)
    }
}

/// `KEY=VALUE` or `KEY-`. Not by clap, whose error would show a value that may be secret.
fn given(option: &'static str, texts: &[String]) -> Result<Vec<Given>, Error> {
    let read = |text: &String| match (pair(text), text.strip_suffix('-')) {
        (Some((key, value)), _) => Some(Given::Set(key.to_owned(), Secret::new(value))),
        (None, Some(key)) if !key.is_empty() && !key.contains('=') => {
            Some(Given::Remove(key.to_owned()))
        }
        _ => None,
    };
    let wanted = "KEY=VALUE, or KEY- to take a key away";
    let all: Option<_> = texts.iter().map(read).collect();
    all.ok_or_else(|| InputError::NoPair { option, wanted }.into())
}

/// `KEY=FILE`.
fn files(option: &'static str, texts: &[String]) -> Result<Vec<(String, PathBuf)>, Error> {
    let read = |text: &String| {
        let (key, file) = pair(text).filter(|(_, file)| !file.is_empty())?;
        Some((key.to_owned(), file.into()))
    };
    let all: Option<_> = texts.iter().map(read).collect();
    all.ok_or_else(|| InputError::NoPair { option, wanted: "KEY=FILE" }.into())
}

fn pair(text: &str) -> Option<(&str, &str)> {
    text.split_once('=').filter(|(key, _)| !key.is_empty())
}
