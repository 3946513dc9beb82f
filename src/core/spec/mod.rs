//! What was asked for, complete and checked: nothing here is optional because somebody forgot it.

mod address;
mod cluster;
mod config;
mod unsigned;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::core::changes::{Secrecy, folder_of};
use crate::core::x509::key_type::KeyType;
use crate::core::x509::name::DistinguishedName;
use crate::core::x509::profile::Profile;
use crate::core::x509::san::San;
use crate::core::x509::time::{Period, Until};

pub use address::{Endpoint, Subnet, check_advertised};
pub use cluster::{ClusterSpec, Error as ClusterError, Folders, Machine, Node, NodesError, User};
pub use config::{
    ClusterConfiguration, ClusterPki, Config, Error as ConfigError, KubeadmConfig, NodeEntry,
    UserEntry, why_unread,
};
pub use unsigned::{Offer, Unsigned};

/// How long a CA lives when nothing else is said: kubeadm's ten years of 365 days.
pub const CA_PERIOD: Period = Period::days(10 * 365);

/// How long anything else lives: kubeadm's year.
pub const LEAF_PERIOD: Period = Period::days(365);

/// The key type when nothing else is said: kubeadm's.
pub const KEY_TYPE: KeyType = KeyType::Rsa2048;

/// What kubeconfigs call the cluster when nothing else is said: kubeadm's.
pub const CLUSTER_NAME: &str = "kubernetes";

/// The addresses of services when nothing else is said: kubeadm's.
pub const SERVICE_SUBNET: &str = "10.96.0.0/12";

/// The domain of services when nothing else is said: kubeadm's.
pub const DNS_DOMAIN: &str = "cluster.local";

/// The port of an API server when nothing else is said: kubeadm's.
pub const BIND_PORT: u16 = 6443;

/// Something to make.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The folder whose lock and journal cover all the files; `None` where no file is written.
    pub home: Option<PathBuf>,
    /// What is wanted, issuers before what they sign.
    pub wanted: Vec<Wanted>,
    /// Whether what differs is replaced.
    pub force: bool,
    /// What becomes of certificates whose CA's key is not here.
    pub unsigned: Unsigned,
}

/// One thing that is wanted.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// A key and its certificate.
    Certificate(CertificateSpec),
    /// A file again in another place.
    Copy(CopySpec),
    /// A key and a request, for a CA elsewhere.
    Request(RequestSpec),
    /// A bare key pair.
    KeyPair(KeyPairSpec),
    /// A kubeconfig.
    Kubeconfig(KubeconfigSpec),
    /// A certificate for somebody's request.
    Signature(SignatureSpec),
}

/// A certificate and its key, as files beside each other.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pair {
    /// The certificate, or the chain with it in front.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Where something goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Destination {
    /// A file.
    File(PathBuf),
    /// Nowhere but in a kubeconfig, which is wanted too.
    Inside {
        /// The kubeconfig.
        file: PathBuf,
        /// The name of the user in it.
        user: String,
    },
    /// Standard output.
    Stdout,
}

/// A certificate that is wanted, with its key.
#[derive(Clone, Debug)]
pub struct CertificateSpec {
    /// Where the certificate goes.
    pub certificate: Destination,
    /// The key, and where it goes.
    pub key: KeySpec,
    /// Who it is for.
    pub subject: DistinguishedName,
    /// What it is for.
    pub profile: Profile,
    /// What a server may be called.
    pub sans: Vec<San>,
    /// When it ends; `None` for the usual period of its profile.
    pub until: Option<Until>,
    /// Who signs it.
    pub issuer: IssuerSpec,
}

/// A file that is wanted in a second place, for another machine.
#[derive(Clone, Debug)]
pub struct CopySpec {
    /// The file, which is there or wanted too. A private key that is neither is elsewhere, and is not copied.
    pub from: PathBuf,
    /// Where else it goes.
    pub to: PathBuf,
    /// Who may read it there.
    pub secrecy: Secrecy,
    /// Whether there may be none, and then there is nothing to copy.
    pub optional: bool,
}

/// The key of something that is wanted.
#[derive(Clone, Debug)]
pub enum KeySpec {
    /// A key that must exist; it is read, never written.
    Existing(PathBuf),
    /// A key of our own, at this place.
    Own {
        /// Where it goes.
        to: Destination,
        /// Its type; `None` for the usual one, and for any that is already there.
        key_type: Option<KeyType>,
    },
}

/// Who signs.
#[derive(Clone, Debug)]
pub enum IssuerSpec {
    /// A CA whose certificate and key are files.
    Files(Pair),
    /// The key itself: a root.
    Itself,
}

