//! `kubepki ca rotate` and `kubepki sa rotate`: stages of a rotation.

mod screen;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::args::{self, Shared};
use super::ca::parent_files;
use super::configured;
use crate::core::rotation::{Anchor, Order, Stage};
use crate::core::spec::Endpoint;
use crate::core::x509::time::Period;
use crate::core::{Error, Preparation, Rotate};

/// How long tokens live at most: kube-apiserver extends those of pods to a year
/// (`--service-account-extend-token-expiration`).
const TOKEN_LIFETIME: &str = "8760h";

/// The CAs that can be rotated.
const CAS: [&str; 3] = ["ca", "etcd-ca", "front-proxy-ca"];

/// The stages of the rotation of a CA.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum CaRotateCommand {
    /// Show where rotations stand; exit 3 where a stage is not complete
    #[command(after_help = "\
Examples:
  kubepki ca rotate status
  kubepki ca rotate status -o json
  kubepki ca rotate status --server https://127.0.0.1:6443")]
    Status(CaArgs),

    /// Make a new CA beside the old one; nothing uses it yet
    #[command(after_help = "\
Examples:
  kubepki ca rotate prepare ca
  kubepki ca rotate prepare --all
  kubepki ca rotate prepare --all --config cluster.yaml
  kubepki ca rotate prepare etcd-ca --key-type ECDSA-P256 --validity 5y
  kubepki ca rotate prepare ca --parent root.crt")]
    Prepare(CaPrepareArgs),

    /// Let everybody who trusts the old CA trust the new one too
    #[command(after_help = "\
Examples:
  kubepki ca rotate trust --dry-run
  kubepki ca rotate trust")]
    Trust(CaStageArgs),

    /// Issue every certificate of the old CA anew by the new one, for the key that it has
    #[command(after_help = "\
Examples:
  kubepki ca rotate reissue
  kubepki ca rotate reissue --cross-sign")]
    Reissue(CaReissueArgs),

    /// Let the new CA sign from now on
    #[command(after_help = "\
Examples:
  kubepki ca rotate switch")]
    Switch(CaStageArgs),

    /// Let nobody trust the old CA any more; its files are kept apart
    #[command(after_help = "\
Examples:
  kubepki ca rotate finish")]
    Finish(CaStageArgs),

    /// Go one stage back
    #[command(after_help = "\
Examples:
  kubepki ca rotate undo ca")]
    Undo(CaStageArgs),

    /// Give a rotation up, while no certificate of the new CA is in use
    #[command(after_help = "\
Examples:
  kubepki ca rotate abort ca")]
    Abort(CaStageArgs),
}

/// What can be done with the keys of service-account tokens.
#[derive(Debug, Subcommand)]
pub enum SaCommand {
    /// Rotate the key of service-account tokens, in stages that a running cluster does not notice
    #[command(subcommand)]
    Rotate(SaRotateCommand),
}

/// The stages of the rotation of the token key.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum SaRotateCommand {
    /// Show where the rotation stands; exit 3 where the stage is not complete
    #[command(after_help = "\
Examples:
  kubepki sa rotate status")]
    Status(SaArgs),

    /// Make a new key beside the old one; nothing uses it yet
    #[command(after_help = "\
Examples:
  kubepki sa rotate prepare
  kubepki sa rotate prepare --key-type ECDSA-P256")]
    Prepare(SaPrepareArgs),

    /// Let every API server verify tokens of both keys
    #[command(after_help = "\
Examples:
  kubepki sa rotate trust")]
    Trust(SaStageArgs),

    /// Let the new key sign from now on
    #[command(after_help = "\
Examples:
  kubepki sa rotate switch")]
    Switch(SaStageArgs),

    /// Let nobody believe tokens of the old key any more, once the last of them has ended
    #[command(after_help = "\
Examples:
  kubepki sa rotate finish
  kubepki sa rotate finish --token-lifetime 24h")]
    Finish(SaStageArgs),

    /// Go one stage back
    #[command(after_help = "\
Examples:
  kubepki sa rotate undo")]
    Undo(SaStageArgs),

    /// Give the rotation up, while the new key has signed nothing
    #[command(after_help = "\
Examples:
  kubepki sa rotate abort")]
    Abort(SaStageArgs),
}

// Which CAs, and where to look.
#[derive(Args, Debug)]
pub struct CaArgs {
    /// CAs: ca, etcd-ca, front-proxy-ca [default: all whose rotation is under way]
    #[arg(value_name = "CA", value_parser = CAS, hide_possible_values = true)]
    names: Vec<String>,

