//! What was edited, as people read it.

use crate::cli::output::{Printed, escape_line};
use crate::cli::tables::{rows, table};
use crate::core::report::{
    EditReport, EditStep, Fate, MergeReport, MergedEntry, RepairReport, RepairRow, StateRow,
    StatesReport, UndoReport,
};
use crate::core::x509::time::Moment;

impl Printed for EditReport {
    const IS_DATA: bool = false;

    fn text(&self) -> String {
        if self.steps.is_empty() {
            return "nothing to do: everything is as asked\n".to_owned();
        }
        let lines = self.steps.iter().map(|step| line(step, self.dry_run));
        lines.map(|line| escape_line(&line) + "\n").collect()
    }

    fn names(&self) -> Vec<String> {
        self.names.clone()
    }
}

impl Printed for RepairReport {
    const IS_DATA: bool = true;

    fn text(&self) -> String {
        if self.repairs.is_empty() {
            return "nothing to repair\n".to_owned();
        }
        let line = |it: &RepairRow| {
            let RepairRow { file, line, column, what } = it;
            escape_line(&format!("{}:{line}:{column}: {what}", file.display())) + "\n"
        };
        self.repairs.iter().map(line).collect()
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> =
            self.repairs.iter().map(|it| it.file.display().to_string()).collect();
        names.dedup();
        names
    }
}

impl Printed for UndoReport {
    const IS_DATA: bool = false;

    fn text(&self) -> String {
        let verb = match (self.dry_run, self.again) {
            (false, false) => "undid",
            (false, true) => "made again",
            (true, false) => "would undo",
            (true, true) => "would make again",
        };
        let (when, file) = (time(self.when), self.file.display());
        escape_line(&format!("{verb} in {file}, from {when}: {}", self.what)) + "\n"
    }

    fn names(&self) -> Vec<String> {
        vec![self.file.display().to_string()]
    }
}

impl Printed for StatesReport {
    const IS_DATA: bool = true;

    fn text(&self) -> String {
        let row = |row: &StateRow| {
            let state = if row.undone { "undone" } else { "made" };
            let file = row.file.display().to_string();
            [time(row.when), state.to_owned(), file, row.what.clone()].map(|it| escape_line(&it))
        };
        table(["TIME", "STATE", "FILE", "EDIT"], self.states.iter().map(row))
    }

    fn names(&self) -> Vec<String> {
        self.states.iter().map(|row| row.what.clone()).collect()
    }
}

fn time(when: Option<Moment>) -> String {
    when.map(|when| when.to_string()).unwrap_or_default()
}

impl Printed for MergeReport {
    const IS_DATA: bool = false;

    fn text(&self) -> String {
        let cells = |entry: &MergedEntry| {
            let MergedEntry { action, kind, name, source, name_in_source } = entry;
            let is_renamed = name != name_in_source;
            let verb = merge_verb(*action, is_renamed, self.dry_run);
            let source = match is_renamed {
                true => format!("`{name_in_source}` of {}", source.display()),
                false => format!("of {}", source.display()),
            };
            [format!("{verb:<14} {kind:<7}"), escape_line(name), escape_line(&source)]
        };
        let mut text = rows(self.entries.iter().map(cells));
        if let Some(current) = &self.current {
            let verb = if self.dry_run { "would switch" } else { "switched" };
            text += &escape_line(&format!("{verb} to the context `{current}`"));
            text.push('\n');
        }
        if !self.changed {
            text.push_str("nothing to do: everything is as asked\n");
        }
        text
    }

    fn names(&self) -> Vec<String> {
        let contexts = self.entries.iter().filter(|entry| entry.kind == "context");
        contexts.map(|entry| entry.name.to_string()).collect()
    }
}

fn merge_verb(fate: Fate, is_renamed: bool, dry_run: bool) -> &'static str {
    match (fate, is_renamed, dry_run) {
        (Fate::Added, false, false) => "added",
        (Fate::Added, false, true) => "would add",
        (Fate::Added, true, false) => "renamed",
        (Fate::Added, true, true) => "would rename",
        (Fate::Folded, _, _) => "same",
        (Fate::Kept, _, _) => "left out",
        (Fate::Replaced, _, false) => "replaced",
        (Fate::Replaced, _, true) => "would replace",
    }
}

fn line(step: &EditStep, dry_run: bool) -> String {
    let verb = |done: &str, to_do: &str| match dry_run {
        true => format!("would {to_do}"),
        false => done.to_owned(),
    };
    match step {
        EditStep::Changed { kind, name, fields, file } => {
            let (verb, fields, file) =
                (verb("changed", "change"), fields.join(", "), file.display());
            format!("{verb} the {kind} `{name}` in {file}: {fields}")
        }
        EditStep::Cleared { name, file } => {
            let verb = verb("unset", "unset");
            format!("{verb} the current context `{name}` in {}", file.display())
        }
        EditStep::Created { kind, name, file } => {
            format!("{} the {kind} `{name}` in {}", verb("created", "create"), file.display())
        }
        EditStep::Deleted { kind, name, file } => {
            format!("{} the {kind} `{name}` from {}", verb("deleted", "delete"), file.display())
        }
        EditStep::Ordered { file } => format!("{} {} in order", verb("put", "put"), file.display()),
        EditStep::Renamed { kind, name, to, file } => {
            let verb = verb("renamed", "rename");
            format!("{verb} the {kind} `{name}` to `{to}` in {}", file.display())
        }
        EditStep::Repaired { places, file } => {
            let verb = verb("repaired", "repair");
            let word = if *places == 1 { "place" } else { "places" };
            format!("{verb} {places} {word} in {}", file.display())
        }
        EditStep::Switched { name, file } => {
            let verb = verb("switched", "switch");
            format!("{verb} to the context `{name}` in {}", file.display())
        }
        EditStep::Wrote { file } => format!("{} {}", verb("wrote", "write"), file.display()),
    }
}
