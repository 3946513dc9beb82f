//! Changing, renaming and removing entries.

use super::*;

/// The text in which a context has another namespace; an empty one goes.
fn namespace(text: &str, name: &str, namespace: &str) -> String {
    let file = parse(text);
    let old = file.config().contexts.iter().find(|it| it.name == name);
    let mut new = old.cloned().unwrap_or_else(|| NamedContext::new(name, Context::default()));
    namespace.clone_into(&mut new.context.namespace);
    edited(put(&file, &new))
}

fn user(text: &str, change: impl FnOnce(&mut AuthInfo)) -> String {
    let file = parse(text);
    let mut new = file.config().users[0].clone();
    change(&mut new.user);
    edited(put(&file, &new))
}

fn without(text: &str, name: &str) -> String {
    edited(remove::<NamedContext>(&parse(text), name))
}

fn renamed(text: &str, old: &str, new: &str) -> String {
    edited(rename::<NamedContext>(&parse(text), old, new))
}

#[test]
fn a_field_is_set_where_it_stands_or_after_the_last_one() {
    let block = "contexts:\n- context: # x\n    cluster: c # y\n    namespace: 'a' # z\n    user: u\n  name: me\n";
    assert_eq!(namespace(block, "me", "b"), block.replace("'a'", "'b'"));
    let none = block.replace("    namespace: 'a' # z\n", "");
    assert_eq!(
        namespace(&none, "me", "b"),
        none.replace("    user: u\n", "    user: u\n    namespace: b\n")
    );
    assert_eq!(namespace(block, "me", ""), none);
    let flow = "contexts: [{name: me, context: {cluster: c, user: u}}]\r\n";
    assert_eq!(
        namespace(flow, "me", "b"),
        "contexts: [{name: me, context: {cluster: c, user: u, \"namespace\": \"b\"}}]\r\n"
    );
    assert_eq!(namespace(&namespace(flow, "me", "b"), "me", ""), flow);
    assert_eq!(
        namespace("contexts:\n- name: me\nx: y\n", "me", "b"),
        "contexts:\n- name: me\n  context:\n    cluster: \"\"\n    user: \"\"\n    namespace: b\nx: y\n"
            .replace("    cluster: \"\"\n    user: \"\"\n", "")
    );
    assert_eq!(
        namespace("contexts:\n- name: me\n  context: # x\n", "me", "b"),
        "contexts:\n- name: me\n  context: # x\n    namespace: b\n"
    );
}

#[test]
fn the_last_field_leaves_an_empty_mapping_and_comes_back() {
    let text = "contexts:\n- context: # x\n    # about it\n    namespace: a # y\n  name: me\n";
    let empty = namespace(text, "me", "");
    assert_eq!(empty, "contexts:\n- context: {} # x\n  name: me\n");
    let json = "{\"contexts\":[{\"name\":\"me\",\"context\":{\"namespace\":\"a\"}}]}";
    let empty = namespace(json, "me", "");
    assert_eq!(empty, "{\"contexts\":[{\"name\":\"me\",\"context\":{}}]}");
    assert_eq!(namespace(&empty, "me", "a"), json);
}

#[test]
fn an_entry_goes_with_its_comments_and_with_nobody_elses() {
    let text = "\
# the file
contexts:

# about a
- name: a # x
  context: {}
  # inside of a

# apart
# about b
- context:
    cluster: c
    # cluster: old
  name: b
# about c
- name: c
# the users
users: []
";
    let cut = |from: &str, to: &str| {
        let (start, end) = (text.find(from).unwrap(), text.find(to).unwrap());
        format!("{}{}", &text[..start], &text[end..])
    };
    assert_eq!(without(text, "a"), cut("# about a", "\n# apart"));
    assert_eq!(without(text, "b"), cut("# apart", "# about c"));
    assert_eq!(without(text, "c"), cut("# about c", "# the users"));
}

#[test]
fn an_entry_goes_from_lists_of_every_form() {
    for (text, expected) in [
        ("contexts:\n  - name: a\n  - name: b\n", "contexts:\n  - name: b\n"),
        ("contexts:\n- name: b\n- name: a", "contexts:\n- name: b"),
        ("contexts:\r\n- name: b\r\n- name: a", "contexts:\r\n- name: b"),
        ("contexts:\n-\n  name: a\n- name: b\n", "contexts:\n- name: b\n"),
        ("contexts:\n- name: a\nx: y\n", "contexts: []\nx: y\n"),
        ("contexts: # x\n  - name: a # y\n", "contexts: [] # x\n"),
        ("contexts:\n- name: a", "contexts: []"),
        ("contexts: [{name: a}, {name: b}]", "contexts: [{name: b}]"),
        ("contexts: [{name: b}, {name: a}]", "contexts: [{name: b}]"),
        ("contexts: [{name: b}, {name: a},]", "contexts: [{name: b},]"),
        ("contexts: [ {name: a} ]", "contexts: []"),
        (
            "contexts: [{name: b}, # about b\n  # about a\n  {name: a}]",
            "contexts: [{name: b}, # about b\n  # about a]",
        ),
        (
            "contexts: [{name: a}, # about a\n  # about b\n  {name: b}]",
            "contexts: [ # about a\n  # about b\n  {name: b}]",
        ),
        (
            "{\n  \"contexts\": [\n    {\n      \"name\": \"a\"\n    },\n    {\n      \"name\": \"b\"\n    }\n  ]\n}",
            "{\n  \"contexts\": [\n    {\n      \"name\": \"b\"\n    }\n  ]\n}",
        ),
    ] {
        let new = remove::<NamedContext>(&parse(text), "a").map(|file| file.text().to_owned());
        // A comment before the closing bracket would swallow it.
        let expected = if expected.contains("about a]") { None } else { Some(expected) };
        assert_eq!(new.ok().as_deref(), expected, "{text}");
    }
}

