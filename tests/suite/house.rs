//! The rules of the house that a machine can keep.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;

use crate::support::ROOT;

/// A module uses only modules to its left; the acts come last.
const ORDER: [&str; 34] = [
    "parallel",
    "changes",
    "x509",
    "handshake",
    "catalog",
    "spec",
    "inventory",
    "kubeconfig",
    "bundle",
    "plan",
    "renewal",
    "backup",
    "keys",
    "log",
    "sign",
    "check",
    "rotation",
    "report",
    "store",
    "error",
    "place",
    "make",
    "logs",
    "renew",
    "restore",
    "pack",
    "contexts",
    "share",
    "show",
    "revoke",
    "edits",
    "look",
    "expiry",
    "rotate",
];

#[test]
fn imports_go_one_way() {
    let core = Path::new(ROOT).join("src/core");
    let mut faults = Vec::new();
    for file in rust_files(&core) {
        let place = file.strip_prefix(&core).expect("below core");
        let module = module_of(place);
        if module != "mod" {
            let text = fs::read_to_string(&file).expect("a source");
            let text = text.replace(&up_to_core(place), "crate::core::");
            let fault = |used: String| format!("{}: {module} may not use {used}", place.display());
            faults.extend(uses_to_the_right(&module, &text).into_iter().map(fault));
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn an_import_to_the_right_is_found() {
    let wrong = |module, text| uses_to_the_right(module, text).join(" ");
    assert_eq!(wrong("plan", "use crate::core::x509::{name, san};\nuse crate::core::spec;"), "");
    assert_eq!(wrong("plan", "use crate::core::store::write;"), "store");
    assert_eq!(
        wrong("plan", "use crate::core::{\n    spec::{store, Spec},\n    sign,\n};"),
        "sign"
    );
    assert_eq!(wrong("plan", "fn f() { crate::core::check::run(crate::cli::x()) }"), "check cli");
    assert_eq!(wrong("plan", "/// [`store`](crate::core::store)\nmod x;"), "");
    assert_eq!(wrong("plan", "fn f() {}\n#[cfg(test)]\nmod tests { use crate::core::store; }"), "");
    assert_eq!(wrong("novelty", "fn f() {}"), "any module before it has a place in the order");
}

#[test]
fn the_core_can_be_spelled_from_below() {
    let spelled =
        ["plan.rs", "x509/mod.rs", "x509/name.rs"].map(|place| up_to_core(Path::new(place)));
    assert_eq!(spelled, ["super::", "super::", "super::super::"]);
}

#[test]
fn the_architecture_page_names_every_module_of_the_core() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/architecture.md"))
        .expect("docs/architecture.md");
    let entries = fs::read_dir(Path::new(ROOT).join("src/core")).expect("src/core");
    let names =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let modules: BTreeSet<_> =
        names.map(|name| name.trim_end_matches(".rs").to_owned()).filter(|m| m != "mod").collect();
    assert_eq!(table_rows(&page), modules, "left: the page, right: src/core");
}

#[test]
fn a_row_of_the_page_begins_with_the_name_of_a_module() {
    let page = "| module | never in it |\n|---|---|\n| `plan` | `store`, files |\n| `x509` | |\n\nSee `sign`.\n";
    assert_eq!(table_rows(page), BTreeSet::from(["plan".to_owned(), "x509".to_owned()]));
}

#[test]
fn every_dependency_says_why_it_is_there() {
    let manifest = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).expect("Cargo.toml");
    assert_eq!(without_reason(&manifest), Vec::<&str>::new());
}

#[test]
fn a_dependency_without_a_reason_is_found() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\n# Why.\na = \"1\"\nb = \"1\"\n[lints]\nc = 1\n[dev-dependencies]\nd = \"1\"\n";
    assert_eq!(without_reason(manifest), ["b", "d"]);
}

