//! The module as a whole: real-looking files, random ones, hostile ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proptest::prelude::*;

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

fn set(text: &str, name: &str) -> String {
    text_of(set_current_context(&parse(text), name))
}

fn text_of(result: Result<crate::core::changes::Bytes, EditError>) -> String {
    String::from_utf8(result.unwrap().to_vec()).unwrap()
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
    }
}

#[test]
fn every_file_prints_back_byte_for_byte() {
    for (name, bytes) in corpus() {
        let file = File::parse(&name, &bytes).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(file.bytes(), bytes, "{name}");
    }
}

#[test]
fn setting_the_current_context_changes_one_line() {
    // A value over two lines becomes one; an anchor that others need moves to the first of them.
    let lines_allowed = |name: &str| match name {
        "odd.yaml" => (3, 1),
        "anchored-current-context.yaml" => (3, 3),
        _ => (1, 1),
    };
    for (name, bytes) in corpus() {
        let file = File::parse(&name, &bytes).unwrap();
        for wanted in ["new-context", "arn:aws:eks:x:1:cluster/y", "on", "it's: \"odd\" #1"] {
            let new = text_of(set_current_context(&file, wanted));
            let (old_lines, new_lines) = changed_lines(str::from_utf8(&bytes).unwrap(), &new);
            let (most_old, most_new) = lines_allowed(&name);
            assert!(old_lines.len() <= most_old, "{name}: {old_lines:?}");
            assert!(new_lines.len() <= most_new, "{name}: {new_lines:?}");
        }
    }
}

#[test]
fn a_thousand_contexts_change_by_one_line_too() {
    let mut text = "apiVersion: v1\nkind: Config\ncontexts:\n".to_owned();
    for i in 0..1000 {
        text.push_str(&format!("- context:\n    cluster: c{i}\n    user: u{i}\n  name: n{i}\n"));
    }
    text.push_str("current-context: n0 # first\n");
    let new = set(&text, "n999");
    assert_eq!(
        changed_lines(&text, &new),
        (vec!["current-context: n0 # first\n"], vec!["current-context: n999 # first\n"])
    );
}

#[test]
fn the_old_quoting_stays_where_the_name_permits() {
    assert_eq!(set("current-context: 'a' # x\n", "b"), "current-context: 'b' # x\n");
    assert_eq!(set("current-context: \"a\"\r\n", "b"), "current-context: \"b\"\r\n");
    assert_eq!(set("current-context: a", "on"), "current-context: \"on\"");
    assert_eq!(set("current-context: |-\n  a\nx: y\n", "b"), "current-context: b\nx: y\n");
    assert_eq!(set("{current-context: a, x: [1]}", "b:c"), "{current-context: \"b:c\", x: [1]}");
}

#[test]
fn an_absent_current_context_comes_after_the_header() {
    let set = |text| set(text, "a");
    assert_eq!(set(""), "apiVersion: v1\nkind: Config\ncurrent-context: a\n");
    assert_eq!(set("# mine"), "# mine\napiVersion: v1\nkind: Config\ncurrent-context: a\n");
    assert_eq!(set("---\n"), "---\napiVersion: v1\nkind: Config\ncurrent-context: a\n");
    assert_eq!(
        set("apiVersion: v1 # x\r\nclusters: []\r\n"),
        "apiVersion: v1 # x\r\ncurrent-context: a\r\nclusters: []\r\n"
    );
    assert_eq!(set("clusters:\n- name: x\n"), "clusters:\n- name: x\ncurrent-context: a\n");
    assert_eq!(set("clusters: []"), "clusters: []\ncurrent-context: a");
    assert_eq!(set("{}"), "{\"current-context\": \"a\"}");
    assert_eq!(
        set("{\"kind\":\"Config\",\"x\":1}"),
        "{\"kind\":\"Config\",\"current-context\":\"a\",\"x\":1}"
    );
    assert_eq!(
        set("{\n  \"kind\": \"Config\"\n}\n"),
        "{\n  \"kind\": \"Config\",\n  \"current-context\": \"a\"\n}\n"
    );
    assert_eq!(set("current-context:\n"), "current-context: a\n");
    assert_eq!(set("current-context: ~ # x\n"), "current-context: a # x\n");
}

