//! kubectl as the judge of every edit, over random kubeconfigs.
//!
//! `RUNS=5000 cargo test --locked --test live edits` looks longer, `SEED` elsewhere.
#![expect(clippy::print_stdout, reason = "the figures of a long run are worth telling")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use serde_json::{Value, json};

use crate::support::kubernetes_programs;
use crate::support::random_edits::{Edit, Pki};
use crate::support::random_kubeconfigs::{Case, Random};
use crate::support::world::World;

/// What an edit left behind: what each file says, by kubectl, or nothing where it failed.
type Outcome = Option<BTreeMap<PathBuf, Value>>;

/// What makes of kubectl's outcome ours; it is asked for those that it is about, and changes them.
type Change = fn(&mut Outcome, &Run<'_>);

/// What we do otherwise on purpose.
const INTENDED: [(&str, Change); 12] = [
    ("a namespace that cannot be is refused", |outcome, run| {
        refuse(outcome, run.edit.has("--namespace", "Not_One"));
    }),
    ("a server that is no URL is refused", |outcome, run| {
        refuse(outcome, run.edit.has("--server", "no-url"));
    }),
    ("a proxy of another kind is refused", |outcome, run| {
        refuse(outcome, run.edit.has("--proxy-url", "ftp://p"));
    }),
    ("what is no certificate is refused", |outcome, run| {
        refuse(outcome, run.edit.has("--certificate-authority", "ca.crt"));
    }),
    ("a key of another certificate is refused", |outcome, run| {
        refuse(outcome, run.edit.has_pair_of_two());
    }),
    ("options of a program that is not there are refused", |outcome, run| {
        let is_asked = run.edit.has_any("--exec-") && run.edit.value("--exec-command").is_none();
        refuse(outcome, is_asked && run.old_stanza("exec").is_none());
    }),
    ("settings of a plugin that is not there are refused", |outcome, run| {
        let has = |flag: &str| run.edit.value(flag).is_some();
        let is_asked = has("--auth-provider-arg") && !has("--auth-provider");
        refuse(outcome, is_asked && run.old_stanza("auth-provider").is_none());
    }),
    ("what contexts name is not deleted without --force", |outcome, run| {
        let kind = ["cluster", "user"].into_iter().find(|kind| run.edit.is(&["delete", kind]));
        refuse(outcome, kind.is_some_and(|kind| !run.edit.force && run.is_named(kind)));
    }),
    ("a context that is gone is not the current one", clear_current),
    ("a path that was not asked about stays as it is", keep_paths),
    ("that no certificate is checked stays so until asked about", |outcome, run| {
        const FIELD: &str = "insecure-skip-tls-verify";
        let flags = ["--insecure-skip-tls-verify", "--certificate-authority"];
        if flags.into_iter().all(|flag| run.edit.value(flag).is_none())
            && let Some(old) = run.old_stanza(FIELD)
        {
            run.in_stanza(outcome, |cluster| cluster[FIELD] = old.clone());
        }
    }),
    ("an argument with a comma is one", |outcome, run| {
        if run.edit.has("--exec-arg", "x,y") {
            run.in_stanza(outcome, |user| {
                if user["exec"]["args"] == json!(["x", "y"]) {
                    user["exec"]["args"] = json!(["x,y"]);
                }
            });
        }
    }),
];

/// One edit of one case.
struct Run<'a> {
    case: &'a Case,
    edit: &'a Edit,
    /// What each file said before.
    before: &'a BTreeMap<PathBuf, Value>,
    world: &'a World,
}

#[test]
fn every_edit_is_kubectls_apart_from_what_is_intended() {
    let (seed, runs) = (Random::from_environment().seed, Random::runs(200));
    let pki = Pki::new();
    let met = Mutex::new(BTreeSet::new());
    let halves = thread::scope(|scope| {
        let half = |half: u64| {
            let (random, pki, met) = (Random::seeded(2 * seed + half), &pki, &met);
            scope.spawn(move || compare(random, runs / 4, pki, met))
        };
        [half(0), half(1)].map(|half| half.join().expect("both agree"))
    });
    let [successes, runs] = [0, 1].map(|at| halves.iter().map(|half| half[at]).sum::<usize>());
    println!("{successes} of {runs} edits were made, by both");
    assert!(successes > runs / 2, "only {successes} of {runs} edits were made");
    let met = met.into_inner().expect("whole");
    let stale: Vec<_> =
        INTENDED.map(|(name, _)| name).into_iter().filter(|it| !met.contains(it)).collect();
    assert!(stale.is_empty(), "intended, and never met: {stale:?}");
}

