//! Reading a log of any length: lines that cannot matter are passed over without being taken apart.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::form;
use super::line::{Event, ISSUED, Line, Listed};
use crate::core::changes::quoted;
use crate::core::x509::number::Number;
use crate::core::x509::revocation::Reason;
use crate::core::x509::time::Moment;

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A line that this program did not write, or that was changed.
    #[error("{}, line {line}: no entry of a log: {why}", path.display())]
    Damaged {
        /// The log.
        path: PathBuf,
        /// The number of the line; the first is 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The last line has no end.
    #[error("{} ends in the middle of line {line}", path.display())]
    Unfinished {
        /// The log.
        path: PathBuf,
        /// The number of the line.
        line: u64,
    },
}

impl Error {
    /// What to type or to do about it.
    pub fn hint(&self) -> Option<String> {
        let (Self::Damaged { path, line, .. } | Self::Unfinished { path, line }) = self;
        let path = quoted(path);
        Some(format!(
            "see it: sed -n {line}p {path}; mend it, or cut it: sed -i {line}d {path}; then take in what is there: kubepki cert log import"
        ))
    }
}

/// The lines of a log, which comes in blocks of whole lines.
#[derive(Debug)]
pub struct Scan<'a> {
    path: &'a Path,
    line: u64,
    is_known: bool,
}

impl<'a> Scan<'a> {
    /// From the first line of this log on.
    pub fn new(path: &'a Path) -> Self {
        Self { path, line: 0, is_known: false }
    }

    /// The same of a log that was read to its end before: what is wrong with it has been told.
    pub fn again(path: &'a Path) -> Self {
        Self { is_known: true, ..Self::new(path) }
    }

    /// The log.
    pub fn path(&self) -> &'a Path {
        self.path
    }

    /// Hands each line of the next block to `each` that is not of a certificate, or that `wanted` takes.
    ///
    /// # Errors
    ///
    /// A line that is damaged, also where nobody wants it. Such a one is looked at only at its ends where the log is known.
    pub fn block<'b, E: From<Error>>(
        &mut self,
        block: &'b [u8],
        wanted: impl Fn(&[u8]) -> bool,
        mut each: impl FnMut(Line<'b>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut start = 0;
        while start < block.len() {
            self.line += 1;
            let (path, number) = (self.path, self.line);
            let unfinished = || Error::Unfinished { path: path.to_owned(), line: number };
            let end = memchr::memchr(b'\n', &block[start..]).ok_or_else(unfinished)?;
            let line = &block[start..start + end];
            start += end + 1;
            let is_plain = match self.is_known {
                true => line.starts_with(ISSUED) && line.ends_with(b"}"),
                false => form::is_as_written(line),
            };
            if !is_plain || wanted(line) {
                each(self.decode(line)?)?;
            }
        }
        Ok(())
    }

    fn decode<'b>(&self, line: &'b [u8]) -> Result<Line<'b>, Error> {
        let why = |error: serde_json::Error| match error.classify() {
            serde_json::error::Category::Data => without_place(&error.to_string()),
            _ => "it is not one JSON object".to_owned(),
        };
        Line::decode(line).map_err(|error| Error::Damaged {
            path: self.path.to_owned(),
            line: self.line,
            why: why(error),
        })
    }
}

/// `missing field x at line 1 column 80` without the line, which is always the first.
fn without_place(text: &str) -> String {
    text.split(" at line ").next().unwrap_or(text).to_owned()
}

/// The fingerprint in the line of a certificate, found without taking the line apart.
pub fn fingerprint_in(line: &[u8]) -> Option<&[u8]> {
    const MARK: &[u8] = br#","sha256":""#;
    let start = memchr::memmem::rfind(line, MARK)? + MARK.len();
    line.get(start..start + 64)
}

/// What counts at the end of a log, whatever came before.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// What is revoked: since when and why.
    pub revoked: BTreeMap<Number, (Moment, Reason)>,
    /// What was only held and is good again.
    pub released: BTreeSet<Number>,
    /// The list with the greatest number, and when it was made.
    pub list: Option<(Listed, Moment)>,
}

