//! What is in a folder of certificates, keys and kubeconfigs, field by field, as x509-parser and kubectl read it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::pem::Pem;
use x509_parser::prelude::X509Certificate;

use crate::support::kubernetes_programs;

/// The fields of each thing, by its place and its name.
pub type Fields = BTreeMap<(String, &'static str), String>;

/// Reads a folder that holds kubeconfigs, and certificates below `pki`.
pub fn read(folder: &Path) -> Fields {
    let mut fields = Fields::new();
    for path in files_below(folder) {
        let place = path.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
        let mode = fs::metadata(&path).expect("metadata").permissions().mode() & 0o777;
        fields.insert((place.clone(), "mode"), format!("{mode:o}"));
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("crt") => certificate(&mut fields, &place, &fs::read(&path).expect("a file")),
            Some("key" | "pub") => key(&mut fields, &place, &fs::read(&path).expect("a file")),
            Some("conf") => kubeconfig(&mut fields, &place, &path),
            _ => {}
        }
    }
    relate(&mut fields);
    fields
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("one").path());
    let (folders, mut files): (Vec<PathBuf>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.extend(folders.iter().flat_map(|folder| files_below(folder)));
    files.extend(folders);
    files
}

fn certificate(fields: &mut Fields, place: &str, bytes: &[u8]) {
    let pems: Vec<Pem> = Pem::iter_from_buffer(bytes).map(|pem| pem.expect("PEM")).collect();
    let mut set = |name, value: String| drop(fields.insert((place.to_owned(), name), value));
    set("PEM blocks", pems.iter().map(|pem| pem.label.as_str()).collect::<Vec<_>>().join(" "));
    let certificate = pems[0].parse_x509().expect("a certificate");
    set("version", certificate.version().to_string());
    let serial = certificate.raw_serial();
    set("serial length", if serial.len() > 8 { "over 8 bytes" } else { "8 bytes" }.into());
    set("subject", rdns(&certificate));
    set("issuer", certificate.issuer().to_string());
    set("signature", certificate.signature_algorithm.algorithm.to_string());
    set("key", certificate.public_key().algorithm.algorithm.to_string() + &bits(&certificate));
    let (start, end) = (certificate.validity().not_before, certificate.validity().not_after);
    // Of the difference: rounded by itself, each end may fall into another minute than the other.
    let seconds = end.timestamp() - start.timestamp();
    set("minutes valid", ((seconds + 30) / 60).to_string());
    set("start", start.timestamp().to_string());
    let extensions = certificate.extensions();
    let order = extensions.iter().map(|one| {
        let critical = if one.critical { " critical" } else { "" };
        format!("{}{critical}", one.oid)
    });
    set("extensions", order.collect::<Vec<_>>().join(", "));
    for extension in extensions {
        match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(it) => {
                set(
                    "AKI form",
                    format!(
                        "{} {}",
                        it.key_identifier.is_some(),
                        it.authority_cert_serial.is_some()
                    ),
                );
            }
            ParsedExtension::BasicConstraints(it) => {
                set("basic constraints", format!("{} {:?}", it.ca, it.path_len_constraint));
            }
            ParsedExtension::ExtendedKeyUsage(it) => set(
                "extended key usage",
                format!(
                    "server {}, client {}, any {}, others {:?}",
                    it.server_auth, it.client_auth, it.any, it.other
                ),
            ),
            ParsedExtension::KeyUsage(it) => set("key usage", it.to_string()),
            ParsedExtension::SubjectAlternativeName(it) => {
                set("names", it.general_names.iter().map(name).collect::<Vec<_>>().join(", "));
            }
            _ => {}
        }
    }
}

/// Each RDN in parentheses, so that a set of two in one shows.
fn rdns(certificate: &X509Certificate<'_>) -> String {
    let rdn = |rdn: &x509_parser::x509::RelativeDistinguishedName<'_>| {
        let parts = rdn.iter().map(|part| {
            let value = part.attr_value();
            format!("{}={} {}", part.attr_type(), value.tag(), String::from_utf8_lossy(value.data))
        });
        format!("({})", parts.collect::<Vec<_>>().join(" + "))
    };
    certificate.subject().iter().map(rdn).collect::<Vec<_>>().join(" ")
}

fn bits(certificate: &X509Certificate<'_>) -> String {
    format!(" {} bits", certificate.public_key().parsed().expect("a key").key_size())
}

fn name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) => (*name).to_owned(),
        GeneralName::IPAddress(bytes) => format!("{bytes:?}"),
        other => panic!("no such name is expected: {other:?}"),
    }
}

fn key(fields: &mut Fields, place: &str, bytes: &[u8]) {
    let pem = Pem::iter_from_buffer(bytes).next().expect("a block").expect("PEM");
    fields.insert((place.to_owned(), "PEM blocks"), pem.label);
    let text = String::from_utf8_lossy(bytes);
    let width = text.lines().map(str::len).max().unwrap_or_default();
    fields.insert((place.to_owned(), "columns"), format!("{width}, {}", text.ends_with('\n')));
}

fn kubeconfig(fields: &mut Fields, place: &str, path: &Path) {
    let text = fs::read_to_string(path).expect("a kubeconfig");
    let top: Vec<&str> = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with([' ', '-']))
        .map(|line| line.split(':').next().unwrap_or_default())
        .collect();
    fields.insert((place.to_owned(), "order of keys"), top.join(" "));
    let output = std::process::Command::new(Path::new(kubernetes_programs()).join("kubectl"))
        .args(["config", "view", "--raw", "-o", "json", "--kubeconfig"])
        .arg(path)
        .output()
        .expect("kubectl");
    let mut config: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let ca = take(&mut config, "/clusters/0/cluster/certificate-authority-data");
    let chain = take(&mut config, "/users/0/user/client-certificate-data");
    let private = take(&mut config, "/users/0/user/client-key-data");
    let beside = path.with_file_name("pki").join("ca.crt");
    let is_ca = fs::read(beside).is_ok_and(|bytes| bytes == ca);
    fields.insert((place.to_owned(), "holds pki/ca.crt"), is_ca.to_string());
    fields.insert((place.to_owned(), "everything else"), config.to_string());
    certificate(fields, &format!("{place} (certificate)"), &chain);
    key(fields, &format!("{place} (key)"), &private);
}

/// The bytes that are there as Base64, which is replaced.
fn take(config: &mut Value, pointer: &str) -> Vec<u8> {
    let data = config.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is missing"));
    STANDARD.decode(data.take().as_str().expect("Base64")).expect("Base64")
}

/// When a certificate was made is a matter of the clock; what counts is whether it begins as early as the cluster's CA.
fn relate(fields: &mut Fields) {
    let seconds = |value: &String| value.parse::<i64>().expect("seconds");
    let of_ca = fields.get(&("pki/ca.crt".to_owned(), "start")).map(seconds);
    for (_, value) in fields.iter_mut().filter(|((_, name), _)| *name == "start") {
        let later = seconds(value) - of_ca.expect("a CA") > 3600;
        *value = if later { "later than the CA" } else { "with the CA" }.to_owned();
    }
}
