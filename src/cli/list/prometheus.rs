//! The list as numbers to watch, in Prometheus' text format: for the textfile folder of node_exporter.

use std::fmt::Write as _;

use crate::cli::output::escape_line;
use crate::core::report::{ExpiryKind, ExpiryPlace, ExpiryReport, ExpiryRow, ExpiryState};
use crate::core::x509::time::Moment;

/// One series: what it is called, what it tells, and its number for a row.
struct Metric {
    name: &'static str,
    help: &'static str,
    value: fn(&ExpiryRow) -> Option<u64>,
}

const METRICS: [Metric; 5] = [
    Metric {
        name: "kubepki_certificate_not_after_timestamp_seconds",
        help: "Last second of a certificate, since 1970.",
        value: |row| of_certificate(row, row.facts.as_ref()?.not_after),
    },
    Metric {
        name: "kubepki_certificate_not_before_timestamp_seconds",
        help: "First second of a certificate, since 1970.",
        value: |row| of_certificate(row, Some(row.facts.as_ref()?.not_before)),
    },
    Metric {
        name: "kubepki_crl_next_update_timestamp_seconds",
        help: "When the next revocation list is due, since 1970.",
        value: |row| {
            let facts = row.facts.as_ref().filter(|facts| facts.kind == ExpiryKind::Crl)?;
            facts.not_after.map(Moment::unix)
        },
    },
    Metric {
        name: "kubepki_file_missing",
        help: "1 for a file that should be there and is not.",
        value: |row| (row.state == ExpiryState::Missing).then_some(1),
    },
    Metric {
        name: "kubepki_file_unreadable",
        help: "1 for a file or folder that could not be read or understood.",
        value: |row| (row.state == ExpiryState::Unreadable).then_some(1),
    },
];

/// Every metric with a sample for each place.
pub(super) fn metrics(report: &ExpiryReport) -> String {
    let mut text = String::new();
    head(&mut text, "kubepki_list_timestamp_seconds", "When this list was made, since 1970.");
    let _ = writeln!(text, "kubepki_list_timestamp_seconds {}", report.at.unix());
    for Metric { name, help, value } in &METRICS {
        let rows = report.items.iter().filter_map(|row| Some((row, value(row)?)));
        let mut samples = String::new();
        for (row, value) in rows {
            for (index, place) in row.places.iter().enumerate() {
                // One file may hold the same certificate twice, and a series may be told once.
                if !row.places[..index].contains(place) {
                    let _ = writeln!(samples, "{name}{{{}}} {value}", labels(row, place));
                }
            }
        }
        if !samples.is_empty() {
            head(&mut text, name, help);
            text.push_str(&samples);
        }
    }
    text
}

fn head(text: &mut String, name: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
}

fn of_certificate(row: &ExpiryRow, moment: Option<Moment>) -> Option<u64> {
    let is_crl = row.facts.as_ref().is_some_and(|facts| facts.kind == ExpiryKind::Crl);
    moment.filter(|_| !is_crl).map(Moment::unix)
}

fn labels(row: &ExpiryRow, place: &ExpiryPlace) -> String {
    let mut labels = vec![("name", place.name.clone()), ("file", place.file.display().to_string())];
    labels.extend(place.place.clone().map(|place| ("place", place)));
    labels.extend(row.kind().map(|kind| ("kind", word(kind).to_owned())));
    if let Some(facts) = &row.facts {
        labels.push(("ca", facts.ca()));
        labels.extend(facts.user.clone().map(|name| ("cn", name)));
    }
    let label = |(name, value): (&str, String)| format!("{name}=\"{}\"", escaped(&value));
    labels.into_iter().map(label).collect::<Vec<_>>().join(",")
}

fn word(kind: ExpiryKind) -> &'static str {
    match kind {
        ExpiryKind::Ca => "ca",
        ExpiryKind::Client => "client",
        ExpiryKind::Crl => "crl",
        ExpiryKind::Other => "other",
        ExpiryKind::Peer => "peer",
        ExpiryKind::Server => "server",
    }
}

/// A label's value: control characters become visible, and then the three that the format escapes are escaped.
fn escaped(value: &str) -> String {
    escape_line(value).replace('\\', r"\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::escaped;

    proptest! {
        #[test]
        fn a_label_ends_where_its_value_does(value in any::<String>()) {
            let label = escaped(&value);
            let mut rest = label.chars();
            while let Some(c) = rest.next() {
                prop_assert!(c != '"' && !c.is_control());
                if c == '\\' {
                    prop_assert!(matches!(rest.next(), Some('"' | '\\')));
                }
            }
        }
    }
}