impl Standing {
    /// Takes in one line; those of certificates change nothing.
    pub fn add(&mut self, line: Line<'_>) {
        match line.event {
            Event::Issued(_) => {}
            Event::Revoked(it) => {
                self.released.remove(&it.serial);
                self.revoked.insert(it.serial, (it.since.unwrap_or(line.act.when), it.reason));
            }
            Event::Released(it) => {
                self.revoked.remove(&it.serial);
                self.released.insert(it.serial);
            }
            Event::List(it) => {
                if self.list.as_ref().is_none_or(|(last, _)| last.number < it.number) {
                    self.list = Some((it, line.act.when));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::log::{Act, Filter, Issued, State};

    fn line(user: &str) -> String {
        let moment = Moment::from_unix(0).unwrap();
        let issued = Issued {
            serial: "01".parse().unwrap(),
            subject: format!("CN={user}").into(),
            user: Some(user.to_owned().into()),
            groups: Vec::new(),
            sans: Vec::new(),
            profile: "client".into(),
            from: moment,
            until: moment,
            sha256: "AB".repeat(32).into(),
        };
        let act = Act { who: "ada".into(), why: "cert issue".into(), when: moment };
        String::from_utf8(Line { event: Event::Issued(issued), act }.encode()).unwrap()
    }

    /// The users that a filter finds in a log of two blocks.
    fn found(text: &str, user: &str) -> Result<Vec<String>, Error> {
        let filter = Filter { user: Some(user.to_owned()), ..Filter::default() };
        let (glance, mut scan) = (filter.glance(), Scan::new(Path::new("ca.log.jsonl")));
        let mut found = Vec::new();
        let (first, second) = text.split_at(text.find('\n').map_or(0, |end| end + 1));
        for block in [first, second] {
            scan.block::<Error>(block.as_bytes(), &glance, |line| {
                if let Event::Issued(issued) = line.event
                    && filter.takes(&issued, line.act.when, State::Valid)
                {
                    found.push(issued.user.unwrap_or_default().into_owned());
                }
                Ok(())
            })?;
        }
        Ok(found)
    }

    #[test]
    fn a_name_is_found_however_json_writes_it() {
        for user in ["alice", "a\"b", "größe", "a\\b/c", "\u{1b}[31m", "", "line\nbreak"] {
            let log = line("bob") + &line(user) + &line("bobby");
            assert_eq!(found(&log, user).unwrap(), [user], "{log}");
        }
        let by_hand = line("alice").replace("alice", "al\\u0069ce");
        assert_eq!(found(&by_hand, "alice").unwrap(), ["alice"]);
    }

    #[test]
    fn damage_is_told_by_its_line_also_where_nobody_looks_for_it() {
        let error = |text: String| found(&text, "nobody").unwrap_err().to_string();
        let (one, two) = (line("one"), line("two"));
        assert_eq!(
            error(format!("{one}{two}lost\n")),
            "ca.log.jsonl, line 3: no entry of a log: it is not one JSON object"
        );
        assert_eq!(
            error(format!("{one}\n{two}")),
            "ca.log.jsonl, line 2: no entry of a log: it is not one JSON object"
        );
        assert_eq!(
            error(format!("{one}{}", &two[..two.len() - 1])),
            "ca.log.jsonl ends in the middle of line 2"
        );
        for damaged in [
            two.replace("two", "t\two"),
            two.replace("CN=two\"", "CN=two"),
            two.replace("1970-01-01T00:00:00Z", "2026-02-30T00:00:00Z"),
            two.replace("\"01\"", "\"0G\""),
            two.replace(",\"why\":\"cert issue\"", ""),
            two.replace("}\n", "}}\n"),
        ] {
            assert!(
                error(one.clone() + &damaged).starts_with("ca.log.jsonl, line 2: "),
                "{damaged}"
            );
        }
        assert_eq!(
            error(one + "{\"event\":\"lost\",\"serial\":\"1\"}\n").split(": ").nth(1).unwrap(),
            "no entry of a log"
        );
    }

    #[test]
    fn a_fingerprint_is_found_without_taking_the_line_apart() {
        let line = line("a\",\"sha256\":\"x");
        assert_eq!(fingerprint_in(line.as_bytes()), Some("AB".repeat(32).as_bytes()));
        assert_eq!(fingerprint_in(b"{}"), None);
    }
}
