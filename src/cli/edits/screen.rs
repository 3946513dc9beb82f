//! What was edited, as people read it.

use crate::cli::output::{Printed, escape_line};
use crate::cli::tables::rows;
use crate::core::report::{EditReport, EditStep, Fate, MergeReport, MergedEntry};

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
        contexts.map(|entry| entry.name.clone()).collect()
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
        EditStep::Renamed { kind, name, to, file } => {
            let verb = verb("renamed", "rename");
            format!("{verb} the {kind} `{name}` to `{to}` in {}", file.display())
        }
        EditStep::Switched { name, file } => {
            let verb = verb("switched", "switch");
            format!("{verb} to the context `{name}` in {}", file.display())
        }
    }
}
