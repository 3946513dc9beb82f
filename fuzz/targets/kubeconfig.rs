//! A kubeconfig: whatever is read can be edited, and says afterwards what was asked.
#![no_main]

use kubepki::core::kubeconfig::{
    File, NamedContext, NamedUser, put, remove, rename, repair, set_current_context,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok((file, _)) = repair("config", bytes) {
        assert_eq!(
            File::parse("config", file.bytes()).expect("our own repair").config(),
            file.config()
        );
    }
    let Ok(file) = File::parse("config", bytes) else { return };
    let names = file.config().contexts.iter().map(|context| context.name.as_str()).take(4);
    for name in names.chain(["a: #b\n'\"", "null", ""]) {
        let Ok(edited) = set_current_context(&file, name) else { continue };
        let again = File::parse("config", edited.bytes()).expect("our own edit");
        assert_eq!(again.config().current_context, name);
        assert_eq!(again.config().contexts.len(), file.config().contexts.len());
    }
    for context in file.config().contexts.iter().take(4) {
        if let Ok(without) = remove::<NamedContext>(&file, &context.name) {
            assert_eq!(without.config().contexts.len() + 1, file.config().contexts.len());
        }
        if let Ok(renamed) = rename::<NamedContext>(&file, &context.name, "a: #b\n'\"") {
            assert_eq!(renamed.config().contexts.len(), file.config().contexts.len());
        }
        let mut changed = context.clone();
        changed.context.namespace = "a: #b".to_owned();
        if let Ok(new) = put(&file, &changed) {
            assert!(new.config().contexts.contains(&changed));
        }
    }
    for user in file.config().users.iter().take(4) {
        let _ = remove::<NamedUser>(&file, &user.name);
    }
});
