//! `--help` shows how: every command has an example, and every example is one that works.

use std::collections::BTreeSet;
use std::fs;

use clap::Command;
use clap::error::ErrorKind;

use crate::support::transcripts::{all, commands};

/// What is wrong with the examples of a command and of all below it; `played` are the lines that some transcript runs.
fn faults(command: &Command, played: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, here) in below(command, command.get_name()) {
        let examples = examples(here);
        if examples.is_empty() && !here.has_subcommands() {
            faults.push(format!("`{path}` has no example"));
        }
        for example in examples {
            if let Err(why) = parse(command, &example) {
                faults.push(format!("`{path}`: `{example}` does not parse: {why}"));
            }
            if !played.contains(&example) {
                faults.push(format!("`{path}`: no transcript plays `{example}`"));
            }
        }
    }
    faults
}

/// Whether the program takes a line that a hint or an example tells people to type; what follows a `|` or `>` is the
/// shell's.
fn parse(program: &Command, line: &str) -> Result<(), String> {
    let words = shlex::split(line).ok_or("its quotes do not close")?;
    let ours =
        words.iter().take_while(|word| !matches!(word.as_str(), "|" | ">" | ">>" | "&&" | "<"));
    match program.clone().try_get_matches_from(ours) {
        Ok(_) => Ok(()),
        Err(error)
            if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) =>
        {
            Ok(())
        }
        Err(error) => Err(error.to_string()),
    }
}

/// The lines of the examples that stand in a command's long help.
fn examples(command: &Command) -> Vec<String> {
    let help = command
        .get_after_long_help()
        .or(command.get_after_help())
        .map(ToString::to_string)
        .unwrap_or_default();
    let Some((_, after)) = help.split_once("Examples:\n") else { return Vec::new() };
    let lines = after.lines().map(|line| line.trim().trim_start_matches("$ "));
    lines.filter(|line| line.starts_with("kubepki ")).map(str::to_owned).collect()
}

/// A command and all below it, each with what is typed to reach it.
fn below<'a>(command: &'a Command, path: &str) -> Vec<(String, &'a Command)> {
    let mut all = vec![(path.to_owned(), command)];
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        all.extend(below(sub, &format!("{path} {}", sub.get_name())));
    }
    all
}

/// Every command line that a transcript or a page plays.
fn played() -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for file in all() {
        let text = fs::read_to_string(file).expect("a transcript");
        lines.extend(
            commands(&text).iter().map(|line| line.trim_start_matches("$ ").trim_end().to_owned()),
        );
    }
    lines
}

/// Every command of ours in the hints that the transcripts show, with the hint that it stands in. A hint may go on after
/// a `;`.
fn hinted() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for file in all() {
        let text = fs::read_to_string(file).expect("a transcript");
        for hint in text.lines().filter_map(|line| line.strip_prefix("hint: ")) {
            let commands =
                hint.split("; ").filter_map(|part| part.find("kubepki ").map(|at| &part[at..]));
            found.extend(commands.map(|command| (hint.to_owned(), command.to_owned())));
        }
    }
    found
}

#[test]
fn every_command_in_a_hint_is_one_that_can_be_typed() {
    let hinted = hinted();
    assert!(hinted.len() > 20, "only {} hints with a command were found", hinted.len());
    let program = kubepki::cli::command();
    let wrong = hinted.iter().filter_map(|(hint, command)| {
        parse(&program, command).err().map(|why| format!("`{hint}`: `{command}`: {why}"))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_command_has_examples_and_each_is_played_in_a_transcript() {
    assert_eq!(faults(&kubepki::cli::command(), &played()), Vec::<String>::new());
}

#[test]
fn every_command_says_what_it_does() {
    let mut program = kubepki::cli::command();
    program.build();
    let mut waiting: Vec<&Command> = program.get_subcommands().collect();
    while let Some(command) = waiting.pop() {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        // And not which of them it is, which is what the code says of its options.
        assert!(about.starts_with(char::is_uppercase), "{}: {about:?}", command.get_name());
        waiting.extend(command.get_subcommands());
    }
}

#[test]
fn an_example_that_is_missing_or_wrong_or_never_played_is_found() {
    let with = |examples: &'static str| {
        Command::new("kubepki").subcommand(
            Command::new("ca")
                .subcommand(Command::new("show").arg(clap::arg!(--all)).after_help(examples)),
        )
    };
    let played =
        BTreeSet::from(["kubepki ca show --all".to_owned(), "kubepki ca show --wrong".to_owned()]);
    let fault = |examples| faults(&with(examples), &played).join("\n");
    assert_eq!(fault("Examples:\n  $ kubepki ca show --all\n"), "");
    assert_eq!(fault("Examples:\n  # Everything:\n  kubepki ca show --all\n"), "");
    assert_eq!(fault("See also: the manual"), "`kubepki ca show` has no example");
    assert_eq!(
        fault("Examples:\n  kubepki ca show\n"),
        "`kubepki ca show`: no transcript plays `kubepki ca show`"
    );
    assert!(
        fault("Examples:\n  $ kubepki ca show --wrong\n")
            .contains("does not parse: error: unexpected argument")
    );
}

#[test]
fn the_shells_part_of_an_example_is_not_parsed() {
    let program = Command::new("kubepki").arg(clap::arg!(<file>));
    assert_eq!(parse(&program, "kubepki 'a b' | openssl x509 -noout > out"), Ok(()));
    assert!(parse(&program, "kubepki 'a b").is_err());
    assert!(played().contains("kubepki ca show") && !played().contains("kubepki --no-such-flag"));
}