#[test]
fn no_file_names_a_machine_or_leaves_work_undone() {
    let listed =
        Command::new("git").args(["ls-files", "-z"]).current_dir(ROOT).output().expect("git");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let names = String::from_utf8(listed.stdout).expect("UTF-8");
    let mut faults = Vec::new();
    for name in names
        .split_terminator('\0')
        .filter(|name| !name.ends_with(".sum") && !name.ends_with(".lock"))
    {
        let text = fs::read(Path::new(ROOT).join(name)).unwrap_or_default();
        faults.extend(
            unwanted(&String::from_utf8_lossy(&text)).map(|line| format!("{name}: {line}")),
        );
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn an_unwanted_word_is_found() {
    let found = |text: String| unwanted(&text).count();
    assert_eq!(found(["see /ro", "ot/x\n", "and /wo", "rk/me/y"].concat()), 2);
    assert_eq!(found(["// TO", "DO: later"].concat()), 1);
    assert_eq!(found("a root/ of /homely todos".to_owned()), 0);
}

#[test]
fn no_test_file_is_left_out() {
    let entries = fs::read_dir(Path::new(ROOT).join("tests")).expect("tests");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string());
    let stray: Vec<_> = names.flatten().filter(|name| name.ends_with(".rs")).collect();
    assert_eq!(stray, Vec::<String>::new(), "Cargo.toml names the test binaries; these are none");
}

/// The lines with a path of this machine or a mark of unfinished work. The pattern is in parts, so that it does not find
/// itself.
fn unwanted(text: &str) -> impl Iterator<Item = &str> {
    let home = regex::escape(&std::env::var("HOME").expect("a HOME"));
    let paths = [r"/(ro", r"ot|wo", r"rk)/|", &home, r"/"].concat();
    let marks = [r"\b(FIX", r"ME|TO", r"DO|XX", r"X)\b"].concat();
    let pattern = format!("{paths}|{marks}");
    let pattern = Regex::new(&pattern).expect("a pattern");
    text.lines().filter(move |line| pattern.is_match(line))
}

/// The dependencies of a manifest that no comment stands above.
fn without_reason(manifest: &str) -> Vec<&str> {
    let (mut inside, mut above, mut found) = (false, "", Vec::new());
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if let Some((name, _)) = line.split_once(" = ")
            && inside
            && !above.starts_with('#')
        {
            found.push(name);
        }
        above = line;
    }
    found
}

/// The names, in backquotes, that the rows of a page's tables begin with.
fn table_rows(page: &str) -> BTreeSet<String> {
    let row = Regex::new(r"(?m)^\| *`([a-z0-9_]+)` *\|").expect("a pattern");
    row.captures_iter(page).map(|name| name[1].to_owned()).collect()
}

/// What a module uses although it stands to its right; its tests may.
fn uses_to_the_right(module: &str, text: &str) -> Vec<String> {
    let place = |name: &str| ORDER.iter().position(|known| *known == name);
    let Some(own) = place(module) else {
        return vec!["any module before it has a place in the order".to_owned()];
    };
    let code: Vec<_> = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).collect();
    let code: String =
        code.into_iter().filter(|line| !line.trim_start().starts_with("//")).collect();
    let mut used: Vec<_> = code.split("crate::core::").skip(1).flat_map(first_names).collect();
    used.extend(code.contains("crate::cli").then(|| "cli".to_owned()));
    used.retain(|name| name == "cli" || place(name).is_some_and(|other| other > own));
    used
}

fn module_of(place: &Path) -> String {
    let top = place.iter().next().expect("a name").to_string_lossy();
    top.trim_end_matches(".rs").to_owned()
}

/// How a file of the core can also spell `crate::core::`.
fn up_to_core(place: &Path) -> String {
    let below = place.components().count() - usize::from(place.ends_with("mod.rs"));
    "super::".repeat(below)
}

/// The modules that a path goes on to: one, or those of a list in braces.
fn first_names(path: &str) -> Vec<String> {
    let Some(list) = path.strip_prefix('{') else { return vec![name_at(path)] };
    let (mut depth, mut names, mut rest) = (1, vec![name_at(list)], list);
    while depth > 0
        && let Some(at) = rest.find(['{', '}', ','])
    {
        match &rest[at..=at] {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ if depth == 1 => names.push(name_at(&rest[at + 1..])),
            _ => {}
        }
        rest = &rest[at + 1..];
    }
    names
}

fn name_at(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let files = entries.flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}