/// How many edits were made, and of how many. Where chance has not met all that is intended, it goes on for a while.
fn compare(
    mut random: Random,
    cases: usize,
    pki: &Pki,
    met: &Mutex<BTreeSet<&'static str>>,
) -> [usize; 2] {
    let mut successes = 0;
    let is_all_met = || met.lock().expect("whole").len() == INTENDED.len();
    for number in 0.. {
        if number >= cases && (is_all_met() || number >= cases + 500) {
            return [successes, 2 * number];
        }
        let world = World::new();
        let case = Case::new(&mut random, &world);
        pki.copy_to(&world);
        let (before, said) = (bytes_of(&world), views(&world));
        // Two edits of the same files, which are put back in between.
        for _ in 0..2 {
            let edit = Edit::new(&mut random, &case, &world);
            let this = Run { case: &case, edit: &edit, before: &said, world: &world };
            let (mut theirs, said_by_them) = this.outcome(&program(), &edit.kubectl);
            restore(&world, &before);
            met.lock().expect("whole").extend(this.intend(&mut theirs));
            let (ours, said_by_us) = this.outcome("kubepki", &edit.kubepki);
            restore(&world, &before);
            successes += usize::from(ours.is_some());
            let (seed, args) = (random.seed, &edit.kubectl);
            assert!(
                ours == theirs,
                "case {number} of half {seed}, {args:?}:\n{case}\nkubectl: {said_by_them}\nours: {said_by_us}\n{}",
                difference("", &json!(ours), &json!(theirs))
            );
        }
    }
    unreachable!("it goes on for a while only")
}

/// Where ours is not theirs.
fn difference(place: &str, ours: &Value, theirs: &Value) -> String {
    match (ours, theirs) {
        _ if ours == theirs => String::new(),
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            let below = |key| difference(&format!("{place}/{key}"), &ours[key], &theirs[key]);
            keys.into_iter().map(below).collect()
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let pairs = one.iter().zip(other).enumerate();
            pairs
                .map(|(at, (one, other))| difference(&format!("{place}/{at}"), one, other))
                .collect()
        }
        _ => format!("{place}: ours {ours}, theirs {theirs}\n"),
    }
}

/// The kubeconfigs that are there.
fn bytes_of(world: &World) -> BTreeMap<PathBuf, Vec<u8>> {
    let places = ["config", "sub/config", "sub/deep/config"].map(|place| world.path(place));
    places.into_iter().filter_map(|path| Some((path.clone(), fs::read(path).ok()?))).collect()
}

fn restore(world: &World, files: &BTreeMap<PathBuf, Vec<u8>>) {
    for path in bytes_of(world).keys().filter(|path| !files.contains_key(*path)) {
        fs::remove_file(path).expect("removed");
    }
    files.iter().for_each(|(path, bytes)| fs::write(path, bytes).expect("restored"));
}

/// What each file says; one that cannot be read says nothing, and is not going to be edited.
fn views(world: &World) -> BTreeMap<PathBuf, Value> {
    let files = bytes_of(world).into_keys();
    files.map(|path| (path.clone(), view(world, &path).unwrap_or_default())).collect()
}

fn view(world: &World, file: &Path) -> Option<Value> {
    let args = ["config", "view", "--raw", "-o", "json", "--kubeconfig"];
    let output = world.command(&program()).args(args).arg(file).output().expect("kubectl");
    let parse = || serde_json::from_slice(&output.stdout).expect("JSON");
    output.status.success().then(parse).map(nothing_is_null)
}

fn program() -> String {
    Path::new(kubernetes_programs()).join("kubectl").to_str().expect("UTF-8").to_owned()
}

/// Go tells a list that is empty from one that was never there, and nobody else does.
fn nothing_is_null(value: Value) -> Value {
    match value {
        Value::Array(items) if items.is_empty() => Value::Null,
        Value::Array(items) => items.into_iter().map(nothing_is_null).collect(),
        Value::Object(pairs) if pairs.is_empty() => Value::Null,
        Value::Object(pairs) => {
            pairs.into_iter().map(|(key, value)| (key, nothing_is_null(value))).collect()
        }
        other => other,
    }
}

fn refuse(outcome: &mut Outcome, is_refused: bool) {
    if is_refused {
        *outcome = None;
    }
}

fn clear_current(outcome: &mut Outcome, run: &Run<'_>) {
    let Some(files) = outcome.as_mut().filter(|_| run.edit.is(&["delete", "context"])) else {
        return;
    };
    let order = run.order();
    let is_left = files.values().any(|file| find(file, "context", &run.edit.name).is_some());
    for path in order {
        let Some(file) = files.get_mut(&path) else { continue };
        match file["current-context"].as_str() {
            Some(current) if current == run.edit.name && !is_left => {
                file["current-context"] = "".into();
            }
            None | Some("") => {}
            Some(_) => break,
        }
    }
}

