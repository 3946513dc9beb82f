//! Rotations: what a stage did or would do, and where all of them stand.

use std::path::PathBuf;

use serde::Serialize;

use super::facts::CertificateFacts;
use super::made::{Action, FileReport};
use crate::core::rotation::{self, Entry, Public, Rotation, Stage, Step, Touched};
use crate::core::x509::time::Moment;

/// What bringing rotations to a stage did, or would do.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RotatedReport {
    /// Whether any file is not as before.
    pub changed: bool,
    /// Whether nothing was done yet.
    pub dry_run: bool,
    /// Each rotation.
    pub rotations: Vec<RotationRow>,
    /// Each file that changes.
    pub files: Vec<FileReport>,
    /// The certificates that were issued anew; empty in a dry run.
    pub certificates: Vec<CertificateFacts>,
    /// What is to be done before that, on the machines.
    pub first: Vec<String>,
    /// What running programs need now, in this order.
    pub steps: Vec<Step>,
    /// What is to be done besides.
    pub besides: Vec<String>,
    /// What is typed next.
    pub next: Vec<String>,
    /// Dangers.
    pub warnings: Vec<String>,
    /// Facts that may surprise.
    pub notes: Vec<String>,
}

/// From where to where a rotation went.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RotationRow {
    /// The CA or key.
    pub name: &'static str,
    /// The stage before; absent where it has just begun.
    pub from: Option<Stage>,
    /// The stage now.
    pub stage: Stage,
}

/// Where all rotations of a folder stand.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StandReport {
    /// One for each.
    pub rotations: Vec<StandRow>,
    /// Dangers.
    pub warnings: Vec<String>,
}

/// Where a rotation stands.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StandRow {
    /// The CA or key.
    pub name: &'static str,
    /// The stage that it has reached.
    pub stage: Stage,
    /// Since when.
    pub since: Moment,
    /// The one that goes.
    pub old: SideRow,
    /// The one that comes.
    pub new: SideRow,
    /// The folder of the one that stands by.
    #[serde(serialize_with = "super::as_text")]
    pub standby: PathBuf,
    /// When the last token ends that the old key signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_end: Option<Moment>,
    /// What is still to be done for the stage to be complete.
    pub incomplete: Vec<Lack>,
    /// What is typed next; nothing once it is over.
    pub next: Option<String>,
}

/// A file that is not as a stage wants it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lack {
    /// The file.
    #[serde(serialize_with = "super::as_text")]
    pub path: PathBuf,
    /// What it lacks.
    pub lacks: String,
}

/// One of the two.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SideRow {
    /// What tells it from any other: SHA-256 of the certificate, or the pin of the key.
    pub fingerprint: String,
    /// When it ends; a key has no end.
    pub not_after: Option<Moment>,
}

impl RotatedReport {
    /// Adds files that change.
    pub fn add_files(&mut self, touched: Vec<Touched>) {
        for Touched { path, is_new, is_edited, about, .. } in touched {
            let action = match (is_new, is_edited) {
                (true, _) => Action::Create,
                (false, true) => Action::Edit,
                (false, false) => Action::Replace,
            };
            self.add_file(FileReport { action, path, about });
        }
    }

    /// Adds that folders of nodes have to come to their machines, where any file in them changes.
    pub fn add_journey(&mut self) {
        let of_node = |file: &FileReport| {
            let mut parts = file.path.iter().skip_while(|part| *part != "nodes").skip(1);
            parts.next().map(|node| node.to_string_lossy().into_owned())
        };
        let mut nodes: Vec<String> = self.files.iter().filter_map(of_node).collect();
        nodes.dedup();
        if !nodes.is_empty() {
            self.first.push(format!(
                "bring the folders of the nodes to their machines: {}",
                nodes.join(", ")
            ));
        }
    }

    /// Adds a file.
    pub fn add_file(&mut self, file: FileReport) {
        self.changed |= file.action != Action::Keep;
        self.files.push(file);
    }

    /// Adds from where to where rotations go, and what that takes.
    pub fn add_moves(&mut self, moves: &[rotation::Move]) {
        for it in moves {
            let from = (it.from != it.to).then_some(it.from);
            self.rotations.push(RotationRow { name: it.anchor.name(), from, stage: it.to });
        }
        self.next.extend(rotation::next(moves));
        self.steps.extend(rotation::steps(moves));
        self.besides.extend(rotation::notes(moves));
    }
}

impl StandReport {
    /// Whether all is as the stages want it.
    pub fn is_complete(&self) -> bool {
        self.rotations.iter().all(|row| row.incomplete.is_empty())
    }
}

impl StandRow {
    /// A rotation whose two sides are at hand.
    pub fn new(rotation: &Rotation, lag: Vec<Touched>, tokens_end: Option<Moment>) -> Self {
        let side = |public: &Public| SideRow {
            fingerprint: public.fingerprint(),
            not_after: match public {
                Public::Certificate(certificate) => Some(certificate.validity().not_after),
                Public::Key(_) => None,
            },
        };
        let (old, new) = (side(&rotation.old.public), side(&rotation.new.public));
        let lack = |one: Touched| Lack { path: one.path, lacks: one.lacks };
        let incomplete: Vec<_> = lag.into_iter().map(lack).collect();
        let row = Self::of_entry(&rotation.entry, old, new);
        let Entry { anchor, stage, .. } = rotation.entry;
        let completed = (!incomplete.is_empty()).then(|| anchor.to_type(stage.word()));
        Self { incomplete, tokens_end, next: completed.or(row.next), ..row }
    }

    /// A rotation that is over, of which only the state file tells.
    pub fn over(entry: &Entry) -> Self {
        let side =
            |fingerprint: &String| SideRow { fingerprint: fingerprint.clone(), not_after: None };
        Self::of_entry(entry, side(&entry.old), side(&entry.new))
    }

    fn of_entry(entry: &Entry, old: SideRow, new: SideRow) -> Self {
        let Entry { anchor, stage, since, standby, .. } = entry.clone();
        let next = stage.next(anchor).map(|next| anchor.to_type(next.word()));
        let (name, incomplete, tokens_end) = (anchor.name(), Vec::new(), None);
        Self { name, stage, since, old, new, standby, tokens_end, incomplete, next }
    }
}
