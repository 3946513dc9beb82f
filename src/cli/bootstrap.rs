//! `kubepki cluster bootstrap`: the kubeconfig of a node that has no certificate yet.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;

use super::args::{Shared, Writing};
use super::cluster::ThisMachine;
use super::configured::{by_inventory, in_file};
use crate::core::Error;
use crate::core::catalog::{BOOTSTRAP_CONF, BOOTSTRAP_USER, CLUSTER_CA};
use crate::core::kubeconfig::check_name;
use crate::core::spec::{
    BIND_PORT, CLUSTER_NAME, ClusterError, Config, Credentials, Destination, Endpoint, Form,
    KubeadmConfig, KubeconfigSpec, Pair, Spec, Unsigned, Wanted, check_advertised, in_folder,
};
use crate::core::x509::san::San;

/// The options that a configuration file says.
const SAID_BY_FILE: [&str; 4] = [
    "control_plane_endpoint",
    "apiserver_advertise_address",
    "apiserver_bind_port",
    "cluster_name",
];

// `kubepki cluster bootstrap`
#[derive(Args, Debug)]
pub struct BootstrapArgs {
    /// File with the bootstrap token, such as abcdef.0123456789abcdef
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,

    /// kubeadm's configuration file, or the inventory of a whole cluster, instead of the options that say the same
    #[arg(long, value_name = "FILE", conflicts_with_all = SAID_BY_FILE)]
    pub(super) config: Option<PathBuf>,

    /// HOST or HOST:PORT by which the whole cluster is reached [default: the API server's address]
    #[arg(long, value_name = "ENDPOINT")]
    control_plane_endpoint: Option<String>,

    /// Address at which the API server is reached [default: that of the default route]
    #[arg(long, value_name = "ADDRESS", conflicts_with = "control_plane_endpoint")]
    apiserver_advertise_address: Option<IpAddr>,

    /// Port at which the API server listens
    #[arg(long, value_name = "PORT", default_value_t = BIND_PORT, value_parser = clap::value_parser!(u16).range(1..))]
    apiserver_bind_port: u16,

    /// What the kubeconfig calls the cluster
    #[arg(long, value_name = "NAME", default_value = CLUSTER_NAME)]
    cluster_name: String,

    /// Folder of the kubeconfig
    #[arg(long, value_name = "DIR", env = "KUBEPKI_KUBECONFIG_DIR", default_value = ".")]
    kubeconfig_dir: PathBuf,

    #[command(flatten)]
    pub(super) writing: Writing,
}

/// A cluster that is to be joined.
struct Cluster {
    cert_dir: PathBuf,
    name: String,
    endpoint: Option<Endpoint>,
    address: Option<IpAddr>,
    port: u16,
}

impl BootstrapArgs {
    /// What is meant. `config` is what the configuration file says; `machine` is asked for what nobody said.
    pub fn spec(
        &self,
        shared: &Shared,
        config: Option<Config>,
        machine: &dyn Fn() -> ThisMachine,
    ) -> Result<Spec, Error> {
        let cluster = match (&self.config, config) {
            (Some(path), Some(config)) => {
                self.by_file(shared, config).map_err(|error| in_file(path, &error))?
            }
            _ => self.by_options(shared)?,
        };
        let kubeconfig = KubeconfigSpec {
            out: Destination::File(in_folder(&self.kubeconfig_dir, BOOTSTRAP_CONF.file)),
            user: BOOTSTRAP_USER.to_owned(),
            context: format!("{BOOTSTRAP_USER}@{}", cluster.name),
            server: cluster.server(machine)?,
            tls_server_name: None,
            proxy_url: None,
            namespace: None,
            ca: Pair::beside(&cluster.cert_dir, CLUSTER_CA).certificate,
            credentials: Credentials::BootstrapTokenFile(self.token_file.clone()),
            form: Form::Embedded,
            is_alone: true,
            cluster: cluster.name,
        };
        let wanted = vec![Wanted::Kubeconfig(kubeconfig)];
        let (force, unsigned) = (self.writing.force, Unsigned::Fail);
        Ok(Spec { home: None, wanted, force, unsigned })
    }

    fn by_options(&self, shared: &Shared) -> Result<Cluster, Error> {
        check_name("cluster", &self.cluster_name)?;
        Ok(Cluster {
            cert_dir: shared.cert_dir.clone(),
            name: self.cluster_name.clone(),
            endpoint: self.control_plane_endpoint.as_deref().map(Endpoint::parse).transpose()?,
            address: self.apiserver_advertise_address,
            port: self.apiserver_bind_port,
        })
    }

    /// The same from a file; as everywhere, a folder that is typed wins.
    fn by_file(&self, shared: &Shared, config: Config) -> Result<Cluster, Error> {
        match config {
            Config::ClusterPki(inventory) => {
                let cluster = by_inventory(shared, &self.kubeconfig_dir, *inventory)?;
                Ok(Cluster {
                    endpoint: Some(cluster.reached_at()?),
                    cert_dir: cluster.operator.certificates,
                    name: cluster.name,
                    address: None,
                    port: BIND_PORT,
                })
            }
            Config::Kubeadm(config) => self.by_kubeadm(shared, *config),
        }
    }

    fn by_kubeadm(&self, shared: &Shared, config: KubeadmConfig) -> Result<Cluster, Error> {
        let KubeadmConfig { cluster, init } = config;
        let address = init.local_api_endpoint.advertise_address;
        let address = address.map(|text| text.parse().map_err(|_| ClusterError::Address(text)));
        let folder = cluster.certificates_dir.filter(|_| !shared.cert_dir_is_typed);
        let name = cluster.cluster_name.unwrap_or_else(|| self.cluster_name.clone());
        check_name("cluster", &name)?;
        Ok(Cluster {
            cert_dir: folder.unwrap_or_else(|| shared.cert_dir.clone()),
            name,
            endpoint: cluster.control_plane_endpoint.as_deref().map(Endpoint::parse).transpose()?,
            address: address.transpose()?,
            port: init.local_api_endpoint.bind_port.unwrap_or(self.apiserver_bind_port),
        })
    }
}

impl Cluster {
    /// The URL of the API server, as admin.conf has it.
    fn server(&self, machine: &dyn Fn() -> ThisMachine) -> Result<String, Error> {
        if self.port == 0 {
            return Err(ClusterError::Port.into());
        }
        if let Some(endpoint) = &self.endpoint {
            return Ok(endpoint.url(self.port));
        }
        let address = self.address.or_else(|| machine().address).ok_or(ClusterError::NoAddress)?;
        check_advertised(address)?;
        Ok(Endpoint { host: San::Ip(address), port: None }.url(self.port))
    }
}
