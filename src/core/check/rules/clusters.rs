//! Rules about clusters.

use crate::core::kubeconfig::{Item, NamedCluster, redact_url};
use crate::core::x509::cert::Certificate;

use super::Subject;
use super::subject::{Held, leading_outside};

pub(super) fn no_server(_: &Subject<'_>, item: Item<'_, NamedCluster>) -> Option<String> {
    item.entry.cluster.server.is_empty().then(|| "it has no server".to_owned())
}

pub(super) fn http(_: &Subject<'_>, item: Item<'_, NamedCluster>) -> Option<String> {
    let server = &item.entry.cluster.server;
    let is_http = server.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://"));
    is_http.then(|| format!("nothing protects what goes to {}", redact_url(server)))
}

pub(super) fn twice(_: &Subject<'_>, item: Item<'_, NamedCluster>) -> Option<String> {
    let it = &item.entry.cluster;
    let is_twice =
        !it.certificate_authority.is_empty() && !it.certificate_authority_data.is_empty();
    is_twice
        .then(|| "it has both `certificate-authority` and `certificate-authority-data`".to_owned())
}

pub(super) fn file(subject: &Subject<'_>, item: Item<'_, NamedCluster>) -> Option<String> {
    let field = "certificate-authority";
    subject.unreadable(item.file, field, &item.entry.cluster.certificate_authority)
}

pub(super) fn damaged(subject: &Subject<'_>, item: Item<'_, NamedCluster>) -> Option<String> {
    let error = chain(subject, item)?.err()?;
    Some(format!("its CA is no certificate: {error}"))
}

pub(super) fn expired(subject: &Subject<'_>, item: Item<'_, NamedCluster>) -> Option<String> {
    let chain = chain(subject, item)?.ok()?;
    let last = chain.iter().map(|one| one.validity().not_after).max()?;
    (subject.now > last).then(|| format!("its CA expired on {last}"))
}

pub(super) fn ca_and_insecure(_: &Subject<'_>, item: Item<'_, NamedCluster>) -> Option<String> {
    let it = &item.entry.cluster;
    let has_ca = !it.certificate_authority.is_empty() || !it.certificate_authority_data.is_empty();
    (it.insecure_skip_tls_verify && has_ca)
        .then(|| "it has both a CA and `insecure-skip-tls-verify`".to_owned())
}

pub(super) fn insecure(_: &Subject<'_>, item: Item<'_, NamedCluster>) -> Option<String> {
    item.entry
        .cluster
        .insecure_skip_tls_verify
        .then(|| "`insecure-skip-tls-verify` lets anybody on the way pose as the server".to_owned())
}

pub(super) fn proxy_scheme(_: &Subject<'_>, item: Item<'_, NamedCluster>) -> Option<String> {
    let url = item.entry.cluster.proxy_url.expose();
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
    let is_known = url.is_empty() || ["http", "https", "socks5"].contains(&scheme.as_str());
    (!is_known).then(|| format!("its proxy {} is not http, https or socks5", redact_url(url)))
}

pub(super) fn proxy(_: &Subject<'_>, item: Item<'_, NamedCluster>) -> Option<String> {
    let url = item.entry.cluster.proxy_url.expose();
    (!url.is_empty()).then(|| format!("all goes through the proxy {}", redact_url(url)))
}

pub(super) fn outside(_: &Subject<'_>, item: Item<'_, NamedCluster>) -> Option<String> {
    let path = item.entry.cluster.certificate_authority.as_str();
    leading_outside(item.file, &[("certificate-authority", path)])
}

pub(super) fn unused(subject: &Subject<'_>, item: Item<'_, NamedCluster>) -> Option<String> {
    let is_used = subject.used_clusters.contains(item.entry.name.as_str());
    (!is_used).then(|| "no context names it".to_owned())
}

/// The certificates of the CA; `None` where there is none to read.
fn chain(
    subject: &Subject<'_>,
    item: Item<'_, NamedCluster>,
) -> Option<Result<Vec<Certificate>, crate::core::x509::cert::Error>> {
    let it = &item.entry.cluster;
    match subject.held(item.file, &it.certificate_authority_data, &it.certificate_authority) {
        Held::Bytes(bytes) => Some(Certificate::chain_from_pem(&bytes)),
        Held::Nothing | Held::Unreadable(..) => None,
    }
}
