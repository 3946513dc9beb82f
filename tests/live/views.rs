//! kubectl as the judge of `kubeconfig view` and `context export`, over random kubeconfigs.
//!
//! `RUNS=5000 cargo test --locked --test live views` looks longer, `SEED` elsewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

use crate::support::kubernetes_programs;
use crate::support::random_kubeconfigs::{Case, Random};
use crate::support::world::World;

/// What makes of kubectl's answer ours; true where it made something.
type Change = fn(&mut Value, &Case) -> bool;

/// What we do otherwise on purpose.
const INTENDED: [(&str, Change); 10] = [
    ("a view without --raw hides secrets with --flatten too", hide_what_is_flattened),
    ("a key that is empty is not told of as if it were there", forget_empty_keys),
    ("settings of auth providers are hidden", hide_auth_providers),
    ("arguments of programs are hidden", hide_arguments),
    ("variables of programs are hidden", hide_variables),
    ("users in the URL of a proxy are hidden", |view, case| hide_in_urls(view, case, "proxy-url")),
    ("users in the URL of a server are hidden", |view, case| hide_in_urls(view, case, "server")),
    ("a relative token file is absolute with --flatten", absolute_token_files),
    ("a relative program is absolute with --flatten", absolute_programs),
    ("no file at all is an error", |view, case| {
        let is_nowhere = case.files.is_empty();
        if is_nowhere {
            *view = Value::Null;
        }
        is_nowhere
    }),
];

const FLAGS: [&[&str]; 8] = [
    &[],
    &["--raw"],
    &["--minify"],
    &["--minify", "--raw"],
    &["--flatten"],
    &["--flatten", "--raw"],
    &["--minify", "--flatten"],
    &["--minify", "--flatten", "--raw"],
];

#[test]
fn every_view_is_kubectls_apart_from_what_is_intended() {
    let (mut random, runs) = (Random::from_environment(), Random::runs(200));
    let (mut fired, mut successes) = (BTreeSet::new(), 0);
    for run in 0..runs {
        let world = World::new();
        let case = Case::new(&mut random, &world);
        let flags = case.flags(random.pick(&FLAGS), &mut random);
        let mut theirs = kubectl(&world, &case, &flags);
        if let Some(view) = &mut theirs {
            successes += 1;
            for (name, change) in INTENDED {
                if change(view, &case.with_flags(&flags)) {
                    fired.insert(name);
                }
            }
        }
        let theirs = theirs.filter(|view| !view.is_null());
        let ours = kubepki(&world, &case, &flags);
        assert_eq!(ours, theirs, "run {run} of seed {}, {flags:?}:\n{case}", random.seed);
    }
    assert!(successes * 3 > runs, "only {successes} of {runs} could be compared");
    let stale: Vec<_> = INTENDED.iter().filter(|(name, _)| !fired.contains(name)).collect();
    let stale: Vec<_> = stale.iter().map(|(name, _)| name).collect();
    assert!(stale.is_empty(), "intended, and never met: {stale:?}");
}

#[test]
fn an_exported_context_is_kubectls_flattened_view_of_it() {
    let (mut random, runs) = (Random::from_environment(), Random::runs(200) / 2);
    let mut successes = 0;
    for run in 0..runs {
        let world = World::new();
        let case = Case::new(&mut random, &world);
        let name = random.pick(&["a", "b", "on", "ü"]);
        let flags: Vec<String> =
            ["--minify", "--flatten", "--raw", "--context", name].map(str::to_owned).to_vec();
        let theirs = kubectl(&world, &case, &flags).map(|mut view| {
            INTENDED.iter().for_each(|(_, change)| {
                change(&mut view, &case.with_flags(&flags));
            });
            view
        });
        let theirs = theirs.filter(|view| !view.is_null());
        let out = world.path("exported");
        let mut command = case.command(&world, "kubepki");
        command.args(["context", "export", "--out"]).arg(&out).args(["--", name]);
        let output = command.output().expect("kubepki");
        let ours = output.status.success().then(|| reread(&world, &out));
        assert_eq!(ours, theirs, "run {run} of seed {}, {name}:\n{case}", random.seed);
        successes += usize::from(ours.is_some());
    }
    assert!(successes > runs / 10, "only {successes} of {runs} could be compared");
}

fn reread(world: &World, file: &Path) -> Value {
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(file).expect("it").permissions());
    assert_eq!(mode & 0o777, 0o600);
    let args = ["config", "view", "--raw", "-o", "json", "--kubeconfig"];
    let output = world.command(&program()).args(args).arg(file).output().expect("kubectl");
    json(&output).expect("what was exported can be read")
}

fn program() -> String {
    PathBuf::from(kubernetes_programs()).join("kubectl").to_str().expect("UTF-8").to_owned()
}

fn kubectl(world: &World, case: &Case, flags: &[String]) -> Option<Value> {
    let mut command = case.command(world, &program());
    json(&command.args(["config", "view", "-o", "json"]).args(flags).output().expect("kubectl"))
}

