//! `kubepki ca`: certificate authorities.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::{self, Shared, Writing};
use super::rotate::CaRotateCommand;
use crate::core::Error;
use crate::core::catalog::{self, CLUSTER_CA, Row, Subject};
use crate::core::spec::{
    CertificateSpec, Destination, IssuerSpec, KeySpec, Pair, Spec, Unsigned, Wanted,
    check_file_name,
};
use crate::core::x509::name::{Attribute, DistinguishedName};
use crate::core::x509::profile::Profile;

/// What can be done with certificate authorities.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum CaCommand {
    /// Make a certificate authority: its key and its certificate
    #[command(after_help = "\
Examples:
  kubepki ca init
  kubepki ca init --cn my-cluster --key-type ECDSA-P384 --validity 5y
  kubepki ca init etcd-ca
  kubepki ca init prod --parent ca")]
    Init(Box<InitArgs>),

    /// Rotate certificate authorities, in stages that a running cluster does not notice
    #[command(subcommand)]
    Rotate(CaRotateCommand),

    /// Show a certificate authority: who it is, until when, its pin, and how its key is
    #[command(after_help = "\
Examples:
  kubepki ca show
  kubepki ca show -o name")]
    Show(ShowArgs),
}

// `kubepki ca init`
#[derive(Args, Debug)]
pub struct InitArgs {
    /// What the CA is called: its files are NAME.crt and NAME.key in the certificate folder
    #[arg(default_value = CLUSTER_CA)]
    name: String,

    /// Common name [default: kubernetes for `ca`, else NAME]
    #[arg(long)]
    cn: Option<String>,

    /// Organisation
    #[arg(long = "org", visible_alias = "group", value_name = "ORG")]
    orgs: Vec<String>,

    /// Organisational unit
    #[arg(long = "ou", value_name = "UNIT")]
    units: Vec<String>,

    /// Country, two letters
    #[arg(long, value_name = "CODE")]
    country: Option<String>,

    /// State or province
    #[arg(long)]
    state: Option<String>,

    /// Town
    #[arg(long)]
    locality: Option<String>,

    /// Kind of key: RSA-2048, RSA-3072, RSA-4096, ECDSA-P256, ECDSA-P384, Ed25519 [default: RSA-2048]
    #[arg(long, value_name = "TYPE", env = "KUBEPKI_KEY_TYPE")]
    key_type: Option<String>,

    /// How long it lives, or until when: 5y, 87600h, 2036-01-31 [default: 10y]
    #[arg(
        long,
        visible_alias = "not-after",
        value_name = "PERIOD|DATE",
        allow_hyphen_values = true
    )]
    validity: Option<String>,

    /// CA that signs this one: a NAME in the certificate folder, or the folder of another (`other/`) [default: it signs itself]
    #[arg(long, value_name = "NAME|DIR")]
    parent: Option<String>,

    #[command(flatten)]
    pub(super) writing: Writing,
}

// `kubepki ca show`
#[derive(Args, Debug)]
pub struct ShowArgs {
    /// What the CA is called
    #[arg(default_value = CLUSTER_CA)]
    name: String,
}

impl InitArgs {
    /// What is meant.
    pub fn spec(&self, shared: &Shared) -> Result<Spec, Error> {
        catalog::check_kind(&self.name, true)?;
        let row = catalog::row(&self.name).filter(|row| row.profile.is_ca());
        if row.is_none() {
            check_file_name(&self.name)?;
        }
        let files = Pair::beside(&shared.cert_dir, catalog::file(&self.name));
        let (profile, issuer) = match &self.parent {
            Some(parent) => {
                (Profile::INTERMEDIATE, IssuerSpec::Files(parent_files(shared, parent)))
            }
            None => (Profile::ROOT, IssuerSpec::Itself),
        };
        let wanted = CertificateSpec {
            certificate: Destination::File(files.certificate),
            key: KeySpec::Own {
                to: Destination::File(files.key),
                key_type: args::key_type(self.key_type.as_deref())?,
            },
            subject: self.subject(row)?,
            profile,
            sans: row.map(|row| row.default_sans(&self.name)).unwrap_or_default(),
            until: self.validity.as_deref().map(str::parse).transpose()?,
            issuer,
        };
        Ok(Spec {
            home: Some(shared.cert_dir.clone()),
            wanted: vec![Wanted::Certificate(wanted)],
            force: self.writing.force,
            unsigned: Unsigned::Fail,
        })
    }

    fn subject(&self, row: Option<&Row>) -> Result<DistinguishedName, Error> {
        let usual = match row.map(|row| row.subject) {
            Some(Subject::Fixed(name)) => name,
            _ => &self.name,
        };
        let parts = [
            (Attribute::COUNTRY, self.country.as_slice()),
            (Attribute::STATE, self.state.as_slice()),
            (Attribute::LOCALITY, self.locality.as_slice()),
            (Attribute::ORGANIZATION, &self.orgs),
            (Attribute::ORGANIZATIONAL_UNIT, &self.units),
        ];
        let parts = parts
            .into_iter()
            .flat_map(|(kind, values)| values.iter().map(move |value| (kind, value.as_str())));
        let common_name = self.cn.as_deref().unwrap_or(usual);
        Ok(DistinguishedName::new(parts.chain([(Attribute::COMMON_NAME, common_name)]))?)
    }
}

impl ShowArgs {
    /// The files of the CA.
    pub fn files(&self, shared: &Shared) -> Result<Pair, Error> {
        if catalog::row(&self.name).is_none() {
            check_file_name(&self.name)?;
        }
        Ok(Pair::beside(&shared.cert_dir, catalog::file(&self.name)))
    }
}

/// A name in our certificate folder, the file of a certificate, or another folder with a CA of its own.
pub(super) fn parent_files(shared: &Shared, parent: &str) -> Pair {
    if !args::is_path(parent) {
        return Pair::beside(&shared.cert_dir, catalog::file(parent));
    }
    let path = PathBuf::from(parent);
    if path.extension().is_some_and(|suffix| suffix == "crt") {
        return Pair { key: path.with_extension("key"), certificate: path };
    }
    Pair::beside(&path, CLUSTER_CA)
}
