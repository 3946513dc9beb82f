//! The Secret `kubeadm-certs`: what a further control-plane node takes over from the first one, each file encrypted with a
//! key that travels another way.
//!
//! Names and form are kubeadm's (`cmd/kubeadm/app/phases/copycerts` and `app/util/crypto` in Kubernetes). Pure: the files
//! come in as bytes, and go out as bytes that were checked.

mod certificate_key;
mod cipher;
mod content;
mod error;
mod items;
mod manifest;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::core::changes::Bytes;
use crate::core::inventory::Inventory;
use crate::core::x509::entropy::Entropy;

pub use certificate_key::CertificateKey;
pub use error::{Error, Flaw, Place};
pub use items::{CA_CERTIFICATE, Entry, Etcd, Item, Kind, entries, items};
pub use manifest::{NAME, NAMESPACE};

use content::check;

/// The files by the names that they have in the Secret.
pub type Contents = BTreeMap<String, Bytes>;

/// Reads what belongs into the Secret from the certificate folder.
///
/// # Errors
///
/// Files that are missing or unreadable, or not what their names say; a certificate and a key that do not belong together.
pub fn gather(cert_dir: &Path, etcd: Etcd, inventory: Inventory<'_>) -> Result<Contents, Error> {
    let mut contents = Contents::new();
    for Entry { name, file, what, .. } in entries(etcd) {
        if let Some(bytes) = inventory.bytes(what, &cert_dir.join(file))? {
            contents.insert(name, bytes.clone());
        }
    }
    check_complete(cert_dir, etcd, &contents)?;
    check(etcd, &contents, &|entry| Place::File(cert_dir.join(&entry.file)))?;
    Ok(contents)
}

/// The Secret as YAML for `kubectl apply`, with the Role and RoleBinding that let a joining node read it.
///
/// # Errors
///
/// No random numbers.
pub fn seal(
    contents: &Contents,
    key: &CertificateKey,
    entropy: &dyn Entropy,
) -> Result<String, Error> {
    let sealed = |(name, content): (&String, &Bytes)| {
        Ok((name.clone(), cipher::seal(content, key, entropy)?))
    };
    let values: BTreeMap<String, Vec<u8>> =
        contents.iter().map(sealed).collect::<Result<_, Error>>()?;
    Ok(manifest::write(&values))
}

/// The files in a Secret, which was found at `path`; `key_file` is where its key was.
///
/// # Errors
///
/// No such Secret, another key, or files that are not what their names say.
pub fn open(
    path: &Path,
    manifest: &[u8],
    key: &CertificateKey,
    key_file: &Path,
) -> Result<(Etcd, Contents), Error> {
    let values = manifest::read(path, manifest)?;
    let etcd = check_names(path, values.keys())?;
    let mut contents = Contents::new();
    let mut refused = Vec::new();
    for (name, value) in &values {
        match cipher::open(value, key) {
            Some(content) => {
                contents.insert(name.clone(), content);
            }
            None => refused.push(name.clone()),
        }
    }
    if contents.is_empty() {
        return Err(Error::OtherKey { path: path.to_owned(), key_file: key_file.to_owned() });
    }
    if !refused.is_empty() {
        return Err(Error::Altered { path: path.to_owned(), names: refused });
    }
    check(etcd, &contents, &|entry| Place::Entry {
        name: entry.name.clone(),
        of: path.to_owned(),
    })?;
    Ok((etcd, contents))
}

/// A Secret with a part of the files would be accepted by kubeadm, and be found wanting when a node joins.
fn check_complete(cert_dir: &Path, etcd: Etcd, contents: &Contents) -> Result<(), Error> {
    let is_missing = |entry: &&Entry| !contents.contains_key(&entry.name);
    let path = |entry: &Entry| cert_dir.join(&entry.file);
    let missing: Vec<Entry> = entries(etcd).iter().filter(is_missing).cloned().collect();
    let keys_of_cas = items(etcd).into_iter().filter(|item| item.kind == Kind::Ca);
    let keys_of_cas: Vec<Entry> = keys_of_cas.filter_map(|item| item.private).collect();
    let paths = missing.iter().map(path).collect();
    if missing.is_empty() {
        Ok(())
    } else if missing.iter().all(|entry| keys_of_cas.contains(entry)) {
        Err(Error::KeysElsewhere(paths))
    } else {
        Err(Error::Incomplete { cert_dir: cert_dir.to_owned(), etcd, missing: paths })
    }
}

