//! `kubepki cluster upload-bundle`: what a further control-plane node takes over.

use std::path::{Path, PathBuf};

use clap::Args;

use super::args::{Shared, Writing};
use crate::core::bundle::{self, CertificateKey, Etcd};
use crate::core::spec::Destination;
use crate::core::{Error, Open, Seal, Source};

// `kubepki cluster upload-bundle`
#[derive(Args, Debug)]
pub struct UploadArgs {
    /// File with the key of the Secret, 64 hexadecimal digits; where there is none, a key is drawn and written there
    #[arg(long, value_name = "FILE")]
    certificate_key: PathBuf,

    /// etcd runs elsewhere: take its CA and the client's certificate and key in the place of a CA of our own
    #[arg(long)]
    external_etcd: bool,

    /// Where the Secret goes [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Open this Secret instead, and write its files into the certificate folder; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["external_etcd", "out"])]
    pub(super) open: Option<PathBuf>,

    #[command(flatten)]
    pub(super) writing: Writing,
}

impl UploadArgs {
    /// The Secret that is to be made.
    pub fn seal(&self, shared: &Shared) -> Result<Seal, Error> {
        Ok(Seal {
            cert_dir: shared.cert_dir.clone(),
            etcd: if self.external_etcd { Etcd::External } else { Etcd::Stacked },
            certificate_key: self.key_file()?,
            out: match self.out.as_deref() {
                Some(out) if out != Path::new("-") => Destination::File(out.to_owned()),
                _ => Destination::Stdout,
            },
            force: self.writing.force,
        })
    }

    /// The Secret that is to be opened.
    pub fn opening(&self, shared: &Shared, source: Source) -> Result<Open, Error> {
        Ok(Open {
            source,
            certificate_key: self.key_file()?,
            cert_dir: shared.cert_dir.clone(),
            force: self.writing.force,
        })
    }

    /// Who is used to kubeadm's option of this name may type the key itself.
    fn key_file(&self) -> Result<PathBuf, Error> {
        if CertificateKey::is_one(&self.certificate_key) {
            return Err(bundle::Error::KeyTyped.into());
        }
        Ok(self.certificate_key.clone())
    }
}
