//! The log of a CA: one line of JSON for everything that it signed or took back, in the order in which that happened.
//!
//! It is beside the certificate of the CA, `ca.log.jsonl` beside `ca.crt`, and only ever gets longer. Whoever signs adds
//! [`issued`] to the set of files that is written, so that a certificate is never there without its line.

mod filter;
mod form;
mod line;
mod scan;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::core::World;
use crate::core::changes::{Before, Bytes, Change, Secrecy};
use crate::core::x509::cert::Certificate;

pub use filter::{Filter, State};
pub use line::{Act, Event, Issued, Line, Listed, Released, Revoked, profile_of};
pub use scan::{Error, Scan, Standing, fingerprint_in};

/// What the name of a log ends with, in the place of the suffix of the CA's certificate.
const SUFFIX: &str = "log.jsonl";

/// Where the log of a CA is, by the file of its certificate.
pub fn path(ca: &Path) -> PathBuf {
    ca.with_extension(SUFFIX)
}

/// The file of the CA's certificate that a log belongs to; `None` for a file that is no log.
pub fn ca_of(log: &Path) -> Option<PathBuf> {
    let name = log.file_name()?.to_str()?.strip_suffix(SUFFIX)?.strip_suffix('.')?;
    (!name.is_empty()).then(|| log.with_file_name(format!("{name}.crt")))
}

/// The lines that tell of certificates that were signed in this run, each with the file of the CA that signed it: one change for
/// each log. The folders of the CAs must be locked.
pub fn issued<'a>(
    signed: impl IntoIterator<Item = (PathBuf, &'a Certificate)>,
    world: &World<'_>,
) -> Vec<Change> {
    let mut by_ca: BTreeMap<PathBuf, Vec<Event<'_>>> = BTreeMap::new();
    for (ca, certificate) in signed {
        by_ca.entry(ca).or_default().push(Event::Issued(Issued::new(certificate)));
    }
    by_ca.into_iter().map(|(ca, events)| lines(&ca, events, world)).collect()
}

/// The lines that tell of these events in this run.
pub fn lines<'a>(
    ca: &Path,
    events: impl IntoIterator<Item = Event<'a>>,
    world: &World<'_>,
) -> Change {
    let mut bytes = Bytes::default();
    for event in events {
        bytes.extend(Line { event, act: Act::of(world) }.encode());
    }
    Change { path: path(ca), bytes, secrecy: Secrecy::Secret, before: Before::Stays }
}

/// The same changes, with one for each log in the place of several.
pub fn joined(changes: impl IntoIterator<Item = Change>) -> Vec<Change> {
    let mut all: Vec<Change> = Vec::new();
    for change in changes {
        let is_same = |it: &&mut Change| it.before == Before::Stays && it.path == change.path;
        match all.iter_mut().find(is_same) {
            Some(log) => log.bytes.extend(change.bytes.to_vec()),
            None => all.push(change),
        }
    }
    all
}

impl<'a> Act<'a> {
    /// Of this run.
    pub fn of(world: &World<'a>) -> Self {
        Self { who: world.who.into(), why: world.command.into(), when: world.now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_and_its_ca_are_found_by_each_other() {
        let (ca, log) = (Path::new("pki/etcd/ca.crt"), Path::new("pki/etcd/ca.log.jsonl"));
        assert_eq!(path(ca), log);
        assert_eq!(ca_of(log).as_deref(), Some(ca));
        for other in ["pki/.log.jsonl", "pki/log.jsonl", "pki/ca.log", "pki/ca.crt"] {
            assert_eq!(ca_of(Path::new(other)), None, "{other}");
        }
    }
}