fn kubepki(world: &World, case: &Case, flags: &[String]) -> Option<Value> {
    let mut command = case.command(world, "kubepki");
    command.args(["kubeconfig", "view", "-o", "json"]).args(flags);
    json(&command.output().expect("kubepki"))
}

fn json(output: &Output) -> Option<Value> {
    let parse = || serde_json::from_slice(&output.stdout).expect("JSON");
    output.status.success().then(parse).map(nothing_is_null)
}

/// Go tells a list that is empty from one that was never there, and nobody else does.
fn nothing_is_null(mut view: Value) -> Value {
    let is_nothing = |value: &Value| *value == json!([]) || *value == json!({});
    to_users(&mut view, |_, user| {
        for (field, part) in [("exec", "args"), ("exec", "env"), ("auth-provider", "config")] {
            if let Some(value) =
                user.get_mut(field).map(|it| &mut it[part]).filter(|it| is_nothing(it))
            {
                *value = Value::Null;
            }
        }
    });
    view
}

/// Applies a change to each user, and tells whether any was changed.
fn to_users(view: &mut Value, mut change: impl FnMut(&str, &mut Value)) -> bool {
    let before = view.clone();
    for entry in view["users"].as_array_mut().into_iter().flatten() {
        let name = entry["name"].as_str().expect("a name").to_owned();
        change(&name, &mut entry["user"]);
    }
    *view != before
}

fn redact(value: &mut Value) {
    if value.as_str().is_some_and(|text| !text.is_empty()) {
        *value = "REDACTED".into();
    }
}

fn omit(entry: &mut Value, fields: &[&str]) {
    for field in fields {
        if let Some(value) = entry.get_mut(*field) {
            *value = "DATA+OMITTED".into();
        }
    }
}

fn hide_what_is_flattened(view: &mut Value, case: &Case) -> bool {
    if case.has("--raw") || !case.has("--flatten") {
        return false;
    }
    let before = view.clone();
    for entry in view["clusters"].as_array_mut().into_iter().flatten() {
        omit(&mut entry["cluster"], &["certificate-authority-data"]);
    }
    to_users(view, |_, user| {
        omit(user, &["client-certificate-data", "client-key-data"]);
        for field in ["token", "password"] {
            user.get_mut(field).into_iter().for_each(redact);
        }
    });
    *view != before
}

fn forget_empty_keys(view: &mut Value, case: &Case) -> bool {
    to_users(view, |name, user| {
        let (_, fields) = case.user(name);
        let is_of_a_file = case.has("--flatten")
            && fields.contains("client-key: ")
            && !fields.contains("client-key: ''");
        let is_empty = fields.contains("client-key-data: ''") && !is_of_a_file;
        if is_empty && user["client-key-data"] == "DATA+OMITTED" {
            user.as_object_mut().expect("fields").remove("client-key-data");
        }
    })
}

fn hide_auth_providers(view: &mut Value, case: &Case) -> bool {
    !case.has("--raw")
        && to_users(view, |_, user| {
            let config = user.get_mut("auth-provider").and_then(|it| it["config"].as_object_mut());
            config.into_iter().flat_map(|config| config.values_mut()).for_each(redact);
        })
}

fn hide_arguments(view: &mut Value, case: &Case) -> bool {
    !case.has("--raw")
        && to_users(view, |_, user| {
            let args = user.get_mut("exec").and_then(|exec| exec["args"].as_array_mut());
            args.into_iter().flatten().for_each(redact);
        })
}

fn hide_variables(view: &mut Value, case: &Case) -> bool {
    !case.has("--raw")
        && to_users(view, |_, user| {
            let env = user.get_mut("exec").and_then(|exec| exec["env"].as_array_mut());
            env.into_iter().flatten().for_each(|variable| redact(&mut variable["value"]));
        })
}

fn hide_in_urls(view: &mut Value, case: &Case, field: &str) -> bool {
    let before = view.clone();
    for entry in view["clusters"].as_array_mut().into_iter().flatten() {
        if let Some(url) = entry["cluster"].get_mut(field).filter(|_| !case.has("--raw")) {
            *url = url.as_str().expect("a URL").replace("me:hunter2@", "REDACTED@").into();
        }
    }
    *view != before
}

fn absolute_token_files(view: &mut Value, case: &Case) -> bool {
    case.has("--flatten")
        && to_users(view, |name, user| {
            if let Some(path) = user.get_mut("tokenFile") {
                *path = case.absolute(name, path.as_str().expect("a path")).into();
            }
        })
}

fn absolute_programs(view: &mut Value, case: &Case) -> bool {
    case.has("--flatten")
        && to_users(view, |name, user| {
            let command = user.get_mut("exec").map(|exec| &mut exec["command"]);
            if let Some(command) =
                command.filter(|it| it.as_str().is_some_and(|it| it.contains('/')))
            {
                *command = case.absolute(name, command.as_str().expect("a path")).into();
            }
        })
}
