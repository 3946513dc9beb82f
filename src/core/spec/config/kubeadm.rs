//! kubeadm's configuration file, as far as it is about the PKI (`cmd/kubeadm/app/apis/kubeadm/v1beta4/types.go` and
//! `v1beta3` in Kubernetes). What it says of other concerns is passed over; a PKI field that is misspelt is an error.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::Error;
use super::documents::{Fields, Kind, Others, check_kinds, one, typed};

/// What a configuration file says of the PKI. Everything is as it was written; nothing is filled in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KubeadmConfig {
    /// `ClusterConfiguration`.
    pub cluster: ClusterConfiguration,
    /// `InitConfiguration`.
    pub init: InitConfiguration,
}

/// The settings of the whole cluster.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterConfiguration {
    /// What kubeconfigs call the cluster.
    pub cluster_name: Option<String>,
    /// HOST or HOST:PORT by which the whole cluster is reached.
    pub control_plane_endpoint: Option<String>,
    /// The folder of certificates and keys.
    pub certificates_dir: Option<PathBuf>,
    /// The kind of every key.
    pub encryption_algorithm: Option<String>,
    /// How long CAs live, as a Go duration.
    pub ca_certificate_validity_period: Option<String>,
    /// How long everything else lives, as a Go duration.
    pub certificate_validity_period: Option<String>,
    /// Services.
    pub networking: Networking,
    /// kube-apiserver.
    pub api_server: ApiServer,
    /// etcd.
    pub etcd: Etcd,
}

/// Services.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct Networking {
    /// Their addresses.
    pub service_subnet: Option<String>,
    /// Their domain.
    pub dns_domain: Option<String>,
}

/// kube-apiserver.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct ApiServer {
    /// Its names besides.
    #[serde(rename = "certSANs")]
    pub cert_sans: Vec<String>,
}

/// etcd.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Etcd {
    /// A member on the node.
    pub local: LocalEtcd,
    /// Members elsewhere; whatever is said of them.
    pub external: Option<Value>,
}

/// A member of etcd on the node.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct LocalEtcd {
    /// Its names among its peers besides.
    #[serde(rename = "peerCertSANs")]
    pub peer_cert_sans: Vec<String>,
    /// Its names as a server besides.
    #[serde(rename = "serverCertSANs")]
    pub server_cert_sans: Vec<String>,
}

/// The settings of the node.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct InitConfiguration {
    /// The node as the cluster knows it.
    pub node_registration: NodeRegistration,
    /// Its API server.
    #[serde(rename = "localAPIEndpoint")]
    pub local_api_endpoint: LocalApiEndpoint,
}

/// The node as the cluster knows it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct NodeRegistration {
    /// Its name.
    pub name: Option<String>,
}

/// The API server of the node.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct LocalApiEndpoint {
    /// The address at which it is reached.
    pub advertise_address: Option<String>,
    /// The port at which it listens.
    pub bind_port: Option<u16>,
}

const CLUSTER: Kind = Kind {
    name: "ClusterConfiguration",
    versions: VERSIONS,
    others: Others::Passed { unlike: UNLIKE },
    known: &[
        "apiServer",
        "caCertificateValidityPeriod",
        "certificateValidityPeriod",
        "certificatesDir",
        "clusterName",
        "controlPlaneEndpoint",
        "encryptionAlgorithm",
        "etcd",
        "networking",
    ],
    sections: SECTIONS,
};

/// The maps in a `ClusterConfiguration`.
pub(super) const SECTIONS: &[Fields] = &[
    Fields { of: &["networking"], known: &["dnsDomain", "serviceSubnet"] },
    Fields { of: &["apiServer"], known: &["certSANs"] },
    Fields { of: &["etcd"], known: &["external", "local"] },
    Fields { of: &["etcd", "local"], known: &["peerCertSANs", "serverCertSANs"] },
];

const INIT: Kind = Kind {
    name: "InitConfiguration",
    versions: VERSIONS,
    others: Others::Passed { unlike: UNLIKE },
    known: &["localAPIEndpoint", "nodeRegistration"],
    sections: &[Fields { of: &["localAPIEndpoint"], known: &["advertiseAddress", "bindPort"] }],
};

/// Fields of other concerns that are near one of ours without being meant.
const UNLIKE: &[&str] = &["apiVersion", "kind", "dns", "caCertPath"];

/// kubeadm's group.
const GROUP: &str = "kubeadm.k8s.io";

/// All kinds of the group.
const KINDS: &[&str] =
    &[CLUSTER.name, INIT.name, "JoinConfiguration", "ResetConfiguration", "UpgradeConfiguration"];

/// Versions whose PKI fields are those above.
const VERSIONS: &[&str] = &["kubeadm.k8s.io/v1beta3", "kubeadm.k8s.io/v1beta4"];