#[test]
fn an_alias_is_replaced_just_there_and_an_anchor_moves() {
    assert_eq!(
        set("x: &a dev\ncurrent-context: *a\ny: *a\n", "b"),
        "x: &a dev\ncurrent-context: b\ny: *a\n"
    );
    assert_eq!(
        set("current-context: &a 'dev'\nx: *a\ny: *a\n", "b"),
        "current-context: 'b'\nx: &a 'dev'\ny: *a\n"
    );
    assert_eq!(set("current-context: &a dev\n", "b"), "current-context: &a b\n");
}

#[test]
fn what_cannot_be_edited_safely_is_not_edited() {
    let fails = |text: &str| set_current_context(&parse(text), "b").unwrap_err().to_string();
    assert_eq!(
        fails("current-context: a\ncurrent-context: c\n"),
        "config: the key `current-context` stands 2 times; which one to change is not clear"
    );
    assert_eq!(
        fails("current-context: a\n---\nx: y\n"),
        "config: holds more than one YAML document; only the first is a kubeconfig"
    );
    // client-go lets a merge key win over a key before it.
    assert_eq!(
        fails("x: &x {current-context: c}\ncurrent-context: a\n<<: *x\n"),
        "config: cannot change `current-context` without changing something else"
    );
}

#[test]
fn what_client_go_refuses_is_refused_in_one_line_without_the_content() {
    let fails = |bytes: &[u8]| {
        let error = File::parse("config", bytes).unwrap_err();
        let text = error.to_string();
        assert!(!text.contains("hunter2") && !text.contains('\n'), "{text}");
        text
    };
    let cases: [(&[u8], &str); 16] = [
        (b"kind: Pod\n", "config: not a kubeconfig: `kind` is `Pod`, wanted `Config`"),
        (b"apiVersion: v2\n", "config: not a kubeconfig: `apiVersion` is `v2`, wanted `v1`"),
        (
            b"users:\n- name: a\n  user: {token: hunter2}\n- name: a\n",
            "config: two entries of `users` have the name `a`",
        ),
        (
            b"users:\n- name: a\n  user:\n    token: 5\n",
            "config:4: `users[0].user.token`: wanted a string, found a number (unquoted)",
        ),
        (
            b"contexts:\n- name: on\n",
            "config:2: `contexts[0].name`: wanted a string, found true or false (unquoted)",
        ),
        (
            b"clusters:\n- cluster: {insecure-skip-tls-verify: \"hunter2\"}\n",
            "config:2: `clusters[0].cluster.insecure-skip-tls-verify`: wanted true or false, found a string",
        ),
        (
            b"users:\n- user: {client-key-data: hunter2!}\n",
            "config:2: `users[0].user.client-key-data`: wanted Base64 (standard alphabet, padded)",
        ),
        (b"clusters: {hunter2: x}\n", "config:1: `clusters`: wanted a list, found a mapping"),
        (b"hunter2\n", "config:1: `kubeconfig`: wanted a mapping, found a string"),
        (b"a: \xff\n", "config: not UTF-8 text: byte 3 cannot be read"),
        (
            b"a:\n\tb: hunter2\n",
            "config:2:2: not YAML: tabs disallowed within this context (block indentation)",
        ),
        (b"a: *x\n", "config:1:4: not YAML: while parsing node, found unknown anchor"),
        (b"a: &a [*a]\n", "config:1:8: not YAML: an anchored value contains itself"),
        (b"? [a]\n: b\n", "config:1: `the document`: wanted a plain key"),
        (
            b"current-context: !!binary YQ==\n",
            "config:1: `current-context`: wanted a string, found a value with a YAML tag",
        ),
        (b"<<: [x]\n", "config:1: `the document`: wanted a mapping to merge, found a string"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(fails(bytes), expected);
    }
    let tab = File::parse("config", b"a:\n\tb: c\n").unwrap_err();
    assert!(tab.hint().unwrap().contains("spaces"));
}

#[test]
fn what_client_go_accepts_is_accepted() {
    let name = |text: &str| parse(text).config().current_context.clone();
    assert_eq!(name("current-context: a\ncurrent-context: b\n"), "b");
    assert_eq!(name("current-context: a\ncurrent-context: null\n"), "");
    assert_eq!(name("x: &x {current-context: q}\n<<: *x\n"), "q");
    assert_eq!(name("x: &x {current-context: q}\n<<: *x\ncurrent-context: a\n"), "a");
    assert_eq!(name("x: &x {current-context: q}\ny: &y {current-context: r}\n<<: [*x, *y]\n"), "q");
    assert_eq!(name("current-context: ! 5\n"), "5");
    assert_eq!(name("current-context: <<\n"), "<<");
    assert_eq!(name("current-context: 2020-01-01\n"), "2020-01-01");
    assert_eq!(name("null\n"), "");
    assert_eq!(name("---\n---\ncurrent-context: a\n"), "");
    assert_eq!(parse("contexts: [null]\nclusters: null\n").config().contexts.len(), 1);
    assert!(parse("current-context: a\n---\n[\n").has_more_documents());
    assert!(!parse("current-context: a\n...\n").has_more_documents());
}

#[test]
fn a_new_kubeconfig_is_what_an_empty_file_becomes() {
    let mut new = entries("dev");
    new.user.user = AuthInfo {
        client_certificate: "pki/dev.crt".to_owned(),
        client_key: "pki/dev.key".to_owned(),
        ..AuthInfo::default()
    };
    let text = text_of(build(Path::new("config"), &new));
    let expected = "\
apiVersion: v1
kind: Config
current-context: dev
clusters:
- cluster:
    server: https://10.9.8.7:6443
    certificate-authority-data: bWFkZSB1cA==
  name: dev
users:
- user:
    client-certificate: pki/dev.crt
    client-key: pki/dev.key
  name: dev
contexts:
- context:
    cluster: dev
    user: dev
    namespace: payments
  name: dev
";
    assert_eq!(text, expected);
}

#[test]
fn entries_are_added_without_losing_a_line_of_the_rest() {
    for (name, bytes) in corpus() {
        let file = File::parse(&name, &bytes).unwrap();
        let new = entries("a new one");
        let added = add_entries(&file, &new, false).unwrap_or_else(|error| panic!("{error}"));
        let again = File::parse(&name, &added).unwrap();
        assert_eq!(again.config().contexts.last(), Some(&new.context), "{name}");
        assert_eq!(again.config().clusters.last(), Some(&new.cluster), "{name}");
        assert_eq!(again.config().users.last(), Some(&new.user), "{name}");
        assert_eq!(again.config().current_context, "a new one", "{name}");
        assert_eq!(add_entries(&again, &new, false).unwrap(), added, "{name}: not idempotent");
        let (old, new) = (str::from_utf8(&bytes).unwrap(), str::from_utf8(&added).unwrap());
        assert_eq!(old.ends_with('\n'), new.ends_with('\n'), "{name}");
        let is_edited = |line: &str| {
            line.contains("current-context")
                || name.ends_with("json")
                || (name == "odd.yaml" && ["two", "words"].contains(&line.trim()))
        };
        for line in old.lines().filter(|line| !is_edited(line)) {
            let is_closing =
                line.contains(['[', '{']) || line.contains(": null") || line.contains("&now");
            assert!(is_closing || new.lines().any(|found| found == line), "{name} lost {line:?}");
        }
    }
}

#[test]
fn the_style_of_a_list_is_kept() {
    let add = |text: &str| {
        let mut new = entries("new");
        new.set_current = false;
        new.cluster.cluster = Cluster { server: "https://s".to_owned(), ..Cluster::default() };
        text_of(add_entries(&parse(text), &new, false))
    };
    let indented = add("clusters:\n    -   name: a # x\n    # end\nusers: []\ncontexts: []\n");
    assert!(
        indented.starts_with(
            "clusters:\n    -   name: a # x\n    - cluster:\n        server: https://s\n      name: new\n    # end\n"
        ),
        "{indented}"
    );
    let null = add("clusters: null # none\r\nusers:\r\ncontexts: []\r\n");
    assert!(
        null.starts_with("clusters: # none\r\n- cluster:\r\n    server: https://s\r\n  name: new\r\nusers:\r\n- user"),
        "{null}"
    );
    let flow = add("clusters: [{name: a}]\n");
    assert!(
        flow.starts_with(
            "clusters: [{name: a}, {\"cluster\": {\"server\": \"https://s\"}, \"name\": \"new\"}]\n"
        ),
        "{flow}"
    );
    let compact = add("{\"clusters\":[{\"name\":\"a\"}],\"users\":null}");
    assert!(
        compact.starts_with("{\"clusters\":[{\"name\":\"a\"},{\"cluster\":{\"server\":\"https://s\"},\"name\":\"new\"}],\"users\":[{\"user\""),
        "{compact}"
    );
    serde_json::from_str::<serde_json::Value>(&compact).unwrap();
}

#[test]
fn pretty_json_stays_pretty_json() {
    let old = serde_json::json!({"kind": "Config", "clusters": [{"name": "a"}], "users": []});
    let old = serde_json::to_string_pretty(&old).unwrap();
    let new = text_of(add_entries(&parse(&old), &entries("new"), false));
    let value: serde_json::Value = serde_json::from_str(&new).unwrap();
    assert_eq!(serde_json::to_string_pretty(&value).unwrap(), new);
}

#[test]
fn an_entry_that_differs_is_replaced_by_force_only_and_no_secret_is_shown() {
    let old = "users:\n- name: new # mine\n  user:\n    token: hunter3 # old\n    username: u\n- name: o\nx: y\n";
    let mut new = entries("new");
    new.set_current = false;
    let error = add_entries(&parse(old), &new, false).unwrap_err();
    assert_eq!(
        error.to_string(),
        "config: user `new` is there already and differs in `token`, `username`"
    );
    assert!(error.hint().unwrap().contains("--force"));
    let forced = text_of(add_entries(&parse(old), &new, true));
    let expected = "users:\n- name: new # mine\n  user:\n    token: hunter2\n- name: o\nx: y\n";
    assert!(forced.starts_with(expected), "{forced}");
    assert!(!format!("{new:?}").contains("hunter2"));
    let flow = "users: [{name: new, user: {token: a}}, {name: o}]\n";
    let forced = text_of(add_entries(&parse(flow), &new, true));
    assert!(
        forced.starts_with("users: [{name: new, user: {\"token\": \"hunter2\"}}, {name: o}]\n"),
        "{forced}"
    );
}

/// An answer within two seconds; builds without optimisation get more.
fn in_time<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let most = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 2 });
    let start = Instant::now();
    let result = work();
    let spent = start.elapsed();
    assert!(spent <= most, "{what} took {spent:?}");
    result
}

