//! Adding entries, and whole new files.

use proptest::prelude::*;

use super::*;

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

proptest! {
    #[test]
    fn whatever_it_is_to_say_it_is_built_as_it_would_be_added(
        name in ".{0,12}",
        server in ".{0,12}",
        namespace in ".{0,12}",
        token in ".{0,12}",
        set_current: bool,
    ) {
        let mut new = NewEntries { set_current, ..entries(&name) };
        new.cluster.cluster.server = server;
        new.context.context.namespace = namespace;
        new.user.user.token = Secret::new(token);
        let path = Path::new("config");
        let added = add_entries(&File::absent(path), &new, false).ok();
        prop_assert_eq!(build(path, &new).ok(), added);
    }
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

/// A user that has a key, and no certificate yet.
fn waiting() -> NewEntries {
    let mut new = entries("waiting");
    new.user.user = AuthInfo { client_key_data: Data::new("key"), ..AuthInfo::default() };
    new
}

fn signed(certificate: &str) -> NewEntries {
    let mut new = waiting();
    new.user.user.client_certificate_data = Data::new(certificate);
    new
}

#[test]
fn a_user_that_lacks_its_certificate_gets_it_and_nothing_else_changes() {
    for (name, bytes) in corpus() {
        let file = File::parse(&name, &bytes).unwrap();
        let partial = File::parse(&name, &add_entries(&file, &waiting(), false).unwrap()).unwrap();
        let whole = text_of(add_entries(
            &partial,
            &signed("a certificate").for_file(&partial, false),
            false,
        ));
        let again = File::parse(&name, whole.as_bytes()).unwrap();
        let user = again.config().users.last().unwrap();
        assert_eq!(user.user.client_certificate_data, Data::new("a certificate"), "{name}");
        // In brackets it stands on a line with others.
        let is_new = |line: &&str| line.trim().starts_with("client-certificate-data: YSBj");
        let without: Vec<&str> = whole.lines().filter(|line| !is_new(line)).collect();
        if without.len() < whole.lines().count() {
            assert_eq!(without, partial.text().lines().collect::<Vec<_>>(), "{name}");
        }
    }
}

#[test]
fn a_certificate_takes_the_place_of_another_only_where_that_is_wanted() {
    let text = text_of(build(Path::new("config"), &signed("the old one")));
    let text = text.replace("users:\n- user:\n", "users:\n- user: # mine\n    x-unknown: stays\n");
    let file = parse(&text);
    let new = signed("the new one").for_file(&file, false);
    let error = add_entries(&file, &new, false).unwrap_err().to_string();
    assert!(error.ends_with("differs in `client-certificate-data`"), "{error}");
    for (renews, force) in [(true, false), (false, true)] {
        let renewed = text_of(add_entries(&file, &NewEntries { renews, ..new.clone() }, force));
        let base64 = |data: &str| Data::new(data).to_base64().to_string();
        assert_eq!(renewed, text.replace(&base64("the old one"), &base64("the new one")));
    }
    let mut other = signed("the new one");
    other.user.user.client_key_data = Data::new("another key");
    let other = NewEntries { renews: true, ..other.for_file(&file, false) };
    assert!(add_entries(&file, &other, false).is_err(), "another key is another user");
}
