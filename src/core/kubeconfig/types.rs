//! client-go's types (`tools/clientcmd/api/v1/types.go`, v0.36), with a kubeconfig's key names.
//!
//! Unknown keys are ignored, absent ones are empty. [`ToValue`] goes the other way: only what is not empty, in client-go's order.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use super::secret::{Data, Secret};
use super::yaml::emit::Value;

/// A whole kubeconfig.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case", default)]
pub struct Config {
    /// `Config`, or nothing.
    pub kind: String,
    /// `v1`, or nothing.
    #[serde(rename = "apiVersion")]
    pub api_version: String,
    /// Where API servers are.
    pub clusters: Vec<NamedCluster>,
    /// Who one is.
    pub users: Vec<NamedUser>,
    /// Pairs of both.
    pub contexts: Vec<NamedContext>,
    /// The name of the context in use; empty for none.
    pub current_context: String,
    /// Data of other tools.
    pub extensions: Vec<NamedExtension>,
}

/// An entry of `clusters`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct NamedCluster {
    /// Its name.
    pub name: String,
    /// What it is.
    pub cluster: Cluster,
}

/// An entry of `users`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct NamedUser {
    /// Its name.
    pub name: String,
    /// What it is.
    pub user: AuthInfo,
}

/// An entry of `contexts`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct NamedContext {
    /// Its name.
    pub name: String,
    /// What it is.
    pub context: Context,
}

/// Data of another tool, which we never look into.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct NamedExtension {
    /// Its name.
    pub name: String,
    /// Anything.
    pub extension: IgnoredAny,
}

/// How to reach an API server.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case", default)]
pub struct Cluster {
    /// `https://host:port`.
    pub server: String,
    /// The name to check its certificate for, where it is not the host.
    pub tls_server_name: String,
    /// Checks no certificate.
    pub insecure_skip_tls_verify: bool,
    /// File of the CA.
    pub certificate_authority: String,
    /// The CA itself; wins over the file.
    pub certificate_authority_data: Data,
    /// `http`, `https` or `socks5` URL; it may hold a password.
    pub proxy_url: Secret,
    /// Asks the server not to compress.
    pub disable_compression: bool,
    /// Data of other tools.
    pub extensions: Vec<NamedExtension>,
}

/// Who one is to an API server.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case", default)]
pub struct AuthInfo {
    /// File of the certificate.
    pub client_certificate: String,
    /// The certificate itself; wins over the file.
    pub client_certificate_data: Data,
    /// File of the key.
    pub client_key: String,
    /// The key itself; wins over the file.
    pub client_key_data: Data,
    /// A bearer token.
    pub token: Secret,
    /// File of a bearer token; wins over the token once it can be read.
    #[serde(rename = "tokenFile")]
    pub token_file: String,
    /// The user to act as.
    #[serde(rename = "as")]
    pub impersonate: String,
    /// The UID to act as.
    #[serde(rename = "as-uid")]
    pub impersonate_uid: String,
    /// The groups to act as.
    #[serde(rename = "as-groups")]
    pub impersonate_groups: Vec<String>,
    /// More about the user to act as.
    #[serde(rename = "as-user-extra")]
    pub impersonate_user_extra: BTreeMap<String, Vec<String>>,
    /// For basic authentication.
    pub username: String,
    /// For basic authentication.
    pub password: Secret,
    /// A plugin compiled into the client.
    pub auth_provider: Option<AuthProvider>,
    /// A program that hands out credentials. It is never run here.
    pub exec: Option<Exec>,
    /// Data of other tools.
    pub extensions: Vec<NamedExtension>,
}

/// A cluster, a user and a namespace.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Context {
    /// Name of an entry of `clusters`.
    pub cluster: String,
    /// Name of an entry of `users`.
    pub user: String,
    /// The namespace that commands work in.
    pub namespace: String,
    /// Data of other tools.
    pub extensions: Vec<NamedExtension>,
}

/// A plugin compiled into the client.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct AuthProvider {
    /// Which.
    pub name: String,
    /// Its settings, often with tokens among them.
    pub config: BTreeMap<String, Secret>,
}

/// A program that hands out credentials.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Exec {
    /// The program.
    pub command: String,
    /// Its arguments.
    pub args: Vec<Secret>,
    /// What is added to its environment.
    pub env: Vec<EnvVar>,
    /// Version of the protocol.
    pub api_version: String,
    /// What to tell a person who lacks the program.
    pub install_hint: String,
    /// Tells the program about the cluster.
    pub provide_cluster_info: bool,
    /// `Never`, `IfAvailable` or `Always`.
    pub interactive_mode: String,
}