/// A request that is wanted, with its key.
#[derive(Clone, Debug)]
pub struct RequestSpec {
    /// Where the request goes.
    pub request: Destination,
    /// The key, and where it goes.
    pub key: KeySpec,
    /// Who asks.
    pub subject: DistinguishedName,
    /// What for.
    pub profile: Profile,
    /// Under which names.
    pub sans: Vec<San>,
}

/// A request of somebody else that is to be signed.
#[derive(Clone, Debug)]
pub struct SignatureSpec {
    /// The file with the request.
    pub request: PathBuf,
    /// Where the certificate goes.
    pub certificate: Destination,
    /// What the certificate is for; the request does not decide that.
    pub profile: Profile,
    /// The common name, instead of the request's.
    pub common_name: Option<String>,
    /// The groups, instead of the request's.
    pub organizations: Option<Vec<String>>,
    /// Whether the alternative names of the request are taken over.
    pub copy_sans: bool,
    /// Alternative names besides.
    pub sans: Vec<San>,
    /// When it ends; `None` for the usual period.
    pub until: Option<Until>,
    /// The CA.
    pub issuer: Pair,
}

/// A bare key pair that is wanted.
#[derive(Clone, Debug)]
pub struct KeyPairSpec {
    /// The file of the private key.
    pub private: PathBuf,
    /// The file of the public key.
    pub public: PathBuf,
    /// Its type; `None` for the usual one, and for any that is already there.
    pub key_type: Option<KeyType>,
}

/// A kubeconfig that is wanted, or entries of one.
#[derive(Clone, Debug)]
pub struct KubeconfigSpec {
    /// Where it goes. Into a file that is there, the entries are added.
    pub out: Destination,
    /// Name of the cluster.
    pub cluster: String,
    /// Name of the user.
    pub user: String,
    /// Name of the context.
    pub context: String,
    /// URL of the API server.
    pub server: String,
    /// The name in the server's certificate, where it is not the host of the URL.
    pub tls_server_name: Option<String>,
    /// A proxy to the server.
    pub proxy_url: Option<String>,
    /// The namespace of the context.
    pub namespace: Option<String>,
    /// Certificates of the CA that signed the server's.
    pub ca: PathBuf,
    /// How the user shows who it is.
    pub credentials: Credentials,
    /// Whether files are named or taken in.
    pub form: Form,
    /// Whether the file is there for this context alone: whoever reads it takes the current one.
    pub is_alone: bool,
}

/// How the user of a kubeconfig shows who it is.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// With the token in this file, by which a node that joins asks for its certificate.
    BootstrapTokenFile(PathBuf),
    /// With a certificate and its key, whose files may be wanted too.
    Certificate(Pair),
    /// With the certificate that is wanted inside of it.
    Inside,
    /// With the bearer token in this file.
    TokenFile(PathBuf),
}

/// How a kubeconfig holds certificates and keys.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Form {
    /// As Base64 (`-data` fields), so that the kubeconfig is all that its user needs.
    Embedded,
    /// As paths of files, which client-go starts from the folder of the kubeconfig.
    Paths {
        /// The working folder, absolute: where the paths that were given start.
        folder: PathBuf,
    },
}

impl KubeconfigSpec {
    fn paths(&self) -> Vec<PathBuf> {
        let mut paths = vec![self.ca.clone()];
        paths.extend(self.out.path().map(Path::to_owned));
        match &self.credentials {
            Credentials::Certificate(files) => {
                paths.extend([files.certificate.clone(), files.key.clone()])
            }
            Credentials::Inside => {}
            Credentials::BootstrapTokenFile(path) | Credentials::TokenFile(path) => {
                paths.push(path.clone())
            }
        }
        paths
    }
}

/// A file in a folder; in the working folder it goes by its name alone.
pub fn in_folder(folder: &Path, file: &str) -> PathBuf {
    if folder == Path::new(".") { file.into() } else { folder.join(file) }
}

impl Pair {
    /// `pki/etcd/ca.crt` and `pki/etcd/ca.key` for `pki` and `etcd/ca`.
    pub fn beside(folder: &Path, file: &str) -> Self {
        Self {
            certificate: folder.join(format!("{file}.crt")),
            key: folder.join(format!("{file}.key")),
        }
    }

    /// Where a request for the certificate is, if it was asked for elsewhere.
    pub fn request(&self) -> PathBuf {
        self.certificate.with_extension("csr")
    }
}

impl Destination {
    /// The file, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Inside { .. } | Self::Stdout => None,
        }
    }
}

impl CertificateSpec {
    /// The file that it is in, if it is in one.
    pub fn place(&self) -> Option<&Path> {
        match &self.certificate {
            Destination::File(file) | Destination::Inside { file, .. } => Some(file),
            Destination::Stdout => None,
        }
    }

    /// When it ends.
    pub fn until(&self) -> Until {
        self.until.unwrap_or(Until::After(usual_period(self.profile)))
    }
}

