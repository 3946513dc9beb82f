//! A whole control plane as things that are wanted: what kubeadm's `init phase certs all` and `init phase kubeconfig all`
//! make (`cmd/kubeadm/app/phases/certs`, `.../kubeconfig`, `app/util/endpoint.go` in Kubernetes).

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::address::{Endpoint, Subnet};
use super::{
    CertificateSpec, Credentials, Destination, Form, IssuerSpec, KeyPairSpec, KeySpec,
    KubeconfigSpec, Pair, Spec, Unsigned, Wanted,
};
use crate::core::catalog::{
    self, Conf, MACHINE_NAMES, ROWS, Row, SERVICE_ACCOUNT, Sans, Server, Subject,
};
use crate::core::x509::key_type::KeyType;
use crate::core::x509::san::{self, San, flaw_of_dns_name};
use crate::core::x509::time::Until;

/// What is asked of a control plane, complete: kubeadm's settings with kubeadm's defaults filled in.
#[derive(Clone, Debug)]
pub struct ClusterSpec {
    /// The folder of certificates and keys.
    pub cert_dir: PathBuf,
    /// The folder of kubeconfigs.
    pub kubeconfig_dir: PathBuf,
    /// What kubeconfigs call the cluster.
    pub name: String,
    /// The node that it is made for.
    pub node_name: String,
    /// The address at which the API server of that node is reached.
    pub advertise_address: IpAddr,
    /// The port at which it listens.
    pub bind_port: u16,
    /// The name or address by which the whole cluster is reached.
    pub endpoint: Option<Endpoint>,
    /// The addresses of services; the first belongs to the API server.
    pub service_subnet: Subnet,
    /// The domain of services.
    pub dns_domain: String,
    /// Names of the API server besides.
    pub api_server_sans: Vec<San>,
    /// Names of the etcd server besides.
    pub etcd_server_sans: Vec<San>,
    /// Names of the etcd member among its peers besides.
    pub etcd_peer_sans: Vec<San>,
    /// Whether etcd runs elsewhere, with a PKI of its own.
    pub external_etcd: bool,
    /// The kind of every key; `None` for the usual one, and for any that is already there.
    pub key_type: Option<KeyType>,
    /// How long CAs live.
    pub ca_until: Option<Until>,
    /// How long everything else lives.
    pub until: Option<Until>,
    /// Names of the parts that are wanted; empty for all.
    pub only: Vec<String>,
}

/// Why a control plane cannot be planned.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// Not an address.
    #[error("`{0}` is no IP address to advertise the API server at")]
    Address(String),
    /// The row cannot be filled in.
    #[error(transparent)]
    Catalog(#[from] catalog::Error),
    /// Not a domain.
    #[error("`{domain}` is no DNS domain: {why}")]
    Domain {
        /// What was given.
        domain: String,
        /// The rule that it breaks.
        why: &'static str,
    },
    /// A part that runs elsewhere.
    #[error("with an external etcd, `{0}` is not made here")]
    Elsewhere(&'static str),
    /// Not a host with a port.
    #[error("`{0}` is no control-plane endpoint: it is HOST or HOST:PORT, in lower case")]
    Endpoint(String),
    /// No address was given, and the machine has none.
    #[error("the address of the API server is not known: this machine has no default route")]
    NoAddress,
    /// No name was given, and the machine has none.
    #[error("the name of the node is not known: this machine has no host name")]
    NoNodeName,
    /// Nothing of that name.
    #[error("there is no part `{0}` of a control plane")]
    Part(String),
    /// No port.
    #[error("the API server cannot listen at port 0")]
    Port,
    /// Not a name for a certificate.
    #[error(transparent)]
    San(#[from] san::Error),
    /// Not a range.
    #[error("`{subnet}` is no service subnet: {why}")]
    Subnet {
        /// What was given.
        subnet: String,
        /// The rule that it breaks.
        why: &'static str,
    },
    /// An address that nobody can reach.
    #[error("the API server cannot be advertised at {0}: it is no address of one machine")]
    Unreachable(IpAddr),
}

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Catalog(error) => return error.hint(),
            Self::San(error) => return error.hint(),
            Self::Domain { .. } => "give one such as --service-dns-domain cluster.local".into(),
            Self::Endpoint(_) => {
                "give one such as --control-plane-endpoint kube.example.com:6443".into()
            }
            Self::Part(_) => format!("choose of {}", parts().collect::<Vec<_>>().join(", ")),
            Self::Elsewhere(_) => "make it where etcd runs".into(),
            Self::Port => "give one such as 6443".into(),
            Self::Subnet { .. } => "give one such as --service-cidr 10.96.0.0/12".into(),
            Self::NoNodeName => "name it with --node-name".into(),
            Self::Address(_) => "give one such as 10.0.0.5".into(),
            Self::NoAddress | Self::Unreachable(_) => {
                "name the node's own address with --apiserver-advertise-address".into()
            }
        })
    }
}

