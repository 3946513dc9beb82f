//! Random kubeconfigs and random names.

use proptest::prelude::*;

use super::*;
use crate::core::x509::name::is_unprintable;

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

/// Whether `long` is `short` with something put in at one place.
fn is_one_insertion(short: &str, long: &str) -> bool {
    let (short, long) = (short.as_bytes(), long.as_bytes());
    let same_start = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let same_end = short.iter().rev().zip(long.iter().rev()).take_while(|(a, b)| a == b).count();
    short.len() <= long.len() && same_start + same_end >= short.len()
}

/// What else can be done to a file.
fn do_all(file: &File, name: &str) {
    let _ = put(file, &entries(name).context);
    for context in &file.config().contexts {
        let _ = rename::<NamedContext>(file, &context.name, name);
        let _ = remove::<NamedContext>(file, &context.name);
        let _ =
            put(file, &NamedContext { context: entries(name).context.context, ..context.clone() });
    }
}

/// Whether `new` has all bytes of the file, apart from those of the current context's value.
fn is_only_that_scalar_changed(file: &File, new: &str) -> bool {
    let old = file.text();
    let tree = file.tree();
    let mut pairs = tree.root(file.text()).into_iter().flat_map(|root| root.pairs());
    let value =
        pairs.find(|(key, _)| key.text() == "current-context").map(|(_, value)| value.span());
    let same_start = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
    let start = value.as_ref().map_or(same_start, |span| span.start);
    let end = value.map_or(start, |span| span.end);
    new.len() >= old.len() - (end - start)
        && old.as_bytes()[..start] == new.as_bytes()[..start]
        && new.as_bytes().ends_with(&old.as_bytes()[end..])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn another_order_keeps_every_line_and_stays(text in any_kubeconfig()) {
        let file = parse(&text);
        let new = order(&file).expect("an order").into_owned();
        let again = order(&new).expect("an order").into_owned();
        prop_assert_eq!(new.text(), again.text());
        let pieces = |file: &File| {
            let apart = |c: char| c.is_whitespace() || ",-{}[]\u{feff}".contains(c);
            let mut pieces: Vec<String> = file.text().split(apart).map(str::to_owned).collect();
            pieces.retain(|piece| !piece.is_empty());
            pieces.sort_unstable();
            pieces
        };
        prop_assert_eq!(pieces(&file), pieces(&new), "{}", new.text());
        let names = |file: &File| -> Vec<String> {
            file.config().contexts.iter().map(|it| it.name.clone()).collect()
        };
        let mut sorted = names(&file);
        sorted.sort_unstable();
        let tree = file.tree();
        let has_comment = tree.root(&text).is_some_and(|root| root.is_flow()) && text.contains('#');
        prop_assert!(has_comment || names(&new) == sorted, "{}", new.text());
    }

    #[test]
    fn an_edit_of_any_file_gives_exactly_the_intended_meaning(text in any_kubeconfig(), name in any_name()) {
        let file = File::parse("config", text.as_bytes()).unwrap();
        let new = set_current_context(&file, &name).unwrap();
        let new_file = File::parse("config", new.bytes()).unwrap();
        let intended = Config { current_context: name.clone(), ..file.config().clone() };
        prop_assert_eq!(new_file.config(), &intended);
        prop_assert!(is_only_that_scalar_changed(&file, new.text()));
        // And back: a value that was there comes back, quoted as it was unless the name in between forbade it.
        let back = set_current_context(&new_file, &file.config().current_context).unwrap();
        prop_assert_eq!(back.config(), file.config());
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
    fn an_entry_comes_and_goes_without_a_trace(text in any_kubeconfig(), name in any_name()) {
        let file = File::parse("config", text.as_bytes()).unwrap();
        let is_new = file.config().contexts.iter().all(|it| it.name != name);
        prop_assume!(is_new && !file.config().contexts.is_empty());
        let there = put(&file, &entries(&name).context).unwrap();
        prop_assert_eq!(there.config().contexts.last(), Some(&entries(&name).context));
        let back = remove::<NamedContext>(&there, &name).unwrap();
        prop_assert_eq!(back.text(), file.text());
    }

    #[test]
    fn a_field_comes_changes_and_goes_without_a_trace(text in any_kubeconfig(), word in any_name(), at in any::<usize>()) {
        let file = File::parse("config", text.as_bytes()).unwrap();
        prop_assume!(!file.config().contexts.is_empty());
        let old = file.config().contexts[at % file.config().contexts.len()].clone();
        // What is not there yet has no place to come back to: a context without a field becomes `{}`.
        prop_assume!(old.context != Context::default());
        let with = |namespace: &str| {
            let mut new = old.clone();
            namespace.clone_into(&mut new.context.namespace);
            new
        };
        let there = put(&file, &with(&word)).unwrap();
        prop_assert!(there.config().contexts.contains(&with(&word)));
        prop_assert!(is_one_insertion(file.text(), there.text()));
        let changed = put(&there, &with("another")).unwrap();
        let back = put(&changed, &old).unwrap();
        prop_assert_eq!(back.text(), file.text());
    }

    #[test]
    fn a_name_changes_and_changes_back(text in any_kubeconfig(), at in any::<usize>()) {
        let file = File::parse("config", text.as_bytes()).unwrap();
        prop_assume!(!file.config().contexts.is_empty());
        let old = &file.config().contexts[at % file.config().contexts.len()].name;
        let there = rename::<NamedContext>(&file, old, "another-name").unwrap();
        prop_assert!(there.config().contexts.iter().any(|it| it.name == "another-name"));
        let back = rename::<NamedContext>(&there, "another-name", old).unwrap();
        prop_assert_eq!(back.config(), file.config());
        // What a terminal would obey is written as an escape, however it stood there before.
        if !old.chars().any(is_unprintable) {
            prop_assert_eq!(back.text(), file.text());
        }
    }

    #[test]
    fn what_goes_is_cut_out_of_the_rest(text in any_kubeconfig(), at in any::<usize>()) {
        let file = File::parse("config", text.as_bytes()).unwrap();
        let contexts = &file.config().contexts;
        prop_assume!(contexts.len() > 1);
        let at = at % contexts.len();
        let new = remove::<NamedContext>(&file, &contexts[at].name).unwrap();
        let mut config = file.config().clone();
        config.contexts.remove(at);
        prop_assert_eq!(new.config(), &config);
        prop_assert!(is_one_insertion(new.text(), file.text()));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), name in any_name()) {
        if let Ok(file) = File::parse("config", &bytes) {
            let _ = set_current_context(&file, &name);
            let _ = add_entries(&file, &entries(&name), true);
            do_all(&file, &name);
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
            do_all(&file, &name);
        }
    }
}
