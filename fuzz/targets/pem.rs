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
    assert!(pem::only_first(bytes, pem::CERTIFICATE).len() <= bytes.len());
    if let Some(without) = pem::remove(bytes, pem::CERTIFICATE) {
        let again = pem::replace(bytes, &[pem::CERTIFICATE], |_| String::new().into());
        assert!(again.is_some() && without.len() < bytes.len());
    }
});