/// kubectl writes the whole stanza, and makes all paths in it relative.
fn keep_paths(outcome: &mut Outcome, run: &Run<'_>) {
    let fields = [
        ("certificate-authority", "--certificate-authority"),
        ("client-certificate", "--client-certificate"),
        ("client-key", "--client-key"),
        ("tokenFile", "--token-path"),
    ];
    for (field, flag) in fields {
        if run.edit.value(flag).is_none()
            && let Some(old) = run.old_stanza(field)
        {
            run.in_stanza(outcome, |stanza| {
                if let Some(path) = stanza.get_mut(field) {
                    *path = old.clone();
                }
            });
        }
    }
    let asked = run.edit.value("--exec-command").map(Value::from);
    let old = || run.old_stanza("exec").and_then(|exec| exec.get("command").cloned());
    if let Some(command) = asked.or_else(old) {
        run.in_stanza(outcome, |stanza| {
            if let Some(exec) = stanza.get_mut("exec").filter(|exec| exec.is_object()) {
                exec["command"] = command.clone();
            }
        });
    }
}

impl Run<'_> {
    /// Makes the edit. A file that did not change says what it said.
    fn outcome(&self, program: &str, args: &[String]) -> (Outcome, String) {
        let Self { case, world, before: said, .. } = self;
        let before = bytes_of(world);
        let output = case.command(world, program).args(args).output().expect(program);
        let after = bytes_of(world);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            assert_eq!(before, after, "{program} {args:?} failed, and has changed a file:\n{case}");
            return (None, error);
        }
        let view = |path: &PathBuf| match (before.get(path) == after.get(path), said.get(path)) {
            (true, Some(value)) => (path.clone(), value.clone()),
            _ => (path.clone(), view(world, path).expect("an edited file can be read")),
        };
        (Some(after.keys().map(view).collect()), error)
    }

    /// Makes of kubectl's outcome what is intended, and tells where that is another one.
    fn intend(&self, theirs: &mut Outcome) -> Vec<&'static str> {
        let mut met = Vec::new();
        for (name, change) in INTENDED {
            let before = theirs.clone();
            change(theirs, self);
            met.extend((*theirs != before).then_some(name));
        }
        met
    }

    /// The files in load order.
    fn order(&self) -> Vec<PathBuf> {
        self.case.files.iter().map(|(path, _)| self.world.path(path)).collect()
    }

    /// The file and the stanza that the edit is about, before it.
    fn old(&self) -> Option<(PathBuf, &Value)> {
        let kind = ["cluster", "user"].into_iter().find(|kind| self.edit.is(&["set", kind]))?;
        let find = |path: PathBuf| {
            let stanza = find(self.before.get(&path)?, kind, &self.edit.name)?;
            Some((path, stanza))
        };
        self.order().into_iter().find_map(find)
    }

    fn old_stanza(&self, field: &str) -> Option<&Value> {
        self.old()?.1.get(field).filter(|value| !value.is_null())
    }

    /// Changes the stanza that the edit is about, in the file that owns it; a new one wherever it came to.
    fn in_stanza(&self, outcome: &mut Outcome, change: impl Fn(&mut Value)) {
        let owner = self.old().map(|(path, _)| path);
        let Some(kind) = ["cluster", "user"].into_iter().find(|it| self.edit.is(&["set", it]))
        else {
            return;
        };
        for (path, file) in outcome.iter_mut().flatten() {
            if owner.as_ref().is_none_or(|owner| owner == path) {
                let entries = file[format!("{kind}s")].as_array_mut().into_iter().flatten();
                let entries = entries.filter(|entry| entry["name"] == self.edit.name.as_str());
                entries.for_each(|entry| change(&mut entry[kind]));
            }
        }
    }

    /// Whether any context of any file names what the edit is about.
    fn is_named(&self, kind: &str) -> bool {
        let contexts = self.order().into_iter().filter_map(|path| self.before.get(&path));
        let mut contexts = contexts.flat_map(|file| file["contexts"].as_array()).flatten();
        contexts.any(|it| it["context"][kind] == self.edit.name.as_str())
    }
}

fn find<'a>(file: &'a Value, kind: &str, name: &str) -> Option<&'a Value> {
    let mut entries = file[format!("{kind}s")].as_array()?.iter();
    entries.find(|entry| entry["name"] == name).map(|entry| &entry[kind])
}
