//! What making something did, or would do.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;

use super::facts::{Described, RequestFacts};
use crate::core::changes::Before;
use crate::core::plan::{Configure, Kept, KeyStep, Note, Plan, Refusal, Step, Target};
use crate::core::sign::Made;
use crate::core::x509::time::Moment;

/// What making something did, or would do.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MadeReport {
    /// Whether any file is not as before.
    pub changed: bool,
    /// Whether nothing was done yet.
    pub dry_run: bool,
    /// Each file, in the order in which it comes into place.
    pub files: Vec<FileReport>,
    /// The certificates that were made or kept; empty in a dry run of what is still to be signed.
    pub certificates: Vec<Described>,
    /// The requests that were made.
    pub requests: Vec<RequestFacts>,
    /// What is typed on a node that joins, where a kubeconfig for such nodes was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join: Option<String>,
    /// Dangers.
    pub warnings: Vec<String>,
    /// Facts that may surprise.
    pub notes: Vec<String>,
    /// Whether its names are those of requests alone: they are what is sent away, and a key must never be among them.
    #[serde(skip)]
    pub names_requests: bool,
    /// Whether a key is open to others: then not all is as asked.
    #[serde(skip)]
    pub has_open_keys: bool,
}

/// One file.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileReport {
    /// What is done with it.
    pub action: Action,
    /// Where it is.
    #[serde(serialize_with = "super::as_text")]
    pub path: PathBuf,
    /// What it holds, in a few words.
    pub about: String,
}

/// What is done with a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is new.
    Create,
    /// It is there as asked.
    Keep,
    /// It was there and is replaced.
    Replace,
    /// It is there and is not as asked.
    Differ,
    /// It was there and something in it is changed; the rest stays byte for byte.
    Edit,
    /// It came from elsewhere and does not fit.
    Refuse,
    /// It waits for a signature from elsewhere.
    Unsigned,
}

impl Action {
    /// Whether a file is not as before, or would not be.
    fn changes(self) -> bool {
        !matches!(self, Self::Keep | Self::Refuse | Self::Unsigned)
    }
}

impl MadeReport {
    /// What `plan` is going to do.
    pub fn of_plan(plan: &Plan) -> Self {
        let mut report = Self::default();
        for step in &plan.steps {
            report.add_step(step);
        }
        for note in &plan.notes {
            let list = if note.is_warning() { &mut report.warnings } else { &mut report.notes };
            list.push(note.to_string());
            report.has_open_keys |= matches!(note, Note::OpenKey(_));
            if let Note::Join(line) = note {
                report.join = Some(line.clone());
            }
        }
        report.changed = report.files.iter().any(|file| file.action.changes());
        report
    }

    /// Adds what another set did.
    pub fn add(&mut self, other: Self) {
        self.changed |= other.changed;
        self.has_open_keys |= other.has_open_keys;
        self.files.extend(other.files);
        self.certificates.extend(other.certificates);
        self.requests.extend(other.requests);
        self.join = self.join.take().or(other.join);
        self.warnings.extend(other.warnings);
        self.notes.extend(other.notes);
    }

    /// Tells once what several sets share.
    pub fn tell_once(mut self) -> Self {
        once(&mut self.files, |file| file.path.clone());
        once(&mut self.certificates, Described::fingerprint);
        once(&mut self.warnings, String::clone);
        once(&mut self.notes, String::clone);
        self
    }

    /// Adds the certificates that are there as asked.
    pub fn add_kept_certificates(&mut self, plan: &Plan, now: Moment) {
        let leaf = |step: &Step| match step {
            Step::Keep(kept) => kept.chain.first().map(|leaf| Described::new(leaf.clone(), now)),
            _ => None,
        };
        self.certificates.extend(plan.steps.iter().filter_map(leaf));
    }

    /// Certificates from elsewhere that do not fit, so that nothing was done.
    pub fn of_refused(refused: &[Refusal]) -> Self {
        let mut report = Self::default();
        for one in refused {
            let about = format!("certificate of {}: {}", one.subject, one.why.join("; "));
            report.add_file(Action::Refuse, one.file.clone(), about);
        }
        report
    }

