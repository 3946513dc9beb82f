//! `kubepki cert`: certificates and requests.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::args::{self, Lasting, Shared, Signing, Writing};
use super::list::ListArgs;
use super::log::LogArgs;
use super::renew::{RenewArgs, UndoArgs};
use super::revoke::{RevokeArgs, UnholdArgs};
use crate::core::Error;
use crate::core::catalog::{self, CLUSTER_CA, Row, Subject};
use crate::core::spec::{
    CertificateSpec, Destination, KeySpec, Pair, RequestSpec, SignatureSpec, Spec, Unsigned,
    Wanted, check_file_name,
};
use crate::core::x509::name::DistinguishedName;
use crate::core::x509::profile::Profile;
use crate::core::x509::san::San;

/// The profile of a name that the catalog does not know.
const USUAL_PROFILE: &str = "client";

/// What can be done with certificates.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum CertCommand {
    /// Make a key and a certificate for it, signed by the CA
    #[command(after_help = "\
Examples:
  kubepki cert issue admin
  kubepki cert issue alice --profile user --org dev --org ops --validity 90d
  kubepki cert issue worker-1 --profile node
  kubepki cert issue web --profile server --san web.example.com --san 10.0.0.7")]
    Issue(Box<IssueArgs>),

    /// List what expires when, the soonest first: certificates in files, folders and kubeconfigs, and revocation lists
    #[command(
        visible_alias = "ls",
        after_help = "\
Examples:
  kubepki cert list
  kubepki cert list --expiring-in 30d
  kubepki cert list --at 2027-06-01 pki alice.crt
  kubepki cert list --config cluster.yaml --expiring-in 30d
  kubepki cert list -o prometheus --out kubepki.prom
  kubepki cert list -o kubeadm | jq '.certificates[0]'"
    )]
    List(Box<ListArgs>),
    /// List what the CAs have signed: each of them keeps a log
    #[command(after_help = "\
Examples:
  kubepki cert log
  kubepki cert log --user alice --valid
  kubepki cert log --since 7d -o jsonl
  kubepki cert log --missing
  kubepki cert log import")]
    Log(Box<LogArgs>),
    /// Renew certificates in files and kubeconfigs, and keep all that they say
    #[command(after_help = "\
Examples:
  kubepki cert renew --all --dry-run
  kubepki cert renew --all --if-expiring-in 30d
  kubepki cert renew apiserver --add-san api.example.com
  kubepki cert renew admin.conf --validity 90d
  kubepki cert renew web/tls.crt --ca web/root.crt --reuse-key")]
    Renew(Box<RenewArgs>),

    /// Make a key and a request, for a CA elsewhere to sign
    #[command(after_help = "\
Examples:
  kubepki cert request alice --profile user --org dev
  kubepki cert request web --profile server --san web.example.com --out web.csr")]
    Request(Box<RequestArgs>),

    /// Take a certificate back: into the log and onto the revocation list of its CA
    #[command(after_help = "\
Examples:
  kubepki cert revoke alice --reason keyCompromise
  kubepki cert revoke pki/web.crt --reason superseded --next-update 7d
  kubepki cert revoke worker-1 --reason certificateHold --dry-run")]
    Revoke(Box<RevokeArgs>),

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
    Sign(Box<SignArgs>),

    /// Let a certificate count again that was revoked for certificateHold
    #[command(after_help = "\
Examples:
  kubepki cert unhold worker-1")]
    Unhold(Box<UnholdArgs>),
    /// Put back what the last renewal replaced
    #[command(after_help = "\
Examples:
  kubepki cert undo --list
  kubepki cert undo --dry-run
  kubepki cert undo")]
    Undo(UndoArgs),
}

// Who a certificate is for.
#[derive(Args, Clone, Debug)]
pub struct Identity {
    /// What it is for [default: NAME where that is a profile, else client]
    #[arg(long, value_name = "PROFILE", hide_possible_values = true, value_parser = profiles(LEAVES), long_help = profiles_help(LEAVES))]
    profile: Option<String>,

    /// Common name: the user that kube-apiserver reads
    #[arg(long)]
    cn: Option<String>,

    /// Organisation: a group that kube-apiserver reads; may be repeated
    #[arg(long = "org", visible_alias = "group", value_name = "GROUP")]
    orgs: Vec<String>,

    /// Kind of key: RSA-2048, RSA-3072, RSA-4096, ECDSA-P256, ECDSA-P384, Ed25519 [default: RSA-2048]
    #[arg(long, value_name = "TYPE", env = "KUBEPKI_KEY_TYPE")]
    key_type: Option<String>,
}

// Who a certificate is for, under which names, with which key, and where it goes.
#[derive(Args, Debug)]
struct Holder {
    /// What it is called: its files are NAME.crt and NAME.key, and it is the common name unless the profile has another
    name: String,

    #[command(flatten)]
    identity: Identity,

    /// Subject alternative name, typed by its form or by dns:, ip:, uri:, email:; may be repeated
    #[arg(long = "san", value_name = "NAME")]
    sans: Vec<String>,

    /// Use this key instead of making one
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// Where it goes, its key beside it; `-` prints both [default: in the certificate folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

// `kubepki cert issue`
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

// `kubepki cert request`
#[derive(Args, Debug)]
pub struct RequestArgs {
    #[command(flatten)]
    holder: Holder,

    #[command(flatten)]
    pub(super) writing: Writing,
}

// `kubepki cert sign`
#[derive(Args, Debug)]
pub struct SignArgs {
    /// The request
    #[arg(value_name = "FILE.csr")]
    request: PathBuf,

