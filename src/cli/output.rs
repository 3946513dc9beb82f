//! The only printer. Data goes to standard output, talk to standard error, and nothing that comes from a file reaches a
//! terminal with a control character in it.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::mem;
use std::time::Duration;

use serde::Serialize;

use super::called::Called;
use super::exit::Exit;
use crate::core::x509::name::is_unprintable;
use crate::core::{Progress, keys};

/// Work that ends sooner is not worth a line.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a line stays at least: nobody reads faster.
const REST: Duration = Duration::from_millis(100);

/// The form in which data is printed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON document with everything.
    Json,
    /// The same on one line; one line for each where there are many.
    Jsonl,
    /// The same as YAML.
    Yaml,
    /// Just the names or paths, one on a line.
    Name,
    /// For people, with more columns where there are more to show.
    Wide,
    /// For Prometheus; a list of certificates alone.
    #[value(hide = true)]
    Prometheus,
    /// For what reads kubeadm's JSON; a list of certificates alone.
    #[value(hide = true)]
    Kubeadm,
}

/// Something that can be printed.
pub trait Printed: Serialize {
    /// Whether it is what was asked for, and not just word of what was done: then it is printed with `--quiet` too.
    const IS_DATA: bool;

    /// For people: lines, each with its newline.
    fn text(&self) -> String;

    /// The same with more columns, where there are more to show.
    fn wide(&self) -> String {
        self.text()
    }

    /// For Prometheus, where there are numbers to watch.
    fn metrics(&self) -> String {
        self.text()
    }

    /// As YAML.
    fn yaml(&self) -> io::Result<String>
    where
        Self: Sized,
    {
        yaml(self)
    }

    /// The names or paths.
    fn names(&self) -> Vec<String>;
}

/// One of many things that are printed as they come: nobody knows how many there will be, and they are not held.
pub trait Row: Serialize {
    /// The names of the columns.
    fn head(is_wide: bool) -> String;

    /// The thing for people, in one line, of which no part is foreign text that was not escaped.
    fn row(&self, is_wide: bool) -> String;

    /// Its name.
    fn name(&self) -> String;
}

/// How much is gathered before it is printed, in bytes.
const GATHERED: usize = 1 << 16;

/// How far a long work has come, on one line that is written again and again, and wiped at the end. What ends within a
/// second has none.
pub struct Meter<'a> {
    elapsed: &'a dyn Fn() -> Duration,
    /// When the work began.
    began: Option<Duration>,
    /// When the line was last written.
    written: Option<Duration>,
    /// What is to be seen.
    shown: String,
}

impl<'a> Meter<'a> {
    /// A meter by a clock that only goes forward.
    pub fn new(elapsed: &'a dyn Fn() -> Duration) -> Self {
        Self { elapsed, began: None, written: None, shown: String::new() }
    }

    /// What to write so that the line says `text`; nothing while it is too early, too soon after the last time, or said already.
    fn say(&mut self, text: &str) -> Option<String> {
        let now = (self.elapsed)();
        let began = *self.began.get_or_insert(now);
        let since = now.saturating_sub(self.written.unwrap_or_default());
        if now.saturating_sub(began) < PATIENCE || since < REST || self.shown == text {
            return None;
        }
        self.written = Some(now);
        let line = format!("{}{text}", self.wipe());
        text.clone_into(&mut self.shown);
        Some(line)
    }

    /// What to write so that the line is gone.
    fn wipe(&mut self) -> String {
        match mem::take(&mut self.shown).chars().count() {
            0 => String::new(),
            width => format!("\r{}\r", " ".repeat(width)),
        }
    }
}

/// Where a run prints.
pub struct Output<'a> {
    data: &'a mut dyn Write,
    talk: &'a mut dyn Write,
    format: Format,
    quiet: bool,
    /// Only on a terminal.
    meter: Option<Meter<'a>>,
    /// Whether standard output is taken by a file that was asked for, so that reports are talk.
    data_is_taken: bool,
    called: Called,
    /// Rows that are still to be printed.
    rows: String,
    /// How many rows there were.
    count: u64,
}

impl<'a> Output<'a> {
    /// Prints data to `data` and talk to `talk`; with a meter, also how far a long work has come.
    pub fn new(
        data: &'a mut dyn Write,
        talk: &'a mut dyn Write,
        format: Format,
        quiet: bool,
        meter: Option<Meter<'a>>,
    ) -> Self {
        let meter = meter.filter(|_| !quiet);
        let (rows, called) = (String::new(), Called::Itself);
        Self { data, talk, format, quiet, meter, data_is_taken: false, called, rows, count: 0 }
    }

    /// The same for a program that goes by this name.
    pub fn called(self, called: Called) -> Self {
        Self { called, ..self }
    }

    /// Prints a file that was asked for on standard output, byte for byte; reports are talk from then on.
    pub fn file(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.wipe();
        self.data_is_taken = true;
        self.data.write_all(bytes)?;
        self.data.flush()
    }