impl KubeadmConfig {
    /// What the documents of a file, which was found at `path`, say. Those of other programs (kubelet, kube-proxy) are passed
    /// over; `None` where none is kubeadm's.
    ///
    /// # Errors
    ///
    /// An unknown version, a wrong type, a misspelt kind or field.
    pub(super) fn find(path: &Path, documents: &[Value]) -> Result<Option<Self>, Error> {
        check_kinds(path, documents, GROUP, KINDS, &[CLUSTER.name, INIT.name])?;
        let cluster = one(path, documents, &CLUSTER)?;
        let init = one(path, documents, &INIT)?;
        if cluster.is_none() && init.is_none() {
            return Ok(None);
        }
        Ok(Some(Self { cluster: part(path, cluster, &CLUSTER)?, init: part(path, init, &INIT)? }))
    }
}

/// A document that need not be there.
fn part<T: for<'de> Deserialize<'de> + Default>(
    path: &Path,
    document: Option<&Value>,
    kind: &Kind,
) -> Result<T, Error> {
    document.map_or_else(|| Ok(T::default()), |document| typed(path, document, kind.name))
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn parse(text: &str) -> Result<KubeadmConfig, Error> {
        match Config::parse("kubeadm.yaml", text.as_bytes())? {
            Config::Kubeadm(config) => Ok(*config),
            Config::ClusterPki(_) => panic!("it is no inventory"),
        }
    }

    #[test]
    fn both_documents_are_read_and_others_passed_over() {
        let config = parse(
            "apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nlocalAPIEndpoint: {advertiseAddress: 10.0.0.5, bindPort: 443}\n\
             nodeRegistration: {name: cp-1, criSocket: x, taints: null}\n---\n\
             apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nclusterName: prod\nnetworking:\n  podSubnet: 10.1.0.0/16\n  serviceSubnet: 10.2.0.0/16\n\
             apiServer: {certSANs: [a, b], timeoutForControlPlane: 4m}\ndns: {}\netcd: {local: {dataDir: /x, serverCertSANs: [c]}}\n---\n\
             apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n",
        )
        .unwrap();
        assert_eq!(config.init.node_registration.name.as_deref(), Some("cp-1"));
        assert_eq!(config.init.local_api_endpoint.bind_port, Some(443));
        assert_eq!(config.cluster.networking.service_subnet.as_deref(), Some("10.2.0.0/16"));
        assert_eq!(config.cluster.api_server.cert_sans, ["a", "b"]);
        assert_eq!(config.cluster.etcd.local.server_cert_sans, ["c"]);
    }

    #[test]
    fn a_misspelt_field_of_the_pki_names_the_right_one() {
        let cluster = |fields: &str| {
            parse(&format!(
                "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n{fields}\n"
            ))
        };
        for (fields, field, near) in [
            ("apiServer: {certSans: [a]}", "apiServer.certSans", "certSANs"),
            ("encryptionAlgoritm: RSA-3072", "encryptionAlgoritm", "encryptionAlgorithm"),
            ("etcd: {local: {peerCertSAN: [a]}}", "etcd.local.peerCertSAN", "peerCertSANs"),
            ("networking: {servicesubnet: x}", "networking.servicesubnet", "serviceSubnet"),
        ] {
            let wanted = Error::Misspelt {
                path: "kubeadm.yaml".into(),
                field: field.into(),
                near: near.into(),
            };
            assert_eq!(cluster(fields), Err(wanted));
        }
        assert!(
            cluster("featureGates: {}\nkubernetesVersion: v1.36.3\nimageRepository: x").is_ok()
        );
    }

    #[test]
    fn a_misspelt_kind_of_the_group_names_the_right_one() {
        let init = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\n---\n";
        let of =
            |group: &str, kind| parse(&format!("{init}apiVersion: {group}/v1\nkind: {kind}\n"));
        for (kind, near) in [
            ("ClusterConfiguraton", CLUSTER.name),
            ("clusterConfiguration", CLUSTER.name),
            ("ClusterConfig", CLUSTER.name),
            ("Initconfiguration", INIT.name),
        ] {
            let (found, near) = (kind.into(), near.into());
            let wanted = Error::Kind { path: "kubeadm.yaml".into(), found, near };
            assert_eq!(of(GROUP, kind), Err(wanted));
            assert!(of("example.com", kind).is_ok(), "another group's");
        }
        for kind in ["JoinConfiguration", "ResetConfiguration", "UpgradeConfiguration", "Other"] {
            assert!(of(GROUP, kind).is_ok(), "{kind}");
        }
    }

    #[test]
    fn what_is_not_kubeadms_is_refused() {
        assert!(matches!(parse("kind: Pod\napiVersion: v1\n"), Err(Error::NoDocument(_))));
        assert!(matches!(parse(""), Err(Error::NoDocument(_))));
        assert!(matches!(parse("a: [1\n"), Err(Error::Yaml { .. })));
        let version = "apiVersion: kubeadm.k8s.io/v1beta2\nkind: ClusterConfiguration\n";
        assert!(matches!(parse(version), Err(Error::Version { .. })));
        let document = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n";
        assert!(matches!(parse(&format!("{document}---\n{document}")), Err(Error::Twice { .. })));
        assert!(matches!(
            parse(&format!("{document}apiServer: {{certSANs: a}}\n")),
            Err(Error::Value { .. })
        ));
    }
}