/// Whose etcd it is for. The names come from somebody else: only those of the table ever become files.
fn check_names<'a>(path: &Path, names: impl Iterator<Item = &'a String>) -> Result<Etcd, Error> {
    let found: BTreeSet<String> = names.cloned().collect();
    let of = |etcd| entries(etcd).into_iter().map(|entry| entry.name).collect::<BTreeSet<_>>();
    let is_external =
        of(Etcd::External).difference(&of(Etcd::Stacked)).any(|name| found.contains(name));
    let etcd = if is_external { Etcd::External } else { Etcd::Stacked };
    let wanted = of(etcd);
    let list = |names: &mut dyn Iterator<Item = &String>| names.cloned().collect::<Vec<_>>();
    let unknown = list(&mut found.difference(&wanted));
    let missing = list(&mut wanted.difference(&found));
    if !unknown.is_empty() {
        return Err(Error::Unknown { path: path.to_owned(), names: unknown });
    }
    if !missing.is_empty() {
        return Err(Error::Lacking { path: path.to_owned(), names: missing });
    }
    Ok(etcd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::keys::{draw, draw_serial};
    use crate::core::x509::cert::{Certificate, Template};
    use crate::core::x509::entropy::System;
    use crate::core::x509::key_type::KeyType;
    use crate::core::x509::name::DistinguishedName;
    use crate::core::x509::private_key::PrivateKey;
    use crate::core::x509::profile::Profile;
    use crate::core::x509::time::{Moment, Period, Until, Validity};

    #[test]
    fn what_is_sealed_opens_to_the_same_bytes() {
        for etcd in [Etcd::External, Etcd::Stacked] {
            let contents = contents(etcd);
            assert_eq!(open(&seal(&contents)).unwrap(), (etcd, contents));
        }
    }

    #[test]
    fn another_key_and_a_damaged_value_are_told_apart() {
        let contents = contents(Etcd::Stacked);
        let sealed = super::seal(&contents, &key("b"), &System::default()).unwrap();
        assert!(matches!(open(&sealed), Err(Error::OtherKey { .. })));
        let (ours, theirs) = (seal(&contents), sealed);
        let line =
            |text: &str| text.lines().find(|line| line.contains("sa.key")).unwrap().to_owned();
        let mixed = ours.replace(&line(&ours), &line(&theirs));
        assert!(matches!(open(&mixed), Err(Error::Altered { names, .. }) if names == ["sa.key"]));
    }

    #[test]
    fn only_names_of_the_table_are_taken() {
        let names = |change: &dyn Fn(&mut Contents)| {
            let mut contents = contents(Etcd::Stacked);
            change(&mut contents);
            match open(&seal(&contents)).unwrap_err() {
                Error::Unknown { names, .. } => format!("unknown {}", names.join(" ")),
                Error::Lacking { names, .. } => format!("lacking {}", names.join(" ")),
                other => panic!("{other}"),
            }
        };
        let add = |name: &str| {
            names(&|contents| drop(contents.insert(name.to_owned(), contents["ca.key"].clone())))
        };
        assert_eq!(add("../ca.key"), "unknown ../ca.key");
        assert_eq!(add("apiserver.key"), "unknown apiserver.key");
        assert_eq!(add("external-etcd.key"), "unknown etcd-ca.crt etcd-ca.key");
        assert_eq!(names(&|contents| drop(contents.remove("sa.pub"))), "lacking sa.pub");
        assert_eq!(
            names(&Contents::clear),
            "lacking ca.crt ca.key etcd-ca.crt etcd-ca.key front-proxy-ca.crt front-proxy-ca.key sa.key sa.pub"
        );
    }

    #[test]
    fn a_content_is_what_its_name_says_or_nothing_is_opened() {
        let why = |etcd, name: &str, content: &dyn Fn(&Contents) -> Bytes| {
            let mut contents = contents(etcd);
            let content = content(&contents);
            contents.insert(name.to_owned(), content);
            open(&seal(&contents)).unwrap_err().to_string()
        };
        let text = |text: &str| Bytes::new(text.as_bytes().to_vec());
        let stacked =
            |name, content: &dyn Fn(&Contents) -> Bytes| why(Etcd::Stacked, name, content);
        let of = |other: &'static str| move |contents: &Contents| contents[other].clone();
        assert_eq!(
            stacked("ca.crt", &|_| text("hello")),
            "f: `ca.crt`: the file holds no PEM block"
        );
        assert_eq!(
            stacked("ca.crt", &of("ca.key")),
            "f: `ca.crt`: it holds a private key, and is no place for one"
        );
        assert_eq!(stacked("sa.pub", &of("ca.crt")), "f: `sa.pub`: no public key in it");
        assert_eq!(
            stacked("sa.key", &of("sa.pub")),
            "f: `sa.key`: no private key in it, only PUBLIC KEY"
        );
        assert_eq!(
            stacked("etcd-ca.key", &of("ca.key")),
            "f: `etcd-ca.key` does not belong to f: `etcd-ca.crt`"
        );
        assert_eq!(stacked("sa.key", &of("ca.key")), "f: `sa.key` does not belong to f: `sa.pub`");
        let said = why(Etcd::External, "external-etcd-ca.crt", &of("external-etcd.crt"));
        assert!(said.contains("is not a CA"), "{said}");
    }

    fn key(digit: &str) -> CertificateKey {
        CertificateKey::parse(Path::new("k"), digit.repeat(64).as_bytes()).unwrap()
    }

    fn seal(contents: &Contents) -> String {
        super::seal(contents, &key("a"), &System::default()).unwrap()
    }

    fn open(sealed: &str) -> Result<(Etcd, Contents), Error> {
        super::open(Path::new("f"), sealed.as_bytes(), &key("a"), Path::new("k"))
    }

    /// Files of a control plane, each with a key of its own.
    fn contents(etcd: Etcd) -> Contents {
        let mut contents = Contents::new();
        for Item { kind, public, private } in items(etcd) {
            let key = draw(KeyType::EcdsaP256, &System::default()).unwrap();
            let text = match kind {
                Kind::TokenKeys => key.public_key().to_pem(),
                Kind::Client => certificate(Profile::Client, &key),
                Kind::Ca | Kind::Trusted => certificate(Profile::ROOT, &key),
            };
            contents.insert(public.name, Bytes::new(text.into_bytes()));
            if let Some(private) = private {
                contents.insert(private.name, Bytes::new(key.to_pem().as_bytes().to_vec()));
            }
        }
        contents
    }

    fn certificate(profile: Profile, key: &PrivateKey) -> String {
        let now = Moment::from_unix(1_767_225_600).unwrap();
        let template = Template {
            subject: DistinguishedName::user("x", [""; 0]).unwrap(),
            profile,
            sans: Vec::new(),
            validity: Validity::new(now, Until::After(Period::days(1))).unwrap(),
        };
        let (entropy, public) = (System::default(), key.public_key());
        let serial = draw_serial(&entropy).unwrap();
        Certificate::issue(&template, serial, public, None, key, &entropy).unwrap().to_pem()
    }
}
