//! kubectl as the judge: what we wrote into a kubeconfig is what it reads from there.

use std::fs;
use std::path::Path;
use std::process::Command;

use kubepki::core::kubeconfig::{
    self, AuthInfo, Cluster, Context, Data, File, NamedCluster, NamedContext, NamedUser,
    NewEntries, Secret,
};
use serde_json::Value;

use crate::support::kubeconfigs::corpus;
use crate::support::kubernetes_programs;
use crate::support::world::World;

/// Words that are something else to some YAML reader, and names that need care in quoting.
const NAMES: [&str; 80] = [
    "y",
    "Y",
    "yes",
    "Yes",
    "YES",
    "n",
    "N",
    "no",
    "No",
    "NO",
    "true",
    "True",
    "TRUE",
    "false",
    "False",
    "FALSE",
    "on",
    "On",
    "ON",
    "off",
    "Off",
    "OFF",
    "null",
    "Null",
    "NULL",
    "~",
    "1",
    "012",
    "0x1F",
    "0o7",
    "0b1",
    "1_000",
    "+1",
    "-1",
    "1e3",
    "1E3",
    "1.",
    ".5",
    "1.5e-3",
    ".inf",
    "-.inf",
    ".nan",
    ".NaN",
    "1:30",
    "190:20:30",
    "2020-01-01",
    "2020-01-01T00:00:00Z",
    "<<",
    "=",
    "-",
    "- a",
    "?",
    "? a",
    ":",
    ": a",
    "a: b",
    "a:",
    "a #b",
    "#a",
    "'",
    "''",
    "\"",
    "it's",
    "\\n",
    "*a",
    "&a",
    "!a",
    "!!str",
    "%a",
    "@a",
    "`a",
    "{a}",
    "[a]",
    "a,b",
    " a ",
    "|",
    ">",
    "---",
    "ünï 😀",
    "arn:aws:eks:eu-west-1:1:cluster/x",
];

/// Names that can only be written with escapes.
const UNPRINTABLE: [&str; 6] = [
    "a\tb",
    "a\nb",
    "a\r\nb",
    "\u{7f}\u{85}\u{a0}",
    "\u{2028}\u{202e}\u{feff}a",
    "\u{1b}[31m\u{fffe}",
];

fn kubectl(config: &Path, arguments: &[&str]) -> Result<String, String> {
    let run = Command::new(Path::new(kubernetes_programs()).join("kubectl"))
        .arg("--kubeconfig")
        .arg(config)
        .arg("config")
        .args(arguments)
        .output();
    let output = run.expect("kubectl");
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout).unwrap()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn current_context(config: &Path) -> String {
    let printed = kubectl(config, &["current-context"]).unwrap();
    printed.strip_suffix('\n').unwrap_or(&printed).to_owned()
}

fn view(config: &Path) -> Value {
    serde_json::from_str(&kubectl(config, &["view", "--raw", "-o", "json"]).unwrap()).unwrap()
}

fn parse(path: &Path) -> File {
    File::parse(path, &fs::read(path).unwrap()).unwrap()
}

fn entries(name: &str) -> NewEntries {
    NewEntries {
        cluster: NamedCluster {
            name: name.to_owned(),
            cluster: Cluster {
                server: "https://10.9.8.7:6443".to_owned(),
                tls_server_name: "on".to_owned(),
                certificate_authority_data: Data::new(*b"made up"),
                proxy_url: Secret::new("socks5://u:p@proxy:1080"),
                ..Cluster::default()
            },
        },
        user: NamedUser {
            name: name.to_owned(),
            user: AuthInfo { token: Secret::new("1e3"), ..AuthInfo::default() },
        },
        context: NamedContext {
            name: name.to_owned(),
            context: Context {
                cluster: name.to_owned(),
                user: name.to_owned(),
                namespace: "123".to_owned(),
                ..Context::default()
            },
        },
        set_current: true,
        takes_over: false,
        renews: false,
    }
}

