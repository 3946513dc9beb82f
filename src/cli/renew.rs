//! `kubepki cert renew`, `kubepki cluster renew` and `kubepki cert undo`.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};

use super::args::{self, Shared, Signing};
use super::configured;
use super::exit::Exit;
use super::{Session, Stop};
use crate::core::catalog::CLUSTER_CA;
use crate::core::changes::{folder_of, quoted};
use crate::core::renewal::{self, KeyTerms, Terms, Wanted, Which};
use crate::core::report::{RenewAction, RenewReport};
use crate::core::spec::{ClusterSpec, Folders, Machine, in_folder};
use crate::core::x509::cert::SanChanges;
use crate::core::x509::time::Period;
use crate::core::{self as acts, Error, Progress, Renewed, Restore};

// Which certificates are renewed, and what is otherwise then.
#[derive(Args, Debug)]
struct Renewing {
    /// A name as of `cert issue`, or a certificate or kubeconfig
    #[arg(value_name = "NAME|FILE")]
    names: Vec<String>,

    /// Not these; may be repeated
    #[arg(long, value_name = "NAME|FILE", conflicts_with = "names")]
    except: Vec<String>,

    /// Folder of the kubeconfigs
    #[arg(long, value_name = "DIR", env = "KUBEPKI_KUBECONFIG_DIR", default_value = ".")]
    kubeconfig_dir: PathBuf,

    /// Only what ends within this time, or has ended: 30d, 720h; nothing to do is no failure
    #[arg(long, value_name = "PERIOD")]
    if_expiring_in: Option<String>,

    /// Keep the keys
    #[arg(long, conflicts_with = "key_type")]
    reuse_key: bool,

    /// Kind of the new keys: RSA-2048, RSA-3072, RSA-4096, ECDSA-P256, ECDSA-P384, Ed25519 [default: as the old ones]
    #[arg(long, value_name = "TYPE")]
    key_type: Option<String>,

    /// How long they live, or until when: 90d, 1y, 2160h, 2030-01-31 [default: as long as the old ones]
    #[arg(
        long,
        visible_alias = "not-after",
        value_name = "PERIOD|DATE",
        allow_hyphen_values = true
    )]
    validity: Option<String>,

    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

// `kubepki cert renew`
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("which").required(true).args(["names", "all"]))]
pub struct RenewArgs {
    #[command(flatten)]
    renewing: Renewing,

    /// All in the certificate folder and in the kubeconfigs that a CA there signed
    #[arg(long)]
    all: bool,

    /// Subject alternative name that comes, typed by its form or by dns:, ip:, uri:, email:; may be repeated
    #[arg(long = "add-san", value_name = "NAME", conflicts_with = "all")]
    add_sans: Vec<String>,

    /// Subject alternative name that goes; may be repeated
    #[arg(long = "remove-san", value_name = "NAME", conflicts_with = "all")]
    remove_sans: Vec<String>,

    /// CA that signed: a NAME in the certificate folder, or the FILE of its certificate [default: any in the folder]
    #[arg(long, value_name = "NAME|FILE")]
    ca: Option<String>,

    /// Key of the CA [default: beside its certificate]
    #[arg(long, value_name = "FILE")]
    ca_key: Option<PathBuf>,
}

// `kubepki cluster renew`
#[derive(Args, Debug)]
pub struct ClusterRenewArgs {
    #[command(flatten)]
    renewing: Renewing,

    /// The inventory of the cluster
    #[arg(long, value_name = "FILE")]
    config: PathBuf,

    /// Only what these nodes hold; may be repeated
    #[arg(long = "node", value_name = "NAME")]
    nodes: Vec<String>,
}

// `kubepki cert undo`
#[derive(Args, Debug)]
pub struct UndoArgs {
    /// List what can be taken back, and do nothing
    #[arg(long, conflicts_with_all = ["force", "dry_run"])]
    list: bool,

