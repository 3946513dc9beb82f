//! What may be shown of a kubeconfig to somebody who looks over one's shoulder.

use super::secret::{Data, Secret};
use super::types::{AuthInfo, Cluster, Config};

/// Stands for a text.
const REDACTED: &str = "REDACTED";

/// Stands for data: this is Base64, so that a reader of the result takes it.
const OMITTED: &str = "DATA+OMITTED";

/// Takes all secrets out: those that kubectl takes out, and what it shows although it may be one, which are settings of auth
/// providers, arguments and variables of exec programs, and the users of URLs.
pub fn redact(config: &mut Config) {
    config.clusters.iter_mut().for_each(|entry| cluster(&mut entry.cluster));
    config.users.iter_mut().for_each(|entry| user(&mut entry.user));
}

/// A URL without its user and password, which may stand before an `@`.
pub fn redact_url(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    match url[start..].rfind('@') {
        Some(at) => format!("{}{REDACTED}{}", &url[..start], &url[start + at..]),
        None => url.to_owned(),
    }
}

fn cluster(cluster: &mut Cluster) {
    data(&mut cluster.certificate_authority_data);
    cluster.server = redact_url(&cluster.server);
    cluster.proxy_url = Secret::new(redact_url(cluster.proxy_url.expose()));
}

fn user(user: &mut AuthInfo) {
    data(&mut user.client_certificate_data);
    data(&mut user.client_key_data);
    text(&mut user.token);
    text(&mut user.password);
    if let Some(provider) = &mut user.auth_provider {
        provider.config.values_mut().for_each(text);
    }
    if let Some(exec) = &mut user.exec {
        exec.args.iter_mut().for_each(text);
        exec.env.iter_mut().for_each(|variable| text(&mut variable.value));
    }
}

fn data(data: &mut Data) {
    if !data.is_empty() {
        *data = Data::from_base64(OMITTED).unwrap_or_default();
    }
}

fn text(text: &mut Secret) {
    if !text.is_empty() {
        *text = Secret::new(REDACTED);
    }
}

#[cfg(test)]
mod tests {
    use super::super::File;
    use super::super::written::ToValue;
    use super::*;

    #[test]
    fn the_user_of_a_url_is_taken_out_whatever_it_looks_like() {
        assert_eq!(redact_url("https://10.0.0.5:6443"), "https://10.0.0.5:6443");
        for url in ["http://u:hunter2@h:1/x", "u:hunter2@h:1/x", "http://u:a@hunter2/@h:1/x"] {
            let shown = redact_url(url);
            assert!(!shown.contains("hunter2") && shown.ends_with("REDACTED@h:1/x"), "{shown}");
        }
    }

    #[test]
    fn no_secret_is_left_and_what_is_empty_stays_so() {
        let text = "clusters: [{name: c, cluster: {server: 'https://u:hunter2@h', proxy-url: 'http://u:hunter2@p', \
            certificate-authority-data: aHVudGVyMg==}}]\n\
            users: [{name: u, user: {token: hunter2, password: hunter2, client-key-data: aHVudGVyMg==, \
            client-certificate-data: aHVudGVyMg==, auth-provider: {name: x, config: {a: hunter2, b: ''}}, \
            exec: {command: x, args: [hunter2], env: [{name: A, value: hunter2}]}}}, {name: empty}]\n";
        let mut config = File::parse("config", text.as_bytes()).unwrap().config().clone();
        redact(&mut config);
        let shown = serde_json::to_string(&config.to_value()).unwrap();
        assert!(!shown.contains("hunter2") && !shown.contains("aHVudGVyMg"), "{shown}");
        assert_eq!(shown.matches("DATA+OMITTED").count(), 3, "{shown}");
        assert_eq!(shown.matches("REDACTED").count(), 7, "{shown}");
        assert!(shown.contains(r#"{"name":"empty","user":{}}"#), "{shown}");
    }
}
