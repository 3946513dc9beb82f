//! What becomes of certificates whose CA's key is not here.

use std::path::{Path, PathBuf};

use super::{CertificateSpec, Destination, IssuerSpec, RequestSpec, Spec, Wanted};
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
        self.wanted.retain(|one| !matches!(one, Wanted::KeyPair(_)));
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
        Wanted::KeyPair(_) => None,
        other => Some(other),
    }
}
