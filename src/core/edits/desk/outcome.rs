//! What becomes of the files on the desk: what is written, and what is told.

use std::collections::BTreeSet;
use std::mem;
use std::path::{Path, PathBuf};

use crate::core::changes::{Before, Bytes, Change, Changes, Found, Secrecy, folder_of};
use crate::core::check::{Finding, OPEN_FILE, Severity, Subject, findings};
use crate::core::place::keep_before;
use crate::core::report::{EditReport, EditStep};
use crate::core::x509::time::{Moment, Period};
use crate::core::{World, store};

use super::{Desk, Done};

/// How many days before its end a certificate is worth a warning.
const SOON: u64 = 30;

/// What is to be told of an edit besides what was done.
pub(in crate::core::edits) struct Told {
    /// Whether any file is not as before.
    pub changed: bool,
    /// Dangers.
    pub warnings: Vec<String>,
    /// Facts that may surprise.
    pub notes: Vec<String>,
}

impl Desk<'_> {
    pub(super) fn changes(&self, now: Moment) -> Changes {
        let change = |(path, old): (&PathBuf, &Bytes)| {
            let before = match self.absent.contains(path) {
                true => Before::Absent,
                false => Before::Exactly(old.clone()),
            };
            let bytes = self.bytes(path);
            Change { path: path.clone(), bytes, secrecy: Secrecy::AsFound, before }
        };
        // Those first that the kubeconfigs are going to name.
        let list = self.beside().chain(self.before.iter().map(change));
        let list: Vec<Change> = list.chain(self.states(now)).collect();
        let home = list.first().map(|change| folder_of(&change.path).to_owned());
        Changes { home: home.unwrap_or_default(), list }
    }

    /// What the files said before is kept beside them; of one that was not there, nothing.
    fn states(&self, now: Moment) -> impl Iterator<Item = Change> {
        let edited = self.before.iter().filter(|(path, _)| !self.absent.contains(*path));
        edited.map(move |(path, old)| {
            keep_before(path, old, &self.bytes(path), &self.done_to(path), now)
        })
    }

    /// `deleted the context `old` and 2 more`
    fn done_to(&self, path: &Path) -> String {
        let done: Vec<&Done> = self.steps.iter().filter(|done| done.step.file() == path).collect();
        let first = done.first().map(|done| done.step.brief()).unwrap_or_default();
        let all: usize = done.iter().map(|done| 1 + done.others.len()).sum();
        match all {
            0 | 1 => first,
            all => format!("{first}, and {} more", all - 1),
        }
    }

    /// They were not there, or are the same: then the mode may become narrower.
    fn beside(&self) -> impl Iterator<Item = Change> {
        self.written.iter().map(|(path, (bytes, secrecy))| {
            let before = match store::read([path.clone()]).get(path) {
                Found::Absent => Before::Absent,
                _ => Before::Exactly(bytes.clone()),
            };
            Change { path: path.clone(), bytes: bytes.clone(), secrecy: *secrecy, before }
        })
    }

    pub(super) fn report(
        mut self,
        kind: &'static str,
        names: Vec<String>,
        world: &World<'_>,
    ) -> EditReport {
        let Told { changed, warnings, notes } = self.told(world);
        let dry_run = self.how.dry_run;
        let steps = self.steps.into_iter().map(|done| done.step).collect();
        EditReport { changed, dry_run, kind, names, steps, warnings, notes }
    }

    /// What is to be told besides what was done.
    pub fn told(&mut self, world: &World<'_>) -> Told {
        let found = self.findings(world);
        self.warnings.extend(found);
        let (warnings, notes) = (mem::take(&mut self.warnings), mem::take(&mut self.notes));
        Told { changed: !self.before.is_empty(), warnings, notes }
    }

    fn has_written_users_to(&self, file: &Path) -> bool {
        let is_user = |step: &EditStep| matches!(written(step), Some(("user", _)));
        self.steps.iter().any(|done| is_user(&done.step) && done.step.file() == file)
    }

    /// What is wrong with the entries that were written: clients would fail at it, or others can read the secret.
    fn findings(&self, world: &World<'_>) -> Vec<String> {
        let written: BTreeSet<(&str, &str)> = self.steps.iter().flat_map(all_written).collect();
        let is_written = |kind, name: &str| written.contains(&(kind, name));
        let read = |path: &Path| match self.written.get(path) {
            Some((bytes, _)) => Found::File { bytes: bytes.clone(), mode: 0o600, modified: 0 },
            None => store::read([path.to_owned()]).get(path).clone(),
        };
        let soon = Period::days(SOON);
        let mut subject = Subject::new(self.view(), world.now, soon, &read);
        subject.clusters.retain(|it| is_written("cluster", &it.entry.name));
        subject.users.retain(|it| is_written("user", &it.entry.name));
        subject.contexts.retain(|it| is_written("context", &it.entry.name));
        let found = findings(&subject).into_iter();
        let found = found.filter(|it| it.severity >= Severity::Warning);
        let told = |it: Finding| match it.entry {
            Some(entry) => Some(format!("{entry}: {}", it.message)),
            None if it.rule == OPEN_FILE && self.has_written_users_to(&it.file) => {
                let (file, hint) = (it.file.display(), it.hint.unwrap_or_default());
                Some(format!("{file}: {}; for you alone: {hint}", it.message))
            }
            None => None,
        };
        found.filter_map(told).collect()
    }
}

/// The kinds and names of all that was written.
fn all_written(done: &Done) -> impl Iterator<Item = (&str, &str)> {
    let first = written(&done.step);
    let others =
        first.into_iter().flat_map(|(kind, _)| done.others.iter().map(move |name| (kind, &**name)));
    first.into_iter().chain(others)
}

/// The kind and the name of what a step has written.
fn written(step: &EditStep) -> Option<(&str, &str)> {
    match step {
        EditStep::Created { kind, name, .. } | EditStep::Changed { kind, name, .. } => {
            Some((kind, name))
        }
        _ => None,
    }
}
