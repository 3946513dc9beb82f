//! `kubepki kubeconfig`: files that open a cluster.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::args::{Lasting, Shared, Signing, Writing};
use super::cert::Identity;
use super::edits::{
    ClusterEntryCommand, EditingFiles, EmbedArgs, ExtractArgs, MergeArgs, PruneArgs, RepairArgs,
    UndoArgs, UserEntryCommand,
};
use super::kubeconfig_view::{CheckArgs, DiffArgs, SplitArgs, ViewArgs};
use crate::core::Error;
use crate::core::catalog::{self, CLUSTER_CA};
use crate::core::kubeconfig::{
    check_name, check_namespace, check_proxy_url, check_server, check_tls_server_name,
};
use crate::core::spec::{
    CertificateSpec, Credentials, Destination, Form, KubeconfigSpec, Pair, Spec, Unsigned, Wanted,
    check_file_name,
};

/// What can be done with kubeconfigs.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum KubeconfigCommand {
    /// Tell what client-go would say at use, and what the kubeconfigs can do
    #[command(after_help = "\
Examples:
  kubepki kubeconfig check
  kubepki kubeconfig check admin.conf --within 90d --fail-on error")]
    Check(CheckArgs),

    /// Clusters of kubeconfigs
    #[command(subcommand)]
    Cluster(ClusterEntryCommand),

    /// Compare two kubeconfigs by what they say; secrets are never shown
    #[command(after_help = "\
Examples:
  kubepki kubeconfig diff old.conf new.conf")]
    Diff(DiffArgs),

    /// Take in the certificates and keys that kubeconfigs name by paths
    #[command(after_help = "\
Examples:
  kubepki kubeconfig embed admin.conf
  kubepki kubeconfig embed admin.conf --user admin --tokens")]
    Embed(EmbedArgs),

    /// Make files of the certificates and keys that kubeconfigs hold, and name those
    #[command(after_help = "\
Examples:
  kubepki kubeconfig extract admin.conf
  kubepki kubeconfig extract admin.conf --out-dir keys")]
    Extract(ExtractArgs),

    /// Put keys and entries into the order in which kubectl writes them; nothing else changes
    #[command(after_help = "\
Examples:
  kubepki kubeconfig fmt --dry-run
  kubepki kubeconfig fmt admin.conf")]
    Fmt(EditingFiles),

    /// Make a kubeconfig, or add a cluster, a user and a context to one
    #[command(after_help = "\
Examples:
  kubepki kubeconfig gen admin --server https://kube.example.com:6443 --issue
  kubepki kubeconfig gen alice --server https://kube.example.com:6443 --issue --org dev --validity 90d
  kubepki kubeconfig gen admin --server https://10.0.0.5:6443 --paths --issue --out conf/admin.conf")]
    Gen(Box<GenArgs>),

    /// Take the entries of kubeconfigs into one; entries that are the same fold, and none gets lost
    #[command(after_help = "\
Examples:
  kubepki kubeconfig merge prod.conf
  kubepki kubeconfig merge prod.conf stage.conf --out all.conf
  ssh cp-1 cat admin.conf | kubepki kubeconfig merge - --embed-certs --dry-run")]
    Merge(Box<MergeArgs>),

    /// Take out contexts that lead nowhere, and clusters and users that no context names
    #[command(after_help = "\
Examples:
  kubepki kubeconfig prune --dry-run
  kubepki kubeconfig prune --expired")]
    Prune(PruneArgs),

    /// Show what clients trip over, and repair it with --yes
    #[command(after_help = "\
Examples:
  kubepki kubeconfig repair broken.conf
  kubepki kubeconfig repair broken.conf --yes")]
    Repair(RepairArgs),

    /// Make a file of each context, or of those that are named, with all that it needs
    #[command(after_help = "\
Examples:
  kubepki kubeconfig split --out-dir contexts
  kubepki kubeconfig split prod stage --kubeconfig all.conf")]
    Split(SplitArgs),

    /// Take the last edit of a kubeconfig back
    #[command(after_help = "\
Examples:
  kubepki kubeconfig undo
  kubepki kubeconfig undo --list
  kubepki kubeconfig undo config --redo")]
    Undo(UndoArgs),

    /// Users of kubeconfigs
    #[command(subcommand)]
    User(UserEntryCommand),

    /// Show what client-go reads from the kubeconfigs, without secrets
    #[command(after_help = "\
Examples:
  kubepki kubeconfig view
  kubepki kubeconfig view --minify --context alice@kubernetes -o json
  kubepki kubeconfig view --origin")]
    View(ViewArgs),
}

// `kubepki kubeconfig gen`; what is of the certificate alone goes with --issue.
#[derive(Args, Debug)]
#[command(
    mut_arg("profile", |arg| arg.requires("issue")),
    mut_arg("cn", |arg| arg.requires("issue")),
    mut_arg("orgs", |arg| arg.requires("issue")),
    mut_arg("ca", |arg| arg.requires("issue")),
    mut_arg("ca_key", |arg| arg.requires("issue"))
)]
pub struct GenArgs {
    /// Whose kubeconfig it is: the user, and NAME.crt and NAME.key in the certificate folder
    name: String,

    /// URL of the API server
    #[arg(long, value_name = "URL")]
    server: String,

    /// Name of the cluster
    #[arg(long, value_name = "NAME", default_value = "kubernetes")]
    cluster: String,

