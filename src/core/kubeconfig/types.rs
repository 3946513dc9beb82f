//! client-go's types (`tools/clientcmd/api/v1/types.go`, v0.36), with a kubeconfig's key names.
//!
//! Unknown keys are ignored, absent ones are empty. The other way goes [`ToValue`](super::written::ToValue).

use std::collections::BTreeMap;

use serde::Deserialize;

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
    /// Settings of kubectl, which no longer uses them.
    pub preferences: Preferences,
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

/// Settings of kubectl, which no longer uses them.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Preferences {
    /// Asks for colours.
    pub colors: bool,
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

/// Data of another tool, which means nothing to us.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct NamedExtension {
    /// Its name.
    pub name: String,
    /// Anything.
    pub extension: Value,
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
    pub auth_provider: Option<Box<AuthProvider>>,
    /// A program that hands out credentials. It is never run here.
    pub exec: Option<Box<Exec>>,
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

impl Exec {
    /// What client-go takes for `interactiveMode` where nothing is said: the older protocols had no such field.
    pub fn fill_in_interactive_mode(&mut self) {
        const OLDER: [&str; 2] = ["v1alpha1", "v1beta1"];
        let version = self.api_version.strip_prefix("client.authentication.k8s.io/");
        if self.interactive_mode.is_empty() && version.is_some_and(|it| OLDER.contains(&it)) {
            "IfAvailable".clone_into(&mut self.interactive_mode);
        }
    }
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
