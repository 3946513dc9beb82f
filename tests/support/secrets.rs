//! The secrets of a world: whatever lies in its files and must not be on a screen.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

/// Where a secret stands: after which words, and what it looks like.
static PLACES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let places = [
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+)",
        r#"(?:client-key-data|client-secret|id-token|password|refresh-token|token)"?: *["']?([^\s"',}]{6,})"#,
        r"://[^/\s:@]+:([^/\s@]{6,})@",
    ];
    places.map(|place| Regex::new(place).expect(place)).to_vec()
});

/// What stands in the place of a secret and is none.
const NONE: [&str; 3] = ["DATA+OMITTED", "REDACTED", "xxxxx"];

/// Commands whose purpose is to hand a secret out, or that print what they are told.
const ON_PURPOSE: [&str; 6] =
    [" --raw", " --out -", "context export", "context shell", "cat ", "grep "];

/// Larger files hold nothing by hand.
const MOST_BYTES: u64 = 4 << 20;

/// The secrets that were found so far.
#[derive(Default)]
pub struct Secrets(BTreeSet<String>);

impl Secrets {
    /// Takes in those of the files below a folder.
    pub fn collect(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
            let is_small = entry.metadata().is_ok_and(|it| it.is_file() && it.len() < MOST_BYTES);
            if kind.is_dir() {
                self.collect(&path);
            } else if is_small {
                let text =
                    String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).into_owned();
                self.add(&text);
            }
        }
    }

    /// Takes in those of a text. Of a key each line counts by itself.
    fn add(&mut self, text: &str) {
        for place in PLACES.iter() {
            let found = place.captures_iter(text).filter_map(|found| found.get(1));
            let words = found.flat_map(|found| found.as_str().split_whitespace());
            let words = words.filter(|word| word.len() >= 6 && !NONE.contains(word));
            self.0.extend(words.map(str::to_owned));
        }
    }

    /// Whether the screen of a command of ours shows one that it should not.
    pub fn are_on(&self, screen: &str, command: &str) -> bool {
        let is_ours = command.contains("kubepki ");
        let may = ON_PURPOSE.iter().any(|words| command.contains(words));
        is_ours && !may && self.0.iter().any(|secret| screen.contains(secret.as_str()))
    }
}
