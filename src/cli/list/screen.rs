//! The list as people read it, and in kubeadm's form.

use std::collections::BTreeSet;

use crate::cli::output::{Printed, escape_line};
use crate::cli::tables::table;
use crate::core::report::{
    ExpiryFacts, ExpiryKind, ExpiryPlace, ExpiryReport, ExpiryRow, ExpiryState, KubeadmReport,
    KubeadmRow,
};
use crate::core::x509::time::Moment;

/// As much of a CA's name as leaves room for the file; `wide` has all of it.
const CA_WIDTH: usize = 24;

impl Printed for ExpiryReport {
    const IS_DATA: bool = true;

    fn text(&self) -> String {
        let row = |row: &ExpiryRow| {
            let end = end(row).map(date).unwrap_or_default();
            let file = match row.places.as_slice() {
                [only] => short(only),
                [first, others @ ..] => format!("{} and {} more", short(first), others.len()),
                [] => String::new(),
            };
            [end, left(row), kind(row).to_owned(), cut(ca(row)), file]
                .map(|cell| escape_line(&cell))
        };
        table(["EXPIRES", "LEFT", "KIND", "CA", "FILE"], self.items.iter().map(row))
    }

    fn wide(&self) -> String {
        let head = ["EXPIRES", "LEFT", "KIND", "CA", "NAME", "FOR", "SERIAL", "FILE"];
        let rows = self.items.iter().flat_map(|row| {
            let end = end(row).map(|end| end.to_string()).unwrap_or_default();
            let serial = row.facts.as_ref().and_then(|facts| facts.serial_number.clone());
            let holder = row.facts.as_ref().map(holder).or_else(|| row.error.clone());
            let holder = holder.unwrap_or_default();
            let serial = serial.unwrap_or_default();
            let cells = [end, left(row), kind(row).to_owned(), ca(row), holder, serial];
            row.places.iter().map(move |it| {
                let [end, left, kind, ca, holder, serial] = cells.clone();
                let cells = [end, left, kind, ca, it.name.clone(), holder, serial, place(it)];
                cells.map(|cell| escape_line(&cell))
            })
        });
        table(head, rows)
    }

    fn names(&self) -> Vec<String> {
        let there = self.items.iter().filter(|row| row.state != ExpiryState::Missing);
        let mut files: Vec<String> = Vec::new();
        let mut seen = BTreeSet::new();
        for place in there.flat_map(|row| &row.places) {
            if seen.insert(&place.file) {
                files.push(place.file.display().to_string());
            }
        }
        files
    }

    fn metrics(&self) -> String {
        super::prometheus::metrics(self)
    }
}

impl Printed for KubeadmReport {
    const IS_DATA: bool = true;

    fn text(&self) -> String {
        self.names().iter().map(|name| format!("{name}\n")).collect()
    }

    fn names(&self) -> Vec<String> {
        let rows = self.certificates.iter().chain(&self.certificate_authorities);
        rows.map(|row: &KubeadmRow| row.name.to_owned()).collect()
    }
}

/// What has ended, what ends soon, and what does not count yet, where there is such.
pub(super) fn warnings(report: &ExpiryReport) -> Vec<String> {
    let total = report.items.len();
    let soon = report.soon.map(|soon| soon.to_string()).unwrap_or_default();
    let told = [
        (ExpiryState::Expired, ["has expired", "have expired"], ""),
        (ExpiryState::Expiring, ["ends by ", "end by "], soon.as_str()),
        (ExpiryState::NotYetValid, ["is not valid yet", "are not valid yet"], ""),
    ];
    let told = told.into_iter().filter_map(|(state, [one, several], when)| {
        let verb = match report.count(state) {
            0 => return None,
            1 => one,
            _ => several,
        };
        Some(format!("{} of {total} {verb}{when}", report.count(state)))
    });
    told.collect()
}

fn end(row: &ExpiryRow) -> Option<Moment> {
    row.facts.as_ref().and_then(|facts| facts.not_after)
}

/// `2027-11-24`
fn date(moment: Moment) -> String {
    let text = moment.to_string();
    text.split_once('T').map_or_else(|| text.clone(), |(date, _)| date.to_owned())
}

/// The file alone for what programs take of it.
fn short(it: &ExpiryPlace) -> String {
    if it.is_main { it.file.display().to_string() } else { place(it) }
}

