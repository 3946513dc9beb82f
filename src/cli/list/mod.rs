//! `kubepki cert list`: what expires when.

mod prometheus;
mod screen;

use std::path::{Path, PathBuf};

use clap::Args;
use clap::error::ErrorKind;

use super::args::Shared;
use super::configured;
use super::exit::Exit;
use super::output::Format;
use super::{Cli, Command, Session, Stop, command};
use crate::cli::cert::CertCommand;
use crate::core::catalog::Role;
use crate::core::report::{ExpiryReport, ExpiryState};
use crate::core::spec::{ClusterSpec, Config, Folders, Machine, in_folder};
use crate::core::{self as acts, Error, List};

// `kubepki cert list`
#[derive(Args, Debug)]
#[command(mut_arg("at", |at| {
    at.hide(false)
        .display_order(1)
        .hide_env(true)
        .help_heading(None)
        .help("Judge as if it were then: a date, or a moment as in RFC 3339")
}))]
pub struct ListArgs {
    /// Files, and folders with all that is in them [default: the certificate folder, its kubeconfigs, and kubelet's certificates]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// What ends within this time, or by then, is a finding too: 30d, 12h, 2030-01-31
    #[arg(long, value_name = "PERIOD|DATE", allow_hyphen_values = true)]
    expiring_in: Option<String>,

    /// The inventory of a whole cluster, for the folders of all nodes; or kubeadm's configuration file
    #[arg(long, value_name = "FILE", conflicts_with = "paths")]
    config: Option<PathBuf>,

    /// Folder of the kubeconfigs
    #[arg(long, value_name = "DIR", env = "KUBEPKI_KUBECONFIG_DIR", default_value = ".")]
    kubeconfig_dir: PathBuf,

    /// Folder of this machine's kubelet; it is looked into where it is there
    #[arg(
        long,
        value_name = "DIR",
        env = "KUBEPKI_KUBELET_DIR",
        default_value = "/var/lib/kubelet"
    )]
    kubelet_dir: PathBuf,

    /// Put the list into a file, in one step and for everybody to read, as node_exporter's textfile folder needs it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl ListArgs {
    /// What is meant; `config` is what the configuration file says.
    fn list(&self, shared: &Shared, config: Option<Config>) -> Result<List, Error> {
        let soon = self.expiring_in.as_deref().map(str::parse).transpose()?;
        let list = match (&self.config, config) {
            (Some(path), Some(config)) => self
                .configured(shared, config)
                .map_err(|error| configured::in_file(path, &error))?,
            _ if self.paths.is_empty() => List {
                machines: vec![one_machine(Folders {
                    certificates: shared.cert_dir.clone(),
                    kubeconfigs: self.kubeconfig_dir.clone(),
                })],
                kubelet: Some(self.kubelet_dir.clone()),
                ..List::default()
            },
            _ => List { paths: self.paths.clone(), ..List::default() },
        };
        Ok(List { soon, ..list })
    }

    fn configured(&self, shared: &Shared, config: Config) -> Result<List, Error> {
        let folder = &self.kubeconfig_dir;
        let (cluster, kubelet) = match config {
            Config::ClusterPki(inventory) => {
                (configured::by_inventory(shared, folder, *inventory)?, None)
            }
            Config::Kubeadm(config) => {
                let mut cluster = configured::by_settings(shared, folder, config.cluster)?;
                cluster.machines = vec![one_machine(cluster.operator.clone())];
                (cluster, Some(self.kubelet_dir.clone()))
            }
        };
        let ClusterSpec { machines, external_etcd, users, .. } = cluster;
        let conf = |name: &str| in_folder(folder, "users").join(format!("{name}.conf"));
        let users = users.iter().map(|user| conf(&user.name)).collect();
        Ok(List { machines, is_configured: true, users, external_etcd, kubelet, ..List::default() })
    }
}

/// kubeadm's one node, where the operator works as well.
fn one_machine(folders: Folders) -> Machine {
    let roles = vec![Role::Operator, Role::ControlPlane, Role::Etcd];
    Machine { roles, folders, node: None, key_type: None }
}

/// Refuses forms that only a list has, before anything is done.
pub(super) fn check_form(cli: &Cli) -> Result<(), clap::Error> {
    let refuse = |why: &str| Err(command().error(ErrorKind::ArgumentConflict, why));
    match (cli.shared.output, &cli.command) {
        (Format::Kubeadm, Command::Cert(CertCommand::List(args))) if !args.paths.is_empty() => {
            refuse("`-o kubeadm` is for the certificate folder (--cert-dir), and not for a PATH")
        }
        (Format::Kubeadm | Format::Prometheus, Command::Cert(CertCommand::List(_))) => Ok(()),
        (Format::Kubeadm | Format::Prometheus, _) => {
            refuse("`-o kubeadm` and `-o prometheus` are forms of `kubepki cert list` alone")
        }
        _ => Ok(()),
    }
}

impl Session<'_> {
    /// Lists what expires when.
    pub(super) fn list(&mut self, args: &ListArgs) -> Result<Exit, Stop> {
        let config = args.config.as_deref().map(acts::read_config).transpose()?;
        let list = args.list(&self.shared, config)?;
        let report = acts::list(&list, self.world.now).map_err(Error::from)?;
        let text = match self.shared.output {
            Format::Kubeadm => {
                self.out.rendered(&acts::as_kubeadm(&list, &report).map_err(Error::from)?)?
            }
            _ => self.out.rendered(&report)?,
        };
        match args.out.as_deref().filter(|out| *out != Path::new("-")) {
            Some(file) => acts::write_list(file, text, &self.world)?,
            None => self.out.data(&text)?,
        }
        Ok(self.judge(&report))
    }

    /// Tells what needs somebody's hand, and of that makes the exit code.
    fn judge(&mut self, report: &ExpiryReport) -> Exit {
        for row in report.failures() {
            self.out.error(row.error.as_deref().unwrap_or_default(), row.hint.as_deref());
        }
        for warning in screen::warnings(report) {
            self.out.warning(&warning);
        }
        match report.count(ExpiryState::Missing) {
            0 => {}
            1 => self.out.note("1 file that should be there is missing"),
            many => self.out.note(&format!("{many} files that should be there are missing")),
        }
        match report.failures().next() {
            Some(_) => Exit::Failed,
            None if report.has_findings() => Exit::Findings,
            None => Exit::Done,
        }
    }
}
