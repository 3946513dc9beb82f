//! The Secret of certificates, as it comes from a cluster; and the file of its key.
#![no_main]

use std::path::Path;

use kubepki::core::bundle::{CertificateKey, open};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (secret, file) = (Path::new("secret.yaml"), Path::new("certificate.key"));
    let _ = CertificateKey::parse(file, bytes);
    let key = CertificateKey::parse(file, &[b'a'; 64]).expect("64 digits are a key");
    // Nobody finds a tag by chance.
    assert!(open(secret, bytes, &key, file).is_err());
});
