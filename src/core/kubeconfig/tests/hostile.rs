//! Files that want too much.

use std::time::{Duration, Instant};

use super::*;

/// An answer within two seconds; builds without optimisation get more.
fn in_time<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let most = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 2 });
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
    (0..20_000)
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
        ("many keys", (0..100_000).map(|i| format!("k{i}: v\n")).collect()),
        ("one key", "k: v\n".repeat(100_000)),
        ("spaces", " ".repeat(1 << 20)),
        ("comments", "# c\n".repeat(1 << 18)),
        ("line breaks", format!("current-context: a{}", "\n".repeat(1 << 20))),
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

#[test]
fn a_hundred_thousand_contexts_are_read_and_edited() {
    let context = |i| format!("- context:\n    cluster: c\n    user: u\n  name: n{i}\n");
    let text = format!("contexts:\n{}", (0..100_000).map(context).collect::<String>());
    in_time("a hundred thousand contexts", || {
        let file = parse(&text);
        assert_eq!(file.config().contexts.len(), 100_000);
        set_current_context(&file, "n99999").unwrap();
    });
}

#[test]
fn a_hundred_thousand_contexts_come_in_take_places_and_go_at_once() {
    let context = |i| format!("- context:\n    cluster: c\n    user: u\n  name: n{i}\n");
    let text = format!("contexts:\n{}", (0..100_000).map(context).collect::<String>());
    let (from, others) = (parse(&text), parse(&text.replace("cluster: c", "cluster: d")));
    in_time("a hundred thousand contexts that come in", || {
        let all = Added { contexts: entries_of(&from), ..Added::default() };
        let new = take(&parse(""), &all, None).unwrap().into_owned();
        assert_eq!(new.config().contexts, from.config().contexts);
    });
    in_time("a hundred thousand contexts that take the places of others", || {
        let all = entries_of::<NamedContext>(&others);
        let new = replace_all(&from, &all.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(new.bytes(), others.bytes());
    });
    in_time("a hundred thousand contexts that go", || {
        let names = from.config().contexts.iter().map(|it| it.name.clone()).collect();
        let new = remove_all::<NamedContext>(&from, &names).unwrap();
        assert_eq!(new.bytes(), b"contexts: []\n");
    });
}

#[test]
fn an_alias_cannot_multiply_a_large_text() {
    let users: String =
        (0..1000).map(|i| format!("- {{name: n{i}, user: {{token: *x}}}}\n")).collect();
    let text = format!("x: &x {}\nusers:\n{users}", "a".repeat(1 << 20));
    let error = File::parse("config", text.as_bytes()).unwrap_err();
    assert!(matches!(error, Error::TooManyValues { .. }), "{error}");
}

#[test]
fn two_bytes_that_become_an_entry_are_refused_before_they_fill_the_memory() {
    let text = format!("users: [{}]\n", "{},".repeat(900_000));
    let error = File::parse("config", text.as_bytes()).unwrap_err();
    assert!(matches!(error, Error::TooManyValues { .. }), "{error}");
}
