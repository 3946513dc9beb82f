//! What people type and what they see.
//!
//! Parsing records what was typed; a second step makes of it what is meant; the core does it; [`output`] prints.
//!
//! Commands are deferred: what is not typed is not defined, which would take longer than many a run. Of a deferred command clap takes the
//! docs of its options' type for what it does, so such types have comments instead.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

mod args;
mod bootstrap;
mod ca;
mod called;
mod cert;
mod cluster;
mod completion;
mod configured;
mod context;
mod edits;
mod elsewhere;
pub mod exit;
mod kubeconfig;
mod kubeconfig_view;
mod ledger;
mod list;
mod log;
pub mod output;
pub mod picker;
mod prompt;
mod renew;
mod renew_screen;
mod revoke;
mod rotate;
mod screen;
mod shell;
mod tables;
mod upload;

use self::args::Shared;
use self::ca::CaCommand;
use self::called::Called;
use self::cert::CertCommand;
pub use self::cluster::ThisMachine;
use self::cluster::{Asked, ClusterCommand};
use self::completion::CompletionArgs;
use self::context::ContextCommand;
use self::exit::Exit;
use self::kubeconfig::KubeconfigCommand;
use self::output::{Meter, Output};
use self::picker::Open;
use self::revoke::CrlCommand;
use self::rotate::{Asked as RotationAsked, SaCommand};
pub use self::shell::{Program, Run};
use self::upload::UploadArgs;
use crate::core::handshake::Connect;
use crate::core::report::{Action, BindingsReport, FilesReport, MadeReport};
use crate::core::spec::{ClusterSpec, Spec};
use crate::core::store::{self, LockSettings};
use crate::core::x509::entropy::Entropy;
use crate::core::x509::time::Moment;
use crate::core::{
    self as acts, ContextError, Error, Made, Progress, Rotate, Source, Wanted, World,
};

/// How long the lock of somebody else is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The world as the process edge hands it in.
pub struct Process<'a> {
    /// The time now.
    pub clock: SystemTime,
    /// How long the run has taken so far, by a clock that only goes forward.
    pub elapsed: &'a dyn Fn() -> Duration,
    /// Where random bytes come from.
    pub entropy: &'a dyn Entropy,
    /// A variable of the environment.
    pub environment: &'a dyn Fn(&str) -> Option<OsString>,
    /// The working folder, absolute.
    pub folder: PathBuf,
    /// What the machine knows of itself.
    pub machine: &'a dyn Fn() -> ThisMachine,
    /// Connects to a server.
    pub connect: Connect<'a>,
    /// Starts a program and waits for its end.
    pub programs: Run<'a>,
    /// Standard input.
    pub input: &'a mut dyn Read,
    /// Takes over the terminal, for somebody to choose on it.
    pub terminal: Open<'a>,
    /// Standard output.
    pub output: &'a mut dyn Write,
    /// Standard error.
    pub talk: &'a mut dyn Write,
    /// Whether standard error is a terminal.
    pub talk_is_terminal: bool,
}

/// Makes and checks what a Kubernetes cluster trusts
#[derive(Debug, Parser)]
#[command(
    name = "kubepki",
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  kubepki ca init
  kubepki cert issue admin
  kubepki kubeconfig gen admin --server https://kube.example.com:6443
  kubepki context use admin@kubernetes --kubeconfig admin.conf"
)]
struct Cli {
    #[command(flatten)]
    shared: Shared,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Certificate authorities
    #[command(subcommand)]
    Ca(CaCommand),

    /// Certificates and requests
    #[command(subcommand)]
    Cert(CertCommand),

    /// A whole control plane
    #[command(subcommand)]
    Cluster(ClusterCommand),

    /// Contexts of kubeconfigs
    #[command(subcommand)]
    Context(ContextCommand),

    /// Revocation lists of CAs
    #[command(subcommand)]
    Crl(CrlCommand),

