//! The act of showing: read, take apart, describe. Nothing is written, locked or executed.

use std::path::{Path, PathBuf};

use crate::core::changes::{Bytes, Found, Snapshot};
use crate::core::inventory::Inventory;
use crate::core::report::{CaReport, Failure, KeyState, ShowReport};
use crate::core::spec::{Config, Offer, Pair};
use crate::core::x509::chain;
use crate::core::x509::time::Moment;
use crate::core::{Error, check, inventory, store};

/// The most certificates that are taken from elsewhere at once.
const MOST_OFFERED: usize = 20_000;

/// Something to show.
#[derive(Debug)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Bytes that came another way, under the name that they go by.
    Bytes(PathBuf, Bytes),
}

/// Describes everything in `sources`. What cannot be read or understood is told beside the rest.
pub fn show(sources: &[Source], now: Moment) -> ShowReport {
    let files = sources.iter().filter_map(|source| match source {
        Source::File(path) => Some(path),
        Source::Bytes(..) => None,
    });
    let snapshot = store::read(files.flat_map(|path| [path.clone(), key_beside(path)]));
    let mut report = ShowReport::default();
    for source in sources {
        match examine(source, &snapshot) {
            Ok(examined) => report.add(examined, now),
            Err(error) => {
                report.failures.push(Failure { error: error.to_string(), hint: error.hint() })
            }
        }
    }
    report
}

/// Reads a configuration file: kubeadm's, or an inventory.
///
/// # Errors
///
/// There is none, it cannot be read, or it is neither.
pub fn read_config(path: &Path) -> Result<Config, Error> {
    let snapshot = store::read([path.to_owned()]);
    let bytes = Inventory::new(&snapshot).need("configuration", path)?;
    Ok(Config::parse(path, bytes)?)
}

/// Reads certificates from elsewhere: those in each of these files, and in all files of these folders, but for hidden folders. One
/// file after the other, so that not all of them are held at once.
///
/// # Errors
///
/// A file that is not there or is damaged, a folder that cannot be read, or nothing in one of them.
pub fn read_offers(paths: &[PathBuf]) -> Result<Vec<Offer>, Error> {
    let (mut offers, mut count) = (Vec::new(), 0);
    for path in paths {
        let before = offers.len();
        for file in store::files_in_sight(path)? {
            let snapshot = store::read([file.clone()]);
            let offer = Inventory::new(&snapshot).offer(&file)?;
            count += offer.as_ref().map_or(0, |offer| offer.certificates.len());
            if count > MOST_OFFERED {
                let (path, limit) = (path.clone(), MOST_OFFERED);
                return Err(inventory::Error::TooManyCertificates { path, limit }.into());
            }
            offers.extend(offer);
        }
        if offers.len() == before {
            return Err(inventory::Error::NoCertificates(path.clone()).into());
        }
    }
    Ok(offers)
}

/// Describes a CA and its key.
///
/// # Errors
///
/// There is no CA certificate, or it cannot be read.
pub fn show_ca(files: &Pair, now: Moment) -> Result<CaReport, Error> {
    let snapshot = store::read([files.certificate.clone(), files.key.clone()]);
    let inventory = Inventory::new(&snapshot);
    let chain = inventory.need_chain("CA certificate", &files.certificate)?;
    let key = match inventory.key("CA key", &files.key) {
        Ok(None) => KeyState::Missing,
        Ok(Some(key)) if chain::belongs(&chain[0], key.public_key()).is_ok() => KeyState::Matches,
        Ok(Some(_)) => KeyState::Foreign,
        Err(error) => KeyState::Unreadable(error.to_string()),
    };
    let unfit = chain::may_sign(&chain[0], now).err().map(|error| error.to_string());
    Ok(CaReport::new(files, &chain, key, unfit, now))
}

fn examine(source: &Source, snapshot: &Snapshot) -> Result<Vec<check::Examined>, Error> {
    match source {
        Source::Bytes(name, bytes) => Ok(check::examine(name, bytes, None)?),
        Source::File(path) => {
            let bytes = Inventory::new(snapshot).need("file", path)?;
            let key = match snapshot.get(&key_beside(path)) {
                Found::File { bytes, .. } => Some(bytes),
                Found::Absent | Found::Unreadable(_) => None,
            };
            Ok(check::examine(path, bytes, key)?)
        }
    }
}

/// `admin.key` for `admin.crt`.
fn key_beside(path: &Path) -> PathBuf {
    path.with_extension("key")
}
