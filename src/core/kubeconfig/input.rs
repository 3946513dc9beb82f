//! What people type for a kubeconfig, checked before it gets into one.

use std::net::{Ipv6Addr, SocketAddr};

/// Why something typed cannot go into a kubeconfig. These are no secrets: they come from the command line.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// The one would take the other away.
    #[error("a cluster checks its server by a CA, or does not check it: both were asked")]
    CaAndInsecure,
    /// Not a name for an entry.
    #[error("the {what} name {}: {why}", quoted(name))]
    Name {
        /// `cluster`, `user` or `context`.
        what: &'static str,
        /// The name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Not a key and a value.
    #[error("--{option} wants {wanted}")]
    NoPair {
        /// The option.
        option: &'static str,
        /// What it takes.
        wanted: &'static str,
    },
    /// Not a DNS label.
    #[error(
        "`{0}` is not a namespace: wanted 1 to 63 of `a-z`, `0-9` and `-`, with no `-` at an end"
    )]
    Namespace(String),
    /// Not a proxy.
    #[error("the proxy URL {0}")]
    Proxy(String),
    /// The one would take the other away.
    #[error("a user shows a token, or a name and password: both were given")]
    TokenAndPassword,
    /// Not a name that a server's certificate could have.
    #[error("`{0}` is neither a host name nor an address, so no server's certificate has it")]
    TlsServerName(String),
    /// Not a server.
    #[error("the server `{server}` {why}")]
    Server {
        /// What was typed.
        server: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Server { .. } => Some("--server https://HOST:6443".to_owned()),
            Self::TokenAndPassword => {
                Some("leave out --token-file, or --username and --password-file".to_owned())
            }
            Self::Proxy(_) => Some("--proxy-url http://HOST:3128".to_owned()),
            Self::CaAndInsecure => {
                Some("leave out --certificate-authority or --insecure-skip-tls-verify".to_owned())
            }
            Self::NoPair { option, .. } => Some(format!("--{option} KEY=...")),
            Self::Name { what, .. } => Some(format!("choose another name for the {what}")),
            Self::Namespace(_) => {
                Some("give it as it is listed by: kubectl get namespaces".to_owned())
            }
            Self::TlsServerName(_) => Some("--tls-server-name kube.example.com".to_owned()),
        }
    }
}

/// Checks `https://host[:port]`: credentials are sent to https only, and client-go takes a path for a prefix.
pub fn check_server(server: &str) -> Result<(), Error> {
    let wrong = |why: &str| Error::Server { server: without_user(server), why: why.to_owned() };
    let Some((scheme, rest)) = server.split_once("://") else {
        return Err(wrong("has no scheme, wanted `https://`"));
    };
    if !scheme.eq_ignore_ascii_case("https") {
        return Err(wrong("does not start with `https://`"));
    }
    check_host_port(rest).map_err(|why| wrong(&why))
}

/// Checks `http` or `https`, a host, perhaps a port and a path: what a server of a kubeconfig that is there may be.
pub fn check_server_url(server: &str) -> Result<(), Error> {
    let wrong = |why: &str| Error::Server { server: without_user(server), why: why.to_owned() };
    let Some((scheme, rest)) = server.split_once("://") else {
        return Err(wrong("has no scheme, wanted `https://`"));
    };
    if !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
        return Err(wrong("has another scheme than https or http"));
    }
    let host = rest.split('/').next().unwrap_or_default();
    check_host_port(host).map_err(|why| wrong(&why))
}

/// Checks `http`, `https` or `socks5`, a host, perhaps a user and a port.
pub fn check_proxy_url(url: &str) -> Result<(), Error> {
    let wrong = |why: &str| Error::Proxy(format!("`{}` {why}", without_user(url)));
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(wrong("has no scheme, wanted http, https or socks5"));
    };
    if !["http", "https", "socks5"].contains(&scheme.to_ascii_lowercase().as_str()) {
        return Err(wrong("has another scheme than http, https or socks5"));
    }
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    check_host_port(host.strip_suffix('/').unwrap_or(host)).map_err(|why| wrong(&why))
}

/// Checks that a server's certificate can have this name.
pub fn check_tls_server_name(name: &str) -> Result<(), Error> {
    let is_ipv6 = name.parse::<Ipv6Addr>().is_ok();
    if is_ipv6 || is_host(name) { Ok(()) } else { Err(Error::TlsServerName(name.to_owned())) }
}