#[test]
fn hostile_files_get_an_answer_in_time() {
    let mut bomb = "a0: &a0 {token: x}\n".to_owned();
    for i in 1..40 {
        let below = format!("*a{}, ", i - 1).repeat(9);
        bomb.push_str(&format!("a{i}: &a{i} [{below}]\n"));
    }
    bomb.push_str("current-context: a\n");
    let mut merges = "a0: &a0 {x: y}\n".to_owned();
    for i in 1..40 {
        let below = format!("*a{}, ", i - 1).repeat(9);
        merges.push_str(&format!("a{i}: &a{i} {{<<: [{below}]}}\n"));
    }
    merges.push_str("<<: *a39\n");
    let mut users = "x: &x {token: t}\ng: &g [a, a, a, a, a, a, a, a]\nusers:\n".to_owned();
    (0..40_000)
        .for_each(|i| users.push_str(&format!("- {{name: n{i}, user: {{as-groups: *g}}}}\n")));
    let cases = [
        ("an alias bomb", bomb),
        ("a merge bomb", merges),
        ("aliases in earnest", users),
        ("open brackets", "[".repeat(1 << 20)),
        ("open dashes", "- ".repeat(1 << 19)),
        ("question marks", "? ".repeat(1 << 19)),
        ("anchors", "&a ".repeat(1 << 18)),
        ("one long word", format!("current-context: {}", "a".repeat(4 << 20))),
        ("one long key", format!("{}: b", "a".repeat(4 << 20))),
        ("many nodes", format!("x: [{}]", "1,".repeat(1 << 21))),
        ("many keys", (0..200_000).map(|i| format!("k{i}: v\n")).collect()),
        ("one key", "k: v\n".repeat(200_000)),
        ("spaces", " ".repeat(4 << 20)),
        ("comments", "# c\n".repeat(1 << 20)),
        ("line breaks", format!("current-context: a{}", "\n".repeat(4 << 20))),
        ("documents", "---\n".repeat(1 << 20)),
        ("quotes", "'".repeat((1 << 20) + 1)),
        ("tabs", "\t".repeat(1 << 20)),
        ("colons", "a:".repeat(1 << 19)),
        ("open flow keys", "{a: ".repeat(1 << 18)),
    ];
    for (what, text) in cases {
        in_time(what, || {
            if let Ok(file) = File::parse("config", text.as_bytes()) {
                let _ = set_current_context(&file, "b");
            }
        });
    }
}

