//! Logs and lists of CAs as people read them.

use std::fmt::Write as _;

use super::output::{Printed, Row, escape_line};
use super::screen::verb;
use super::tables::table;
use crate::core::log::State;
use crate::core::report::{
    Advice, ImportReport, ListRow, LogRow, Revocation, RevokeReport, StrayRow, StraysReport,
};

impl Row for LogRow {
    fn head(is_wide: bool) -> String {
        let head = format!("{:20}  {:7}  {:7}", "UNTIL", "STATE", "PROFILE");
        match is_wide {
            false => format!("{head}  {:32}  SUBJECT", "SERIAL"),
            true => format!(
                "{head}  {:20}  {:10}  {:12}  {:32}  CA  SUBJECT  NAMES  REVOKED",
                "LOGGED", "WHO", "WHY", "SERIAL"
            ),
        }
    }

    fn row(&self, is_wide: bool) -> String {
        let it = &self.issued;
        let row = format!("{}  {:7}  {:7}", it.until, word(self.state), escape_line(&it.profile));
        let (serial, subject) = (&it.serial, escape_line(&it.subject));
        if !is_wide {
            return format!("{row}  {serial}  {subject}");
        }
        let names = it.sans.join(",");
        let revoked = self.revoked.map(|it| format!("{} ({})", it.since, it.reason));
        let ca = self.ca.display().to_string();
        let [who, why, ca, names, revoked] =
            [&self.who, &self.why, &ca, or_dash(&names), revoked.as_deref().unwrap_or("-")]
                .map(escape_line);
        format!(
            "{row}  {}  {who:10}  {why:12}  {serial}  {ca}  {subject}  {names}  {revoked}",
            self.when
        )
    }

    fn name(&self) -> String {
        self.issued.serial.to_string()
    }
}

impl Printed for StraysReport {
    const IS_DATA: bool = true;

    fn text(&self) -> String {
        let count = self.certificates.len();
        let certificates = format!("{count} certificate{}", if count == 1 { "" } else { "s" });
        let looked_at = self.looked_at;
        let end = match (count, self.logged, self.dry_run) {
            (0, ..) => {
                format!("every certificate of these CAs is in a log ({looked_at} looked at)")
            }
            (_, true, _) => format!("logged {certificates}"),
            (_, _, true) => format!("would log {certificates}"),
            _ => format!(
                "{certificates} of {looked_at} in no log; take them in: kubepki cert log import"
            ),
        };
        let head = ["UNTIL", "FILE", "CA", "SUBJECT", "SERIAL"];
        let rows = table(head, self.certificates.iter().map(cells));
        if count == 0 { end + "\n" } else { format!("{rows}{end}\n") }
    }

    fn names(&self) -> Vec<String> {
        self.certificates.iter().map(|one| one.serial.to_string()).collect()
    }
}

impl Printed for ImportReport {
    const IS_DATA: bool = false;

    fn text(&self) -> String {
        self.0.text()
    }

    fn names(&self) -> Vec<String> {
        self.0.names()
    }
}

impl Printed for RevokeReport {
    const IS_DATA: bool = false;

    fn text(&self) -> String {
        let mut text = String::new();
        if let Some(it) = &self.certificate {
            let subject = it.subject.as_ref().map_or(String::new(), |name| format!(" ({name})"));
            let about = match it.revoked {
                Some(Revocation { since, reason }) => format!("{reason}, since {since}"),
                None => "counts again".to_owned(),
            };
            let verb = match (it.changed, it.revoked.is_some(), self.dry_run) {
                (false, ..) => "kept",
                (_, true, false) => "revoked",
                (_, true, true) => "would revoke",
                (_, false, false) => "released",
                (_, false, true) => "would release",
            };
            let _ = writeln!(
                text,
                "{verb:<14} {}",
                escape_line(&format!("{}{subject}: {about}", it.serial))
            );
        }
        for list in &self.lists {
            let (verb, path) = (verb(list.action, self.dry_run), list.path.display());
            let ListRow { ca, number, entries, next_update, .. } = list;
            let about =
                format!("{path}  list {number} of {ca}: {entries} revoked, next due {next_update}");
            let _ = writeln!(text, "{verb:<14} {}", escape_line(&about));
        }
        for path in &self.also {
            let path = escape_line(&path.display().to_string());
            let verb = if self.dry_run { "would write" } else { "wrote" };
            let _ = writeln!(text, "{verb:<14} {path}  the same in DER");
        }
        for Advice { about, commands } in &self.advice {
            let _ = writeln!(text, "- {}", escape_line(about));
            for command in commands {
                let _ = writeln!(text, "    {}", escape_line(command));
            }
        }
        if !self.changed && self.certificate.is_none() {
            text.push_str("nothing to do: no list is due yet\n");
        }
        text
    }

    fn names(&self) -> Vec<String> {
        self.lists.iter().map(|list| list.path.display().to_string()).collect()
    }
}

fn cells(one: &StrayRow) -> [String; 5] {
    let file = one.file.display();
    let file = one.place.as_ref().map_or(file.to_string(), |place| format!("{file} ({place})"));
    let ca = one.ca.display().to_string();
    [one.until.to_string(), file, ca, one.subject.clone(), one.serial.to_string()]
        .map(|it| escape_line(&it))
}

fn word(state: State) -> &'static str {
    match state {
        State::Expired => "expired",
        State::Held => "held",
        State::Revoked => "revoked",
        State::Valid => "valid",
    }
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}
