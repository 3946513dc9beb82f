//! The state file of rotations, and what stands in a bundle.
#![no_main]

use std::path::Path;

use kubepki::core::rotation::{Public, State};
use kubepki::core::x509::pem;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(state) = State::parse(Path::new("rotation.yaml"), bytes) {
        assert_eq!(State::parse(Path::new("again"), &state.to_bytes()).expect("our own"), state);
    }
    let _ = Public::all_in(bytes);
    let _ = str::from_utf8(bytes).map(pem::sections);
});