/// `pki/chain.crt (2 of 3)`
fn place(it: &ExpiryPlace) -> String {
    let file = it.file.display();
    it.place.as_ref().map_or_else(|| file.to_string(), |place| format!("{file} ({place})"))
}

fn kind(row: &ExpiryRow) -> &'static str {
    match row.kind() {
        Some(ExpiryKind::Ca) => "CA",
        Some(ExpiryKind::Client) => "client",
        Some(ExpiryKind::Crl) => "CRL",
        Some(ExpiryKind::Other) => "other",
        Some(ExpiryKind::Peer) => "peer",
        Some(ExpiryKind::Server) => "server",
        None => "",
    }
}

fn ca(row: &ExpiryRow) -> String {
    row.facts.as_ref().map(ExpiryFacts::ca).unwrap_or_default()
}

fn cut(name: String) -> String {
    match name.chars().count() {
        0..=CA_WIDTH => name,
        _ => name.chars().take(CA_WIDTH - 3).chain("...".chars()).collect(),
    }
}

/// A server by its names; everybody else as kube-apiserver reads them: the user, and its groups.
fn holder(facts: &ExpiryFacts) -> String {
    match facts.kind {
        ExpiryKind::Crl => format!("{} revoked", facts.revoked.unwrap_or_default()),
        ExpiryKind::Peer | ExpiryKind::Server if !facts.sans.is_empty() => {
            facts.sans.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
        _ => {
            let subject = || facts.subject.as_ref().map(ToString::to_string).unwrap_or_default();
            let user = facts.user.clone().unwrap_or_else(subject);
            match facts.groups.as_slice() {
                [] => user,
                groups => format!("{user} ({})", groups.join(", ")),
            }
        }
    }
}

fn left(row: &ExpiryRow) -> String {
    let word = match row.state {
        ExpiryState::Expired => "expired",
        ExpiryState::Missing => "missing",
        ExpiryState::NotYetValid => "not yet",
        ExpiryState::Unreadable => "unreadable",
        ExpiryState::Expiring | ExpiryState::Valid => {
            let left = row.facts.as_ref().and_then(|facts| facts.residual_seconds);
            return left.map(|left| in_words(left.unsigned_abs())).unwrap_or_default();
        }
    };
    word.to_owned()
}

/// So many seconds in the words of kubectl and kubeadm (`HumanDuration` in k8s.io/apimachinery): the longer, the coarser.
fn in_words(seconds: u64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let (days, years) = (hours / 24, hours / 24 / 365);
    let two = |large: u64, unit: &str, small: u64, smaller: &str| match small {
        0 => format!("{large}{unit}"),
        _ => format!("{large}{unit}{small}{smaller}"),
    };
    match (minutes, hours) {
        (0..2, _) => format!("{seconds}s"),
        (2..10, _) => two(minutes, "m", seconds % 60, "s"),
        (_, 0..3) => format!("{minutes}m"),
        (_, 3..8) => two(hours, "h", minutes % 60, "m"),
        (_, 8..48) => format!("{hours}h"),
        (_, 48..192) => two(days, "d", hours % 24, "h"),
        (_, 192..17_520) => format!("{days}d"),
        (_, 17_520..70_080) => two(years, "y", days % 365, "d"),
        _ => format!("{years}y"),
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn what_is_left_is_told_as_kubectl_tells_it() {
        const HOUR: u64 = 3600;
        const DAY: u64 = 24 * HOUR;
        for (seconds, words) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (599, "9m59s"),
            (600, "10m"),
            (3 * HOUR - 1, "179m"),
            (3 * HOUR, "3h"),
            (8 * HOUR - 1, "7h59m"),
            (8 * HOUR, "8h"),
            (2 * DAY - 1, "47h"),
            (2 * DAY, "2d"),
            (8 * DAY - 1, "7d23h"),
            (8 * DAY, "8d"),
            (730 * DAY - 1, "729d"),
            (730 * DAY, "2y"),
            (731 * DAY, "2y1d"),
            (8 * 365 * DAY - 1, "7y364d"),
            (8 * 365 * DAY, "8y"),
            (3650 * DAY, "10y"),
        ] {
            assert_eq!(in_words(seconds), words, "{seconds}");
        }
    }
}
