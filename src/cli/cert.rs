//! `kubepki cert`: certificates and requests.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::args::{self, Lasting, Shared, Signing, Writing};
use crate::core::Error;
use crate::core::catalog::{self, Row};
use crate::core::spec::{
    CertificateSpec, Destination, RequestSpec, SignatureSpec, Spec, Wanted, check_file_name,
};
use crate::core::x509::profile::Profile;

/// The profile of a name that the catalog does not know.
const USUAL_PROFILE: &str = "client";

/// What can be done with certificates.
#[derive(Debug, Subcommand)]
pub enum CertCommand {
    /// Make a key and a certificate for it, signed by the CA
    #[command(after_help = "\
Examples:
  kubepki cert issue admin
  kubepki cert issue alice --profile user --org dev --org ops --validity 90d
  kubepki cert issue worker-1 --profile node
  kubepki cert issue web --profile server --san web.example.com --san 10.0.0.7")]
    Issue(IssueArgs),

    /// Make a key and a request, for a CA elsewhere to sign
    #[command(after_help = "\
Examples:
  kubepki cert request alice --profile user --org dev
  kubepki cert request web --profile server --san web.example.com --out web.csr")]
    Request(RequestArgs),

    /// Show certificates, requests, keys, revocation lists and kubeconfigs
    #[command(after_help = "\
Examples:
  kubepki cert show pki/ca.crt
  kubepki cert show pki/ca.crt pki/ca.key -o json")]
    Show(ShowArgs),

    /// Sign somebody's request
    #[command(after_help = "\
Examples:
  kubepki cert sign alice.csr --profile client
  kubepki cert sign web.csr --profile server --copy-sans --validity 90d")]
    Sign(SignArgs),
}

/// Who a certificate is for.
#[derive(Args, Debug)]
struct Holder {
    /// What it is called: its files are NAME.crt and NAME.key, and it is the common name unless the profile has another
    name: String,

    /// What it is for
    #[arg(long, value_name = "PROFILE", value_parser = profile_parser(), long_help = profiles_help())]
    profile: Option<String>,

    /// Common name: the user that kube-apiserver reads
    #[arg(long)]
    cn: Option<String>,

    /// Organisation: a group that kube-apiserver reads; may be repeated
    #[arg(long = "org", visible_alias = "group", value_name = "GROUP")]
    orgs: Vec<String>,

    /// Subject alternative name, typed by its form or by dns:, ip:, uri:, email:; may be repeated
    #[arg(long = "san", value_name = "NAME")]
    sans: Vec<String>,

    /// Kind of key: RSA-2048, RSA-3072, RSA-4096, ECDSA-P256, ECDSA-P384, Ed25519 [default: RSA-2048]
    #[arg(long, value_name = "TYPE", env = "KUBEPKI_KEY_TYPE", conflicts_with = "key")]
    key_type: Option<String>,

    /// Use this key instead of making one
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// Where it goes, its key beside it; `-` prints both [default: in the certificate folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// `kubepki cert issue`
#[derive(Args, Debug)]
pub struct IssueArgs {
    #[command(flatten)]
    holder: Holder,

    #[command(flatten)]
    signing: Signing,

    #[command(flatten)]
    lasting: Lasting,

    #[command(flatten)]
    pub(super) writing: Writing,
}

/// `kubepki cert request`
#[derive(Args, Debug)]
pub struct RequestArgs {
    #[command(flatten)]
    holder: Holder,

    #[command(flatten)]
    pub(super) writing: Writing,
}

/// `kubepki cert sign`
#[derive(Args, Debug)]
pub struct SignArgs {
    /// The request
    #[arg(value_name = "FILE.csr")]
    request: PathBuf,

    /// What the certificate is for; the request does not decide that
    #[arg(long, value_name = "PROFILE", value_parser = profile_parser(), long_help = profiles_help())]
    profile: String,

    /// Common name, instead of the request's
    #[arg(long)]
    cn: Option<String>,

    /// Organisation, instead of the request's; may be repeated
    #[arg(long = "org", visible_alias = "group", value_name = "GROUP")]
    orgs: Vec<String>,

    /// Take over the subject alternative names of the request
    #[arg(long)]
    copy_sans: bool,

    /// Subject alternative name besides; may be repeated
    #[arg(long = "san", value_name = "NAME")]
    sans: Vec<String>,

    /// Where the certificate goes; `-` prints it [default: beside the request]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    #[command(flatten)]
    signing: Signing,

