//! Options that several commands share, and the step from what was typed to what is meant.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args};

use super::output::Format;
use crate::core::Error;
use crate::core::catalog::{self, Row};
use crate::core::changes::folder_of;
use crate::core::spec::{Destination, IssuerSpec, KeySpec, Pair};
use crate::core::x509::key_type::KeyType;
use crate::core::x509::name::{Attribute, DistinguishedName};
use crate::core::x509::san::San;
use crate::core::x509::time::{Moment, Until};

// Options of every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options of every command")]
pub struct Shared {
    /// Folder of the CA, certificates and keys
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "KUBEPKI_CERT_DIR",
        default_value = "pki"
    )]
    pub cert_dir: PathBuf,

    /// Whether the folder was typed, and is not the default or from the environment.
    #[arg(skip)]
    pub cert_dir_is_typed: bool,

    /// Form of what is printed: text, wide (text with more columns), json, yaml, or just the names
    #[arg(
        short,
        long,
        global = true,
        hide_possible_values = true,
        value_name = "FORMAT",
        env = "KUBEPKI_OUTPUT",
        default_value = "text"
    )]
    pub output: Format,

    /// Print no report and no notes; warnings and errors stay
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// The moment that counts as now (RFC 3339), for tests and rehearsals
    #[arg(long, global = true, value_name = "TIME", env = "KUBEPKI_AT", hide = true)]
    pub at: Option<Moment>,
}

// Options of every command that writes.
#[derive(Args, Clone, Copy, Debug)]
pub struct Writing {
    /// Replace what is there and differs
    #[arg(long)]
    pub force: bool,

    /// Show what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

// Options that name the CA that signs.
#[derive(Args, Clone, Debug)]
pub struct Signing {
    /// CA that signs: a NAME in the certificate folder, or the FILE of its certificate [default: the one that the profile names]
    #[arg(long, value_name = "NAME|FILE")]
    pub ca: Option<String>,

    /// Key of the CA [default: beside its certificate]
    #[arg(long, value_name = "FILE")]
    pub ca_key: Option<PathBuf>,
}

// Options that say how long.
#[derive(Args, Clone, Debug)]
pub struct Lasting {
    /// How long it lives, or until when: 90d, 1y, 2160h, 2030-01-31 [default: 1y]
    #[arg(
        long,
        visible_alias = "not-after",
        value_name = "PERIOD|DATE",
        env = "KUBEPKI_VALIDITY",
        // So that `-1d` is told for what it is.
        allow_hyphen_values = true
    )]
    pub validity: Option<String>,
}

impl Signing {
    /// The files of the CA.
    pub fn files(&self, shared: &Shared, default: &str) -> Pair {
        let name = self.ca.as_deref().unwrap_or(default);
        let mut files = if self.ca.is_some() && is_path(name) {
            let certificate = PathBuf::from(name);
            Pair { key: certificate.with_extension("key"), certificate }
        } else {
            Pair::beside(&shared.cert_dir, catalog::file(name))
        };
        if let Some(key) = &self.ca_key {
            files.key.clone_from(key);
        }
        files
    }

    /// The CA as something that is wanted takes it.
    pub fn issuer(&self, shared: &Shared, default: &str) -> IssuerSpec {
        IssuerSpec::Files(self.files(shared, default))
    }
}

impl Lasting {
    /// The end that was asked for, if any.
    pub fn until(&self) -> Result<Option<Until>, Error> {
        Ok(self.validity.as_deref().map(str::parse).transpose()?)
    }
}

/// Whether a text means a file or folder rather than a name in the certificate folder, where dots are no rarity.
pub fn is_path(text: &str) -> bool {
    let suffix = Path::new(text).extension();
    text.contains('/')
        || text == "."
        || text == ".."
        || suffix.is_some_and(|suffix| suffix == "crt" || suffix == "pem")
}

/// A key type by its name.
pub fn key_type(text: Option<&str>) -> Result<Option<KeyType>, Error> {
    Ok(text.map(str::parse).transpose()?)
}

