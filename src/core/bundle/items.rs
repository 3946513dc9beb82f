//! What is in the Secret, as a table.

use crate::core::catalog::{self, ETCD_CA, ROWS, SERVICE_ACCOUNT};
use crate::core::changes::Secrecy;

/// What the certificate of a CA is called.
pub const CA_CERTIFICATE: &str = "CA certificate";

/// Where etcd runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Etcd {
    /// Elsewhere, with a CA of its own: a node needs a client's certificate and key.
    External,
    /// On the control-plane nodes: each signs its member's certificates.
    Stacked,
}

/// Files that belong together.
#[derive(Clone, Debug)]
pub struct Item {
    /// What they are.
    pub kind: Kind,
    /// The certificate, or the public key.
    pub public: Entry,
    /// The key that belongs to it.
    pub private: Option<Entry>,
}

/// What files that belong together are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A CA with its key.
    Ca,
    /// A certificate and its key.
    Client,
    /// The keys of service-account tokens.
    TokenKeys,
    /// A CA without its key.
    Trusted,
}

/// One file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// Its name in the Secret.
    pub name: String,
    /// Its place below the certificate folder.
    pub file: String,
    /// What it is.
    pub what: &'static str,
    /// Who may read it.
    pub secrecy: Secrecy,
}

/// Everything that a further control-plane node takes over. Of an external etcd, the files stand where kubeadm's guide puts
/// them: the places of the certificates that a stacked etcd would have.
pub fn items(etcd: Etcd) -> Vec<Item> {
    let is_ours = |name| etcd == Etcd::Stacked || name != ETCD_CA;
    let cas = ROWS.iter().filter(|row| row.profile.is_ca() && is_ours(row.name));
    let cas = cas.filter_map(|row| Some(pair(Kind::Ca, &row.file?.replace('/', "-"), row.file?)));
    let external = match etcd {
        Etcd::External => vec![
            Item {
                private: None,
                ..pair(Kind::Trusted, "external-etcd-ca", catalog::file(ETCD_CA))
            },
            pair(Kind::Client, "external-etcd", catalog::file("apiserver-etcd-client")),
        ],
        Etcd::Stacked => Vec::new(),
    };
    let (public, private) = (SERVICE_ACCOUNT.public, SERVICE_ACCOUNT.private);
    let tokens = Item {
        kind: Kind::TokenKeys,
        public: entry(public, public, "public key", Secrecy::Public),
        private: Some(entry(private, private, "private key", Secrecy::Secret)),
    };
    cas.chain(external).chain([tokens]).collect()
}

/// The same, file by file.
pub fn entries(etcd: Etcd) -> Vec<Entry> {
    items(etcd).into_iter().flat_map(|item| [Some(item.public), item.private]).flatten().collect()
}

fn pair(kind: Kind, name: &str, file: &str) -> Item {
    let (certificate, key) = match kind {
        Kind::Ca | Kind::Trusted => (CA_CERTIFICATE, "CA key"),
        Kind::Client | Kind::TokenKeys => ("client certificate", "client key"),
    };
    let of = |suffix, what, secrecy| {
        entry(&format!("{name}.{suffix}"), &format!("{file}.{suffix}"), what, secrecy)
    };
    Item {
        kind,
        public: of("crt", certificate, Secrecy::Public),
        private: Some(of("key", key, Secrecy::Secret)),
    }
}

fn entry(name: &str, file: &str, what: &'static str, secrecy: Secrecy) -> Entry {
    Entry { name: name.to_owned(), file: file.to_owned(), what, secrecy }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(etcd: Etcd) -> Vec<String> {
        let mut names: Vec<String> = entries(etcd).into_iter().map(|entry| entry.name).collect();
        names.sort();
        names
    }

    #[test]
    fn the_names_are_kubeadms() {
        let shared =
            ["ca.crt", "ca.key", "front-proxy-ca.crt", "front-proxy-ca.key", "sa.key", "sa.pub"];
        let with = |more: &[&str]| {
            let mut names: Vec<String> =
                shared.iter().chain(more).map(|name| (*name).to_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(names(Etcd::Stacked), with(&["etcd-ca.crt", "etcd-ca.key"]));
        assert_eq!(
            names(Etcd::External),
            with(&["external-etcd-ca.crt", "external-etcd.crt", "external-etcd.key"])
        );
    }

    #[test]
    fn no_two_entries_share_a_file() {
        for etcd in [Etcd::External, Etcd::Stacked] {
            let mut files: Vec<String> =
                entries(etcd).into_iter().map(|entry| entry.file).collect();
            let count = files.len();
            files.sort();
            files.dedup();
            assert_eq!(files.len(), count);
        }
    }
}
