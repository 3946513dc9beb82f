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
    /// What is not usual.
    pub feature_gates: FeatureGates,
    /// Services.
    pub networking: Networking,
    /// kube-apiserver.
    pub api_server: ApiServer,
    /// etcd.
    pub etcd: Etcd,
}

/// What is not usual.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct FeatureGates {
    /// The older word for `encryptionAlgorithm: ECDSA-P256`.
    #[serde(rename = "PublicKeysECDSA")]
    pub public_keys_ecdsa: bool,
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
    pub local: Option<LocalEtcd>,
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
        "featureGates",
        "networking",
    ],
    sections: SECTIONS,
};

/// The maps in a `ClusterConfiguration`.
pub(super) const SECTIONS: &[Fields] = &[
    Fields { of: &["networking"], known: &["dnsDomain", "serviceSubnet"] },
    Fields { of: &["apiServer"], known: &["certSANs"] },
    Fields { of: &["featureGates"], known: &["PublicKeysECDSA"] },
    Fields { of: &["etcd"], known: &["external", "local"] },
    Fields { of: &["etcd", "local"], known: &["peerCertSANs", "serverCertSANs"] },
];

const INIT: Kind = Kind {
    name: "InitConfiguration",
    versions: VERSIONS,
    others: Others::Passed { unlike: UNLIKE },
    known: &["localAPIEndpoint", "nodeRegistration"],
    sections: &[
        Fields { of: &["localAPIEndpoint"], known: &["advertiseAddress", "bindPort"] },
        Fields { of: &["nodeRegistration"], known: &["name"] },
    ],
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

/// The kubeadm that reads a version which is no longer known, as kubeadm itself says (`app/util/config/common.go`).
pub(super) fn migrator(version: &str) -> Option<&'static str> {
    Some(match version.strip_prefix(GROUP)?.strip_prefix('/')? {
        "v1alpha1" => "v1.11",
        "v1alpha2" => "v1.12",
        "v1alpha3" => "v1.14",
        "v1beta1" => "v1.15",
        "v1beta2" => "v1.22",
        _ => return None,
    })
}

impl ClusterConfiguration {
    /// The kind of every key; the feature gate counts before the field, as with kubeadm.
    pub fn key_type(&self) -> Option<&str> {
        match self.feature_gates.public_keys_ecdsa {
            true => Some("ECDSA-P256"),
            false => self.encryption_algorithm.as_deref(),
        }
    }

    /// Checks that what excludes each other is not there together.
    pub(super) fn checked(self, path: &Path) -> Result<Self, Error> {
        if self.etcd.local.is_some() && self.etcd.external.is_some() {
            let (one, other) = ("etcd.local", "etcd.external");
            return Err(Error::Exclusive { path: path.to_owned(), one, other });
        }
        Ok(self)
    }
}

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
        let cluster: ClusterConfiguration = part(path, cluster, &CLUSTER)?;
        let mut init: InitConfiguration = part(path, init, &INIT)?;
        let name = &mut init.node_registration.name;
        *name = name.as_deref().map(|name| name.trim().to_owned());
        Ok(Some(Self { cluster: cluster.checked(path)?, init }))
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
        assert_eq!(config.cluster.etcd.local.unwrap().server_cert_sans, ["c"]);
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
            (
                "featureGates: {PublicKeyECDSA: true}",
                "featureGates.PublicKeyECDSA",
                "PublicKeysECDSA",
            ),
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
            cluster("featureGates: {NodeLocalCRISocket: true}\nkubernetesVersion: v1.36.3\nimageRepository: x").is_ok()
        );
    }

    #[test]
    fn a_misspelt_name_of_the_node_is_not_passed_over() {
        let node = |fields: &str| {
            let fields = format!("nodeRegistration: {{{fields}}}\n");
            parse(&format!("apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\n{fields}"))
        };
        for field in ["nmae", "Name", "nam"] {
            let error = node(&format!("{field}: cp-1")).unwrap_err();
            assert!(matches!(error, Error::Misspelt { near, .. } if near == "name"), "{field}");
        }
        let others =
            "taints: [], kubeletExtraArgs: [], imagePullPolicy: Always, imagePullSerial: true";
        let trimmed = node(&format!("name: ' CP-1 ', {others}")).unwrap().init;
        assert_eq!(trimmed.node_registration.name.as_deref(), Some("CP-1"));
    }

    #[test]
    fn empty_values_are_as_if_they_were_not_there() {
        let config = parse(
            "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\ncontrolPlaneEndpoint: ''\nclusterName: ''\n\
             encryptionAlgorithm: ''\ncertificatesDir: ''\nnetworking: {dnsDomain: '', serviceSubnet: ''}\netcd: {local: null, external: null}\n---\n\
             apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nlocalAPIEndpoint: {advertiseAddress: '', bindPort: 0}\n\
             nodeRegistration: {name: ''}\n",
        );
        assert_eq!(config, Ok(KubeadmConfig::default()));
        let everywhere = parse(
            "apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nlocalAPIEndpoint: {advertiseAddress: 0.0.0.0}\n",
        );
        assert_eq!(everywhere, Ok(KubeadmConfig::default()), "the default route's");
    }

    #[test]
    fn the_gate_for_ecdsa_counts_before_the_field() {
        for version in VERSIONS {
            let key_type = |fields: &str| {
                let text = format!("apiVersion: {version}\nkind: ClusterConfiguration\n{fields}\n");
                parse(&text).map(|config| config.cluster.key_type().map(str::to_owned))
            };
            let (gate, field) =
                ("featureGates: {PublicKeysECDSA: true}", "encryptionAlgorithm: RSA-3072");
            assert_eq!(key_type(gate), Ok(Some("ECDSA-P256".into())));
            assert_eq!(key_type(&format!("{gate}\n{field}")), Ok(Some("ECDSA-P256".into())));
            let off = gate.replace("true", "false");
            assert_eq!(key_type(&format!("{off}\n{field}")), Ok(Some("RSA-3072".into())));
            assert!(matches!(key_type(&gate.replace("true", "x")), Err(Error::Value { .. })));
        }
    }

    #[test]
    fn etcd_is_here_or_elsewhere() {
        let etcd = |fields: &str| {
            let fields = format!("etcd: {{{fields}}}\n");
            parse(&format!(
                "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n{fields}"
            ))
        };
        for both in ["local: {}, external: {endpoints: [a]}", "local: {dataDir: /x}, external: {}"]
        {
            assert!(matches!(etcd(both), Err(Error::Exclusive { .. })), "{both}");
        }
        assert!(etcd("local: null, external: {endpoints: [a]}").is_ok());
    }

    #[test]
    fn an_old_version_names_the_kubeadm_that_reads_it() {
        let hint = |version: &str| {
            let text =
                format!("apiVersion: kubeadm.k8s.io/{version}\nkind: ClusterConfiguration\n");
            parse(&text).unwrap_err().hint().unwrap()
        };
        assert!(hint("v1beta1").starts_with("let kubeadm v1.15"));
        assert!(hint("v1beta2").ends_with("kubeadm config migrate --old-config kubeadm.yaml"));
        assert!(hint("v1beta9").ends_with("kubeadm.k8s.io/v1beta4"));
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