/// Checks that it is a DNS label (RFC 1123), as client-go wants of a namespace.
pub fn check_namespace(namespace: &str) -> Result<(), Error> {
    if is_dns_label(namespace) { Ok(()) } else { Err(Error::Namespace(namespace.to_owned())) }
}

/// Checks the name of an entry; `what` is `cluster`, `user` or `context`.
pub fn check_name(what: &'static str, name: &str) -> Result<(), Error> {
    let wrong = |why| Err(Error::Name { what, name: name.to_owned(), why });
    match name {
        "" => wrong("it is empty"),
        _ if name.chars().any(char::is_control) => wrong("it holds a control character"),
        _ if name.len() > 253 => wrong("it is longer than 253 bytes"),
        _ => Ok(()),
    }
}

fn check_host_port(text: &str) -> Result<(), String> {
    if text.contains('@') {
        return Err("holds a user; credentials belong to the user entry".to_owned());
    }
    if let Some(at) = text.find(['/', '?', '#']) {
        return Err(format!("has a path, `{}`; wanted only a host and a port", &text[at..]));
    }
    let (host, port) = split_port(text).ok_or("has an address in brackets that is not IPv6")?;
    if !is_host(host) {
        return Err("has no valid host".to_owned());
    }
    match port.map(str::parse::<u16>) {
        None | Some(Ok(1..)) => Ok(()),
        _ => Err("has no valid port, wanted 1 to 65535".to_owned()),
    }
}

/// Host and port; IPv6 addresses stand in brackets.
fn split_port(text: &str) -> Option<(&str, Option<&str>)> {
    let Some(rest) = text.strip_prefix('[') else {
        return Some(text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))));
    };
    let (address, after) = rest.split_once(']')?;
    let is_address = address.parse::<Ipv6Addr>().is_ok();
    let port = if after.is_empty() { None } else { Some(after.strip_prefix(':')?) };
    is_address.then_some((address, port))
}

fn is_host(host: &str) -> bool {
    let is_address = format!("[{host}]:1").parse::<SocketAddr>().is_ok();
    let label = |label: &str| is_dns_label(&label.to_ascii_lowercase().replace('_', "-"));
    is_address
        || (host.len() <= 253 && host.strip_suffix('.').unwrap_or(host).split('.').all(label))
}

fn is_dns_label(label: &str) -> bool {
    let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    (1..=63).contains(&label.len())
        && label.bytes().all(allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// A URL for an error message: its user and password are nobody's business.
fn without_user(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    match url[start..].rfind('@') {
        Some(at) => format!("{}...{}", &url[..start], &url[start + at..]),
        None => url.to_owned(),
    }
}

fn quoted(name: &str) -> String {
    let short: String = name.chars().take(64).collect();
    format!("`{short}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_https_with_a_host_and_perhaps_a_port() {
        for good in ["https://a", "https://10.0.0.1:6443", "https://[::1]:6443", "https://a.b.c:1"]
        {
            assert_eq!(check_server(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "a:6443",
            "http://a",
            "https://",
            "https://a/",
            "https://a?x",
            "https://u@a",
            "https://a:0",
            "https://a:65536",
            "https://a:",
            "https://[::1",
            "https://a b",
            "https://::1",
            "https://-a",
        ] {
            assert!(check_server(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_server_without_scheme_gets_the_flag_to_type() {
        let error = check_server("10.0.0.1:6443").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the server `10.0.0.1:6443` has no scheme, wanted `https://`"
        );
        assert_eq!(error.hint().as_deref(), Some("--server https://HOST:6443"));
    }

    #[test]
    fn a_proxy_may_have_a_user_and_its_password_is_not_repeated() {
        for good in ["http://a:3128", "https://a/", "socks5://u:p@a:1080"] {
            assert_eq!(check_proxy_url(good), Ok(()), "{good}");
        }
        let error = check_proxy_url("ftp://u:hunter2@a").unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
        assert!(check_proxy_url("a:3128").is_err());
    }

    #[test]
    fn a_namespace_is_a_dns_label() {
        for good in ["default", "a", "kube-system", "0"] {
            assert_eq!(check_namespace(good), Ok(()), "{good}");
        }
        for bad in ["", "A", "a.b", "-a", "a-", "a b", &"a".repeat(64)] {
            assert!(check_namespace(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_anything_on_one_line() {
        assert_eq!(check_name("user", "arn:aws:eks:x/ö #1"), Ok(()));
        for bad in ["", "a\nb", "a\u{1b}[31m", "\u{85}"] {
            assert!(check_name("user", bad).is_err(), "{bad:?}");
        }
    }
}