#[test]
fn a_new_name_is_one_scalar() {
    let text = "contexts:\n- name: 'a' # x\n- {name: b}\n";
    assert_eq!(renamed(text, "a", "on"), text.replace("'a'", "'on'"));
    assert_eq!(renamed(text, "b", "on"), text.replace("name: b", "name: \"on\""));
    assert_eq!(renamed(text, "nobody", "x"), text);
    assert_eq!(
        renamed("contexts:\n- context: {}\n", "", "x"),
        "contexts:\n- context: {}\n  name: x\n"
    );
}

#[test]
fn what_an_alias_stands_for_is_written_out_just_there() {
    let text = "x: &x {cluster: c, user: u}\ncontexts:\n- {name: a, context: *x}\n- name: b\n  context: *x\n";
    let new = namespace(text, "b", "ns");
    let out = "{\"cluster\": \"c\", \"user\": \"u\", \"namespace\": \"ns\"}";
    assert_eq!(new, text.replace("  context: *x", &format!("  context: {out}")));
}

#[test]
fn an_anchor_that_others_need_moves_to_the_first_of_them() {
    let text = "contexts:\n- name: a\n  context: &x\n    cluster: c\n- name: b\n  context: *x\n- {name: c, context: *x}\n";
    assert_eq!(
        without(text, "a"),
        "contexts:\n- name: b\n  context: &x {\"cluster\": \"c\"}\n- {name: c, context: *x}\n"
    );
    assert_eq!(
        namespace(text, "a", "ns"),
        "contexts:\n- name: a\n  context:\n    cluster: c\n    namespace: ns\n- name: b\n  context: &x {\"cluster\": \"c\"}\n- {name: c, context: *x}\n"
    );
    assert_eq!(without(text, "b"), text.replace("- name: b\n  context: *x\n", ""));
    let merged =
        "base: &b {cluster: c}\ncontexts:\n- name: a\n  context:\n    <<: *b\n    user: u\n";
    assert_eq!(namespace(merged, "a", "ns"), format!("{merged}    namespace: ns\n"));
}

#[test]
fn lists_and_maps_inside_of_an_entry_change_item_by_item() {
    let text = "users:\n- name: u\n  user:\n    exec:\n      command: x\n      args:\n      - a # first\n      - b\n      env:\n      - name: A\n        value: b # c\n    as-user-extra: {k: [v]}\n";
    let exec = |change: fn(&mut Exec)| user(text, |user| change(user.exec.as_mut().unwrap()));
    assert_eq!(
        exec(|exec| exec.args.push(Secret::new("c"))),
        text.replace("- b\n", "- b\n      - c\n")
    );
    assert_eq!(exec(|exec| drop(exec.args.pop())), text.replace("      - b\n", ""));
    assert_eq!(exec(|exec| drop(exec.args.remove(0))), text.replace("      - a # first\n", ""));
    assert_eq!(
        exec(|exec| exec.env[0].value = Secret::new("d")),
        text.replace("value: b # c", "value: d # c")
    );
    assert_eq!(
        exec(|exec| exec.args.clear()),
        text.replace("      args:\n      - a # first\n      - b\n", "")
    );
    assert_eq!(
        user(text, |user| user.exec = None),
        "users:\n- name: u\n  user:\n    as-user-extra: {k: [v]}\n"
    );
    let extra = user(text, |user| drop(user.impersonate_user_extra.insert("l".into(), vec![])));
    assert_eq!(extra, text.replace("{k: [v]}", "{k: [v], \"l\": []}"));
}

#[test]
fn what_cannot_be_changed_alone_stays() {
    let fails = |text: &str, name: &str| {
        remove::<NamedContext>(&parse(text), name).unwrap_err().to_string()
    };
    assert_eq!(
        fails("x: &x {contexts: [{name: a}]}\n<<: *x\n", "a"),
        "config: cannot change `contexts[0]` without changing something else"
    );
    assert!(
        fails("contexts: [{name: a}]\ncontexts: [{name: a}]\n", "a").contains("stands 2 times")
    );
    assert!(fails("contexts: [{name: a}]\n---\nx: y\n", "a").contains("more than one"));
}

#[test]
fn every_entry_of_the_corpus_can_be_renamed_and_removed() {
    for (name, bytes) in corpus() {
        let file = File::parse(&name, &bytes).unwrap();
        for context in &file.config().contexts {
            let there = rename::<NamedContext>(&file, &context.name, "another name").unwrap();
            let back = rename::<NamedContext>(&there, "another name", &context.name).unwrap();
            assert_eq!(back.config(), file.config(), "{name}");
            remove::<NamedContext>(&file, &context.name).unwrap();
        }
        for user in &file.config().users {
            remove::<NamedUser>(&file, &user.name).unwrap_or_else(|error| panic!("{error}"));
        }
        for cluster in &file.config().clusters {
            remove::<NamedCluster>(&file, &cluster.name).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}