    #[command(flatten)]
    lasting: Lasting,

    #[command(flatten)]
    pub(super) writing: Writing,
}

/// `kubepki cert show`
#[derive(Args, Debug)]
pub struct ShowArgs {
    /// Files to show; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
}

impl Holder {
    fn row(&self) -> &'static Row {
        let known = catalog::row(&self.name).filter(|row| !row.profile.is_ca());
        let named = self.profile.as_deref().and_then(catalog::row);
        named.or(known).or(catalog::row(USUAL_PROFILE)).expect("the usual profile is a row")
    }

    /// The files below the certificate folder, without suffix.
    fn file(&self, row: &Row) -> Result<&str, Error> {
        match row.file {
            Some(file) => Ok(file),
            // With --out the name never becomes a file.
            None if self.out.is_some() => Ok(&self.name),
            None => Ok(check_file_name(&self.name).map(|()| self.name.as_str())?),
        }
    }
}

impl IssueArgs {
    /// What is meant.
    pub fn spec(&self, shared: &Shared) -> Result<Spec, Error> {
        let Holder { name, cn, orgs, sans, key_type, key, out, .. } = &self.holder;
        let row = self.holder.row();
        let (certificate, key_place) =
            args::places(shared, out.as_deref(), self.holder.file(row)?, "crt");
        let wanted = CertificateSpec {
            certificate,
            key: args::key_spec(key.as_deref(), key_place, key_type.as_deref())?,
            subject: args::subject(row, name, cn.as_deref(), orgs)?,
            profile: row.profile,
            sans: args::sans(row.default_sans(name), sans)?,
            until: self.lasting.until()?,
            issuer: self.signing.issuer(shared, row.issuer),
        };
        Ok(Spec {
            home: args::home(shared, out.as_deref()),
            wanted: vec![Wanted::Certificate(wanted)],
            force: self.writing.force,
        })
    }
}

impl RequestArgs {
    /// What is meant.
    pub fn spec(&self, shared: &Shared) -> Result<Spec, Error> {
        let Holder { name, cn, orgs, sans, key_type, key, out, .. } = &self.holder;
        let row = self.holder.row();
        let (request, key_place) =
            args::places(shared, out.as_deref(), self.holder.file(row)?, "csr");
        let wanted = RequestSpec {
            request,
            key: args::key_spec(key.as_deref(), key_place, key_type.as_deref())?,
            subject: args::subject(row, name, cn.as_deref(), orgs)?,
            profile: row.profile,
            sans: args::sans(row.default_sans(name), sans)?,
        };
        Ok(Spec {
            home: args::home(shared, out.as_deref()),
            wanted: vec![Wanted::Request(wanted)],
            force: self.writing.force,
        })
    }
}

impl SignArgs {
    /// What is meant.
    pub fn spec(&self, shared: &Shared) -> Result<Spec, Error> {
        let row = catalog::row(&self.profile).expect("the parser takes only rows");
        let out = self.out.clone().unwrap_or_else(|| self.request.with_extension("crt"));
        let certificate = match out == Path::new("-") {
            true => Destination::Stdout,
            false => Destination::File(out.clone()),
        };
        let wanted = SignatureSpec {
            request: self.request.clone(),
            certificate,
            // A CA that asks to be signed stands below the one that signs.
            profile: if row.profile.is_ca() { Profile::INTERMEDIATE } else { row.profile },
            common_name: self.cn.clone(),
            organizations: (!self.orgs.is_empty()).then(|| self.orgs.clone()),
            copy_sans: self.copy_sans,
            sans: args::sans(Vec::new(), &self.sans)?,
            until: self.lasting.until()?,
            issuer: self.signing.files(shared, row.issuer),
        };
        Ok(Spec {
            home: args::home(shared, Some(&out)),
            wanted: vec![Wanted::Signature(wanted)],
            force: self.writing.force,
        })
    }
}

/// Takes the names of the catalog, and lists them when another is given.
fn profile_parser() -> clap::builder::PossibleValuesParser {
    catalog::ROWS
        .iter()
        .map(|row| clap::builder::PossibleValue::new(row.name))
        .collect::<Vec<_>>()
        .into()
}

/// The catalog as help.
fn profiles_help() -> String {
    let rows = catalog::ROWS.iter().map(|row| format!("  {:<25} {}", row.name, row.about));
    format!("What it is for:\n{}", rows.collect::<Vec<_>>().join("\n"))
}
