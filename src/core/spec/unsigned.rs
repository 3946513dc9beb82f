//! What becomes of certificates whose CA's key is not here.

use std::path::{Path, PathBuf};

use super::{CertificateSpec, Destination, IssuerSpec, Pair, RequestSpec, Spec, Wanted};
use crate::core::x509::cert::Certificate;
use crate::core::x509::profile::Profile;

/// What becomes of certificates whose CA's key is not here.
#[derive(Clone, Debug)]
pub enum Unsigned {
    /// The first one is an error: nothing else was asked for.
    Fail,
    /// Certificates from elsewhere take their places, as far as they fit.
    Import {
        /// What came back.
        offers: Vec<Offer>,
        /// Whether everything is wanted, so that a certificate for a key that nobody here has is a mistake.
        is_whole: bool,
    },
    /// Each gets a key and a request.
    Request,
    /// Each is told of.
    Tell,
}

/// A file with certificates from elsewhere.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The file.
    pub file: PathBuf,
    /// All certificates in it, in their order.
    pub certificates: Vec<Certificate>,
}

impl Unsigned {
    /// The request that counts for a certificate.
    pub(super) fn request_of(&self, spec: &CertificateSpec) -> Option<PathBuf> {
        let is_ca = matches!(spec.issuer, IssuerSpec::Itself);
        let counts = match self {
            Self::Fail => false,
            Self::Import { .. } | Self::Tell => is_ca,
            Self::Request => true,
        };
        spec.request().filter(|_| counts)
    }

    /// The request that tells whether the CA of a certificate is awaited.
    pub(super) fn request_of_ca(&self, ca: &Pair) -> Option<PathBuf> {
        matches!(self, Self::Tell).then(|| ca.request())
    }
}

impl CertificateSpec {
    /// Where the request for it goes, by kubeadm's names: `pki/apiserver.csr`, `admin.conf.csr`.
    pub fn request(&self) -> Option<PathBuf> {
        match &self.certificate {
            Destination::File(certificate) => Some(certificate.with_extension("csr")),
            Destination::Inside { file, .. } => Some(with_csr_after(file)),
            Destination::Stdout => None,
        }
    }
}

fn with_csr_after(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".csr");
    name.into()
}

impl Spec {
    /// Keys and requests instead of certificates. A CA is only asked for where it was named (`with_cas`); what signs itself
    /// needs nobody elsewhere.
    #[must_use]
    pub fn requests(mut self, with_cas: bool) -> Self {
        self.unsigned = Unsigned::Request;
        self.wanted = self.wanted.into_iter().filter_map(|one| asked(one, with_cas)).collect();
        self
    }

    /// Certificates from elsewhere in the places of those that are wanted.
    #[must_use]
    pub fn imports(mut self, offers: Vec<Offer>, is_whole: bool) -> Self {
        self.unsigned = Unsigned::Import { offers, is_whole };
        self.wanted.retain(|one| !matches!(one, Wanted::Copy(_) | Wanted::KeyPair(_)));
        self
    }
}

fn asked(wanted: Wanted, with_cas: bool) -> Option<Wanted> {
    match wanted {
        Wanted::Certificate(spec) if matches!(spec.issuer, IssuerSpec::Itself) => {
            let request = spec.request().filter(|_| with_cas)?;
            Some(Wanted::Request(RequestSpec {
                request: Destination::File(request),
                key: spec.key,
                subject: spec.subject,
                // Who signs it stands above it.
                profile: Profile::INTERMEDIATE,
                // Nobody reaches a CA by a name.
                sans: Vec::new(),
            }))
        }
        // What several machines share is `cluster init`'s to give them.
        Wanted::Copy(_) | Wanted::KeyPair(_) => None,
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::spec::{KeyPairSpec, KeySpec};
    use crate::core::x509::name::DistinguishedName;

    fn certificate(certificate: Destination, issuer: IssuerSpec) -> Wanted {
        Wanted::Certificate(CertificateSpec {
            key: KeySpec::Own { to: certificate.clone(), key_type: None },
            certificate,
            subject: DistinguishedName::user("jane", [""; 0]).unwrap(),
            profile: Profile::ROOT,
            sans: Vec::new(),
            until: None,
            issuer,
        })
    }

    fn cluster() -> Spec {
        let inside = Destination::Inside { file: "admin.conf".into(), user: "jane".into() };
        let ca = IssuerSpec::Files(Pair::beside(Path::new("pki"), "ca"));
        let wanted = vec![
            certificate(Destination::File("pki/ca.crt".into()), IssuerSpec::Itself),
            certificate(inside, ca),
            Wanted::KeyPair(KeyPairSpec {
                private: "pki/sa.key".into(),
                public: "pki/sa.pub".into(),
                key_type: None,
            }),
        ];
        Spec { home: None, wanted, force: false, unsigned: Unsigned::Tell }
    }

    #[test]
    fn requests_stand_beside_what_they_ask_for() {
        let requests = |spec: &Spec| -> Vec<PathBuf> {
            let paths = spec.paths().into_iter();
            paths.filter(|path| path.extension().is_some_and(|suffix| suffix == "csr")).collect()
        };
        let awaited = [Path::new("pki/ca.csr"); 2];
        assert_eq!(requests(&cluster()), awaited, "the CA may be, and what it signs waits for it");
        assert_eq!(requests(&cluster().requests(false)), [Path::new("admin.conf.csr")]);
        let with_cas = cluster().requests(true);
        assert_eq!(requests(&with_cas), ["pki/ca.csr", "admin.conf.csr"].map(PathBuf::from));
    }

    #[test]
    fn a_ca_is_asked_for_where_it_is_named_and_then_stands_below_another() {
        assert_eq!(cluster().requests(false).wanted.len(), 1);
        match cluster().requests(true).wanted.as_slice() {
            [Wanted::Request(ca), Wanted::Certificate(_)] => {
                assert_eq!(ca.profile, Profile::INTERMEDIATE);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_import_wants_certificates_and_no_bare_keys() {
        let spec = cluster().imports(Vec::new(), true);
        assert_eq!(spec.wanted.len(), 2);
        assert!(matches!(spec.unsigned, Unsigned::Import { is_whole: true, .. }));
    }
}
