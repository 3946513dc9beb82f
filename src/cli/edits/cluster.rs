//! `kubepki kubeconfig cluster`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{DeleteArgs, Editing, RenameArgs, check_new_name};
use crate::cli::context::Where;
use crate::core::kubeconfig::{
    InputError, check_proxy_url, check_server_url, check_tls_server_name,
};
use crate::core::{ClusterFields, Error};

/// What can be done with clusters of kubeconfigs.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum ClusterEntryCommand {
    /// Delete clusters; those that contexts name stay, unless forced
    #[command(after_help = "\
Examples:
  kubepki kubeconfig cluster delete old
  kubepki kubeconfig cluster delete old --force")]
    Delete(DeleteArgs),

    /// List the clusters, and how their certificates are checked
    #[command(
        visible_alias = "ls",
        after_help = "\
Examples:
  kubepki kubeconfig cluster list"
    )]
    List(Where),

    /// Give a cluster another name; contexts that name it follow
    #[command(after_help = "\
Examples:
  kubepki kubeconfig cluster rename kubernetes prod")]
    Rename(RenameArgs),

    /// Change fields of a cluster, or make one; what is not given stays
    #[command(after_help = "\
Examples:
  kubepki kubeconfig cluster set prod --server https://kube.example.com:6443
  kubepki kubeconfig cluster set prod --certificate-authority pki/ca.crt --embed-certs
  kubepki kubeconfig cluster set prod --proxy-url ''")]
    Set(Box<SetClusterArgs>),
}

// `kubepki kubeconfig cluster set`
#[derive(Args, Debug)]
pub struct SetClusterArgs {
    /// The cluster; one that is not there is made
    pub(super) name: String,

    /// URL of the API server; it takes --tls-server-name away unless that is given too
    #[arg(long, value_name = "URL")]
    server: Option<String>,

    /// Name in the server's certificate, where it is not the host of the URL
    #[arg(long, value_name = "NAME")]
    tls_server_name: Option<String>,

    /// Certificate of the CA that signed the server's
    #[arg(long, value_name = "FILE")]
    certificate_authority: Option<PathBuf>,

    /// Take the certificate in, instead of naming its file
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        requires_if("true", "certificate_authority")
    )]
    embed_certs: Option<bool>,

    /// Check no certificate; it takes the CA away
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    insecure_skip_tls_verify: Option<bool>,

    /// Proxy to the server: an http, https or socks5 URL
    #[arg(long, value_name = "URL")]
    proxy_url: Option<String>,

    /// Ask the server not to compress
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    disable_compression: Option<bool>,

    #[command(flatten)]
    pub(super) editing: Editing,
}

impl SetClusterArgs {
    /// What is meant.
    pub(super) fn fields(&self) -> Result<ClusterFields, Error> {
        self.check()?;
        Ok(ClusterFields {
            server: self.server.clone(),
            tls_server_name: self.tls_server_name.clone(),
            certificate_authority: self.certificate_authority.clone(),
            embed: self.embed_certs == Some(true),
            insecure: self.insecure_skip_tls_verify,
            proxy_url: self.proxy_url.clone(),
            disable_compression: self.disable_compression,
        })
    }

    /// An empty text takes away what was there.
    fn check(&self) -> Result<(), Error> {
        check_new_name("cluster", &self.name)?;
        type Check = fn(&str) -> Result<(), InputError>;
        let checks: [(&Option<String>, Check); 3] = [
            (&self.server, check_server_url),
            (&self.tls_server_name, check_tls_server_name),
            (&self.proxy_url, check_proxy_url),
        ];
        for (given, check) in checks {
            given.as_deref().filter(|text| !text.is_empty()).map(check).transpose()?;
        }
        let has_ca =
            self.certificate_authority.as_ref().is_some_and(|it| !it.as_os_str().is_empty());
        if has_ca && self.insecure_skip_tls_verify == Some(true) {
            return Err(InputError::CaAndInsecure.into());
        }
        Ok(())
    }
}