fn names(view: &Value, list: &str) -> Vec<String> {
    let items = view[list].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn kubectl_agrees_about_the_current_context_and_all_the_rest() {
    let world = World::new();
    for path in corpus(&world) {
        let before = view(&path);
        let file = parse(&path);
        let new = kubeconfig::set_current_context(&file, "on call").unwrap();
        fs::write(&path, new.bytes()).unwrap();
        assert_eq!(current_context(&path), "on call", "{}", path.display());
        let mut after = view(&path);
        after["current-context"] = before["current-context"].clone();
        assert_eq!(after, before, "{}", path.display());
    }
}

#[test]
fn kubectl_reads_the_entries_that_were_added_to_any_file() {
    let world = World::new();
    for path in corpus(&world) {
        let before = view(&path);
        let bytes = kubeconfig::add_entries(&parse(&path), &entries("new: 1"), false).unwrap();
        fs::write(&path, bytes).unwrap();
        let after = view(&path);
        for list in ["clusters", "users", "contexts"] {
            let mut expected = names(&before, list);
            expected.push("new: 1".to_owned());
            expected.sort();
            assert_eq!(names(&after, list), expected, "{}", path.display());
        }
        assert_eq!(after["current-context"], "new: 1", "{}", path.display());
    }
}

#[test]
fn the_order_of_fmt_is_that_of_what_kubectl_writes() {
    let world = World::new();
    let mut put = 0;
    for path in corpus(&world) {
        let before = view(&path);
        if let Ok(new) = kubeconfig::order(&parse(&path)) {
            fs::write(&path, new.bytes()).unwrap();
            put += 1;
        }
        assert_eq!(view(&path), before, "{}", path.display());
        kubectl(&path, &["set", "current-context", "on call"]).unwrap();
        let theirs = parse(&path);
        let ours = kubeconfig::order(&theirs).unwrap();
        assert_eq!(ours.bytes(), theirs.bytes(), "{}", path.display());
    }
    assert!(put > 10, "{put} files were put in order");
}

#[test]
fn every_name_arrives_at_kubectl_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let mut bytes = kubeconfig::build(&path, &entries("first")).unwrap();
    for name in NAMES.into_iter().chain(UNPRINTABLE) {
        bytes =
            kubeconfig::add_entries(&File::parse(&path, &bytes).unwrap(), &entries(name), false)
                .unwrap();
    }
    fs::write(&path, &bytes).unwrap();
    let seen = view(&path);
    let mut expected: Vec<&str> = NAMES.into_iter().chain(UNPRINTABLE).chain(["first"]).collect();
    expected.sort_unstable();
    for list in ["clusters", "users", "contexts"] {
        assert_eq!(names(&seen, list), expected);
    }
    let context = &seen["contexts"][0]["context"];
    assert_eq!(context["namespace"], "123");
    assert_eq!(context["cluster"], seen["contexts"][0]["name"]);
    assert_eq!(seen["users"][0]["user"]["token"], "1e3");
    assert_eq!(seen["clusters"][0]["cluster"]["tls-server-name"], "on");
}

#[test]
fn every_name_can_be_the_current_context_in_each_style() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let styles = [
        "current-context: a # x\r\n",
        "{current-context: 'a', kind: Config}",
        "current-context: \"a\"",
    ];
    for (name, style) in NAMES.into_iter().chain(UNPRINTABLE).zip(styles.into_iter().cycle()) {
        let file = File::parse(&path, style.as_bytes()).unwrap();
        fs::write(&path, kubeconfig::set_current_context(&file, name).unwrap().bytes()).unwrap();
        assert_eq!(current_context(&path), name, "in {style:?}");
    }
}

#[test]
fn kubectl_and_we_refuse_and_accept_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let plain = NAMES.into_iter().map(|name| format!("current-context: {name}\n"));
    let others = [
        "kind: Pod\n",
        "apiVersion: v2\n",
        "clusters: {}\n",
        "contexts: [null]\n",
        "- a\n",
        "word\n",
        "null\n",
        "",
        "# c\n",
        "---\n",
        "\u{feff}current-context: a\n",
        "a:\n\tb: c\n",
        "users: [{name: a}, {name: a}]\n",
        "current-context: a\ncurrent-context: null\n",
        "a: &a [*a]\n",
        "x: *y\n",
        "? [a]\n: b\n",
        "users: [{user: {client-key-data: '!'}}]\n",
        "users: [{user: {client-key-data: 'aGl='}}]\n",
        "clusters: [{cluster: {insecure-skip-tls-verify: 'true'}}]\n",
        "CURRENT-CONTEXT: a\n",
        "x: &x {current-context: q}\ncurrent-context: a\n<<: *x\n",
        "current-context: ! 5\n",
        "current-context: a\n---\n[\n",
        "users: [{name: a, user: {exec: null, auth-provider: null}}]\n",
    ];
    for text in plain.chain(others.map(str::to_owned)) {
        fs::write(&path, &text).unwrap();
        let theirs = kubectl(&path, &["view", "--raw", "-o", "json"]);
        let theirs = theirs
            .map(|json| serde_json::from_str::<Value>(&json).unwrap()["current-context"].clone());
        let ours =
            File::parse(&path, text.as_bytes()).map(|file| file.config().current_context.clone());
        match (theirs, ours) {
            (Ok(theirs), Ok(ours)) => assert_eq!(theirs.as_str().unwrap_or(""), ours, "{text:?}"),
            (Err(_), Err(_)) => {}
            (theirs, ours) => panic!("{text:?}: kubectl says {theirs:?}, we say {ours:?}"),
        }
    }
}
