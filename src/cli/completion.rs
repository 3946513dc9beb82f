//! `kubepki completion`: scripts for shells, and the names that they offer.
//!
//! clap writes the scripts. What it cannot know, the names in kubeconfigs and of certificates, they ask for with the words typed so far; what a word
//! stands for is decided here, by the same definition that parses it. clap's own way for that would read the environment and
//! the disk past our doors, and ties a script to the version that wrote it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, Args, Command};
use clap_complete::Shell;

use super::context::files;
use super::exit::Exit;
use super::{Session, Stop};
use crate::core::kubeconfig::LoadPaths;
use crate::core::spec::Folders;
use crate::core::{self as acts, Named};

// `kubepki completion`
#[derive(Args, Debug)]
pub struct CompletionArgs {
    /// The shell
    #[arg(required_unless_present = "names")]
    shell: Option<Shell>,

    /// Print the names that the last of these words may become; for the scripts
    #[arg(long, hide = true, num_args = 0.., allow_hyphen_values = true, value_name = "WORD")]
    names: Option<Vec<OsString>>,
}

/// Which argument of which command is a name of what.
const PLACES: [(&str, &str, Named); 18] = [
    ("context delete", "names", Named::Context),
    ("context export", "name", Named::Context),
    ("context rename", "old", Named::Context),
    ("context set", "cluster", Named::Cluster),
    ("context set", "name", Named::Context),
    ("context set", "user", Named::User),
    ("context shell", "name", Named::Context),
    ("context use", "name", Named::Context),
    ("kubeconfig cluster delete", "names", Named::Cluster),
    ("kubeconfig cluster rename", "old", Named::Cluster),
    ("kubeconfig cluster set", "name", Named::Cluster),
    ("kubeconfig gen", "cluster", Named::Cluster),
    ("kubeconfig gen", "user", Named::User),
    ("kubeconfig split", "names", Named::Context),
    ("kubeconfig user delete", "names", Named::User),
    ("kubeconfig user rename", "old", Named::User),
    ("kubeconfig user set", "name", Named::User),
    ("kubeconfig view", "context", Named::Context),
];

/// The same of certificates that are there.
const RENEWED: [(&str, &str); 2] = [("cert renew", "except"), ("cert renew", "names")];