    /// Prints a report. With `--quiet` only what was asked for.
    pub fn report<P: Printed>(&mut self, report: &P) -> io::Result<()> {
        self.wipe();
        if self.quiet && !P::IS_DATA && matches!(self.format, Format::Text | Format::Wide) {
            return Ok(());
        }
        let text = self.rendered(report)?;
        let stream = if self.data_is_taken { &mut *self.talk } else { &mut *self.data };
        stream.write_all(text.as_bytes())?;
        stream.flush()
    }

    /// A report as it would be printed.
    pub fn rendered<P: Printed>(&self, report: &P) -> io::Result<String> {
        Ok(match self.format {
            Format::Text => escape(&report.text()),
            Format::Wide => escape(&report.wide()),
            Format::Name => {
                report.names().iter().map(|name| format!("{}\n", escape_line(name))).collect()
            }
            Format::Json | Format::Kubeadm => json(report)?,
            Format::Jsonl => json_line(report)?,
            Format::Yaml => report.yaml()?,
            Format::Prometheus => report.metrics(),
        })
    }

    /// Prints the next of many things. After the last one comes [`Output::end_of_rows`].
    pub fn row<R: Row>(&mut self, row: &R) -> io::Result<()> {
        let is_first = self.count == 0;
        self.count += 1;
        let is_wide = self.format == Format::Wide;
        match self.format {
            Format::Text | Format::Wide => {
                if is_first {
                    self.rows += &(R::head(is_wide).trim_end().to_owned() + "\n");
                }
                self.rows += &(row.row(is_wide).trim_end().to_owned() + "\n");
            }
            Format::Name => self.rows += &(escape_line(&row.name()) + "\n"),
            // The others are for a list of certificates alone.
            Format::Json | Format::Kubeadm | Format::Prometheus => {
                let item = json(row)?;
                self.rows += if is_first { "[\n  " } else { ",\n  " };
                self.rows += &item.trim_end().replace('\n', "\n  ");
            }
            Format::Jsonl => self.rows += &json_line(row)?,
            Format::Yaml => self.rows += &yaml(&[row])?,
        }
        if self.rows.len() > GATHERED { self.print_rows() } else { Ok(()) }
    }

    /// Ends what [`Output::row`] began, also where there was nothing.
    pub fn end_of_rows(&mut self) -> io::Result<()> {
        match (self.format, self.count) {
            (Format::Json | Format::Yaml, 0) => self.rows += "[]\n",
            (Format::Json, _) => self.rows += "\n]\n",
            _ => {}
        }
        self.print_rows()?;
        self.data.flush()
    }

    fn print_rows(&mut self) -> io::Result<()> {
        self.wipe();
        let rows = mem::take(&mut self.rows);
        self.data.write_all(rows.as_bytes())
    }

    /// Prints data that is a report in itself, such as a completion script.
    pub fn data(&mut self, text: &str) -> io::Result<()> {
        self.data.write_all(text.as_bytes())?;
        self.data.flush()
    }

    /// Moves the cursor and draws, for somebody who chooses. The text has no control character but those meant for the terminal.
    pub fn draw(&mut self, text: &str) -> io::Result<()> {
        self.talk.write_all(text.as_bytes())?;
        self.talk.flush()
    }

    /// Tells of a danger.
    pub fn warning(&mut self, text: &str) {
        self.say("warning", text);
    }

    /// Tells of a fact, unless that is not wanted.
    pub fn note(&mut self, text: &str) {
        if !self.quiet {
            self.say("note", text);
        }
    }

    /// Tells how far making has come, where somebody watches and it takes long.
    pub fn progress(&mut self, progress: Progress) {
        if progress.is_over() {
            return self.wipe();
        }
        let text = text_of(progress);
        let line = self.meter.as_mut().and_then(|meter| meter.say(&text));
        self.rewrite(&line.unwrap_or_default());
    }

    fn wipe(&mut self) {
        let line = self.meter.as_mut().map(Meter::wipe);
        self.rewrite(&line.unwrap_or_default());
    }

    fn rewrite(&mut self, line: &str) {
        if !line.is_empty() {
            let _ = self.talk.write_all(line.as_bytes()).and_then(|()| self.talk.flush());
        }
    }

    /// Tells why it was not done, and what to type instead.
    pub fn error(&mut self, text: &str, hint: Option<&str>) {
        self.say("error", text);
        if let Some(hint) = hint {
            let hint = self.called.words(hint);
            self.say("hint", &hint);
        }
    }

    /// Talk is lost where nobody listens; that is no reason to fail.
    fn say(&mut self, label: &str, text: &str) {
        self.wipe();
        let _ = writeln!(self.talk, "{label}: {}", escape_line(text));
    }
}

/// A fleet comes set by set.
fn text_of(Progress { keys: keys::Progress { drawn, of }, set, sets }: Progress) -> String {
    let keys = format!("drawing keys: {drawn} of {of}");
    if sets > 1 { format!("set {set} of {sets}, {keys}") } else { keys }
}

