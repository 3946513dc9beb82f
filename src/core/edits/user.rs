//! Setting fields of users, with what `kubectl config set-credentials` does to the others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::core::inventory;
use crate::core::kubeconfig::{AuthInfo, AuthProvider, EnvVar, Exec, NamedUser, Secret};
use crate::core::report::EditReport;
use crate::core::x509::chain;
use crate::core::{Error, World};

use super::desk::{How, carry_out};
use super::error::EditsError;
use super::files::{GivenFile, named};

/// One of several values that have names.
#[derive(Clone, Debug)]
pub enum Given {
    /// It goes.
    Remove(String),
    /// It is this.
    Set(String, Secret),
}

/// What a user is to say; `None` and lists without an item stay as they are, an empty text goes.
#[derive(Clone, Debug, Default)]
pub struct UserFields {
    /// The file of the certificate.
    pub client_certificate: Option<PathBuf>,
    /// The file of its key.
    pub client_key: Option<PathBuf>,
    /// Whether both are taken in.
    pub embed: bool,
    /// A token.
    pub token: Option<Secret>,
    /// A file that clients read the token from.
    pub token_path: Option<PathBuf>,
    /// For basic authentication.
    pub username: Option<String>,
    /// For basic authentication.
    pub password: Option<Secret>,
    /// Whom to act as.
    pub act_as: Option<String>,
    /// The UID to act as.
    pub act_as_uid: Option<String>,
    /// The groups to act as.
    pub act_as_groups: Vec<String>,
    /// More about whom to act as; a name may come several times.
    pub act_as_extra: Vec<Given>,
    /// A program that hands out credentials.
    pub exec: ExecFields,
    /// A plugin of the client.
    pub auth_provider: Option<String>,
    /// Its settings.
    pub auth_provider_args: Vec<Given>,
}

/// What is said of a program that hands out credentials.
#[derive(Clone, Debug, Default)]
pub struct ExecFields {
    /// The program.
    pub command: Option<String>,
    /// Its arguments, all of them.
    pub args: Vec<Secret>,
    /// Variables of its environment.
    pub env: Vec<Given>,
    /// Version of the protocol.
    pub api_version: Option<String>,
    /// `Never`, `IfAvailable` or `Always`.
    pub interactive_mode: Option<String>,
    /// Whether it is told about the cluster.
    pub provide_cluster_info: Option<bool>,
    /// What to tell a person who lacks it.
    pub install_hint: Option<String>,
}

/// Changes a user, or makes one.
///
/// # Errors
///
/// A certificate or key that is none, or that do not belong together; options of a program or plugin that is not there; a file
/// that cannot be read, edited or locked. No file has changed then.
pub fn set_user(
    how: &How,
    name: &str,
    fields: &UserFields,
    world: &World<'_>,
) -> Result<EditReport, Error> {
    let pair = GivenPair::new(fields)?;
    carry_out::<NamedUser>(how, world, |desk| {
        let mut hides_token = false;
        desk.put::<NamedUser>(name, |user, file| {
            pair.put(how, file, user);
            fields.put(how, file, user);
            fields.put_plugins(name, user)?;
            hides_token = fields.token.is_some() && !user.token_file.is_empty();
            Ok(())
        })?;
        if hides_token {
            desk.note(format!("user `{name}` has a tokenFile, which counts before its token"));
        }
        Ok(vec![name.to_owned()])
    })
}

/// A certificate and a key, each of which may be left out.
struct GivenPair {
    certificate: Option<GivenFile>,
    key: Option<GivenFile>,
}

impl GivenPair {
    /// Both are read if they are there; one that is not is told of with the result.
    fn new(fields: &UserFields) -> Result<Self, Error> {
        let of = |path: &Option<PathBuf>, what| GivenFile::new(path.as_deref(), fields.embed, what);
        let certificate = of(&fields.client_certificate, "client certificate")?;
        let key = of(&fields.client_key, "client key")?;
        let chain = match &certificate {
            Some(file) => file.chain()?.zip(Some(file.path())),
            None => None,
        };
        let found = match &key {
            Some(file) => file.key()?,
            None => None,
        };
        if let (Some((chain, path)), Some(key)) = (chain, found) {
            chain::belongs(&chain[0], key.public_key())
                .map_err(|source| inventory::Error::Pair { path: path.to_owned(), source })?;
        }
        Ok(Self { certificate, key })
    }

    fn put(&self, how: &How, file: &Path, user: &mut AuthInfo) {
        if let Some(given) = &self.certificate {
            let AuthInfo { client_certificate, client_certificate_data, .. } = user;
            given.put(how, file, client_certificate, client_certificate_data);
        }
        if let Some(given) = &self.key {
            let AuthInfo { client_key, client_key_data, .. } = user;
            given.put(how, file, client_key, client_key_data);
        }
    }
}

