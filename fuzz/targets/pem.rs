//! PEM with anything between and around its blocks.
#![no_main]

use kubepki::core::x509::pem;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(blocks) = pem::blocks(bytes) {
        assert!(pem::is_pem(bytes));
        let held: usize = blocks.iter().map(|block| block.der.len()).sum();
        assert!(held <= bytes.len(), "{} bytes of PEM hold {held}", bytes.len());
        let _ = pem::labels(&blocks);
    }
});
