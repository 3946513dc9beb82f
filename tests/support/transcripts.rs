//! Transcripts: Markdown in which every `console` block is a screen that is played again.
//!
//! ````text
//! ```console
//! $ kubepki ca show          <- run by bash; goes on after a `\` and on lines that begin with `> `
//! kubernetes CA ...          <- stdout and stderr as a user sees them
//! [exit 1]                   <- only when the status is not 0
//! ```
//! ````
//!
//! All the blocks of a file are one session in one home: files, variables and `cd` last. `[..]` stands for anything in a
//! line, a line `...` for any lines. What differs from run to run ([`Redactions`]) may stand there literally or as its
//! token. Control characters are shown as pictures (`␛`), so that one that reaches the screen cannot be overlooked.
//!
//! A block that begins with "```console live" needs a control plane that trusts the folder `pki`: the suite passes over
//! it, the live tests play the whole file.
//!
//! `SNAPSHOTS=overwrite cargo test transcripts` writes what differs into the files; `TRANSCRIPT=word` picks some.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use regex::Regex;
use snapbox::assert::Action;
use snapbox::filter::NormalizeToExpected;
use snapbox::{Assert, IntoData};

use crate::support::secrets::Secrets;
use crate::support::world::World;
use crate::support::{ROOT, kubernetes_programs};

/// Plays a file and compares; with [`Action::Overwrite`], puts the difference into the file instead.
pub fn check(path: &Path, world: World, action: Action) -> Result<(), String> {
    let expected =
        fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    if commands(&expected).is_empty() {
        return Err(format!("{}: there is nothing to play", path.display()));
    }
    let (actual, told) = play(&expected, &world);
    if !told.is_empty() {
        // Which one is not said: it would be in the log of the test.
        return Err(format!("{}: a secret is on the screen of {told:?}", path.display()));
    }
    if actual == expected {
        return Ok(());
    }
    if matches!(action, Action::Overwrite) {
        return fs::write(path, actual).map_err(|error| error.to_string());
    }
    let (name, verify) =
        (path.strip_prefix(ROOT).unwrap_or(path), Assert::new().action(Action::Verify));
    let difference =
        verify.try_eq(Some(&name.display()), actual.into_data().raw(), expected.into_data().raw());
    difference.map_err(|error| format!("{}{error}", name.display()))
}

/// Every transcript, and every page for readers in which there is something to play; in order.
pub fn all() -> Vec<PathBuf> {
    let below = |place| markdown_below(Path::new(ROOT).join(place));
    let mut pages: Vec<_> = ["README.md", "docs"].into_iter().flat_map(below).collect();
    pages.retain(|page| fs::read_to_string(page).is_ok_and(|text| text.contains("\n```console")));
    pages.extend(below("tests/transcripts"));
    pages.sort();
    pages
}

/// Every command line of a text's console blocks, as it stands there.
pub fn commands(text: &str) -> Vec<&str> {
    let commands = parse(text).into_iter().filter_map(|piece| match piece {
        Piece::Step { command, .. } => Some(command),
        Piece::Prose(_) => None,
    });
    commands.collect()
}

/// The commands of a text's console blocks, each with its screen.
pub fn steps(text: &str) -> Vec<(&str, &str)> {
    let steps = parse(text).into_iter().filter_map(|piece| match piece {
        Piece::Step { command, screen, .. } => Some((command, screen)),
        Piece::Prose(_) => None,
    });
    steps.collect()
}

/// The text as it would be if all were right: each screen that does not match is replaced by what was seen. And the commands that
/// told a secret.
fn play(text: &str, world: &World) -> (String, Vec<String>) {
    let redactions = Redactions::of(world);
    let (mut secrets, mut told) = (Secrets::default(), Vec::new());
    let piece = |piece| match piece {
        Piece::Prose(line) => line.to_owned(),
        Piece::Step { live: true, command, screen } if !world.is_in_the_present() => {
            format!("{command}{screen}")
        }
        Piece::Step { live, command, screen } => {
            let seen = run(command, live, world);
            secrets.collect(&world.home());
            if secrets.are_on(&seen, command) {
                told.push(command.to_owned());
            }
            let seen = redactions.redact(&seen);
            format!("{command}{}", reconcile(screen, seen, &redactions))
        }
    };
    let played = parse(text).into_iter().map(piece).collect();
    (played, told)
}

/// The screen of the file where it matches, wildcards and literal values included; otherwise the one that was seen.
fn reconcile(screen: &str, seen: String, redactions: &Redactions) -> String {
    let wanted = redactions.redact(screen.trim_end_matches('\n'));
    let seen = seen.trim_end_matches('\n').to_owned();
    let matched = NormalizeToExpected::new()
        .redact()
        .normalize(seen.into_data(), &wanted.clone().into_data());
    match matched.to_string() {
        matched if matched == wanted => screen.to_owned(),
        matched if matched.is_empty() => matched,
        matched => matched + "\n",
    }
}

enum Piece<'a> {
    Prose(&'a str),
    Step { live: bool, command: &'a str, screen: &'a str },
}

/// Cuts a text into prose, line by line, and steps; put together again they are the text.
fn parse(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut rest, mut fence) = (Vec::new(), text, None);
    while !rest.is_empty() {
        let (line, after) = rest.split_at(line_length(rest));
        if let Some(live) = fence
            && line.starts_with("$ ")
        {
            let (command, after) = rest.split_at(command_length(rest));
            let (screen, after) = after.split_at(screen_length(after));
            pieces.push(Piece::Step { live, command, screen });
            rest = after;
            continue;
        }
        match line.trim_end() {
            "```console" => fence = Some(false),
            "```console live" => fence = Some(true),
            "```" => fence = None,
            other if other.starts_with("```console") => panic!("{other}: only `live` may follow"),
            _ => {}
        }
        pieces.push(Piece::Prose(line));
        rest = after;
    }
    pieces
}

