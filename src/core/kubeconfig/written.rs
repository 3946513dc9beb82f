//! client-go's types as values to be written.

use super::secret::Data;
use super::types::{
    AuthInfo, AuthProvider, Cluster, Config, Context, EnvVar, Exec, NamedCluster, NamedContext,
    NamedExtension, NamedUser, Preferences,
};
use super::yaml::emit::Value;

/// Something that can be written into a kubeconfig.
pub trait ToValue {
    /// What client-go writes: what is not empty, in its order, and the few keys that are always there.
    fn to_value(&self) -> Value;
}

impl ToValue for Config {
    fn to_value(&self) -> Value {
        Pairs::default()
            .always("kind", Value::str("Config"))
            .always("apiVersion", Value::str("v1"))
            .value("preferences", self.preferences.to_value())
            .always("clusters", list(&self.clusters))
            .always("users", list(&self.users))
            .always("contexts", list(&self.contexts))
            .always("current-context", Value::str(&self.current_context))
            .extensions(&self.extensions)
            .done()
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value {
        Value::str(self)
    }
}

impl ToValue for Preferences {
    fn to_value(&self) -> Value {
        Pairs::default().flag("colors", self.colors).extensions(&self.extensions).done()
    }
}

impl ToValue for NamedCluster {
    fn to_value(&self) -> Value {
        named(&self.name, "cluster", self.cluster.to_value())
    }
}

impl ToValue for NamedUser {
    fn to_value(&self) -> Value {
        named(&self.name, "user", self.user.to_value())
    }
}

impl ToValue for NamedContext {
    fn to_value(&self) -> Value {
        named(&self.name, "context", self.context.to_value())
    }
}

impl ToValue for NamedExtension {
    fn to_value(&self) -> Value {
        named(&self.name, "extension", self.extension.clone())
    }
}

impl ToValue for Cluster {
    fn to_value(&self) -> Value {
        Pairs::default()
            .always("server", Value::str(&self.server))
            .text("tls-server-name", &self.tls_server_name)
            .flag("insecure-skip-tls-verify", self.insecure_skip_tls_verify)
            .text("certificate-authority", &self.certificate_authority)
            .data("certificate-authority-data", &self.certificate_authority_data)
            .text("proxy-url", self.proxy_url.expose())
            .flag("disable-compression", self.disable_compression)
            .extensions(&self.extensions)
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
            .maybe("auth-provider", self.auth_provider.as_deref())
            .maybe("exec", self.exec.as_deref())
            .extensions(&self.extensions)
            .done()
    }
}

impl ToValue for Context {
    fn to_value(&self) -> Value {
        Pairs::default()
            .always("cluster", Value::str(&self.cluster))
            .always("user", Value::str(&self.user))
            .text("namespace", &self.namespace)
            .extensions(&self.extensions)
            .done()
    }
}

impl ToValue for AuthProvider {
    fn to_value(&self) -> Value {
        let config = self.config.iter();
        let config: Vec<_> =
            config.map(|(key, value)| (key.clone(), Value::str(value.expose()))).collect();
        let config = if config.is_empty() { Value::Null } else { Value::Map(config) };
        Pairs::default().always("name", Value::str(&self.name)).always("config", config).done()
    }
}

impl ToValue for Exec {
    fn to_value(&self) -> Value {
        let args = self.args.iter().map(|arg| Value::str(arg.expose())).collect();
        Pairs::default()
            .always("command", Value::str(&self.command))
            .always("args", list_or_null(args))
            .always("env", list(&self.env))
            .text("apiVersion", &self.api_version)
            .text("installHint", &self.install_hint)
            .always("provideClusterInfo", Value::Bool(self.provide_cluster_info))
            .text("interactiveMode", &self.interactive_mode)
            .done()
    }
}

impl ToValue for EnvVar {
    fn to_value(&self) -> Value {
        Pairs::default()
            .always("name", Value::str(&self.name))
            .always("value", Value::str(self.value.expose()))
            .done()
    }
}

/// Collects pairs; all but [`Pairs::always`] leave out what is empty.
#[derive(Default)]
struct Pairs(Vec<(String, Value)>);

impl Pairs {
    fn always(mut self, key: &str, value: Value) -> Self {
        self.0.push((key.to_owned(), value));
        self
    }

    fn value(self, key: &str, value: Value) -> Self {
        let is_empty = match &value {
            Value::Bool(value) => !value,
            Value::List(items) => items.is_empty(),
            Value::Map(pairs) => pairs.is_empty(),
            Value::Null => true,
            Value::Number(_) => false,
            Value::Str(text) => text.is_empty(),
        };
        if is_empty { self } else { self.always(key, value) }
    }

    fn text(self, key: &str, text: &str) -> Self {
        self.value(key, Value::str(text))
    }

    fn flag(self, key: &str, flag: bool) -> Self {
        self.value(key, Value::Bool(flag))
    }

    fn data(self, key: &str, data: &Data) -> Self {
        self.value(key, Value::Str(data.to_base64()))
    }

    fn maybe(self, key: &str, value: Option<&impl ToValue>) -> Self {
        match value {
            Some(value) => self.always(key, value.to_value()),
            None => self,
        }
    }

    fn extensions(self, extensions: &[NamedExtension]) -> Self {
        self.value("extensions", list(extensions))
    }

    fn done(self) -> Value {
        Value::Map(self.0)
    }
}

fn named(name: &str, key: &str, value: Value) -> Value {
    Pairs::default().always("name", Value::str(name)).always(key, value).done()
}

/// As Go writes a list that was never filled.
fn list_or_null(items: Vec<Value>) -> Value {
    if items.is_empty() { Value::Null } else { Value::List(items) }
}

fn list(entries: &[impl ToValue]) -> Value {
    list_or_null(entries.iter().map(ToValue::to_value).collect())
}

fn texts(texts: &[String]) -> Value {
    Value::List(texts.iter().map(|text| Value::str(text)).collect())
}
