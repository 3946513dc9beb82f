//! The module as a whole: real-looking files, random ones, hostile ones.

mod current_context;
mod edits;
mod entries;
mod hostile;
mod property;
mod reading;

use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// Names that some YAML reader takes for something else, or that need care in quoting.
const ODD_NAMES: [&str; 40] = [
    "on",
    "off",
    "y",
    "N",
    "yes",
    "true",
    "null",
    "~",
    "1e3",
    "012",
    "0x1F",
    "0o7",
    "1_000",
    ".5",
    "-.inf",
    "<<",
    "=",
    "-",
    "?",
    ":",
    ": ",
    "a: b",
    "a #b",
    "#",
    "'",
    "\"",
    "it's",
    "\\",
    "*a",
    "&a",
    "!a",
    "%a",
    "@a",
    "`a",
    "{a}",
    "[a",
    "a,b",
    " a ",
    "ünï 😀",
    "a\u{85}b\u{2028}\u{feff}",
];

fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/kubeconfigs");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 20, "the corpus is not there");
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), fs::read(path).unwrap())).collect()
}

fn parse(text: &str) -> File {
    File::parse("config", text.as_bytes()).unwrap()
}

fn text_of(result: Result<crate::core::changes::Bytes, EditError>) -> String {
    String::from_utf8(result.unwrap().to_vec()).unwrap()
}

fn edited(result: Result<std::borrow::Cow<'_, File>, EditError>) -> String {
    text_of(result.map(|file| file.into_owned().into_bytes()))
}

/// The lines that differ, old and new, without those that both begin or end with.
fn changed_lines<'a>(old: &'a str, new: &'a str) -> (Vec<&'a str>, Vec<&'a str>) {
    let (mut old, mut new): (Vec<_>, Vec<_>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let same_start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    old.drain(..same_start);
    new.drain(..same_start);
    let same_end = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    old.truncate(old.len() - same_end);
    new.truncate(new.len() - same_end);
    (old, new)
}

fn entries(name: &str) -> NewEntries {
    NewEntries {
        cluster: NamedCluster {
            name: name.to_owned(),
            cluster: Cluster {
                server: "https://10.9.8.7:6443".to_owned(),
                certificate_authority_data: Data::new(*b"made up"),
                ..Cluster::default()
            },
        },
        user: NamedUser {
            name: name.to_owned(),
            user: AuthInfo { token: Secret::new("hunter2"), ..AuthInfo::default() },
        },
        context: NamedContext {
            name: name.to_owned(),
            context: Context {
                cluster: name.to_owned(),
                user: name.to_owned(),
                namespace: "payments".to_owned(),
                ..Context::default()
            },
        },
        set_current: true,
        takes_over: false,
        renews: false,
    }
}