fn line_length(text: &str) -> usize {
    text.find('\n').map_or(text.len(), |end| end + 1)
}

fn command_length(text: &str) -> usize {
    let mut end = line_length(text);
    while text[..end].ends_with("\\\n") || text[end..].starts_with("> ") {
        end += line_length(&text[end..]);
    }
    end
}

fn screen_length(text: &str) -> usize {
    let lines = text.split_inclusive('\n');
    lines.take_while(|line| !line.starts_with("$ ") && !line.starts_with("```")).map(str::len).sum()
}

/// Runs one command of the session and returns its screen.
fn run(command: &str, live: bool, world: &World) -> String {
    let log = world.backstage("screen");
    let screen = File::create(&log).expect("a screen");
    let mut shell = shell(live, world);
    shell.arg(script(command, &world.backstage("state"))).stdin(Stdio::null());
    shell.stdout(screen.try_clone().expect("a screen")).stderr(screen);
    let status = shell.status().expect("timeout of coreutils");
    let text = visible(&fs::read(&log).expect("a screen"));
    match status.code() {
        Some(0) => text,
        Some(code) => format!("{}[exit {code}]\n", on_a_new_line(text)),
        None => format!("{}[{status}]\n", on_a_new_line(text)),
    }
}

/// A bash for at most two minutes, beside a control plane if the block is a live one.
fn shell(live: bool, world: &World) -> Command {
    let mut shell = world.command("timeout");
    shell.args(["--kill-after=5", "120"]);
    if live {
        shell.env("KUBEBUILDER_ASSETS", kubernetes_programs());
        shell.arg(Path::new(ROOT).join("tests/control-plane/run"));
        shell.args(["--port", "6443", "pki", "--"]);
    }
    shell.args(["bash", "-c"]);
    shell
}

/// The command, between taking over what the last shell of the session knew and keeping it for the next.
fn script(command: &str, state: &Path) -> String {
    let command = command.trim_start_matches("$ ").replace("\n> ", "\n");
    let state = state.display();
    format!(
        "[ -e {state} ] && . {state}\n\
         trap '{{ export -p; printf \"cd %q\\n\" \"$PWD\"; }} > {state}' EXIT\n{command}"
    )
}

fn on_a_new_line(text: String) -> String {
    if text.is_empty() || text.ends_with('\n') { text } else { text + "\n" }
}

/// A screen with a picture for each control character but the newline, and a code for each one that turns text around.
fn visible(screen: &[u8]) -> String {
    let mut shown = String::new();
    for c in String::from_utf8_lossy(screen).chars() {
        match c {
            '\n' => shown.push(c),
            '\0'..' ' => shown.extend(char::from_u32(0x2400 + c as u32)),
            '\x7f' => shown.push('␡'),
            '\u{80}'..='\u{9f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => {
                shown.push_str(&format!("⟨U+{:04X}⟩", c as u32));
            }
            c => shown.push(c),
        }
    }
    shown
}

/// What differs from run to run, each with the token that stands for it.
struct Redactions(Vec<(Regex, &'static str)>);

impl Redactions {
    /// In a world with a fixed clock, dates are part of what is promised.
    fn of(world: &World) -> Self {
        let home = regex::escape(&world.home().to_string_lossy());
        let mut patterns = vec![
            (home.as_str(), "[HOME]"),
            (r"\bsha256:[0-9a-f]{64}\b", "[PIN]"),
            (r"\b([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}\b", "[FINGERPRINT]"),
            (r"\b[0-9A-F]{64}\b", "[FINGERPRINT]"),
            (r"\b[0-9A-F]{40}\b", "[KEYID]"),
            (r"\b([0-9A-Fa-f]{2}:){15}[0-9A-Fa-f]{2}\b", "[SERIAL]"),
            // One serial in 128 begins with a zero byte, which a number does not show.
            (r"\b([0-9A-F]{28,32}|[0-9a-f]{28,32})\b", "[SERIAL]"),
            (r"(-----BEGIN [A-Z0-9 ]+-----\n)[A-Za-z0-9+/=\n]+(\n-----END)", "${1}[BASE64]${2}"),
            (r"[A-Za-z0-9+/]{100,}={0,2}", "[BASE64]"),
            (r"\bkubepki [0-9]+\.[0-9]+\.[0-9]+(-[0-9a-z.]+)?", "kubepki [VERSION]"),
        ];
        if world.is_in_the_present() {
            patterns.push((r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:]{5,8}(Z| UTC)?)?", "[DATE]"));
            patterns.push((r"\b[0-9]+ (day|hour|minute|second)s?\b", "[DURATION]"));
            // A day less as soon as a second has passed.
            patterns.push((r"\b[0-9]+ left\b", "[DURATION] left"));
        }
        let compiled = |(pattern, token)| (Regex::new(pattern).expect(pattern), token);
        Self(patterns.into_iter().map(compiled).collect())
    }

    fn redact(&self, text: &str) -> String {
        let replace = |text: String, (pattern, token): &(Regex, &'static str)| {
            pattern.replace_all(&text, *token).into_owned()
        };
        self.0.iter().fold(text.to_owned(), replace)
    }
}

fn markdown_below(path: PathBuf) -> Vec<PathBuf> {
    if path.is_dir() {
        let entries = fs::read_dir(path).expect("a folder");
        return entries.flat_map(|entry| markdown_below(entry.expect("an entry").path())).collect();
    }
    if path.extension().is_some_and(|extension| extension == "md") {
        vec![path]
    } else {
        Vec::new()
    }
}