impl UserFields {
    fn put(&self, how: &How, file: &Path, user: &mut AuthInfo) {
        set(&mut user.token, &self.token);
        set(&mut user.username, &self.username);
        set(&mut user.password, &self.password);
        set(&mut user.impersonate, &self.act_as);
        set(&mut user.impersonate_uid, &self.act_as_uid);
        if let Some(path) = &self.token_path {
            user.token_file = named(how, path, file);
        }
        if !self.act_as_groups.is_empty() {
            user.impersonate_groups.clone_from(&self.act_as_groups);
            user.impersonate_groups.retain(|group| !group.is_empty());
        }
        put_extra(&mut user.impersonate_user_extra, &self.act_as_extra);
        self.keep_one_method(user);
    }

    /// A token and a name with password take each other's place, as clients refuse both.
    fn keep_one_method(&self, user: &mut AuthInfo) {
        let is_token = self.token.as_ref().is_some_and(|token| !token.is_empty());
        let is_basic = self.username.as_ref().is_some_and(|name| !name.is_empty())
            || self.password.as_ref().is_some_and(|password| !password.is_empty());
        if is_basic {
            user.token = Secret::default();
        }
        if is_token {
            user.username.clear();
            user.password = Secret::default();
        }
    }

    fn put_plugins(&self, name: &str, user: &mut AuthInfo) -> Result<(), Error> {
        let lacks = |what| EditsError::Lacks { name: name.to_owned(), what };
        if let Some(provider) = &self.auth_provider
            && user.auth_provider.as_ref().is_none_or(|old| old.name != *provider)
        {
            user.auth_provider =
                Some(AuthProvider { name: provider.clone(), ..AuthProvider::default() }.into());
        }
        match &mut user.auth_provider {
            Some(provider) => put_settings(&mut provider.config, &self.auth_provider_args),
            None if self.auth_provider_args.is_empty() => {}
            None => return Err(lacks("auth-provider").into()),
        }
        match self.exec.command.as_deref() {
            Some("") => user.exec = None,
            Some(command) => {
                let exec = user.exec.get_or_insert_default();
                command.clone_into(&mut exec.command);
                // They were those of another program.
                exec.args.clear();
            }
            None => {}
        }
        match &mut user.exec {
            Some(exec) => self.exec.put(exec),
            None if self.exec.is_nothing() => {}
            None => return Err(lacks("exec").into()),
        }
        Ok(())
    }
}

impl ExecFields {
    /// Whether nothing of the program is given, the program itself apart.
    fn is_nothing(&self) -> bool {
        let Self {
            command: _,
            args,
            env,
            api_version,
            interactive_mode,
            provide_cluster_info,
            install_hint,
        } = self;
        let texts = [api_version, interactive_mode, install_hint];
        texts.into_iter().all(Option::is_none)
            && args.is_empty()
            && env.is_empty()
            && provide_cluster_info.is_none()
    }

    fn put(&self, exec: &mut Exec) {
        if self.api_version.is_some() {
            // What an older version means without a word must stay, as a newer one wants the word.
            exec.fill_in_interactive_mode();
        }
        set(&mut exec.api_version, &self.api_version);
        set(&mut exec.interactive_mode, &self.interactive_mode);
        set(&mut exec.install_hint, &self.install_hint);
        set(&mut exec.provide_cluster_info, &self.provide_cluster_info);
        if !self.args.is_empty() {
            exec.args.clone_from(&self.args);
        }
        put_variables(&mut exec.env, &self.env);
    }
}

fn set<T: Clone>(place: &mut T, given: &Option<T>) {
    if let Some(given) = given {
        place.clone_from(given);
    }
}

/// What goes goes first, as with kubectl.
fn put_settings(settings: &mut BTreeMap<String, Secret>, given: &[Given]) {
    for one in given {
        if let Given::Remove(name) = one {
            settings.remove(name);
        }
    }
    for one in given {
        if let Given::Set(name, value) = one {
            settings.insert(name.clone(), value.clone());
        }
    }
}

fn put_variables(variables: &mut Vec<EnvVar>, given: &[Given]) {
    let goes = |name: &str| given.iter().any(|one| matches!(one, Given::Remove(it) if it == name));
    variables.retain(|variable| !goes(&variable.name));
    for one in given {
        let Given::Set(name, value) = one else { continue };
        match variables.iter_mut().find(|variable| variable.name == *name) {
            Some(variable) => variable.value.clone_from(value),
            None => variables.push(EnvVar { name: name.clone(), value: value.clone() }),
        }
    }
}

/// The values of a name are all that are given of it.
fn put_extra(extra: &mut BTreeMap<String, Vec<String>>, given: &[Given]) {
    for Given::Remove(name) | Given::Set(name, _) in given {
        extra.remove(name);
    }
    for one in given {
        if let Given::Set(name, value) = one {
            extra.entry(name.clone()).or_default().push(value.expose().to_owned());
        }
    }
}
