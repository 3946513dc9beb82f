//! Kubeconfigs of three and of a thousand contexts with their certificates, and of up to twenty thousand without.

use std::cell::Cell;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::{KUBEPKI, Outcome, call, race, run, shell, timed};

/// `use` and `list` beside kubectl, and how both grow with the number of contexts.
pub fn measure(kubectl: &Path) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let data = data(folder.path())?;
    for (contexts, rounds, wanted) in [(3, 41, "at most 0.1"), (1_000, 15, "at most 0.35")] {
        let what = format!("{contexts} contexts");
        beside(&what, kubeconfig(contexts, &data), [rounds, rounds], wanted, kubectl)?;
    }
    // Without certificates: a file may not be as large as twenty thousand of them.
    let nothing = <[String; 3]>::default();
    for contexts in [1_000, 5_000, 20_000] {
        let rounds = [20_000 / contexts + 2, 20];
        beside(&format!("{contexts} bare"), kubeconfig(contexts, &nothing), rounds, "", kubectl)?;
    }
    Ok(())
}

/// One file, with so many rounds of `use` and of `list`.
fn beside(
    what: &str,
    content: String,
    rounds: [usize; 2],
    wanted: &str,
    kubectl: &Path,
) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let [ours, theirs] = ["ours", "theirs"].map(|name| folder.path().join(name));
    fs::write(&ours, &content)?;
    fs::write(&theirs, &content)?;
    let (one, other) = (Switch::new(&ours), Switch::new(&theirs));
    race(
        &format!("use, {what} | use-context"),
        wanted,
        rounds[0],
        [&|_| Ok(vec![call(KUBEPKI, &one.next("context", "use"))]), &|_| {
            Ok(vec![call(kubectl, &other.next("config", "use-context"))])
        }],
    )?;
    let [file, same] = [text(&ours)?, text(&theirs)?];
    race(
        &format!("list, {what} | get-contexts"),
        "at most 0.25",
        rounds[1],
        [&|_| Ok(vec![call(KUBEPKI, &["context", "list", "--kubeconfig", file])]), &|_| {
            Ok(vec![call(kubectl, &["config", "get-contexts", "--kubeconfig", same])])
        }],
    )?;
    memory(what, [&one, &other], kubectl, folder.path())
}

/// The greatest memory of one switch.
fn memory(what: &str, [one, other]: [&Switch; 2], kubectl: &Path, folder: &Path) -> Outcome<()> {
    let of = |program: &str, args: [&str; 5]| -> Outcome<f64> {
        let command: Vec<&str> = [program].into_iter().chain(args).collect();
        Ok(timed(folder, "%M", &command)?.parse::<f64>()? * 1024.0 / 1e6)
    };
    let ours = of(KUBEPKI, one.next("context", "use"))?;
    let theirs = of(text(kubectl)?, other.next("config", "use-context"))?;
    let what = format!("memory, MB: use, {what}");
    println!("{what:<42} {ours:>24.1} {theirs:>26.1} {:>7.3} at most 0.5", ours / theirs);
    Ok(())
}

/// Goes from one context to the other and back, so that each run has something to change.
struct Switch {
    file: String,
    is_second: Cell<bool>,
}

impl Switch {
    fn new(file: &Path) -> Self {
        Self { file: file.to_string_lossy().into_owned(), is_second: Cell::new(false) }
    }

    fn next<'a>(&'a self, noun: &'a str, verb: &'a str) -> [&'a str; 5] {
        let name = if self.is_second.replace(!self.is_second.get()) { "c-1" } else { "c-2" };
        [noun, verb, name, "--kubeconfig", &self.file]
    }
}

fn text(path: &Path) -> Outcome<&str> {
    path.to_str().ok_or_else(|| "a path that is no UTF-8".into())
}

/// A CA, a certificate and its key as they stand in a kubeconfig.
fn data(folder: &Path) -> Outcome<[String; 3]> {
    run(&mut shell(
        folder,
        "$KUBEPKI -q ca init
         $KUBEPKI -q kubeconfig gen me --issue --embed-certs --server https://kube.example.com --out one.conf",
    ))?;
    let file: PathBuf = folder.join("one.conf");
    let text = fs::read_to_string(file)?;
    let fields = ["certificate-authority-data", "client-certificate-data", "client-key-data"];
    let value = |field: &str| {
        let found =
            text.lines().find_map(|line| line.trim().strip_prefix(field)?.strip_prefix(": "));
        found.unwrap_or_default().trim_matches('"').to_owned()
    };
    Ok(fields.map(value))
}

/// Each context with a cluster and a user of its own.
fn kubeconfig(contexts: usize, [ca, certificate, key]: &[String; 3]) -> String {
    let mut text = "apiVersion: v1\nkind: Config\ncurrent-context: c-0\nclusters:\n".to_owned();
    for n in 0..contexts {
        let _ = write!(
            text,
            "- name: k-{n}\n  cluster:\n    server: https://k-{n}.example.com\n    certificate-authority-data: {ca}\n"
        );
    }
    text.push_str("users:\n");
    for n in 0..contexts {
        let _ = write!(
            text,
            "- name: u-{n}\n  user:\n    client-certificate-data: {certificate}\n    client-key-data: {key}\n"
        );
    }
    text.push_str("contexts:\n");
    for n in 0..contexts {
        let _ = write!(text, "- name: c-{n}\n  context: {{cluster: k-{n}, user: u-{n}}}\n");
    }
    text
}