    /// Kubeconfigs
    #[command(subcommand)]
    Kubeconfig(KubeconfigCommand),

    /// Keys of service-account tokens
    #[command(subcommand)]
    Sa(SaCommand),

    /// Print a completion script for a shell
    #[command(after_help = "\
Examples:
  kubepki completion bash")]
    Completion(CompletionArgs),
}

/// The definition of the command line, for help, completions and documents.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the program once.
pub fn run(arguments: Vec<OsString>, process: &mut Process<'_>) -> Exit {
    let called = Called::of(&arguments);
    let (cli, typed) = match parse(&arguments, called) {
        Ok(parsed) => parsed,
        Err(error) => return answer(&error, &arguments, process),
    };
    let Cli { shared, command } = cli;
    let Process { output, talk, .. } = process;
    let meter = process.talk_is_terminal.then(|| Meter::new(process.elapsed));
    let mut out = Output::new(*output, *talk, shared.output, shared.quiet, meter).called(called);
    let Some(now) = shared.at.or_else(|| moment(process.clock)) else {
        out.error(
            "the clock of this machine is before 1970 or past 9999",
            Some("set it with date"),
        );
        return Exit::Failed;
    };
    let locks = LockSettings { wait: PATIENCE, now: process.clock };
    let who = who(process.environment);
    let world = World { now, entropy: process.entropy, locks, who: &who, command: &typed };
    let folder = process.folder.clone();
    let Process { environment, machine, connect, programs, terminal, .. } = *process;
    let input = &mut *process.input;
    let mut session = Session {
        shared,
        world,
        folder,
        environment,
        machine,
        connect,
        programs,
        terminal,
        input,
        out,
    };
    session.run(command)
}

/// One run: what was typed, the world, and where to print.
struct Session<'a> {
    shared: Shared,
    world: World<'a>,
    folder: PathBuf,
    machine: &'a dyn Fn() -> ThisMachine,
    environment: &'a dyn Fn(&str) -> Option<OsString>,
    connect: Connect<'a>,
    programs: Run<'a>,
    terminal: Open<'a>,
    input: &'a mut dyn Read,
    out: Output<'a>,
}