    /// Name of the user [default: NAME]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,

    /// Name of the context [default: USER@CLUSTER]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,

    /// Namespace of the context
    #[arg(long)]
    namespace: Option<String>,

    /// Certificate of the CA that signed the server's [default: ca.crt in the certificate folder]
    #[arg(long, value_name = "FILE")]
    ca_cert: Option<PathBuf>,

    /// Name in the server's certificate, where it is not the host of the URL
    #[arg(long, value_name = "NAME")]
    tls_server_name: Option<String>,

    /// Proxy to the server: an http, https or socks5 URL
    #[arg(long, value_name = "URL")]
    proxy_url: Option<String>,

    /// Take certificates and key in as Base64; so it is unless --paths is given
    #[arg(long, conflicts_with = "paths")]
    embed_certs: bool,

    /// Name the files of certificates and key, relative to the folder of the kubeconfig
    #[arg(long)]
    paths: bool,

    /// Bearer token in this file, instead of a certificate
    #[arg(long, value_name = "FILE", conflicts_with_all = ["issue", "client_certificate", "client_key"])]
    token_file: Option<PathBuf>,

    /// Client certificate [default: NAME.crt in the certificate folder]
    #[arg(long, value_name = "FILE", conflicts_with = "issue")]
    client_certificate: Option<PathBuf>,

    /// Key of the client certificate [default: beside it]
    #[arg(long, value_name = "FILE", conflicts_with = "issue")]
    client_key: Option<PathBuf>,

    /// Where it goes; `-` prints it; into a file that is there, the entries are added [default: NAME.conf]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Make the certificate in the same step, as `cert issue NAME` does
    #[arg(long)]
    issue: bool,

    #[command(flatten)]
    pub(super) writing: Writing,

    #[command(flatten, next_help_heading = "Options of --issue")]
    issuing: Issuing,
}

// What `--issue` takes besides.
#[derive(Args, Debug)]
struct Issuing {
    #[command(flatten)]
    identity: Identity,

    #[command(flatten)]
    signing: Signing,

    #[command(flatten)]
    lasting: Lasting,
}

impl GenArgs {
    /// What is meant.
    pub fn spec(&self, shared: &Shared, folder: &Path) -> Result<Spec, Error> {
        let user = self.user.clone().unwrap_or_else(|| self.name.clone());
        let context = self.context.clone().unwrap_or_else(|| format!("{user}@{}", self.cluster));
        self.check(&user, &context)?;
        let ca = || Pair::beside(&shared.cert_dir, CLUSTER_CA).certificate;
        let (credentials, issue) = self.credentials(shared)?;
        let kubeconfig = KubeconfigSpec {
            out: self.out()?,
            cluster: self.cluster.clone(),
            user,
            context,
            server: self.server.clone(),
            tls_server_name: self.tls_server_name.clone(),
            proxy_url: self.proxy_url.clone(),
            namespace: self.namespace.clone(),
            ca: self.ca_cert.clone().unwrap_or_else(ca),
            credentials,
            form: if self.paths {
                Form::Paths { folder: folder.to_owned() }
            } else {
                Form::Embedded
            },
            is_alone: false,
        };
        let home = issue.is_some().then(|| shared.cert_dir.clone());
        let wanted =
            issue.into_iter().map(Wanted::Certificate).chain([Wanted::Kubeconfig(kubeconfig)]);
        Ok(Spec {
            home,
            wanted: wanted.collect(),
            force: self.writing.force,
            unsigned: Unsigned::Fail,
        })
    }

    fn check(&self, user: &str, context: &str) -> Result<(), Error> {
        check_server(&self.server)?;
        for (what, name) in
            [("cluster", self.cluster.as_str()), ("user", user), ("context", context)]
        {
            check_name(what, name)?;
        }
        self.tls_server_name.as_deref().map(check_tls_server_name).transpose()?;
        self.namespace.as_deref().map(check_namespace).transpose()?;
        self.proxy_url.as_deref().map(check_proxy_url).transpose()?;
        Ok(())
    }

    fn out(&self) -> Result<Destination, Error> {
        Ok(match self.out.as_deref() {
            Some(out) if out == Path::new("-") => Destination::Stdout,
            Some(out) => Destination::File(out.to_owned()),
            None => {
                check_file_name(&self.name)?;
                Destination::File(PathBuf::from(format!("{}.conf", self.name)))
            }
        })
    }

    /// How the user shows who it is, and the certificate that is to be made for that.
    fn credentials(
        &self,
        shared: &Shared,
    ) -> Result<(Credentials, Option<CertificateSpec>), Error> {
        if let Some(token) = &self.token_file {
            return Ok((Credentials::TokenFile(token.clone()), None));
        }
        let Issuing { identity, signing, lasting } = &self.issuing;
        if self.issue {
            let (files, issue) = identity.issue(shared, &self.name, signing, lasting)?;
            return Ok((Credentials::Certificate(files), Some(issue)));
        }
        let files = match &self.client_certificate {
            Some(certificate) => {
                Pair { certificate: certificate.clone(), key: certificate.with_extension("key") }
            }
            None => {
                check_file_name(&self.name)?;
                Pair::beside(&shared.cert_dir, catalog::file(&self.name))
            }
        };
        let key = self.client_key.clone().unwrap_or(files.key);
        Ok((Credentials::Certificate(Pair { key, ..files }), None))
    }
}
