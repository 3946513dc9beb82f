//! The lists of clusters and users.

use std::collections::BTreeMap;

use crate::core::check::{ClientCertificate, certificate_file};
use crate::core::contexts::{load, warnings};
use crate::core::kubeconfig::{
    AuthInfo, Cluster, Item, LoadPaths, NamedCluster, NamedContext, NamedUser, Referred, View,
    redact_url,
};
use crate::core::report::{ClusterRow, ClustersReport, Credential, Trust, UserRow, UsersReport};
use crate::core::x509::time::Moment;
use crate::core::{Error, store};

/// All clusters that client-go would see.
///
/// # Errors
///
/// A file that cannot be read: client-go would stop at it too.
pub fn clusters(paths: &LoadPaths) -> Result<ClustersReport, Error> {
    let files = load(paths)?;
    let view = View::new(&files);
    let uses = uses::<NamedCluster>(view);
    let row = |item: Item<'_, NamedCluster>| {
        let NamedCluster { name, cluster } = item.entry;
        ClusterRow {
            name: name.clone(),
            server: redact_url(&cluster.server),
            trust: trust(cluster),
            contexts: uses.get(name.as_str()).copied().unwrap_or_default(),
            file: item.file.path().to_owned(),
        }
    };
    let mut clusters: Vec<ClusterRow> = view.clusters().into_iter().map(row).collect();
    clusters.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(ClustersReport { clusters, warnings: warnings(&files) })
}

/// All users that client-go would see, and until when their certificates count at `now`.
///
/// # Errors
///
/// As for [`clusters`]. A certificate that cannot be read is told of in its row.
pub fn users(paths: &LoadPaths, now: Moment) -> Result<UsersReport, Error> {
    let files = load(paths)?;
    let view = View::new(&files);
    let uses = uses::<NamedUser>(view);
    let row = |item: Item<'_, NamedUser>| UserRow {
        name: item.entry.name.clone(),
        credentials: credentials(&item.entry.user),
        certificate: ClientCertificate::of(item, &store::read(certificate_file(item)), now),
        contexts: uses.get(item.entry.name.as_str()).copied().unwrap_or_default(),
        file: item.file.path().to_owned(),
    };
    let mut users: Vec<UserRow> = view.users().into_iter().map(row).collect();
    users.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(UsersReport { users, warnings: warnings(&files) })
}

/// How many contexts name what.
fn uses<E: Referred>(view: View<'_>) -> BTreeMap<&str, usize> {
    let mut uses = BTreeMap::new();
    for item in view.entries::<NamedContext>() {
        *uses.entry(E::named_by(&item.entry.context).as_str()).or_default() += 1;
    }
    uses
}

/// In the order in which client-go looks.
fn trust(cluster: &Cluster) -> Trust {
    if cluster.insecure_skip_tls_verify {
        return Trust::Insecure;
    }
    match (cluster.certificate_authority_data.is_empty(), cluster.certificate_authority.as_str()) {
        (false, _) => Trust::Embedded,
        (true, "") => Trust::System,
        (true, path) => Trust::File(path.to_owned()),
    }
}

fn credentials(user: &AuthInfo) -> Vec<Credential> {
    let has_certificate =
        !user.client_certificate.is_empty() || !user.client_certificate_data.is_empty();
    let file = Some(&user.token_file).filter(|file| !file.is_empty());
    [
        has_certificate.then_some(Credential::Certificate),
        (!user.token.is_empty()).then_some(Credential::Token),
        file.map(|file| Credential::TokenFile(file.clone())),
        (!user.username.is_empty() || !user.password.is_empty()).then_some(Credential::Password),
        user.exec.as_ref().map(|exec| Credential::Exec(exec.command.clone())),
        user.auth_provider.as_ref().map(|it| Credential::AuthProvider(it.name.clone())),
    ]
    .into_iter()
    .flatten()
    .collect()
}
