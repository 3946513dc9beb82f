//! What was edited, as people read it.

use crate::cli::output::{Printed, escape_line};
use crate::core::report::{EditReport, EditStep};

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
