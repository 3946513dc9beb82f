//! `kubepki cluster`: everything that a control plane takes.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::args::{self, Shared};
use super::bootstrap::BootstrapArgs;
use super::configured;
use super::elsewhere::{CsrArgs, ImportArgs};
use super::renew::ClusterRenewArgs;
use super::upload::UploadArgs;
use crate::core::catalog::{self, Role};
use crate::core::kubeconfig::check_name;
use crate::core::spec::{
    BIND_PORT, CLUSTER_NAME, ClusterError, ClusterSpec, Config, DNS_DOMAIN, Destination, Endpoint,
    Folders, KubeadmConfig, Machine, Node, NodesError, SERVICE_SUBNET, Subnet,
};
use crate::core::x509::san::San;
use crate::core::{Error, Pack};

/// What can be done with a whole control plane.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum ClusterCommand {
    /// Print the ClusterRoleBindings without which admin.conf and kube-apiserver's kubelet client have no rights
    #[command(after_help = "\
Examples:
  kubepki cluster bindings")]
    Bindings,

    /// Make bootstrap-kubelet.conf, with which a node asks for its certificate by a token
    #[command(after_help = "\
Examples:
  kubepki cluster bootstrap --token-file token --control-plane-endpoint kube.example.com
  kubepki cluster bootstrap --token-file token --config kubeadm.yaml --kubeconfig-dir worker-1")]
    Bootstrap(BootstrapArgs),

    /// Put all that one node of an inventory must have into one file, for `tar -xpf FILE -C /etc/kubernetes`
    #[command(after_help = "\
Examples:
  kubepki cluster bundle worker-1 --config cluster.yaml
  kubepki cluster bundle cp-1 --config cluster.yaml --out - | tar -t")]
    Bundle(BundleArgs),

    /// Make keys and requests for what CAs sign whose key is not here
    #[command(after_help = "\
Examples:
  kubepki cluster csr --apiserver-advertise-address 10.0.0.5 --node-name cp-1
  kubepki cluster csr --apiserver-advertise-address 10.0.0.5 --node-name cp-1 -o name | tar czf requests.tgz -T -
  kubepki cluster csr --only ca --apiserver-advertise-address 10.0.0.5 --node-name cp-1")]
    Csr(Box<CsrArgs>),

    /// List the files of a control plane: who signs them, who reads them, and what a change needs
    #[command(after_help = "\
Examples:
  kubepki cluster files
  kubepki cluster files -o name")]
    Files,

    /// Put certificates that were signed elsewhere into their places; exit 3 where some are still missing
    #[command(after_help = "\
Examples:
  kubepki cluster import signed --apiserver-advertise-address 10.0.0.5 --node-name cp-1
  kubepki cluster import apiserver.crt chain.pem --only apiserver --apiserver-advertise-address 10.0.0.5 --node-name cp-1")]
    Import(Box<ImportArgs>),

    /// Make what is missing of a control plane's CAs, certificates, keys and kubeconfigs
    #[command(after_help = "\
Examples:
  kubepki cluster init --apiserver-advertise-address 10.0.0.5 --node-name cp-1
  kubepki cluster init --apiserver-advertise-address 10.0.0.5 --node-name cp-1 --control-plane-endpoint kube.example.com --key-type ECDSA-P256
  kubepki cluster init --config kubeadm.yaml
  kubepki cluster init --config cluster.yaml
  kubepki cluster init --apiserver-advertise-address 10.0.0.5 --node-name cp-1 --control-plane-endpoint kube.example.com --only apiserver --apiserver-cert-extra-sans api.example.com --force")]
    Init(Box<InitArgs>),

    /// Compare what is there with what is asked; exit 3 where it is not all as asked
    #[command(after_help = "\
Examples:
  kubepki cluster plan --apiserver-advertise-address 10.0.0.5 --node-name cp-1")]
    Plan(Box<Asked>),

    /// Renew what the nodes and users of an inventory hold, by the CAs of the operator
    #[command(after_help = "\
Examples:
  kubepki cluster renew --config cluster.yaml --dry-run
  kubepki cluster renew --config cluster.yaml --if-expiring-in 30d
  kubepki cluster renew --config cluster.yaml --node cp-1")]
    Renew(Box<ClusterRenewArgs>),

    /// Make the Secret kubeadm-certs, from which a further control-plane node takes its CAs; or open it
    #[command(after_help = "\
Examples:
  kubepki cluster upload-bundle --certificate-key certificate.key > kubeadm-certs.yaml
  kubepki cluster upload-bundle --certificate-key certificate.key --out kubeadm-certs.yaml
  kubepki cluster upload-bundle --certificate-key certificate.key --open kubeadm-certs.yaml --cert-dir cp-2/pki")]
    UploadBundle(UploadArgs),
}

