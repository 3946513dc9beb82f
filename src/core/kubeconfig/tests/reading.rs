//! What is read and what is refused.

use super::*;

#[test]
fn every_file_prints_back_byte_for_byte() {
    for (name, bytes) in corpus() {
        let file = File::parse(&name, &bytes).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(file.bytes(), bytes, "{name}");
    }
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
