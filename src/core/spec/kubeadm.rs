//! kubeadm's configuration file, as far as it is about the PKI (`cmd/kubeadm/app/apis/kubeadm/v1beta4/types.go` and
//! `v1beta3` in Kubernetes). What it says of other concerns is passed over; a PKI field that is misspelt is an error.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

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

/// Why a file is no configuration that can be followed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// A field that is nearly one of the PKI's.
    #[error("{path}: there is no field `{field}`; `{near}` is near it")]
    Misspelt {
        /// The file.
        path: PathBuf,
        /// The field, with those above it.
        field: String,
        /// The one that may be meant.
        near: String,
    },
    /// Neither document is there.
    #[error("{0} holds neither a ClusterConfiguration nor an InitConfiguration of kubeadm")]
    NotKubeadm(PathBuf),
    /// Larger than any configuration.
    #[error("{path} has {size} bytes; the most for a configuration is {MOST_BYTES}")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        size: usize,
    },
    /// Two documents of one kind.
    #[error("{path} holds two documents of kind {kind}")]
    Twice {
        /// The file.
        path: PathBuf,
        /// The kind.
        kind: String,
    },
    /// A value of another type.
    #[error("{path}: {kind}: {why}")]
    Value {
        /// The file.
        path: PathBuf,
        /// The kind of the document.
        kind: String,
        /// What is wrong.
        why: String,
    },
    /// A version that we do not know.
    #[error("{path}: `{found}` is no version of kubeadm's configuration that is known")]
    Version {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: String,
    },
    /// Not YAML.
    #[error("{path}: not YAML: {why}")]
    Yaml {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        why: String,
    },
}

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Misspelt { .. } => "spell it so, or take it out".into(),
            Self::NotKubeadm(_) => {
                "see what kubeadm would take: kubeadm config print init-defaults".into()
            }
            Self::TooLarge { .. } => "see whether it is the right file".into(),
            Self::Twice { .. } => "keep one of them".into(),
            Self::Value { .. } | Self::Yaml { .. } => "mend that place in the file".into(),
            Self::Version { .. } => {
                "let kubeadm bring the file up to date: kubeadm config migrate --old-config FILE"
                    .into()
            }
        })
    }
}

/// The most bytes that a configuration has.
const MOST_BYTES: usize = 1 << 20;

/// A kind of document, and the fields of its maps that are about the PKI.
struct Kind {
    name: &'static str,
    fields: &'static [(&'static [&'static str], &'static [&'static str])],
}

const CLUSTER: Kind = Kind {
    name: "ClusterConfiguration",
    fields: &[
        (
            &[],
            &[
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
        ),
        (&["networking"], &["dnsDomain", "serviceSubnet"]),
        (&["apiServer"], &["certSANs"]),
        (&["etcd"], &["external", "local"]),
        (&["etcd", "local"], &["peerCertSANs", "serverCertSANs"]),
    ],
};

const INIT: Kind = Kind {
    name: "InitConfiguration",
    fields: &[
        (&[], &["localAPIEndpoint", "nodeRegistration"]),
        (&["localAPIEndpoint"], &["advertiseAddress", "bindPort"]),
    ],
};

/// Fields of other concerns that are near one of ours without being meant.
const OTHERS: &[&str] = &["apiVersion", "kind", "dns", "caCertPath"];

/// Versions whose PKI fields are those above.
const VERSIONS: &[&str] = &["kubeadm.k8s.io/v1beta3", "kubeadm.k8s.io/v1beta4"];

impl KubeadmConfig {
    /// Reads the documents of a file, which was found at `path`. Those of other programs (kubelet, kube-proxy) are passed over.
    ///
    /// # Errors
    ///
    /// Not YAML, no document of kubeadm, an unknown version, a wrong type, a misspelt field.
    pub fn parse(path: impl Into<PathBuf>, bytes: &[u8]) -> Result<Self, Error> {
        let path = path.into();
        let yaml = |error: serde_saphyr::Error| Error::Yaml {
            path: path.clone(),
            why: error.to_string().lines().next().unwrap_or_default().to_owned(),
        };
        if bytes.len() > MOST_BYTES {
            return Err(Error::TooLarge { path, size: bytes.len() });
        }
        let documents: Vec<Value> = serde_saphyr::from_slice_multiple(bytes).map_err(yaml)?;
        let cluster = one(&path, &documents, &CLUSTER)?;
        let init = one(&path, &documents, &INIT)?;
        if cluster.is_none() && init.is_none() {
            return Err(Error::NotKubeadm(path));
        }
        Ok(Self {
            cluster: typed(&path, cluster, &CLUSTER)?.unwrap_or_default(),
            init: typed(&path, init, &INIT)?.unwrap_or_default(),
        })
    }
}

/// The document of a kind, its version known and its fields spelt right.
fn one<'a>(path: &Path, documents: &'a [Value], kind: &Kind) -> Result<Option<&'a Value>, Error> {
    let mut found = documents.iter().filter(|document| document["kind"] == kind.name);
    let Some(document) = found.next() else { return Ok(None) };
    if found.next().is_some() {
        return Err(Error::Twice { path: path.to_owned(), kind: kind.name.to_owned() });
    }
    let version = document["apiVersion"].as_str().unwrap_or_default();
    if !VERSIONS.contains(&version) {
        return Err(Error::Version { path: path.to_owned(), found: version.to_owned() });
    }
    for (place, fields) in kind.fields {
        if let Some(map) =
            place.iter().try_fold(document, |map, key| map.get(key)).and_then(Value::as_object)
        {
            check_spelling(path, place, map, fields)?;
        }
    }
    Ok(Some(document))
}

fn check_spelling(
    path: &Path,
    place: &[&str],
    map: &Map<String, Value>,
    fields: &[&str],
) -> Result<(), Error> {
    for found in
        map.keys().filter(|key| !fields.contains(&key.as_str()) && !OTHERS.contains(&key.as_str()))
    {
        let near = fields.iter().find(|field| is_near(found, field) && !map.contains_key(**field));
        if let Some(near) = near {
            let field = place.iter().copied().chain([found.as_str()]).collect::<Vec<_>>().join(".");
            return Err(Error::Misspelt { path: path.to_owned(), field, near: (*near).to_owned() });
        }
    }
    Ok(())
}

/// Two letters apart, or the same but for their case.
fn is_near(found: &str, field: &str) -> bool {
    let (found, field) = (found.to_lowercase(), field.to_lowercase());
    strsim::osa_distance(&found, &field) <= 2
}

fn typed<T: for<'de> Deserialize<'de>>(
    path: &Path,
    document: Option<&Value>,
    kind: &Kind,
) -> Result<Option<T>, Error> {
    let wrong = |why: serde_json::Error| Error::Value {
        path: path.to_owned(),
        kind: kind.name.to_owned(),
        why: why.to_string(),
    };
    document
        .map(|document| T::deserialize(without_nulls(document.clone())).map_err(wrong))
        .transpose()
}

/// An absent value and `null` are the same to kubeadm.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(key, value)| (key, without_nulls(value))).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<KubeadmConfig, Error> {
        KubeadmConfig::parse("kubeadm.yaml", text.as_bytes())
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
    fn what_is_not_kubeadms_is_refused() {
        assert!(matches!(parse("kind: Pod\napiVersion: v1\n"), Err(Error::NotKubeadm(_))));
        assert!(matches!(parse(""), Err(Error::NotKubeadm(_))));
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
