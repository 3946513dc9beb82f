//! The name by which the program was called: its own, or that of kubectl's plugin.

use std::ffi::OsString;
use std::path::Path;

/// By which name.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Called {
    /// `kubepki`, or whatever else it is called.
    #[default]
    Itself,
    /// `kubectl pki`: kubectl finds it as `kubectl-pki`.
    Plugin,
}

impl Called {
    /// What the first of the arguments says.
    pub fn of(arguments: &[OsString]) -> Self {
        let name = arguments.first().and_then(|first| Path::new(first).file_name());
        if name.is_some_and(|name| name == "kubectl-pki") { Self::Plugin } else { Self::Itself }
    }

    /// The definition of the command line, in which usage and examples are what one types.
    pub fn command(self) -> clap::Command {
        match self {
            Self::Itself => super::command(),
            Self::Plugin => self.in_examples(super::command()).bin_name("kubectl pki"),
        }
    }

    /// A text in which commands are what one types.
    pub fn words(self, text: &str) -> String {
        let command = match self {
            Self::Itself => return text.to_owned(),
            Self::Plugin => super::command(),
        };
        let nouns = command.get_subcommands().map(clap::Command::get_name);
        nouns.fold(text.to_owned(), |text, noun| {
            text.replace(&format!("kubepki {noun}"), &format!("kubectl pki {noun}"))
        })
    }

    fn in_examples(self, command: clap::Command) -> clap::Command {
        let examples = command.get_after_help().map(|text| self.words(&text.to_string()));
        let command = match examples {
            Some(examples) => command.after_help(examples),
            None => command,
        };
        command.mut_subcommands(|command| self.in_examples(command))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(first: &str) -> Called {
        Called::of(&[first.into(), "context".into()])
    }

    #[test]
    fn the_last_part_of_the_first_word_counts() {
        assert_eq!(called("/usr/local/bin/kubectl-pki"), Called::Plugin);
        assert_eq!(called("kubectl-pki"), Called::Plugin);
        assert_eq!(called("/opt/kubectl-pki/kubepki"), Called::Itself);
        assert_eq!(Called::of(&[]), Called::Itself);
    }

    #[test]
    fn a_command_is_named_as_it_is_typed_and_nothing_else_is() {
        let text = "here: kubepki ca init; see .kubepki.lock, kubepki with pid 7";
        let plugin = "here: kubectl pki ca init; see .kubepki.lock, kubepki with pid 7";
        assert_eq!(Called::Plugin.words(text), plugin);
        assert_eq!(Called::Itself.words(text), text);
    }
}