/// Why a run ends without being done.
enum Stop {
    Core(Error),
    Output(io::Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl From<ContextError> for Stop {
    fn from(error: ContextError) -> Self {
        Self::Core(error.into())
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl Session<'_> {
    fn run(&mut self, command: Command) -> Exit {
        match self.dispatch(command) {
            Ok(exit) => exit,
            Err(Stop::Core(error)) => {
                self.out.error(&error.to_string(), error.hint().as_deref());
                Exit::from(&error)
            }
            Err(Stop::Output(error)) => {
                let exit = output::exit_of(&error);
                if exit != Exit::Done {
                    let is_full = error.kind() == io::ErrorKind::StorageFull;
                    let hint = is_full.then_some("see what is full: df -h");
                    let (doing, path) = ("write to", PathBuf::from("standard output"));
                    let error = store::Error::Io { doing, path, source: error };
                    self.out.error(&error.to_string(), hint);
                }
                exit
            }
        }
    }

    fn dispatch(&mut self, command: Command) -> Result<Exit, Stop> {
        match command {
            Command::Ca(CaCommand::Init(args)) => {
                self.make(&[args.spec(&self.shared)?], args.writing.dry_run)
            }
            Command::Ca(CaCommand::Rotate(command)) => {
                let (wanted, asked) = command.asked(&self.shared, &self.folder)?;
                self.rotate(&wanted, asked)
            }
            Command::Ca(CaCommand::Show(args)) => {
                let report = acts::show_ca(&args.files(&self.shared)?, self.world.now)?;
                self.out.report(&report)?;
                Ok(Exit::Done)
            }
            Command::Cert(CertCommand::Issue(args)) => {
                self.make(&[args.spec(&self.shared)?], args.writing.dry_run)
            }
            Command::Cert(CertCommand::List(args)) => self.list(&args),
            Command::Cert(CertCommand::Renew(args)) => self.renew(&args),
            Command::Cert(CertCommand::Request(args)) => {
                self.make(&[args.spec(&self.shared)?], args.writing.dry_run)
            }
            Command::Cert(CertCommand::Sign(args)) => {
                self.make(&[args.spec(&self.shared)?], args.writing.dry_run)
            }
            Command::Cert(CertCommand::Log(args)) => self.log(*args),
            Command::Cert(CertCommand::Revoke(args)) => self.revoke(&args),
            Command::Cert(CertCommand::Show(args)) => self.show(&args.paths),
            Command::Cert(CertCommand::Unhold(args)) => self.unhold(&args),
            Command::Cert(CertCommand::Undo(args)) => self.undo_renewal(&args),
            Command::Cluster(ClusterCommand::Bindings) => {
                self.out.report(&BindingsReport::new())?;
                Ok(Exit::Done)
            }
            Command::Cluster(ClusterCommand::Bootstrap(args)) => {
                let config = args.config.as_deref().map(acts::read_config).transpose()?;
                let spec = args.spec(&self.shared, config, self.machine)?;
                self.make(&[spec], args.writing.dry_run)
            }
            Command::Cluster(ClusterCommand::Bundle(args)) => {
                let pack = args.pack(&self.shared)?;
                self.made(&acts::pack(&pack, &self.world)?)
            }
            Command::Cluster(ClusterCommand::Csr(args)) => self.csr(&args),
            Command::Cluster(ClusterCommand::Import(args)) => self.import(&args),
            Command::Cluster(ClusterCommand::Files) => {
                self.out.report(&FilesReport::new())?;
                Ok(Exit::Done)
            }
            Command::Cluster(ClusterCommand::Init(args)) => {
                let specs = self.sets(&args.asked, args.writing.force)?;
                if args.writing.dry_run { self.plan(&specs) } else { self.make(&specs, false) }
            }
            Command::Cluster(ClusterCommand::Plan(asked)) => {
                let specs = self.sets(&asked, false)?;
                self.plan(&specs)
            }
            Command::Cluster(ClusterCommand::Renew(args)) => self.renew_cluster(&args),
            Command::Cluster(ClusterCommand::UploadBundle(args)) => self.upload(&args),
            Command::Context(command) => self.context(command),
            Command::Crl(command) => self.crl(&command),
            Command::Kubeconfig(KubeconfigCommand::Gen(args)) => {
                self.make(&[args.spec(&self.shared, &self.folder)?], args.writing.dry_run)
            }
            Command::Kubeconfig(KubeconfigCommand::Check(args)) => self.check(&args),
            Command::Kubeconfig(KubeconfigCommand::Cluster(command)) => self.cluster_entry(command),
            Command::Kubeconfig(KubeconfigCommand::Diff(args)) => self.diff(&args),
            Command::Kubeconfig(KubeconfigCommand::Embed(args)) => self.embed(args),
            Command::Kubeconfig(KubeconfigCommand::Extract(args)) => self.extract(args),
            Command::Kubeconfig(KubeconfigCommand::Fmt(editing)) => self.fmt(editing),
            Command::Kubeconfig(KubeconfigCommand::Merge(args)) => self.merge(&args),
            Command::Kubeconfig(KubeconfigCommand::Prune(args)) => self.prune(&args),
            Command::Kubeconfig(KubeconfigCommand::Repair(args)) => self.repair(args),
            Command::Kubeconfig(KubeconfigCommand::Split(args)) => self.split(args),
            Command::Kubeconfig(KubeconfigCommand::Undo(args)) => self.undo(&args),
            Command::Kubeconfig(KubeconfigCommand::User(command)) => self.user_entry(command),
            Command::Kubeconfig(KubeconfigCommand::View(args)) => self.view(args),
            Command::Sa(SaCommand::Rotate(command)) => {
                let (wanted, asked) = command.asked(&self.shared, &self.folder)?;
                self.rotate(&wanted, asked)
            }
            Command::Completion(args) => self.completion(&args),
        }
    }

    fn make(&mut self, specs: &[Spec], dry_run: bool) -> Result<Exit, Stop> {
        let made = self.act(specs, dry_run)?;
        self.made(&made)
    }

    /// Makes, or tells what would be made; while it takes long, how far it has come.
    fn act(&mut self, specs: &[Spec], dry_run: bool) -> Result<Made, Error> {
        if dry_run {
            return acts::dry_run(specs, &self.world);
        }
        acts::make(specs, &self.world, &mut |progress| self.out.progress(progress))
    }

    fn rotate(&mut self, wanted: &Rotate, asked: RotationAsked) -> Result<Exit, Stop> {
        let report = match asked {
            RotationAsked::Status => {
                let report = acts::rotation_status(wanted, &self.world, self.connect)?;
                self.tell(&report.warnings, &[]);
                self.out.report(&report)?;
                return Ok(if report.is_complete() { Exit::Done } else { Exit::Findings });
            }
            RotationAsked::Prepare(preparation) => {
                let watch = &mut |keys| self.out.progress(Progress { keys, set: 1, sets: 1 });
                acts::prepare_rotation(wanted, &preparation, &self.world, watch)?
            }
            RotationAsked::Go(order) => acts::rotate(wanted, order, &self.world, self.connect)?,
        };
        self.tell(&report.warnings, &report.notes);
        self.out.report(&report)?;
        Ok(Exit::Done)
    }

    fn upload(&mut self, args: &UploadArgs) -> Result<Exit, Stop> {
        let dry_run = args.writing.dry_run;
        let made = match &args.open {
            Some(path) => {
                let source = self.source(path)?;
                acts::open(&args.opening(&self.shared, source)?, dry_run, &self.world)?
            }
            None => acts::seal(&args.seal(&self.shared)?, dry_run, &self.world)?,
        };
        let differs = made.report.files.iter().any(|file| file.action == Action::Differ);
        let exit = self.made(&made)?;
        Ok(if differs { Exit::Findings } else { exit })
    }

    fn made(&mut self, made: &Made) -> Result<Exit, Stop> {
        self.tell(&made.report.warnings, &made.report.notes);
        self.out.file(&made.stdout)?;
        self.out.report(&made.report)?;
        Ok(Exit::Done)
    }

    /// What the operator should know, and then what was done.
    fn report(&mut self, report: &MadeReport) -> io::Result<()> {
        self.tell(&report.warnings, &report.notes);
        self.out.report(report)
    }

    /// What the operator should know before the report.
    fn tell(&mut self, warnings: &[String], notes: &[String]) {
        warnings.iter().for_each(|warning| self.out.warning(warning));
        notes.iter().for_each(|note| self.out.note(note));
    }

    fn context(&mut self, command: ContextCommand) -> Result<Exit, Stop> {
        match command {
            ContextCommand::Current(place) => {
                let report = acts::current_context(&place.paths(self.environment))?;
                self.tell(&report.warnings, &[]);
                self.out.report(&report)?;
            }
            ContextCommand::Delete(args) => return self.delete_contexts(args),
            ContextCommand::Export(args) => return self.export(&args),
            ContextCommand::List(place) => {
                let report = acts::contexts(&place.paths(self.environment), self.world.now)?;
                self.tell(&report.warnings, &[]);
                self.out.report(&report)?;
            }
            ContextCommand::Shell(args) => return self.shell(&args),
            ContextCommand::Namespace(args) => return self.set_namespace(&args),
            ContextCommand::Rename(args) => return self.rename_context(args),
            ContextCommand::Set(args) => return self.set_context(args),
            ContextCommand::Use(args) => {
                let paths = args.place.paths(self.environment);
                let wanted = match args.wanted() {
                    Some(wanted) => wanted,
                    None => Wanted::Named(self.pick(&paths)?),
                };
                let report = acts::use_context(&paths, &wanted, args.dry_run, &self.world)?;
                self.tell(&report.warnings, &[]);
                self.out.report(&report)?;
            }
        }
        Ok(Exit::Done)
    }

    fn cluster(&self, asked: &Asked) -> Result<ClusterSpec, Error> {
        let config = asked.config.as_deref().map(acts::read_config).transpose()?;
        asked.spec(&self.shared, config, self.machine)
    }

    fn sets(&self, asked: &Asked, force: bool) -> Result<Vec<Spec>, Error> {
        Ok(self.cluster(asked)?.specs(force)?)
    }

    /// Whatever is not as asked is a finding.
    fn plan(&mut self, specs: &[Spec]) -> Result<Exit, Stop> {
        let report = acts::plan(specs, &self.world)?;
        self.report(&report)?;
        Ok(if report.is_as_asked() { Exit::Done } else { Exit::Findings })
    }

    fn show(&mut self, paths: &[PathBuf]) -> Result<Exit, Stop> {
        let mut sources = Vec::new();
        for path in paths {
            sources.push(self.source(path)?);
        }
        let report = acts::show(&sources, self.world.now);
        if !report.items.is_empty() {
            self.out.report(&report)?;
        }
        for failure in &report.failures {
            self.out.error(&failure.error, failure.hint.as_deref());
        }
        Ok(if report.failures.is_empty() { Exit::Done } else { Exit::Failed })
    }

    /// A file; `-` is standard input, which is read at once.
    fn source(&mut self, path: &Path) -> Result<Source, Stop> {
        if path != Path::new("-") {
            return Ok(Source::File(path.to_owned()));
        }
        let bytes = store::read_stream("standard input", &mut *self.input).map_err(Error::from)?;
        Ok(Source::Bytes(PathBuf::from("standard input"), bytes))
    }
}

/// What was typed, and the words of the command alone.
fn parse(arguments: &[OsString], called: Called) -> Result<(Cli, String), clap::Error> {
    // Not taken apart: the run ends soon, and this alone would be a tenth of it for many commands.
    let mut command = ManuallyDrop::new(called.command());
    let matches = command.try_get_matches_from_mut(arguments)?;
    args::check_contradictions(&matches)?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    list::check_form(&cli)?;
    cli.shared.cert_dir_is_typed = args::is_typed(&matches, "cert_dir");
    Ok((cli, args::command_of(&matches)))
}

/// The user who runs this: with sudo, the one who typed it.
fn who(environment: &dyn Fn(&str) -> Option<OsString>) -> String {
    let named = ["SUDO_USER", "USER", "LOGNAME"].into_iter().filter_map(environment);
    let mut named = named.filter(|name| !name.is_empty());
    named.next().map_or("unknown".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Help and version go to standard output and are no failure; anything else is one of usage.
fn answer(error: &clap::Error, arguments: &[OsString], process: &mut Process<'_>) -> Exit {
    let mut text = error.render().to_string();
    // What was typed may hold line breaks, and must not look like words of ours.
    for typed in arguments.iter().map(|typed| typed.to_string_lossy()) {
        let value = typed.split_once('=').map_or(&*typed, |(_, value)| value);
        for broken in [&*typed, value].into_iter().filter(|typed| typed.contains('\n')) {
            text = text.replace(broken, &output::escape_line(broken));
        }
    }
    let (stream, exit): (&mut dyn Write, Exit) =
        if error.use_stderr() { (process.talk, Exit::Usage) } else { (process.output, Exit::Done) };
    match stream.write_all(output::escape(&text).as_bytes()).and_then(|()| stream.flush()) {
        Ok(()) => exit,
        Err(error) => output::exit_of(&error),
    }
}

fn moment(clock: SystemTime) -> Option<Moment> {
    let since = clock.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Moment::from_unix(since.as_secs())
}
