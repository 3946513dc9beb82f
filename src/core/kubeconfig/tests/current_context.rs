//! Setting the current context.

use super::*;

fn set(text: &str, name: &str) -> String {
    edited(set_current_context(&parse(text), name))
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
            let new = edited(set_current_context(&file, wanted));
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
fn a_result_that_could_not_be_read_is_called_too_large() {
    let text = format!("kind: Config\n#{}\n", "x".repeat(MAX_BYTES - 20));
    assert!(set_current_context(&parse(&text), "b").is_err_and(|error| {
        error.to_string().contains("are too many for a kubeconfig")
            && error.hint().is_some_and(|hint| hint.contains("several files"))
    }));
}
