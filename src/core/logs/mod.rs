//! The act of reading what CAs have signed: each log from its beginning to its end, without holding it.

mod strays;

use std::path::{Path, PathBuf};

use crate::core::Error;
use crate::core::catalog::ROWS;
use crate::core::changes::{folder_of, quoted};
use crate::core::log::{self, Event, Filter, Issued, Line, Scan, Standing, State};
use crate::core::report::{LogRow, Revocation};
use crate::core::spec::Pair;
use crate::core::store;
use crate::core::x509::number::Number;
use crate::core::x509::time::Moment;

pub use strays::{Among, import, strays};

/// What the names of logs end with.
const SUFFIX: &str = ".log.jsonl";

/// Why there is nothing to read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A CA without a log.
    #[error("{} has no log: {} does not exist", ca.display(), log::path(ca).display())]
    None {
        /// The certificate of the CA.
        ca: PathBuf,
    },
    /// No CA with a log.
    #[error("there is no log of a CA in {}", .0.display())]
    NoneIn(PathBuf),
}

impl LogError {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        let folder = match self {
            Self::None { ca } => folder_of(ca),
            Self::NoneIn(folder) => folder,
        };
        Some(format!(
            "take in what its CAs have signed: kubepki cert log import --cert-dir {}",
            quoted(folder)
        ))
    }
}

/// The CAs of a folder that have a log, by the files of their certificates; or the one that is named.
///
/// # Errors
///
/// There is none, or the folder cannot be read.
pub fn logged_cas(cert_dir: &Path, ca: Option<&Path>) -> Result<Vec<PathBuf>, Error> {
    if let Some(ca) = ca {
        return match store::is_file(&log::path(ca)) {
            true => Ok(vec![ca.to_owned()]),
            false => Err(LogError::None { ca: ca.to_owned() }.into()),
        };
    }
    let logs = store::files_named(cert_dir, SUFFIX)?;
    let cas: Vec<PathBuf> = logs.iter().filter_map(|log| log::ca_of(log)).collect();
    match cas.is_empty() {
        true => Err(LogError::NoneIn(cert_dir.to_owned()).into()),
        false => Ok(cas),
    }
}

/// The CAs of a folder: those that Kubernetes knows and that are there, and those that have a log.
///
/// # Errors
///
/// The folder cannot be read.
pub fn cas(cert_dir: &Path) -> Result<Vec<Pair>, Error> {
    let known = ROWS.iter().filter(|row| row.profile.is_ca()).filter_map(|row| row.file);
    let known = known.map(|file| Pair::beside(cert_dir, file).certificate);
    let mut cas: Vec<PathBuf> = known.filter(|file| store::is_file(file)).collect();
    let logs = store::files_named(cert_dir, SUFFIX)?;
    for ca in logs.iter().filter_map(|log| log::ca_of(log)) {
        if !cas.contains(&ca) && store::is_file(&ca) {
            cas.push(ca);
        }
    }
    Ok(cas.into_iter().map(|certificate| pair(&certificate)).collect())
}

/// The files of a CA by its certificate.
pub fn pair(certificate: &Path) -> Pair {
    Pair { key: certificate.with_extension("key"), certificate: certificate.to_owned() }
}