impl ClusterSpec {
    /// Everything that it takes, CAs first.
    ///
    /// # Errors
    ///
    /// Names, addresses or parts that cannot be.
    pub fn spec(&self, force: bool) -> Result<Spec, Error> {
        self.check()?;
        let mut wanted = Vec::new();
        for row in ROWS.iter().filter(|row| self.wants(row.name) && !self.is_elsewhere(row)) {
            wanted.extend(self.wanted(row)?);
        }
        if self.wants(SERVICE_ACCOUNT.name) {
            wanted.push(Wanted::KeyPair(KeyPairSpec {
                private: self.cert_dir.join(SERVICE_ACCOUNT.private),
                public: self.cert_dir.join(SERVICE_ACCOUNT.public),
                key_type: self.key_type,
            }));
        }
        Ok(Spec { home: Some(self.cert_dir.clone()), wanted, force, unsigned: Unsigned::Tell })
    }

    fn check(&self) -> Result<(), Error> {
        for part in &self.only {
            if !parts().any(|known| known == part) {
                return Err(Error::Part(part.clone()));
            }
        }
        if let Some(why) = flaw_of_dns_name(&self.dns_domain) {
            return Err(Error::Domain { domain: self.dns_domain.clone(), why });
        }
        if self.bind_port == 0 {
            return Err(Error::Port);
        }
        // With etcd elsewhere a part may be nobody's to make.
        let elsewhere = ROWS
            .iter()
            .find(|row| self.is_elsewhere(row) && self.only.iter().any(|only| only == row.name));
        if let Some(row) = elsewhere {
            return Err(Error::Elsewhere(row.name));
        }
        // kube-apiserver refuses these as well.
        let address = self.advertise_address;
        if address.is_unspecified() || address.is_loopback() || address.is_multicast() {
            return Err(Error::Unreachable(address));
        }
        Ok(())
    }

    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }

    /// With etcd elsewhere, neither its CA nor what that signs is ours.
    fn is_elsewhere(&self, row: &Row) -> bool {
        self.external_etcd && row.issuer == catalog::ETCD_CA
    }

    /// What a row takes: nothing, a certificate with its key, or a kubeconfig with both inside.
    fn wanted(&self, row: &Row) -> Result<Vec<Wanted>, Error> {
        let Some((certificate, key)) = self.places(row)? else { return Ok(Vec::new()) };
        let issuer = Pair::beside(&self.cert_dir, catalog::file(row.issuer));
        let is_root = row.issuer == row.name;
        let mut wanted = vec![Wanted::Certificate(CertificateSpec {
            certificate,
            key: KeySpec::Own { to: key, key_type: self.key_type },
            subject: row.subject(&self.node_name)?,
            profile: row.profile,
            sans: self.sans(row)?,
            until: if row.profile.is_ca() { self.ca_until } else { self.until },
            issuer: if is_root { IssuerSpec::Itself } else { IssuerSpec::Files(issuer.clone()) },
        })];
        if let Some(conf) = &row.conf {
            wanted.push(Wanted::Kubeconfig(self.kubeconfig(row, conf, issuer.certificate)?));
        }
        Ok(wanted)
    }

    fn places(&self, row: &Row) -> Result<Option<(Destination, Destination)>, Error> {
        if let Some(conf) = &row.conf {
            let inside = Destination::Inside {
                file: self.conf_path(conf),
                user: row.common_name(&self.node_name)?,
            };
            return Ok(Some((inside.clone(), inside)));
        }
        let files = row.file.map(|file| Pair::beside(&self.cert_dir, file));
        Ok(files.map(|files| (Destination::File(files.certificate), Destination::File(files.key))))
    }

    fn kubeconfig(&self, row: &Row, conf: &Conf, ca: PathBuf) -> Result<KubeconfigSpec, Error> {
        let user = row.common_name(&self.node_name)?;
        Ok(KubeconfigSpec {
            out: Destination::File(self.conf_path(conf)),
            cluster: self.name.clone(),
            context: format!("{user}@{}", self.name),
            user,
            server: self.server(conf.server),
            tls_server_name: None,
            proxy_url: None,
            namespace: None,
            ca,
            credentials: Credentials::Inside,
            form: Form::Embedded,
        })
    }

    /// Where a kubeconfig goes; in the working folder it goes by its name alone.
    fn conf_path(&self, conf: &Conf) -> PathBuf {
        if self.kubeconfig_dir == Path::new(".") {
            conf.file.into()
        } else {
            self.kubeconfig_dir.join(conf.file)
        }
    }

    /// The URL of an API server.
    fn server(&self, which: Server) -> String {
        let (host, port) = match (which, &self.endpoint) {
            (Server::ControlPlane, Some(endpoint)) => (endpoint.host.clone(), endpoint.port),
            _ => (San::Ip(self.advertise_address), None),
        };
        let port = port.unwrap_or(self.bind_port);
        match host {
            San::Ip(IpAddr::V6(address)) => format!("https://[{address}]:{port}"),
            San::Ip(IpAddr::V4(address)) => format!("https://{address}:{port}"),
            San::Dns(name) | San::Email(name) | San::Uri(name) => format!("https://{name}:{port}"),
        }
    }

    /// What an etcd member is called, with names besides.
    fn member_sans(&self, besides: &[San]) -> Result<Vec<San>, Error> {
        let mut sans = vec![catalog::node_san(&self.node_name)?, San::Ip(self.advertise_address)];
        sans.extend(parsed(MACHINE_NAMES)?);
        sans.extend(besides.iter().cloned());
        Ok(sans)
    }

    /// kubeadm's rules (`app/util/pkiutil`): DNS names sorted, then addresses in the order in which they came.
    fn sans(&self, row: &Row) -> Result<Vec<San>, Error> {
        let address = San::Ip(self.advertise_address);
        let mut sans = match row.sans {
            Sans::ApiServer => {
                let domain = format!("kubernetes.default.svc.{}", self.dns_domain);
                let mut sans = parsed(&[
                    "kubernetes",
                    "kubernetes.default",
                    "kubernetes.default.svc",
                    &domain,
                ])?;
                sans.push(catalog::node_san(&self.node_name)?);
                sans.extend([San::Ip(self.service_subnet.first_address()), address]);
                sans.extend(self.endpoint.iter().map(|endpoint| endpoint.host.clone()));
                sans.extend(self.api_server_sans.iter().cloned());
                sans
            }
            Sans::Fixed(names) => parsed(names)?,
            Sans::Member => self.member_sans(&self.etcd_server_sans)?,
            Sans::Peer => self.member_sans(&self.etcd_peer_sans)?,
        };
        let rank = |san: &San| match san {
            San::Dns(name) => (0, name.clone()),
            _ => (1, String::new()),
        };
        sans.sort_by_key(rank);
        let mut seen = std::collections::BTreeSet::new();
        sans.retain(|san| seen.insert(san.clone()));
        Ok(sans)
    }
}

fn parsed(names: &[&str]) -> Result<Vec<San>, san::Error> {
    names.iter().map(|name| name.parse()).collect()
}

/// The names of all parts of a control plane, as `--only` takes them.
pub fn parts() -> impl Iterator<Item = &'static str> {
    let rows = ROWS.iter().filter(|row| row.conf.is_some() || row.subject_is_of_the_cluster());
    rows.map(|row| row.name).chain([SERVICE_ACCOUNT.name])
}

impl Row {
    /// Whether its name says all: one for each node of a control plane, not one for each user.
    fn subject_is_of_the_cluster(&self) -> bool {
        self.file.is_some() && matches!(self.subject, Subject::Fixed(_) | Subject::Host)
    }
}