#[test]
fn too_large_a_file_is_refused_before_it_is_read() {
    let error = File::parse("config", &vec![b'#'; MAX_BYTES + 1]).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}

/// A word in a random style, as a kubeconfig may hold it in block or in brackets.
fn styled(name: &str, style: u8) -> String {
    use super::yaml::scalar::{Quote, write};
    let quote = [Quote::Plain, Quote::Single, Quote::Double][usize::from(style % 3)];
    write(name, quote, true)
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(&ODD_NAMES[..]).prop_map(str::to_owned),
        "[a-z0-9][a-z0-9.@:/-]{0,12}",
        "[ -~]{1,8}",
        "\\PC{1,6}",
    ]
}

/// A small kubeconfig in a random style.
fn any_kubeconfig() -> impl Strategy<Value = String> {
    let names = proptest::collection::btree_set(any_name(), 0..4);
    let current = proptest::option::of((any_name(), any::<u8>()));
    (names, current, 0_u8..5, any::<[u8; 6]>()).prop_map(|(names, current, form, dice)| {
        let names: Vec<String> = names.iter().map(|name| styled(name, dice[0])).collect();
        let current = current.map(|(name, style)| styled(&name, style));
        let newline = if dice[1] % 3 == 0 { "\r\n" } else { "\n" };
        let comment = if dice[2] % 2 == 0 { "" } else { " # a comment: 'x" };
        let text = match form {
            0 => brackets(&names, current.as_deref()),
            1 => json(&names, current.as_deref()),
            _ => block(&names, current.as_deref(), form, comment),
        };
        let text = if dice[3] % 4 == 0 { text.trim_end().to_owned() } else { text };
        let bom = if dice[4] % 4 == 0 { "\u{feff}" } else { "" };
        format!("{bom}{}", text.replace('\n', newline))
    })
}