/// The options that a configuration file says.
const SAID_BY_FILE: [&str; 11] = [
    "apiserver_advertise_address",
    "apiserver_bind_port",
    "control_plane_endpoint",
    "apiserver_cert_extra_sans",
    "service_cidr",
    "service_dns_domain",
    "cluster_name",
    "etcd_server_extra_sans",
    "etcd_peer_extra_sans",
    "external_etcd",
    "ca_validity",
];

// `kubepki cluster init`
#[derive(Args, Debug)]
pub struct InitArgs {
    #[command(flatten)]
    pub(super) asked: Asked,

    #[command(flatten)]
    pub(super) writing: args::Writing,
}

// `kubepki cluster bundle`
#[derive(Args, Debug)]
pub struct BundleArgs {
    /// The node
    node: String,

    /// The inventory of the cluster
    #[arg(long, value_name = "FILE")]
    pub(super) config: PathBuf,

    /// Folder of the kubeconfigs, in which the folders of the nodes are
    #[arg(long, value_name = "DIR", env = "KUBEPKI_KUBECONFIG_DIR", default_value = ".")]
    kubeconfig_dir: PathBuf,

    /// Where the archive goes; `-` prints it [default: NODE.tar]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    #[command(flatten)]
    writing: args::Writing,
}

// What is asked of a control plane, by kubeadm's names.
#[derive(Args, Debug)]
pub struct Asked {
    /// kubeadm's configuration file, or the inventory of a whole cluster, instead of the options that say the same
    #[arg(long, value_name = "FILE", conflicts_with_all = SAID_BY_FILE)]
    pub(super) config: Option<PathBuf>,

    /// Folder of the kubeconfigs
    #[arg(long, value_name = "DIR", env = "KUBEPKI_KUBECONFIG_DIR", default_value = ".")]
    kubeconfig_dir: PathBuf,

    /// Name of the node, in lower case [default: the host name]
    #[arg(long, value_name = "NAME")]
    node_name: Option<String>,

    /// Address at which the node's API server is reached [default: that of the default route]
    #[arg(long, value_name = "ADDRESS")]
    apiserver_advertise_address: Option<IpAddr>,

    /// Port at which the API server listens
    #[arg(long, value_name = "PORT", default_value_t = BIND_PORT, value_parser = clap::value_parser!(u16).range(1..))]
    apiserver_bind_port: u16,

    /// HOST or HOST:PORT by which the whole cluster is reached
    #[arg(long, value_name = "ENDPOINT")]
    control_plane_endpoint: Option<String>,

    /// Names and addresses of the API server besides, with commas between
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    apiserver_cert_extra_sans: Vec<String>,

    /// Addresses of services; of two ranges the first counts
    #[arg(long, value_name = "CIDR", default_value = SERVICE_SUBNET)]
    service_cidr: String,

    /// Domain of services
    #[arg(long, value_name = "DOMAIN", default_value = DNS_DOMAIN)]
    service_dns_domain: String,

    /// What kubeconfigs call the cluster
    #[arg(long, value_name = "NAME", default_value = CLUSTER_NAME)]
    cluster_name: String,

    /// Names of the etcd server besides, with commas between
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    etcd_server_extra_sans: Vec<String>,

    /// Names of the etcd member among its peers besides, with commas between
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    etcd_peer_extra_sans: Vec<String>,

    /// etcd runs elsewhere: make nothing of its PKI
    #[arg(long)]
    external_etcd: bool,

    /// Kind of every key: RSA-2048, RSA-3072, RSA-4096, ECDSA-P256, ECDSA-P384 [default: RSA-2048]
    #[arg(long, value_name = "TYPE", env = "KUBEPKI_KEY_TYPE")]
    key_type: Option<String>,

    /// How long CAs live, or until when [default: 10y]
    #[arg(long, value_name = "PERIOD|DATE")]
    ca_validity: Option<String>,

    #[command(flatten)]
    lasting: args::Lasting,

    /// Just these parts; may be repeated
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) only: Vec<String>,
}

/// What the machine knows of itself.
pub struct ThisMachine {
    /// Its host name.
    pub name: Option<String>,
    /// The address of its default route.
    pub address: Option<IpAddr>,
}

impl Asked {
    /// What is meant. `config` is what the configuration file says; `machine` is asked for what nobody said.
    pub fn spec(
        &self,
        shared: &Shared,
        config: Option<Config>,
        machine: &dyn Fn() -> ThisMachine,
    ) -> Result<ClusterSpec, Error> {
        let cluster = match (&self.config, config) {
            (Some(path), Some(config)) => self
                .by_file(shared, config, machine)
                .map_err(|error| configured::in_file(path, &error))?,
            _ => self.by_options(shared, machine)?,
        };
        Ok(ClusterSpec { only: self.only.clone(), ..cluster })
    }