    #[command(flatten)]
    places: Places,

    #[command(flatten)]
    running: Running,
}

// A stage of CAs.
#[derive(Args, Debug)]
pub struct CaStageArgs {
    #[command(flatten)]
    which: CaArgs,

    #[command(flatten)]
    writing: Trying,
}

// `kubepki ca rotate reissue`
#[derive(Args, Debug)]
pub struct CaReissueArgs {
    #[command(flatten)]
    stage: CaStageArgs,

    /// Let the old CA sign the new one, and send that along: who trusts the old one alone believes the new certificates too
    #[arg(long)]
    cross_sign: bool,
}

// `kubepki ca rotate prepare`
#[derive(Args, Debug)]
pub struct CaPrepareArgs {
    /// CAs: ca, etcd-ca, front-proxy-ca
    #[arg(value_name = "CA", value_parser = CAS, hide_possible_values = true, required_unless_present = "all")]
    names: Vec<String>,

    /// All three
    #[arg(long, conflicts_with = "names")]
    all: bool,

    /// Kind of key: RSA-2048, RSA-3072, RSA-4096, ECDSA-P256, ECDSA-P384, Ed25519 [default: as the old one]
    #[arg(long, value_name = "TYPE", env = "KUBEPKI_KEY_TYPE")]
    key_type: Option<String>,

    /// How long the new CA lives, or until when [default: as long as the old one was to]
    #[arg(
        long,
        visible_alias = "not-after",
        value_name = "PERIOD|DATE",
        allow_hyphen_values = true
    )]
    validity: Option<String>,

    /// The CA above, which signed the old one: the name of one, its certificate, or a folder
    #[arg(long, value_name = "CA", conflicts_with = "all")]
    parent: Option<String>,

    #[command(flatten)]
    places: Places,

    #[command(flatten)]
    writing: Trying,
}

// How long tokens live, and where to look.
#[derive(Args, Debug)]
pub struct SaArgs {
    /// How long a token lives at most [default: what kube-apiserver gives to pods at most]
    #[arg(long, value_name = "PERIOD", default_value = TOKEN_LIFETIME, hide_default_value = true)]
    token_lifetime: String,

    #[command(flatten)]
    places: Places,
}

// A stage of the token key.
#[derive(Args, Debug)]
pub struct SaStageArgs {
    #[command(flatten)]
    which: SaArgs,

    #[command(flatten)]
    writing: Trying,
}

// `kubepki sa rotate prepare`
#[derive(Args, Debug)]
pub struct SaPrepareArgs {
    /// Kind of key: RSA-2048, RSA-3072, RSA-4096, ECDSA-P256, ECDSA-P384 [default: as the old one]
    #[arg(long, value_name = "TYPE", env = "KUBEPKI_KEY_TYPE")]
    key_type: Option<String>,

    #[command(flatten)]
    places: Places,

    #[command(flatten)]
    writing: Trying,
}

// Where to look.
#[derive(Args, Clone, Debug)]
struct Places {
    /// Folder of the kubeconfigs, with the folders of nodes and users in it
    #[arg(long, value_name = "DIR", env = "KUBEPKI_KUBECONFIG_DIR", default_value = ".")]
    kubeconfig_dir: PathBuf,

    /// Another folder or file that trusts the CA or holds its certificates; later stages look there too
    #[arg(long, value_name = "PATH")]
    also: Vec<PathBuf>,