impl KeySpec {
    /// The file of the key, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Existing(path) => Some(path),
            Self::Own { to, .. } => to.path(),
        }
    }
}

impl Spec {
    /// Every file that the plan depends on.
    pub fn paths(&self) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        for wanted in &self.wanted {
            match wanted {
                Wanted::Certificate(spec) => {
                    paths.extend(spec.certificate.path().map(Path::to_owned));
                    paths.extend(spec.key.path().map(Path::to_owned));
                    if let IssuerSpec::Files(pair) = &spec.issuer {
                        paths.extend([pair.certificate.clone(), pair.key.clone()]);
                        paths.extend(self.unsigned.request_of_ca(pair));
                    }
                    paths.extend(self.unsigned.request_of(spec));
                }
                Wanted::Request(spec) => {
                    paths.extend(spec.request.path().map(Path::to_owned));
                    paths.extend(spec.key.path().map(Path::to_owned));
                    // Beside it may be the certificate of a CA.
                    paths.extend(spec.key.path().map(|key| key.with_extension("crt")));
                }
                Wanted::Copy(spec) => paths.extend([spec.from.clone(), spec.to.clone()]),
                Wanted::KeyPair(spec) => paths.extend([spec.private.clone(), spec.public.clone()]),
                Wanted::Kubeconfig(spec) => paths.extend(spec.paths()),
                Wanted::Signature(spec) => {
                    paths.extend(spec.certificate.path().map(Path::to_owned));
                    paths.extend(
                        [&spec.request, &spec.issuer.certificate, &spec.issuer.key]
                            .map(Clone::clone),
                    );
                }
            }
        }
        paths
    }

    /// The folders of the CAs that are to sign: each keeps a log there.
    pub fn ca_folders(&self) -> Vec<PathBuf> {
        let ca = |wanted: &Wanted| match wanted {
            Wanted::Certificate(CertificateSpec { certificate, issuer, .. }) => match issuer {
                IssuerSpec::Files(files) => Some(folder_of(&files.certificate).to_owned()),
                IssuerSpec::Itself => certificate.path().map(|path| folder_of(path).to_owned()),
            },
            Wanted::Signature(spec) => Some(folder_of(&spec.issuer.certificate).to_owned()),
            Wanted::Copy(_) | Wanted::KeyPair(_) | Wanted::Kubeconfig(_) | Wanted::Request(_) => {
                None
            }
        };
        let folders: BTreeSet<PathBuf> = self.wanted.iter().filter_map(ca).collect();
        folders.into_iter().collect()
    }

    /// The kubeconfigs that are wanted.
    pub fn kubeconfigs(&self) -> Vec<PathBuf> {
        let out = |wanted: &Wanted| match wanted {
            Wanted::Kubeconfig(spec) => spec.out.path().map(Path::to_owned),
            _ => None,
        };
        self.wanted.iter().filter_map(out).collect()
    }
}

/// How long a certificate of this profile lives when nothing else is said.
pub fn usual_period(profile: Profile) -> Period {
    if profile.is_ca() { CA_PERIOD } else { LEAF_PERIOD }
}

/// The longest name that becomes the name of a file, in bytes.
const LONGEST_FILE_NAME: usize = 200;

/// A name that cannot become the name of a file.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{name}` cannot be the name of a file: {why}")]
pub struct NameError {
    name: String,
    why: &'static str,
}

impl NameError {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        Some("give a plain NAME for the files, and the odd one with --cn".into())
    }
}

/// Checks that a name can become the name of a file: a strict alphabet, so that no name is ever a path or a control code.
pub fn check_file_name(name: &str) -> Result<(), NameError> {
    let good = |b: u8| b.is_ascii_alphanumeric() || b"._-@:+=".contains(&b);
    let why = if name.is_empty() {
        "it is empty"
    } else if name.len() > LONGEST_FILE_NAME {
        "it is longer than 200 bytes"
    } else if name.starts_with(['-', '.']) {
        "it begins with `-` or `.`"
    } else if !name.bytes().all(good) {
        "only letters, digits and . _ - @ : + = may be in it"
    } else {
        return Ok(());
    };
    Err(NameError { name: name.to_owned(), why })
}

/// A name of a file for something of another name: what may not be in it becomes `-`.
pub fn file_name(name: &str) -> String {
    let good = |c: char| c.is_ascii_alphanumeric() || "._-@:+=".contains(c);
    let mut text: String = name.chars().map(|c| if good(c) { c } else { '-' }).collect();
    if text.is_empty() || text.starts_with(['-', '.']) {
        text.insert(0, '_');
    }
    // Room for a number.
    text.truncate(LONGEST_FILE_NAME - 10);
    text
}