fn block(names: &[String], current: Option<&str>, form: u8, comment: &str) -> String {
    let indent = [" ", "", "  "][usize::from(form) - 2];
    let mut text = format!("apiVersion: v1{comment}\nkind: Config\n");
    if let Some(current) = current.filter(|_| form == 2) {
        text.push_str(&format!("current-context:  {current}{comment}\n"));
    }
    text.push_str(if names.is_empty() { "contexts: []\n" } else { "contexts:\n" });
    for name in names {
        text.push_str(&format!(
            "{indent}- context:{comment}\n{indent}    cluster: c\n{indent}  name: {name}{comment}\n"
        ));
    }
    if let Some(current) = current.filter(|_| form != 2) {
        text.push_str(&format!("current-context: {current}{comment}\n"));
    }
    text.push_str("x-unknown:\n  - {a: [1, ~, 'b']}\n");
    text
}

fn brackets(names: &[String], current: Option<&str>) -> String {
    let current = current.map(|name| format!(" current-context: {name} ,\n")).unwrap_or_default();
    let items: Vec<String> = names.iter().map(|name| format!("{{name: {name} }}")).collect();
    format!("{{kind: Config, # x\n{current} contexts: [ {} ], x: [1, {{}}]}}\n", items.join(" , "))
}

fn json(names: &[String], current: Option<&str>) -> String {
    let text = |styled: &str| {
        parse(&format!("current-context: {styled}")).config().current_context.clone()
    };
    let names: Vec<_> = names.iter().map(|name| serde_json::json!({"name": text(name)})).collect();
    let mut value = serde_json::json!({"kind": "Config", "contexts": names, "x": [1, null, {}]});
    if let Some(current) = current {
        value["current-context"] = serde_json::Value::String(text(current));
    }
    if value["contexts"].as_array().is_some_and(|names| names.len() % 2 == 0) {
        serde_json::to_string_pretty(&value).unwrap()
    } else {
        value.to_string()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn an_edit_of_any_file_gives_exactly_the_intended_meaning(text in any_kubeconfig(), name in any_name()) {
        let file = File::parse("config", text.as_bytes()).unwrap();
        let new = set_current_context(&file, &name).unwrap();
        let new_file = File::parse("config", &new).unwrap();
        let intended = Config { current_context: name.clone(), ..file.config().clone() };
        prop_assert_eq!(new_file.config(), &intended);
        let (old_lines, new_lines) = changed_lines(&text, str::from_utf8(&new).unwrap());
        prop_assert!(old_lines.len() <= 1 && new_lines.len() <= 2, "{:?} {:?}", old_lines, new_lines);
        // And back: a value that was there comes back, quoted as it was unless the name in between forbade it.
        let back = set_current_context(&new_file, &file.config().current_context).unwrap();
        let back_file = File::parse("config", &back).unwrap();
        prop_assert_eq!(back_file.config(), file.config());
    }

    #[test]
    fn entries_go_into_any_file(text in any_kubeconfig(), name in any_name()) {
        let file = File::parse("config", text.as_bytes()).unwrap();
        let new = entries(&name);
        let bytes = add_entries(&file, &new, true).unwrap();
        let new_file = File::parse("config", &bytes).unwrap();
        prop_assert!(new_file.config().contexts.contains(&new.context));
        prop_assert!(new_file.config().users.contains(&new.user));
        prop_assert_eq!(&new_file.config().current_context, &name);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), name in any_name()) {
        if let Ok(file) = File::parse("config", &bytes) {
            let _ = set_current_context(&file, &name);
            let _ = add_entries(&file, &entries(&name), true);
        }
    }

    #[test]
    fn no_yaml_like_text_makes_it_panic(
        text in "([-?:,{}\\[\\]#&*!|>'\"% \n\r\ta]|current-context|contexts|clusters|name|: |\n- |\n  ){0,24}",
        name in any_name(),
    ) {
        if let Ok(file) = File::parse("config", text.as_bytes()) {
            let _ = set_current_context(&file, &name);
            let _ = add_entries(&file, &entries(&name), true);
        }
    }
}