/// Hands every certificate that `filter` takes to `each`, in the order in which they were logged. Returns the serial numbers that
/// more than one certificate of a CA has; nobody looks for those where only some lines are taken apart.
///
/// # Errors
///
/// A log that is damaged or cannot be read, and whatever stops `each`. What came before has been handed over then.
pub fn log<E: From<Error>>(
    cas: &[PathBuf],
    filter: &Filter,
    now: Moment,
    mut each: impl FnMut(LogRow) -> Result<(), E>,
) -> Result<Vec<(PathBuf, String)>, E> {
    let mut shared = Vec::new();
    for ca in cas {
        let standing = standing(ca)?;
        let mut seen = Seen::default();
        let path = log::path(ca);
        scan(Scan::again(&path), filter.glance_at(&standing, now), |line| {
            let Line { event: Event::Issued(issued), act } = line else { return Ok(()) };
            seen.add(&issued);
            let (state, revoked) = State::of(&issued, &standing, now);
            if !filter.takes(&issued, act.when, state) {
                return Ok(());
            }
            let (who, why, when) = (act.who.into_owned(), act.why.into_owned(), act.when);
            let revoked = revoked.map(|(since, reason)| Revocation { since, reason });
            each(LogRow {
                ca: ca.clone(),
                state,
                issued: issued.into_owned(),
                revoked,
                who,
                why,
                when,
            })
        })?;
        shared.extend(seen.shared().into_iter().map(|serial| (ca.clone(), serial)));
    }
    Ok(shared)
}

/// What counts at the end of the log of a CA; nothing where it has none.
///
/// # Errors
///
/// A log that is damaged or cannot be read.
pub fn standing(ca: &Path) -> Result<Standing, Error> {
    let mut standing = Standing::default();
    scan(
        Scan::new(&log::path(ca)),
        |_| false,
        |line| {
            standing.add(line);
            Ok::<_, Error>(())
        },
    )?;
    Ok(standing)
}

/// The certificates in the log of a CA that a filter takes, however they stand.
///
/// # Errors
///
/// A log that is damaged or cannot be read.
pub fn find(ca: &Path, filter: &Filter) -> Result<Vec<Issued<'static>>, Error> {
    let mut found: Vec<Issued<'static>> = Vec::new();
    scan(Scan::new(&log::path(ca)), filter.glance(), |line| {
        if let Event::Issued(issued) = line.event
            && filter.takes(&issued, line.act.when, State::Valid)
            && !found.iter().any(|one| one.sha256 == issued.sha256)
        {
            found.push(issued.into_owned());
        }
        Ok::<_, Error>(())
    })?;
    Ok(found)
}

/// Reads a log; of lines of certificates only those that `wanted` takes at a glance.
fn scan<E: From<Error>>(
    mut scan: Scan<'_>,
    wanted: impl Fn(&[u8]) -> bool,
    mut each: impl FnMut(Line<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let read = store::blocks(scan.path(), |block| {
        let each = |line: Line<'_>| each(line).map_err(Halt::Other);
        scan.block(block, &wanted, each)
    });
    match read {
        Ok(_) => Ok(()),
        Err(Halt::Other(error)) => Err(error),
        Err(Halt::Core(error)) => Err(error.into()),
    }
}

/// What ends the reading of a log.
enum Halt<E> {
    Core(Error),
    Other(E),
}

impl<E> From<store::Error> for Halt<E> {
    fn from(error: store::Error) -> Self {
        Self::Core(error.into())
    }
}

impl<E> From<log::Error> for Halt<E> {
    fn from(error: log::Error) -> Self {
        Self::Core(error.into())
    }
}

/// The serial numbers of a log, 24 bytes for each, to find those that come twice.
#[derive(Default)]
struct Seen(Vec<(u128, u64)>);

impl Seen {
    fn add(&mut self, issued: &Issued<'_>) {
        let octets = issued.serial.octets();
        let low = octets.iter().rev().take(16).rev();
        let serial = low.fold(0, |serial, octet| serial << 8 | u128::from(*octet));
        let print = issued.sha256.get(..16).and_then(|text| u64::from_str_radix(text, 16).ok());
        self.0.push((serial, print.unwrap_or_default()));
    }

    /// A certificate that is logged twice is still one.
    fn shared(mut self) -> Vec<String> {
        self.0.sort_unstable();
        self.0.dedup();
        let mut shared: Vec<u128> =
            self.0.windows(2).filter(|two| two[0].0 == two[1].0).map(|two| two[0].0).collect();
        shared.dedup();
        shared.iter().map(|serial| Number::new(&serial.to_be_bytes()).to_string()).collect()
    }
}