    /// Put the old files back although some have changed since
    #[arg(long)]
    force: bool,

    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Renewing {
    fn terms(&self, sans: SanChanges) -> Result<Terms, Error> {
        let until = self.validity.as_deref().map(str::parse).transpose()?;
        let key = match (self.reuse_key, args::key_type(self.key_type.as_deref())?) {
            (true, _) => KeyTerms::Same,
            (false, Some(kind)) => KeyTerms::Kind(kind),
            (false, None) => KeyTerms::New,
        };
        Ok(Terms { until, sans, key })
    }

    fn which(&self) -> Which {
        match self.names.is_empty() {
            true => Which::All { except: self.except.clone() },
            false => Which::Named(self.names.clone()),
        }
    }

    fn within(&self) -> Result<Option<Period>, Error> {
        Ok(self.if_expiring_in.as_deref().map(str::parse).transpose()?)
    }

    /// What was asked for, in a few words, for whoever reads the backups; `all` is how one asks for all.
    fn what(&self, command: &str, all: &str) -> String {
        match self.names.is_empty() {
            true => format!("{command}{all}"),
            false => format!("{command} {}", self.names.join(" ")),
        }
    }
}

impl RenewArgs {
    fn wanted(&self, shared: &Shared, folder: PathBuf) -> Result<Wanted, Error> {
        let renewing = &self.renewing;
        let sans = SanChanges {
            add: args::sans(Vec::new(), &self.add_sans)?,
            remove: args::sans(Vec::new(), &self.remove_sans)?,
        };
        let is_named = self.ca.is_some() || self.ca_key.is_some();
        let signing = Signing { ca: self.ca.clone(), ca_key: self.ca_key.clone() };
        let ca = is_named.then(|| signing.files(shared, CLUSTER_CA));
        // A CA elsewhere keeps the backups of what it replaced.
        let home = match &self.ca {
            Some(name) if args::is_path(name) => folder_of(Path::new(name)).to_owned(),
            _ => shared.cert_dir.clone(),
        };
        let certificates = shared.cert_dir.clone();
        let kubeconfigs = renewing.kubeconfig_dir.clone();
        Ok(Wanted {
            home,
            folder,
            cas: shared.cert_dir.clone(),
            folders: vec![Folders { certificates, kubeconfigs }],
            ca,
            which: renewing.which(),
            within: renewing.within()?,
            terms: renewing.terms(sans)?,
        })
    }
}

impl ClusterRenewArgs {
    fn wanted(&self, shared: &Shared, folder: PathBuf) -> Result<Wanted, Error> {
        let renewing = &self.renewing;
        let cluster = configured::read_inventory(shared, &renewing.kubeconfig_dir, &self.config)?;
        Ok(Wanted {
            home: cluster.operator.certificates.clone(),
            folder,
            cas: cluster.operator.certificates.clone(),
            folders: self.folders(&cluster)?,
            ca: None,
            which: renewing.which(),
            within: renewing.within()?,
            terms: renewing.terms(SanChanges::default())?,
        })
    }

    /// The operator's, those of the nodes, and that of the users; or those of some nodes alone.
    fn folders(&self, cluster: &ClusterSpec) -> Result<Vec<Folders>, Error> {
        for name in &self.nodes {
            cluster.node(name)?;
        }
        let is_wanted = |machine: &&Machine| match &machine.node {
            Some(node) => self.nodes.is_empty() || self.nodes.contains(&node.name),
            None => self.nodes.is_empty(),
        };
        let machines = cluster.machines.iter().filter(is_wanted);
        let mut folders: Vec<Folders> = machines.map(|machine| machine.folders.clone()).collect();
        if self.nodes.is_empty() {
            let kubeconfigs = in_folder(&cluster.operator.kubeconfigs, "users");
            folders.push(Folders { certificates: kubeconfigs.clone(), kubeconfigs });
        }
        Ok(folders)
    }
}

impl Session<'_> {
    pub(super) fn renew(&mut self, args: &RenewArgs) -> Result<Exit, Stop> {
        let wanted = args.wanted(&self.shared, self.folder.clone())?;
        let what = args.renewing.what("cert renew", " --all");
        let report = self.renew_wanted(&wanted, &what, args.renewing.dry_run)?;
        Ok(exit(&report))
    }

    pub(super) fn renew_cluster(&mut self, args: &ClusterRenewArgs) -> Result<Exit, Stop> {
        let wanted = args.wanted(&self.shared, self.folder.clone())?;
        let what = args.renewing.what("cluster renew", "");
        let report = self.renew_wanted(&wanted, &what, args.renewing.dry_run)?;
        if report.changed && !report.dry_run {
            self.out.note(&format!(
                "what is renewed is in the folders here: bring it to its node, as with kubepki cluster bundle NODE --config {}",
                quoted(&args.config)
            ));
        }
        Ok(exit(&report))
    }

    /// What cannot be renewed stops all.
    fn renew_wanted(
        &mut self,
        wanted: &Wanted,
        what: &str,
        dry_run: bool,
    ) -> Result<RenewReport, Stop> {
        let out = &mut self.out;
        let watch = &mut |keys| out.progress(Progress { keys, set: 1, sets: 1 });
        let Renewed { report, failures } = acts::renew(wanted, what, dry_run, &self.world, watch)?;
        if dry_run || failures.is_empty() {
            self.tell(&report.warnings, &report.notes);
            self.out.report(&report)?;
        }
        match failures.is_empty() {
            true => Ok(report),
            false => Err(Error::from(renewal::Error::Failures(failures)).into()),
        }
    }

    pub(super) fn undo_renewal(&mut self, args: &UndoArgs) -> Result<Exit, Stop> {
        let home = self.shared.cert_dir.clone();
        if args.list {
            let report = acts::backups(&home)?;
            self.tell(&report.warnings, &[]);
            self.out.report(&report)?;
            return Ok(Exit::Done);
        }
        let wanted = Restore { home, force: args.force, dry_run: args.dry_run };
        self.out.report(&acts::restore(&wanted, &self.world)?)?;
        Ok(Exit::Done)
    }
}

/// What only waits for a signature is a finding: it is not renewed.
fn exit(report: &RenewReport) -> Exit {
    if report.has(RenewAction::Request) { Exit::Findings } else { Exit::Done }
}
