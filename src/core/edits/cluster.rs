//! Setting fields of clusters, with what `kubectl config set-cluster` does to the others.

use std::path::{Path, PathBuf};

use crate::core::kubeconfig::{Cluster, Data, NamedCluster, Secret};
use crate::core::report::EditReport;
use crate::core::{Error, World};

use super::desk::{How, carry_out};
use super::files::GivenFile;

/// What a cluster is to say; `None` stays as it is, and an empty text goes.
#[derive(Clone, Debug, Default)]
pub struct ClusterFields {
    /// The URL of the API server.
    pub server: Option<String>,
    /// The name to check the server's certificate for.
    pub tls_server_name: Option<String>,
    /// The file of the CA.
    pub certificate_authority: Option<PathBuf>,
    /// Whether the CA is taken in.
    pub embed: bool,
    /// Whether no certificate is checked.
    pub insecure: Option<bool>,
    /// The URL of a proxy.
    pub proxy_url: Option<String>,
    /// Whether the server is asked not to compress.
    pub disable_compression: Option<bool>,
}

/// Changes a cluster, or makes one.
///
/// # Errors
///
/// A CA that is no certificate; a file that cannot be read, edited or locked. No file has changed then.
pub fn set_cluster(
    how: &How,
    name: &str,
    fields: &ClusterFields,
    world: &World<'_>,
) -> Result<EditReport, Error> {
    let ca = fields.certificate_authority.as_deref();
    let ca = GivenFile::new(ca, fields.embed, "certificate authority")?;
    // One that is not there is told of with the result.
    ca.as_ref().map(GivenFile::chain).transpose()?;
    carry_out::<NamedCluster>(how, world, |desk| {
        desk.put::<NamedCluster>(name, |cluster, file| {
            fields.put(cluster, |cluster| {
                if let Some(ca) = &ca {
                    put_ca(how, file, ca, cluster);
                }
            });
            Ok(())
        })?;
        Ok(vec![name.to_owned()])
    })
}

impl ClusterFields {
    fn put(&self, cluster: &mut Cluster, put_ca: impl FnOnce(&mut Cluster)) {
        if let Some(server) = &self.server {
            cluster.server.clone_from(server);
            // It was the name of another server.
            cluster.tls_server_name.clear();
        }
        if let Some(name) = &self.tls_server_name {
            cluster.tls_server_name.clone_from(name);
        }
        if let Some(insecure) = self.insecure {
            cluster.insecure_skip_tls_verify = insecure;
            if insecure {
                cluster.certificate_authority.clear();
                cluster.certificate_authority_data = Data::default();
            }
        }
        put_ca(cluster);
        if let Some(url) = &self.proxy_url {
            cluster.proxy_url = Secret::new(url.as_str());
        }
        if let Some(disable) = self.disable_compression {
            cluster.disable_compression = disable;
        }
    }
}

/// With a CA the certificate is checked again.
fn put_ca(how: &How, file: &Path, ca: &GivenFile, cluster: &mut Cluster) {
    let Cluster { certificate_authority, certificate_authority_data, .. } = cluster;
    ca.put(how, file, certificate_authority, certificate_authority_data);
    if !ca.path().as_os_str().is_empty() {
        cluster.insecure_skip_tls_verify = false;
    }
}