/// Alternative names: those that a row has by itself, then those that were given, each once.
pub fn sans(defaults: Vec<San>, given: &[String]) -> Result<Vec<San>, Error> {
    let mut sans = defaults;
    for text in given {
        let san: San = text.parse()?;
        if !sans.contains(&san) {
            sans.push(san);
        }
    }
    Ok(sans)
}

/// The subject for `name`: the row's, with what was given in its place.
pub fn subject(
    row: &Row,
    name: &str,
    cn: Option<&str>,
    orgs: &[String],
) -> Result<DistinguishedName, Error> {
    let common_name = match cn {
        Some(cn) => cn.to_owned(),
        None => row.common_name(name)?,
    };
    let fixed = row.organizations.iter().map(|group| (*group).to_owned());
    let mut seen: BTreeSet<&str> = row.organizations.iter().copied().collect();
    let given: Vec<String> = orgs.iter().filter(|group| seen.insert(group)).cloned().collect();
    let groups = fixed.chain(given).map(|group| (Attribute::ORGANIZATION, group));
    Ok(DistinguishedName::new(groups.chain([(Attribute::COMMON_NAME, common_name)]))?)
}

/// The places of a certificate or request and of its key, for `--out FILE` or `--out -`.
pub fn places_at(out: &Path) -> (Destination, Destination) {
    if out == Path::new("-") {
        return (Destination::Stdout, Destination::Stdout);
    }
    (Destination::File(out.to_owned()), Destination::File(out.with_extension("key")))
}

/// The places of a certificate or request and of its key in the certificate folder.
pub fn places_in(folder: &Path, file: &str, suffix: &str) -> (Destination, Destination) {
    let place = |suffix: &str| Destination::File(folder.join(format!("{file}.{suffix}")));
    (place(suffix), place("key"))
}

/// The folder whose lock covers what is written: the certificate folder, or that of `--out FILE`.
pub fn home(shared: &Shared, out: Option<&Path>) -> Option<PathBuf> {
    match out {
        Some(out) if out == Path::new("-") => None,
        Some(out) => Some(folder_of(out).to_owned()),
        None => Some(shared.cert_dir.clone()),
    }
}

/// The key of something that is wanted: one that is there, or one of our own.
pub fn key_spec(
    existing: Option<&Path>,
    to: Destination,
    wanted: Option<&str>,
) -> Result<KeySpec, Error> {
    Ok(match existing {
        Some(path) => KeySpec::Existing(path.to_owned()),
        None => KeySpec::Own { to, key_type: key_type(wanted)? },
    })
}

/// Options of which only one may be typed. One that comes from the environment is meant for other commands, so clap's own
/// conflicts, which count it, do not do.
const CONTRADICTIONS: [(&str, &str); 3] =
    [("key", "key_type"), ("config", "key_type"), ("config", "validity")];

/// Refuses options that contradict each other.
pub fn check_contradictions(matches: &ArgMatches) -> Result<(), clap::Error> {
    let typed = |id| is_typed(matches, id);
    match CONTRADICTIONS.iter().find(|(one, other)| typed(one) && typed(other)) {
        None => Ok(()),
        Some((one, other)) => {
            let [one, other] = [one, other].map(|id| id.replace('_', "-"));
            let why = format!("the argument '--{one}' cannot be used with '--{other}'");
            Err(super::command().error(ErrorKind::ArgumentConflict, why))
        }
    }
}

/// The command that was typed, such as `cert issue`.
pub fn command_of(matches: &ArgMatches) -> String {
    let (mut words, mut here) = (Vec::new(), matches);
    while let Some((word, below)) = here.subcommand() {
        words.push(word);
        here = below;
    }
    words.join(" ")
}

/// Whether an option was typed for the command that was typed.
pub fn is_typed(matches: &ArgMatches, id: &str) -> bool {
    let mut here = matches;
    while let Some((_, sub)) = here.subcommand() {
        here = sub;
    }
    here.try_contains_id(id).is_ok() && here.value_source(id) == Some(ValueSource::CommandLine)
}
