//! What in a file has an end: certificates and revocation lists, on their own or in a kubeconfig.

use std::path::{Path, PathBuf};

use super::examine::{Error, looks_like_kubeconfig};
use crate::core::kubeconfig::{self, File};
use crate::core::x509::cert::Certificate;
use crate::core::x509::crl::Crl;
use crate::core::x509::pem;

/// The suffixes of files that hold certificates or revocation lists, or are damaged.
const SUFFIXES: [&str; 3] = ["crt", "cer", "crl"];

/// One thing with an end.
#[derive(Debug)]
pub struct Dated {
    /// Where in the file: `2 of 3`, `user admin`; `None` where it is all there is.
    pub place: Option<String>,
    /// Whether it is what programs take of this file: its first certificate, or that of the current context's user.
    pub is_main: bool,
    /// The thing.
    pub what: WhatIsDated,
}

/// A thing with an end.
#[derive(Debug)]
pub enum WhatIsDated {
    /// A certificate.
    Certificate(Box<Certificate>),
    /// A revocation list.
    Crl(Box<Crl>),
    /// Certificates that a kubeconfig names by their file.
    File(PathBuf),
}

/// Everything with an end in `bytes`, and what should be such a thing and is damaged. Keys, requests and files of other kinds are
/// passed over, unless the name of the file or whoever named it (`is_named`) says that there is something.
pub fn dated(path: &Path, bytes: &[u8], is_named: bool) -> Vec<Result<Dated, Error>> {
    let suffix = path.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default();
    let must_hold = is_named || SUFFIXES.contains(&suffix);
    let mut found = if pem::is_pem(bytes) {
        in_pem(path, bytes)
    } else {
        let whole = |what| Ok(Dated { place: None, is_main: true, what });
        in_der(bytes).map(whole).into_iter().collect()
    };
    if found.is_empty() {
        found = in_kubeconfig(path, bytes);
    }
    match found.is_empty() && must_hold {
        true if bytes.iter().all(u8::is_ascii_whitespace) => {
            vec![Err(Error::Pem { path: path.to_owned(), source: pem::Error::Empty })]
        }
        true => vec![Err(Error::Undated(path.to_owned()))],
        false => found,
    }
}

fn in_pem(path: &Path, bytes: &[u8]) -> Vec<Result<Dated, Error>> {
    let owned = || path.to_owned();
    let blocks = match pem::blocks(bytes) {
        Ok(blocks) => blocks,
        // A damaged key is somebody else's concern.
        Err(_) if !names_something_dated(bytes) => return Vec::new(),
        Err(source) => return vec![Err(Error::Pem { path: owned(), source })],
    };
    let blocks: Vec<_> =
        blocks.iter().filter(|it| [pem::CERTIFICATE, pem::CRL].contains(&it.label)).collect();
    let total = blocks.len();
    let read = |(index, block): (usize, &&pem::Block)| {
        let what = match block.label {
            pem::CRL => Crl::from_der(&block.der)
                .map(|it| WhatIsDated::Crl(Box::new(it)))
                .map_err(|source| Error::Crl { path: owned(), source }),
            _ => Certificate::from_der(&block.der)
                .map(|it| WhatIsDated::Certificate(Box::new(it)))
                .map_err(|source| Error::Certificate { path: owned(), source }),
        };
        what.map(|what| Dated { place: numbered(index, total), is_main: index == 0, what })
    };
    blocks.iter().enumerate().map(read).collect()
}

fn in_der(bytes: &[u8]) -> Option<WhatIsDated> {
    let certificate = || Certificate::from_der(bytes).ok().map(Box::new);
    let crl = || Crl::from_der(bytes).ok().map(Box::new);
    certificate().map(WhatIsDated::Certificate).or_else(|| crl().map(WhatIsDated::Crl))
}

fn in_kubeconfig(path: &Path, bytes: &[u8]) -> Vec<Result<Dated, Error>> {
    if !looks_like_kubeconfig(bytes) {
        return Vec::new();
    }
    let file = match File::parse(path, bytes) {
        Ok(file) => file,
        Err(kubeconfig::Error::Foreign { .. }) => return Vec::new(),
        Err(error) => return vec![Err(error.into())],
    };
    let config = file.config();
    let current = config.contexts.iter().find(|it| it.name == config.current_context);
    let mut found = Vec::new();
    for named in &config.users {
        let is_main = current.is_some_and(|current| current.context.user == named.name);
        let it = &named.user;
        let (data, name) = (it.client_certificate_data.expose(), &it.client_certificate);
        found.extend(in_entry(&file, &format!("user {}", named.name), data, name, is_main));
    }
    for named in &config.clusters {
        let it = &named.cluster;
        let (data, name) = (it.certificate_authority_data.expose(), &it.certificate_authority);
        found.extend(in_entry(&file, &format!("cluster {}", named.name), data, name, false));
    }
    found
}

/// The certificates of a user or cluster: those inside, or else the file that is named.
fn in_entry(
    file: &File,
    owner: &str,
    data: &[u8],
    name: &str,
    is_main: bool,
) -> Vec<Result<Dated, Error>> {
    if data.is_empty() {
        let what = WhatIsDated::File(file.resolve(name));
        let place = Some(owner.to_owned());
        return if name.is_empty() { Vec::new() } else { vec![Ok(Dated { place, is_main, what })] };
    }
    let chain = match Certificate::chain_from_pem(data) {
        Ok(chain) => chain,
        Err(source) => {
            let (path, owner) = (file.path().to_owned(), owner.to_owned());
            return vec![Err(Error::Embedded { path, owner, source })];
        }
    };
    let total = chain.len();
    let dated = chain.into_iter().enumerate().map(|(index, it)| {
        let place = match numbered(index, total) {
            Some(number) => format!("{owner}, {number}"),
            None => owner.to_owned(),
        };
        let what = WhatIsDated::Certificate(Box::new(it));
        Ok(Dated { place: Some(place), is_main: is_main && index == 0, what })
    });
    dated.collect()
}

/// `2 of 3`; nothing where there is one alone.
fn numbered(index: usize, total: usize) -> Option<String> {
    (total > 1).then(|| format!("{} of {total}", index + 1))
}

fn names_something_dated(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    [pem::CERTIFICATE, pem::CRL].iter().any(|label| text.contains(&format!("-----BEGIN {label}--")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(name: &str, text: &str) -> Vec<String> {
        let found = dated(Path::new(name), text.as_bytes(), false);
        found
            .into_iter()
            .map(|it| it.map_or_else(|error| error.to_string(), |it| format!("{it:?}")))
            .collect()
    }

    #[test]
    fn what_has_no_end_is_passed_over_unless_the_name_says_otherwise() {
        for (name, text) in [
            ("README", "words"),
            ("empty", ""),
            ("cluster.yaml", "kind: ClusterPKI\nusers: []\n"),
            ("sa.pub", "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n"),
            ("broken.key", "-----BEGIN PRIVATE KEY-----\nAA"),
        ] {
            assert_eq!(found(name, text), Vec::<String>::new(), "{name}");
        }
        assert_eq!(found("a.crt", "")[..], ["a.crt: the file is empty"]);
        assert_eq!(
            found("a.crt", "words")[..],
            ["a.crt holds no certificate and no revocation list"]
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = dated(Path::new("a.crt"), &bytes, true);
        }
    }
}
