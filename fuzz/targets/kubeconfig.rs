//! A kubeconfig: whatever is read can be edited, and says afterwards what was asked.
#![no_main]

use kubepki::core::kubeconfig::{File, set_current_context};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = File::parse("config", bytes) else { return };
    let names = file.config().contexts.iter().map(|context| context.name.as_str()).take(4);
    for name in names.chain(["a: #b\n'\"", "null", ""]) {
        let Ok(edited) = set_current_context(&file, name) else { continue };
        let again = File::parse("config", &edited).expect("our own edit");
        assert_eq!(again.config().current_context, name);
        assert_eq!(again.config().contexts.len(), file.config().contexts.len());
    }
});
