//! What expires when, as `kubeadm certs check-expiration -o json` tells it (`cmd/kubeadm/app/apis/output/v1alpha3` in Kubernetes).

use serde::Serialize;

use crate::core::x509::time::Moment;

/// `CertificateExpirationInfo`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KubeadmReport {
    /// Always the same.
    pub kind: &'static str,
    /// Always the same.
    pub api_version: &'static str,
    /// The leaves, by name.
    pub certificates: Vec<KubeadmRow>,
    /// The CAs, by name.
    pub certificate_authorities: Vec<KubeadmRow>,
}

/// One certificate.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KubeadmRow {
    /// kubeadm's name: that of the catalog, or the kubeconfig.
    pub name: &'static str,
    /// The last second.
    pub expiration_date: Option<Moment>,
    /// Seconds to it, negative once it is past.
    pub residual_time: i64,
    /// Whether the CA is here without its key.
    pub externally_managed: bool,
    /// The CA that signs it; absent for a CA, and where the certificate is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_name: Option<&'static str>,
    /// Whether it is not there.
    pub missing: bool,
}

impl KubeadmReport {
    /// The rows in kubeadm's order.
    pub fn new(mut leaves: Vec<KubeadmRow>, mut authorities: Vec<KubeadmRow>) -> Self {
        leaves.sort_by_key(|row| row.name);
        authorities.sort_by_key(|row| row.name);
        Self {
            kind: "CertificateExpirationInfo",
            api_version: "output.kubeadm.k8s.io/v1alpha3",
            certificates: leaves,
            certificate_authorities: authorities,
        }
    }
}

impl KubeadmRow {
    /// One that is not there.
    pub fn missing(name: &'static str) -> Self {
        Self {
            name,
            expiration_date: None,
            residual_time: 0,
            externally_managed: false,
            ca_name: None,
            missing: true,
        }
    }
}