    /// What the certificate is for; the request does not decide that
    #[arg(long, value_name = "PROFILE", hide_possible_values = true, value_parser = profiles(SIGNABLE), long_help = profiles_help(SIGNABLE))]
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

// `kubepki cert show`
#[derive(Args, Debug)]
pub struct ShowArgs {
    /// Files to show; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
}

impl Identity {
    /// The row of the catalog that says what `name` is for.
    fn row(&self, name: &str) -> &'static Row {
        let known = catalog::row(name).filter(|row| !row.profile.is_ca());
        let named = self.profile.as_deref().and_then(catalog::row);
        named.or(known).or(catalog::row(USUAL_PROFILE)).expect("the usual profile is a row")
    }

    fn subject(&self, row: &Row, name: &str) -> Result<DistinguishedName, Error> {
        args::subject(row, name, self.cn.as_deref(), &self.orgs)
    }

    /// A certificate and its key in the certificate folder, as `cert issue NAME` makes them.
    pub fn issue(
        &self,
        shared: &Shared,
        name: &str,
        signing: &Signing,
        lasting: &Lasting,
    ) -> Result<(Pair, CertificateSpec), Error> {
        let (name, identity) = (name.to_owned(), self.clone());
        let holder = Holder { name, identity, sans: Vec::new(), key: None, out: None };
        let files = Pair::beside(&shared.cert_dir, file(holder.row(), &holder.name)?);
        Ok((files, holder.certificate(shared, signing, lasting)?))
    }
}

/// The files of a certificate below the certificate folder, without suffix.
fn file<'a>(row: &Row, name: &'a str) -> Result<&'a str, Error> {
    catalog::check_kind(name, false)?;
    match row.file {
        Some(_) if matches!(row.subject, Subject::Fixed(_)) && name != row.name => {
            Err(catalog::Error::OneOnly { name: name.to_owned(), profile: row.name }.into())
        }
        Some(file) => Ok(file),
        None => Ok(check_file_name(name).map(|()| name)?),
    }
}

impl Holder {
    /// Where the certificate or request goes, and where its key.
    fn places(&self, shared: &Shared, suffix: &str) -> Result<(Destination, Destination), Error> {
        Ok(match self.out.as_deref() {
            // The name becomes no file.
            Some(out) => args::places_at(out),
            None => args::places_in(&shared.cert_dir, file(self.row(), &self.name)?, suffix),
        })
    }

    fn row(&self) -> &'static Row {
        self.identity.row(&self.name)
    }

    fn key(&self, place: Destination) -> Result<KeySpec, Error> {
        args::key_spec(self.key.as_deref(), place, self.identity.key_type.as_deref())
    }

    fn sans(&self) -> Result<Vec<San>, Error> {
        args::sans(self.row().default_sans(&self.name), &self.sans)
    }

    fn subject(&self) -> Result<DistinguishedName, Error> {
        self.identity.subject(self.row(), &self.name)
    }

    fn certificate(
        &self,
        shared: &Shared,
        signing: &Signing,
        lasting: &Lasting,
    ) -> Result<CertificateSpec, Error> {
        let row = self.row();
        let (certificate, key) = self.places(shared, "crt")?;
        Ok(CertificateSpec {
            certificate,
            key: self.key(key)?,
            subject: self.subject()?,
            profile: row.profile,
            sans: self.sans()?,
            until: lasting.until()?,
            issuer: signing.issuer(shared, row.issuer),
        })
    }

    fn home(&self, shared: &Shared) -> Option<PathBuf> {
        args::home(shared, self.out.as_deref())
    }
}

impl IssueArgs {
    /// What is meant.
    pub fn spec(&self, shared: &Shared) -> Result<Spec, Error> {
        let wanted = self.holder.certificate(shared, &self.signing, &self.lasting)?;
        let wanted = vec![Wanted::Certificate(wanted)];
        Ok(Spec {
            home: self.holder.home(shared),
            wanted,
            force: self.writing.force,
            unsigned: Unsigned::Fail,
        })
    }
}

impl RequestArgs {
    /// What is meant.
    pub fn spec(&self, shared: &Shared) -> Result<Spec, Error> {
        let (request, key) = self.holder.places(shared, "csr")?;
        let wanted = RequestSpec {
            request,
            key: self.holder.key(key)?,
            subject: self.holder.subject()?,
            profile: self.holder.row().profile,
            sans: self.holder.sans()?,
        };
        let wanted = vec![Wanted::Request(wanted)];
        Ok(Spec {
            home: self.holder.home(shared),
            wanted,
            force: self.writing.force,
            unsigned: Unsigned::Fail,
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
            unsigned: Unsigned::Fail,
        })
    }
}

/// Which rows of the catalog a command takes.
type Choice = fn(&Row) -> bool;

/// Purposes alone: who it is for, the request says or the signer.
const SIGNABLE: Choice = |row| row.subject == Subject::Given || row.name == CLUSTER_CA;
const LEAVES: Choice = |row| !row.profile.is_ca();

/// Takes the names of the catalog, and lists them when another is given.
fn profiles(choice: Choice) -> clap::builder::PossibleValuesParser {
    rows(choice).map(|row| clap::builder::PossibleValue::new(row.name)).collect::<Vec<_>>().into()
}

/// The catalog as help.
fn profiles_help(choice: Choice) -> String {
    let lines = rows(choice).map(|row| format!("  {:<25} {}", row.name, row.about));
    format!("What it is for:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

fn rows(choice: Choice) -> impl Iterator<Item = &'static Row> {
    catalog::ROWS.iter().filter(move |row| choice(row))
}