/// Asks for names before anything else is offered; what it does not know, clap's function does.
const BASH: &str = r#"
_kubepki_names() {
    local line=${COMP_LINE:0:COMP_POINT} name words
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=('')
    # Readline has its own idea of words: it puts a name in only behind the last `@`, `:` or `=`.
    local typed=${words[${#words[@]}-1]}
    COMPREPLY=()
    while IFS= read -r name; do
        printf -v name %q "${name#"${typed%"$2"}"}"
        COMPREPLY+=("$name")
    done < <("$1" completion --names "${words[@]}" 2>/dev/null)
    ((${#COMPREPLY[@]})) || _kubepki "$@"
}
complete -o nosort -o bashdefault -o default -F _kubepki_names kubepki 2>/dev/null ||
    complete -o bashdefault -o default -F _kubepki_names kubepki
"#;

const FISH: &str = r#"
function __kubepki_names
    set -l word (commandline -ct)
    kubepki completion --names (commandline -opc) "$word" 2>/dev/null
end
complete -c kubepki -a '(__kubepki_names)'
"#;

const ZSH: &str = r#"
_kubepki_names() {
    local -a names
    names=(${(f)"$("${words[1]}" completion --names "${(@)words[1,CURRENT]}" 2>/dev/null)"})
    if (( $#names )); then
        compadd -a names
    else
        _kubepki "$@"
    fi
}

compdef _kubepki_names kubepki
[ "$funcstack[1]" != "_kubepki" ] || _kubepki_names "$@"
"#;

impl Session<'_> {
    pub(super) fn completion(&mut self, args: &CompletionArgs) -> Result<Exit, Stop> {
        let text = match (args.shell, &args.names) {
            (Some(shell), _) => script(shell),
            (None, words) => self.names(words.as_deref().unwrap_or_default()),
        };
        self.out.data(&text)?;
        Ok(Exit::Done)
    }

    /// One name on a line. A kubeconfig that cannot be read has none, and a name that no line can hold is left out: nobody has
    /// asked for an error in the middle of a word.
    fn names(&self, words: &[OsString]) -> String {
        let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        let Some(asked) = Asked::of(&words) else { return String::new() };
        let names = match asked.what {
            What::In(named) => acts::names(named, &self.paths(asked.typed.kubeconfig)),
            What::Renewable => acts::renewable(&self.folders(&asked.typed)),
        };
        let names = names.iter().filter(|name| name.starts_with(asked.begun));
        names
            .filter(|name| !name.chars().any(char::is_control))
            .map(|name| format!("{name}\n"))
            .collect()
    }

    fn paths(&self, kubeconfig: Option<&str>) -> LoadPaths {
        files(kubeconfig.map(|typed| self.expanded(typed)).as_deref(), self.environment)
    }

    fn folders(&self, typed: &Typed<'_>) -> Folders {
        let kubeconfigs = || (self.environment)("KUBEPKI_KUBECONFIG_DIR").map(PathBuf::from);
        let expanded = |typed| self.expanded(typed);
        Folders {
            certificates: typed.cert_dir.map_or_else(|| self.shared.cert_dir.clone(), expanded),
            kubeconfigs: typed
                .kubeconfig_dir
                .map(expanded)
                .or_else(kubeconfigs)
                .unwrap_or_else(|| ".".into()),
        }
    }

    /// As the shell would have expanded it.
    fn expanded(&self, typed: &str) -> PathBuf {
        let home = (self.environment)("HOME").map(PathBuf::from).unwrap_or_default();
        match typed.strip_prefix("~/") {
            Some(rest) => home.join(rest),
            None => PathBuf::from(typed),
        }
    }
}

fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "kubepki", &mut script);
    let script = String::from_utf8_lossy(&script);
    match shell {
        Shell::Bash => [&script, BASH].concat(),
        Shell::Fish => [&script, FISH].concat(),
        // The end of clap's script registers or calls its own function; ours goes first.
        Shell::Zsh => [script.split(ZSH_END).next().unwrap_or_default(), ZSH.trim_start()].concat(),
        _ => script.into_owned(),
    }
}

/// How clap's script for zsh goes on after its functions.
const ZSH_END: &str = "if [ \"$funcstack[1]\" = \"_kubepki\" ]; then";

/// Of what a name is asked for, how it begins, and what was typed of where.
#[derive(Debug, Eq, PartialEq)]
struct Asked<'a> {
    what: What,
    begun: &'a str,
    typed: Typed<'a>,
}

/// Of what there are names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum What {
    /// Something in a kubeconfig.
    In(Named),
    /// A certificate that can be renewed.
    Renewable,
}

/// The options by which one says where the names are.
#[derive(Debug, Default, Eq, PartialEq)]
struct Typed<'a> {
    cert_dir: Option<&'a str>,
    kubeconfig: Option<&'a str>,
    kubeconfig_dir: Option<&'a str>,
}

impl<'a> Typed<'a> {
    /// Takes in the value of an option, by its long name.
    fn add(&mut self, option: &str, value: &'a str) {
        match option {
            "cert-dir" => self.cert_dir = Some(value),
            "kubeconfig" => self.kubeconfig = Some(value),
            "kubeconfig-dir" => self.kubeconfig_dir = Some(value),
            _ => {}
        }
    }
}

impl<'a> Asked<'a> {
    /// What the last word stands for after all the others, the first of which is the program.
    fn of(words: &[&'a str]) -> Option<Self> {
        let (begun, before) = words.split_last()?;
        let mut program = super::command();
        program.build();
        let mut place = Place { command: &program, path: vec![], positional: 0, waiting: None };
        let mut typed = Typed::default();
        for word in before.iter().skip(1) {
            if *word == "--" {
                return None;
            }
            let waiting = place.waiting.and_then(Arg::get_long).map(|option| (option, *word));
            let whole = || word.strip_prefix("--").and_then(|word| word.split_once('='));
            if let Some((option, value)) = waiting.or_else(whole) {
                typed.add(option, value);
            }
            place = place.after(word)?;
        }
        let what = place.what(begun)?;
        Some(Self { what, begun, typed })
    }
}

/// Where one is in a command line.
struct Place<'c> {
    command: &'c Command,
    path: Vec<&'c str>,
    /// How many arguments without a name have come.
    positional: usize,
    /// The option that wants the next word.
    waiting: Option<&'c Arg>,
}

impl<'c> Place<'c> {
    /// One word further.
    fn after(mut self, word: &str) -> Option<Self> {
        if self.waiting.take().is_some() {
            return Some(self);
        }
        if word.len() > 1 && word.starts_with('-') {
            self.waiting = self.option(word).filter(|option| option.get_action().takes_values());
            return Some(self);
        }
        if self.command.has_subcommands() {
            self.command = self.command.find_subcommand(word)?;
            self.path.push(self.command.get_name());
            return Some(self);
        }
        self.positional += 1;
        Some(self)
    }

    /// The option that a word is, unless its value is in the same word.
    fn option(&self, word: &str) -> Option<&'c Arg> {
        let mut options = self.command.get_arguments();
        match word.strip_prefix("--") {
            Some(long) => options.find(|option| option.get_long() == Some(long)),
            None => {
                let last = word.chars().last();
                options.find(|option| option.get_short().is_some() && option.get_short() == last)
            }
        }
    }

    /// The argument without a name that comes next; the last one may take many words.
    fn positional(&self) -> Option<&'c Arg> {
        let positionals: Vec<&Arg> = self.command.get_positionals().collect();
        let takes_more = |last: &&Arg| matches!(last.get_action(), ArgAction::Append);
        let last = || positionals.last().copied().filter(takes_more);
        positionals.get(self.positional).copied().or_else(last)
    }

    /// Of what the next word is a name.
    fn what(&self, begun: &str) -> Option<What> {
        let argument = match self.waiting {
            Some(option) => option,
            None if begun.starts_with('-') => return None,
            None => self.positional()?,
        };
        let (path, id) = (self.path.join(" "), argument.get_id().as_str());
        if RENEWED.contains(&(&*path, id)) {
            return Some(What::Renewable);
        }
        let row = PLACES.iter().find(|(command, argument, _)| *command == path && *argument == id);
        row.map(|(_, _, named)| What::In(*named))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Option<(Named, &str, Option<&str>)> {
        let words: Vec<&str> = line.split(' ').collect();
        match Asked::of(&words)? {
            Asked { what: What::In(named), begun, typed } => Some((named, begun, typed.kubeconfig)),
            Asked { what: What::Renewable, .. } => None,
        }
    }

    #[test]
    fn a_word_is_what_the_parser_would_make_of_it() {
        use Named::*;
        assert_eq!(asked("kubepki context use "), Some((Context, "", None)));
        assert_eq!(asked("/bin/kubepki -q context use --part pr"), Some((Context, "pr", None)));
        assert_eq!(asked("kubepki context shell -o json a@"), Some((Context, "a@", None)));
        let file = Some((Context, "p", Some("~/f")));
        assert_eq!(asked("kubepki context use --kubeconfig ~/f p"), file);
        assert_eq!(asked("kubepki context use --kubeconfig=~/f p"), file);
        assert_eq!(
            asked("kubepki kubeconfig view --minify --context p"),
            Some((Context, "p", None))
        );
        assert_eq!(asked("kubepki kubeconfig gen x --cluster "), Some((Cluster, "", None)));
        assert_eq!(asked("kubepki kubeconfig gen x --user u"), Some((User, "u", None)));
        assert_eq!(asked("kubepki context delete a b"), Some((Context, "b", None)));
        assert_eq!(asked("kubepki kubeconfig cluster delete a b c"), Some((Cluster, "c", None)));
        assert_eq!(asked("kubepki context set dev --user "), Some((User, "", None)));
        assert_eq!(asked("kubepki kubeconfig user set x"), Some((User, "x", None)));
    }

    #[test]
    fn certificates_are_those_of_the_folders_that_were_typed() {
        let asked = |line: &'static str| {
            let words: Vec<&str> = line.split(' ').collect();
            Asked::of(&words)
        };
        let renewable = |begun, typed| Some(Asked { what: What::Renewable, begun, typed });
        let typed = Typed { cert_dir: Some("a"), kubeconfig_dir: Some("~/b"), ..Typed::default() };
        assert_eq!(asked("kubepki cert renew x ap"), renewable("ap", Typed::default()));
        assert_eq!(asked("kubepki cert renew --all --except "), renewable("", Typed::default()));
        assert_eq!(
            asked("kubepki --cert-dir a cert renew --kubeconfig-dir=~/b ap"),
            renewable("ap", typed)
        );
        assert_eq!(asked("kubepki cert renew --add-san "), None);
        assert_eq!(asked("kubepki cert show "), None);
    }

    #[test]
    fn other_words_are_no_names() {
        for line in [
            "",
            "kubepki",
            "kubepki ",
            "kubepki context ",
            "kubepki context rot x",
            "kubepki context use --pa",
            "kubepki context use --kubeconfig ",
            "kubepki context rename a b",
            "kubepki context use a b",
            "kubepki context shell a -- ",
            "kubepki context shell -- kubectl x",
            "kubepki kubeconfig gen ",
        ] {
            assert_eq!(asked(line), None, "{line}");
        }
    }

    #[test]
    fn every_place_is_one_of_the_command_line() {
        let places = PLACES.map(|(path, id, _)| (path, id));
        for (path, id) in places.into_iter().chain(RENEWED) {
            let mut program = super::super::command();
            program.build();
            let command = path.split(' ').try_fold(&program, |at, name| at.find_subcommand(name));
            let command = command.expect(path);
            assert!(command.get_arguments().any(|argument| argument.get_id() == id), "{path} {id}");
        }
    }

    #[test]
    fn the_scripts_ask_for_names_first() {
        let zsh = script(Shell::Zsh);
        assert!(zsh.starts_with("#compdef kubepki") && zsh.ends_with(ZSH.trim_start()));
        assert!(!zsh.contains(ZSH_END) && !zsh.contains("compdef _kubepki kubepki"));
        assert!(script(Shell::Bash).ends_with(BASH));
    }
}