    fn by_options(
        &self,
        shared: &Shared,
        machine: &dyn Fn() -> ThisMachine,
    ) -> Result<ClusterSpec, Error> {
        check_name("cluster", &self.cluster_name)?;
        let address = self.apiserver_advertise_address;
        let (name, address) = complete(self.node_name.clone(), address, machine)?;
        let operator = Folders {
            certificates: shared.cert_dir.clone(),
            kubeconfigs: self.kubeconfig_dir.clone(),
        };
        let spec = ClusterSpec {
            machines: vec![one_node(&operator, name, address, self.apiserver_bind_port)],
            operator,
            name: self.cluster_name.clone(),
            endpoint: self.control_plane_endpoint.as_deref().map(Endpoint::parse).transpose()?,
            service_subnet: Subnet::parse(&self.service_cidr)?,
            dns_domain: self.service_dns_domain.clone(),
            api_server_sans: sans(&self.apiserver_cert_extra_sans)?,
            etcd_server_sans: sans(&self.etcd_server_extra_sans)?,
            etcd_peer_sans: sans(&self.etcd_peer_extra_sans)?,
            external_etcd: self.external_etcd,
            key_type: args::key_type(self.key_type.as_deref())?,
            ca_until: self.ca_validity.as_deref().map(str::parse).transpose()?,
            until: self.lasting.until()?,
            only: Vec::new(),
            users: Vec::new(),
        };
        spec.check()?;
        Ok(spec)
    }

    fn by_file(
        &self,
        shared: &Shared,
        config: Config,
        machine: &dyn Fn() -> ThisMachine,
    ) -> Result<ClusterSpec, Error> {
        match config {
            Config::ClusterPki(_) if self.node_name.is_some() => {
                Err(ClusterError::from(NodesError::NamedByInventory).into())
            }
            Config::ClusterPki(inventory) => {
                configured::by_inventory(shared, &self.kubeconfig_dir, *inventory)
            }
            Config::Kubeadm(config) => self.by_kubeadm(shared, *config, machine),
        }
    }

    fn by_kubeadm(
        &self,
        shared: &Shared,
        config: KubeadmConfig,
        machine: &dyn Fn() -> ThisMachine,
    ) -> Result<ClusterSpec, Error> {
        let KubeadmConfig { cluster, init } = config;
        let address = init.local_api_endpoint.advertise_address;
        let address = address
            .map(|text| text.parse().map_err(|_| ClusterError::Address(text)))
            .transpose()?;
        let node_name = self.node_name.clone().or(init.node_registration.name);
        let (name, address) = complete(node_name, address, machine)?;
        let port = init.local_api_endpoint.bind_port.unwrap_or(self.apiserver_bind_port);
        let mut spec = configured::by_settings(shared, &self.kubeconfig_dir, cluster)?;
        spec.machines = vec![one_node(&spec.operator, name, address, port)];
        spec.check()?;
        Ok(spec)
    }
}

impl BundleArgs {
    /// What is meant.
    pub fn pack(&self, shared: &Shared) -> Result<Pack, Error> {
        let cluster = configured::read_inventory(shared, &self.kubeconfig_dir, &self.config)?;
        let node = catalog::node_name(&self.node)?;
        let (spec, folder) = cluster.node(&node)?;
        let out = self.out.clone().unwrap_or_else(|| PathBuf::from(format!("{node}.tar")));
        let out = match out == Path::new("-") {
            true => Destination::Stdout,
            false => Destination::File(out),
        };
        let args::Writing { force, dry_run } = self.writing;
        Ok(Pack { node, spec, folder, out, force, dry_run })
    }
}

/// kubeadm's one node, where the operator works as well.
fn one_node(operator: &Folders, name: String, address: IpAddr, bind_port: u16) -> Machine {
    let addresses = vec![San::Ip(address)];
    Machine {
        roles: vec![Role::Operator, Role::ControlPlane, Role::Etcd],
        folders: operator.clone(),
        node: Some(Node { name, addresses, bind_port, sans: Vec::new() }),
        key_type: None,
    }
}

/// Name and address of the node; the machine is only asked for what is not known.
fn complete(
    name: Option<String>,
    address: Option<IpAddr>,
    machine: &dyn Fn() -> ThisMachine,
) -> Result<(String, IpAddr), Error> {
    if let (Some(name), Some(address)) = (&name, address) {
        return Ok((name.clone(), address));
    }
    let found = machine();
    let name = name.or(found.name).ok_or(ClusterError::NoNodeName)?;
    let address = address.or(found.address).ok_or(ClusterError::NoAddress)?;
    Ok((name, address))
}

fn sans(given: &[String]) -> Result<Vec<San>, Error> {
    args::sans(Vec::new(), given)
}
