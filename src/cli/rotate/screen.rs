//! Rotations as people read them.

use std::fmt::Write as _;

use crate::cli::output::{Printed, escape_line};
use crate::cli::screen::file_lines;
use crate::core::catalog::Change;
use crate::core::report::{RotatedReport, SideRow, StandReport, StandRow};
use crate::core::rotation::Step;

impl Printed for RotatedReport {
    const IS_DATA: bool = false;

    fn text(&self) -> String {
        let mut text = file_lines(&self.files, self.dry_run);
        if !self.changed {
            text.push_str("nothing to do: everything is as asked\n");
        }
        for row in &self.rotations {
            let (name, stage) = (row.name, row.stage);
            let _ = match (row.from, self.dry_run) {
                (Some(from), false) => writeln!(text, "{name} was {from}, and is {stage} now"),
                (Some(from), true) => writeln!(text, "{name} is {from}, and would be {stage}"),
                (None, true) => writeln!(text, "{name} would be {stage}"),
                (None, false) => writeln!(text, "{name} is {stage}"),
            };
        }
        let steps = self.first.iter().cloned().chain(self.steps.iter().map(step));
        let steps = steps.chain(self.besides.iter().cloned());
        for (number, line) in steps.enumerate() {
            let _ = writeln!(text, "{:>3}. {}", number + 1, escape_line(&line));
        }
        for next in &self.next {
            let _ = writeln!(text, "next: {next}");
        }
        text
    }

    fn names(&self) -> Vec<String> {
        self.files.iter().map(|file| file.path.display().to_string()).collect()
    }
}

impl Printed for StandReport {
    const IS_DATA: bool = true;

    fn text(&self) -> String {
        if self.rotations.is_empty() {
            return "no rotation was ever begun here\n".to_owned();
        }
        self.rotations.iter().map(stand).collect::<Vec<_>>().join("\n")
    }

    fn names(&self) -> Vec<String> {
        self.rotations.iter().map(|row| format!("{} {}", row.name, row.stage)).collect()
    }
}

fn stand(row: &StandRow) -> String {
    let mut text = format!("{}\n", row.name);
    let mut line = |label: &str, value: String| {
        let _ = writeln!(text, "  {label:<10} {}", escape_line(&value));
    };
    line("stage", format!("{} since {}", row.stage, row.since));
    line("old", side(&row.old));
    line("new", side(&row.new));
    line("standby", row.standby.display().to_string());
    if let Some(end) = row.tokens_end {
        line("tokens", format!("those of the old key end by {end}"));
    }
    for lack in &row.incomplete {
        line("incomplete", format!("{} {}", lack.path.display(), lack.lacks));
    }
    if let Some(next) = &row.next {
        line("next", next.clone());
    }
    text
}

fn side(side: &SideRow) -> String {
    match side.not_after {
        Some(end) => format!("{}, until {end}", side.fingerprint),
        None => side.fingerprint.clone(),
    }
}

/// `kube-apiserver: restart, one after the other (--etcd-cafile)`
fn step(it: &Step) -> String {
    let what = match (it.change, it.one_at_a_time) {
        (Change::Live, _) => "takes it up by itself",
        (Change::NextUse, _) => "takes it up at its next use",
        (Change::Restart, true) => "restart, one after the other",
        (Change::Restart, false) => "restart",
    };
    format!("{}: {what} ({})", it.component, it.flags.join(", "))
}