/// A variable of an environment.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Secret,
}

/// Something that can be written into a kubeconfig.
pub trait ToValue {
    /// What is not empty, in client-go's order; extensions are not written.
    fn to_value(&self) -> Value;
}

impl ToValue for Cluster {
    fn to_value(&self) -> Value {
        Pairs::default()
            .text("server", &self.server)
            .text("tls-server-name", &self.tls_server_name)
            .flag("insecure-skip-tls-verify", self.insecure_skip_tls_verify)
            .text("certificate-authority", &self.certificate_authority)
            .data("certificate-authority-data", &self.certificate_authority_data)
            .text("proxy-url", self.proxy_url.expose())
            .flag("disable-compression", self.disable_compression)
            .done()
    }
}

impl ToValue for AuthInfo {
    fn to_value(&self) -> Value {
        let extra = self.impersonate_user_extra.iter();
        let extra = extra.map(|(key, values)| (key.clone(), texts(values))).collect();
        Pairs::default()
            .text("client-certificate", &self.client_certificate)
            .data("client-certificate-data", &self.client_certificate_data)
            .text("client-key", &self.client_key)
            .data("client-key-data", &self.client_key_data)
            .text("token", self.token.expose())
            .text("tokenFile", &self.token_file)
            .text("as", &self.impersonate)
            .text("as-uid", &self.impersonate_uid)
            .value("as-groups", texts(&self.impersonate_groups))
            .value("as-user-extra", Value::Map(extra))
            .text("username", &self.username)
            .text("password", self.password.expose())
            .maybe("auth-provider", self.auth_provider.as_ref())
            .maybe("exec", self.exec.as_ref())
            .done()
    }
}

impl ToValue for Context {
    fn to_value(&self) -> Value {
        Pairs::default()
            .text("cluster", &self.cluster)
            .text("user", &self.user)
            .text("namespace", &self.namespace)
            .done()
    }
}

impl ToValue for AuthProvider {
    fn to_value(&self) -> Value {
        let config = self.config.iter();
        let config = config.map(|(key, value)| (key.clone(), Value::str(value.expose()))).collect();
        Pairs::default().text("name", &self.name).value("config", Value::Map(config)).done()
    }
}

impl ToValue for Exec {
    fn to_value(&self) -> Value {
        let args = self.args.iter().map(|arg| Value::str(arg.expose())).collect();
        let env = self.env.iter().map(ToValue::to_value).collect();
        Pairs::default()
            .text("command", &self.command)
            .value("args", Value::List(args))
            .value("env", Value::List(env))
            .text("apiVersion", &self.api_version)
            .text("installHint", &self.install_hint)
            .flag("provideClusterInfo", self.provide_cluster_info)
            .text("interactiveMode", &self.interactive_mode)
            .done()
    }
}

impl ToValue for EnvVar {
    fn to_value(&self) -> Value {
        Pairs::default().text("name", &self.name).text("value", self.value.expose()).done()
    }
}

/// Collects what is not empty.
#[derive(Default)]
struct Pairs(Vec<(String, Value)>);

impl Pairs {
    fn value(mut self, key: &str, value: Value) -> Self {
        let is_empty = match &value {
            Value::Bool(value) => !value,
            Value::List(items) => items.is_empty(),
            Value::Map(pairs) => pairs.is_empty(),
            Value::Str(text) => text.is_empty(),
        };
        if !is_empty {
            self.0.push((key.to_owned(), value));
        }
        self
    }

    fn text(self, key: &str, text: &str) -> Self {
        self.value(key, Value::str(text))
    }

    fn flag(self, key: &str, flag: bool) -> Self {
        self.value(key, Value::Bool(flag))
    }

    fn data(self, key: &str, data: &Data) -> Self {
        self.value(key, Value::Str(Zeroizing::new(data.to_base64().to_string())))
    }

    fn maybe(self, key: &str, value: Option<&impl ToValue>) -> Self {
        match value {
            Some(value) => self.value(key, value.to_value()),
            None => self,
        }
    }

    fn done(self) -> Value {
        Value::Map(self.0)
    }
}

fn texts(texts: &[String]) -> Value {
    Value::List(texts.iter().map(|text| Value::str(text)).collect())
}