    /// The inventory of the cluster: each of its nodes and users must be there; later stages look at it too
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

// Servers that run.
#[derive(Args, Debug)]
struct Running {
    /// A running API server or member of etcd (https://HOST:PORT) that must have taken up the stage before; may be repeated
    #[arg(long = "server", value_name = "URL", value_parser = server)]
    servers: Vec<Endpoint>,
}

// Whether anything is written.
#[derive(Args, Clone, Copy, Debug)]
struct Trying {
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// What is meant: look, prepare, or go to a stage.
pub enum Asked {
    /// Tell where they stand.
    Status,
    /// Make new ones.
    Prepare(Preparation),
    /// Go there.
    Go(Order),
}

impl CaRotateCommand {
    /// What is meant.
    pub fn asked(&self, shared: &Shared, folder: &Path) -> Result<(Rotate, Asked), Error> {
        let stage = |args: &CaStageArgs, order| {
            let rotate = args.which.rotate(shared, folder, args.writing.dry_run)?;
            Ok((rotate, Asked::Go(order)))
        };
        match self {
            Self::Status(args) => Ok((args.rotate(shared, folder, true)?, Asked::Status)),
            Self::Prepare(args) => {
                let rotate = rotate(shared, folder, &args.places, args.writing.dry_run)?;
                let anchors = if args.all { cas() } else { named(&args.names) };
                let rotate = Rotate { anchors, family: cas(), ..rotate };
                let preparation = Preparation {
                    key_type: args::key_type(args.key_type.as_deref())?,
                    until: args.validity.as_deref().map(str::parse).transpose()?,
                    parent: args.parent.as_deref().map(|parent| parent_files(shared, parent)),
                };
                Ok((rotate, Asked::Prepare(preparation)))
            }
            Self::Trust(args) => stage(args, Order::To(Stage::Trusted)),
            Self::Reissue(args) => {
                let (rotate, asked) = stage(&args.stage, Order::To(Stage::Reissued))?;
                Ok((Rotate { cross_sign: args.cross_sign, ..rotate }, asked))
            }
            Self::Switch(args) => stage(args, Order::To(Stage::Switched)),
            Self::Finish(args) => stage(args, Order::To(Stage::Finished)),
            Self::Undo(args) => stage(args, Order::Undo),
            Self::Abort(args) => stage(args, Order::Abort),
        }
    }
}

impl CaArgs {
    fn rotate(&self, shared: &Shared, folder: &Path, dry_run: bool) -> Result<Rotate, Error> {
        let rotate = rotate(shared, folder, &self.places, dry_run)?;
        let servers = self.running.servers.clone();
        Ok(Rotate { anchors: named(&self.names), family: cas(), servers, ..rotate })
    }
}

impl SaRotateCommand {
    /// What is meant.
    pub fn asked(&self, shared: &Shared, folder: &Path) -> Result<(Rotate, Asked), Error> {
        let stage = |args: &SaStageArgs, order| {
            let rotate = rotate(shared, folder, &args.which.places, args.writing.dry_run)?;
            let token_lifetime = args.which.token_lifetime.parse()?;
            Ok((Rotate { token_lifetime, ..rotate }, Asked::Go(order)))
        };
        match self {
            Self::Status(args) => {
                let rotate = rotate(shared, folder, &args.places, true)?;
                let token_lifetime = args.token_lifetime.parse()?;
                Ok((Rotate { token_lifetime, ..rotate }, Asked::Status))
            }
            Self::Prepare(args) => {
                let rotate = rotate(shared, folder, &args.places, args.writing.dry_run)?;
                let rotate = Rotate { anchors: vec![Anchor::TokenKey], ..rotate };
                let key_type = args::key_type(args.key_type.as_deref())?;
                Ok((rotate, Asked::Prepare(Preparation { key_type, ..Preparation::default() })))
            }
            Self::Trust(args) => stage(args, Order::To(Stage::Trusted)),
            Self::Switch(args) => stage(args, Order::To(Stage::Switched)),
            Self::Finish(args) => stage(args, Order::To(Stage::Finished)),
            Self::Undo(args) => stage(args, Order::Undo),
            Self::Abort(args) => stage(args, Order::Abort),
        }
    }
}

/// The token key in these places.
fn rotate(shared: &Shared, folder: &Path, places: &Places, dry_run: bool) -> Result<Rotate, Error> {
    let Places { kubeconfig_dir, also, config } = places.clone();
    let cert_dir = match &config {
        Some(path) => {
            configured::read_inventory(shared, &kubeconfig_dir, path)?.operator.certificates
        }
        None => shared.cert_dir.clone(),
    };
    Ok(Rotate {
        cert_dir,
        kubeconfig_dir,
        also,
        inventory: config,
        folder: folder.to_owned(),
        anchors: Vec::new(),
        family: vec![Anchor::TokenKey],
        token_lifetime: Period::days(365),
        servers: Vec::new(),
        cross_sign: false,
        dry_run,
    })
}

/// The place of a server: `https://HOST:PORT`.
fn server(url: &str) -> Result<Endpoint, String> {
    let place = url.strip_prefix("https://").map(|place| place.trim_end_matches('/'));
    let place = place.and_then(|place| Endpoint::parse(place).ok());
    place.ok_or_else(|| "it is not https://HOST:PORT".to_owned())
}

fn cas() -> Vec<Anchor> {
    named(&CAS.map(str::to_owned))
}

fn named(names: &[String]) -> Vec<Anchor> {
    names.iter().filter_map(|name| Anchor::named(name)).collect()
}
