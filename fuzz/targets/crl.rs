//! A revocation list in DER: whatever is read can be described.
#![no_main]

use kubepki::core::report::CrlFacts;
use kubepki::core::x509::crl::Crl;
use kubepki::core::x509::time::Moment;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(crl) = Crl::from_der(bytes) else { return };
    let now = Moment::from_unix(1_800_000_000).expect("a moment");
    let _ = format!("{:?}", CrlFacts::new(&crl, now));
});