    /// Whether all is there as asked.
    pub fn is_as_asked(&self) -> bool {
        !self.has_open_keys && self.is_kept()
    }

    /// Whether there is nothing to write.
    pub fn is_kept(&self) -> bool {
        self.files.iter().all(|file| file.action == Action::Keep)
    }

    /// Whether something waits for a signature from elsewhere.
    pub fn is_waiting(&self) -> bool {
        self.files.iter().any(|file| file.action == Action::Unsigned)
    }

    /// Adds what came of it.
    pub fn add_made(&mut self, made: Vec<Made>, now: Moment) {
        for Made { chain, request, key: _ } in made {
            let leaf = chain.into_iter().next();
            self.certificates.extend(leaf.map(|leaf| Described::new(leaf, now)));
            self.requests.extend(request.as_ref().map(RequestFacts::new));
        }
    }

    /// Adds one file.
    pub fn add_file(&mut self, action: Action, path: PathBuf, about: String) {
        self.changed |= action.changes();
        self.files.push(FileReport { action, path, about });
    }

    fn add_step(&mut self, step: &Step) {
        if let Some(KeyStep::Draw { key_type, to }) = step.key() {
            self.add_target(to, format!("{key_type} key"));
        }
        match step {
            Step::Certify(certify) => {
                let template = &certify.template;
                let (profile, end) = (template.profile, template.validity.not_after);
                self.add_target(
                    &certify.to,
                    format!("{profile} certificate of {}, until {end}", template.subject),
                );
            }
            Step::Copy(copy) => {
                self.add_target(&copy.to, format!("copy of {}", copy.from.display()));
            }
            Step::Differ(difference) => {
                self.add_file(Action::Differ, difference.path.clone(), difference.how.join("; "));
            }
            Step::Import(import) => {
                let (leaf, profile) = (&import.chain[0], import.profile);
                let (subject, issuer) = (leaf.subject(), leaf.issuer());
                let end = leaf.validity().not_after;
                self.add_target(
                    &import.to,
                    format!("{profile} certificate of {subject}, signed by {issuer}, until {end}"),
                );
            }
            Step::Keep(kept) => self.add_kept(kept),
            Step::KeyPair(pair) => self.add_target(&pair.public, "public key".to_owned()),
            Step::Kubeconfig(configure) => self.add_kubeconfig(configure),
            Step::Request(ask) => self.add_target(&ask.to, format!("request of {}", ask.subject)),
            Step::Unsigned(waiting) => {
                self.add_file(Action::Unsigned, waiting.path.clone(), waiting.about.clone());
            }
            Step::Leave | Step::Told => {}
        }
    }

    fn add_kept(&mut self, kept: &Kept) {
        match &kept.key {
            // Both are inside of the kubeconfig, whose own step tells of it.
            Some((path, _)) if *path == kept.file => return,
            Some((path, key)) => {
                self.add_file(Action::Keep, path.clone(), format!("{} key", key.public_key()));
            }
            None => {}
        }
        self.add_file(Action::Keep, kept.file.clone(), kept.about.clone());
    }

    fn add_kubeconfig(&mut self, configure: &Configure) {
        let Some(out) = configure.spec.out.path() else { return };
        let action = if configure.exists { Action::Edit } else { Action::Create };
        if let Some(current) = &configure.stays {
            self.notes.push(format!("{} stays on its current context `{current}`", out.display()));
        }
        self.add_file(action, out.to_owned(), configure.about.clone());
    }

    fn add_target(&mut self, target: &Target, about: String) {
        let action = if target.before == Before::Absent { Action::Create } else { Action::Replace };
        if let Some(path) = target.to.path() {
            self.add_file(action, path.to_owned(), about);
        }
    }
}

/// Keeps the first of those that have the same key.
fn once<T, K: Ord>(list: &mut Vec<T>, key: impl Fn(&T) -> K) {
    let mut seen = BTreeSet::new();
    list.retain(|one| seen.insert(key(one)));
}