/// How a run ends whose output could not be written: a reader that has gone away (`| head`) has had enough.
pub fn exit_of(error: &io::Error) -> Exit {
    if error.kind() == io::ErrorKind::BrokenPipe { Exit::Done } else { Exit::Failed }
}

/// Makes foreign text harmless: every character that would move the cursor, change colours, reorder or break a line is
/// written as `\u{..}`. Newlines stay.
pub fn escape(text: &str) -> String {
    // Most of it has nothing to escape, and there may be very much of it.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unprintable(c) && c != '\n' {
            let _ = write!(out, "{}", c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// The same for what must stay on one line.
pub fn escape_line(text: &str) -> String {
    let text = escape(text);
    if text.contains('\n') { text.replace('\n', "\\n") } else { text }
}

/// JSON in which every character that a terminal would obey has its escape: outside of strings there is none.
fn json(report: &impl Serialize) -> io::Result<String> {
    Ok(printable(&serde_json::to_string_pretty(report).map_err(io::Error::other)?) + "\n")
}

/// The same on one line.
fn json_line(report: &impl Serialize) -> io::Result<String> {
    Ok(printable(&serde_json::to_string(report).map_err(io::Error::other)?) + "\n")
}

/// Text of JSON with an escape for every character that a terminal would obey.
fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if is_unprintable(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// YAML; where its plain style would let such a character through, JSON, which is YAML too.
fn yaml(report: &impl Serialize) -> io::Result<String> {
    let text = serde_saphyr::to_string(report).map_err(io::Error::other)?;
    if escape(&text) == text { Ok(text) } else { json(report) }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn terminal_codes_and_line_breaks_become_visible() {
        assert_eq!(escape_line("a\u{1b}[31m\nb\u{202e}\u{7f}"), "a\\u{1b}[31m\\nb\\u{202e}\\u{7f}");
        assert_eq!(escape("größe \n"), "größe \n");
    }

    fn progress(drawn: usize) -> Progress {
        Progress { keys: keys::Progress { drawn, of: 10 }, set: 1, sets: 1 }
    }

    #[test]
    fn a_fleet_is_told_of_set_by_set_and_is_not_over_with_the_keys_of_one() {
        let second = Progress { set: 2, sets: 5, ..progress(10) };
        assert_eq!(text_of(second), "set 2 of 5, drawing keys: 10 of 10");
        assert!(!second.is_over());
        assert!(Progress { set: 5, ..second }.is_over());
    }

    /// What a terminal shows while keys are drawn, one every 400 ms, and one of them fails if `fails`.
    fn talk_of(quiet: bool, is_terminal: bool, fails: bool) -> String {
        let (time, mut data, mut talk) =
            (Cell::new(Duration::from_secs(9)), Vec::new(), Vec::new());
        let elapsed = || time.get();
        let meter = is_terminal.then(|| Meter::new(&elapsed));
        let mut out = Output::new(&mut data, &mut talk, Format::Text, quiet, meter);
        for drawn in 0..=if fails { 4 } else { 10 } {
            out.progress(progress(drawn));
            out.progress(progress(drawn));
            time.set(time.get() + Duration::from_millis(400));
        }
        if fails {
            out.error("no", None);
        }
        drop(out);
        assert!(data.is_empty());
        String::from_utf8(talk).unwrap()
    }

    #[test]
    fn after_a_second_one_line_is_written_again_and_again_and_wiped_at_the_end() {
        let wiped = format!("\r{}\r", " ".repeat(21));
        let lines: Vec<String> =
            (3..10).map(|drawn| format!("drawing keys: {drawn} of 10")).collect();
        assert_eq!(talk_of(false, true, false), lines.join(&wiped) + &wiped);
        let failed = format!("drawing keys: 3 of 10{wiped}drawing keys: 4 of 10{wiped}error: no\n");
        assert_eq!(talk_of(false, true, true), failed);
    }

    #[test]
    fn without_a_terminal_or_with_quiet_there_is_no_progress() {
        assert_eq!(talk_of(false, false, false), "");
        assert_eq!(talk_of(true, true, false), "");
    }

    proptest! {
        #[test]
        fn no_control_character_survives(text in any::<String>()) {
            prop_assert!(!escape_line(&text).chars().any(is_unprintable));
        }

        #[test]
        fn json_and_yaml_say_the_same_without_a_control_character(text in any::<String>()) {
            let is_bare = |out: &str| out.chars().any(|c| is_unprintable(c) && c != '\n');
            let (json, yaml) = (json(&[&text]).unwrap(), yaml(&[&text]).unwrap());
            prop_assert!(!is_bare(&json) && !is_bare(&yaml));
            let read = |back: Vec<String>| back.into_iter().next();
            prop_assert_eq!(read(serde_json::from_str(&json).unwrap()), Some(text.clone()));
            prop_assert_eq!(read(serde_saphyr::from_str(&yaml).unwrap()), Some(text));
        }
    }
}
