//! A private key in PEM or DER, of any form: whatever is read and signs has its own public half, written and read again.
#![no_main]

use kubepki::core::x509::entropy::System;
use kubepki::core::x509::private_key::PrivateKey;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let read = PrivateKey::from_pem(bytes)
        .or_else(|_| PrivateKey::from_pkcs8_der(bytes))
        .or_else(|_| PrivateKey::from_pkcs1_der(bytes))
        .or_else(|_| PrivateKey::from_sec1_der(bytes));
    let Ok(key) = read else { return };
    // Primes that are none are only found out when ring checks what it signed.
    if let Ok(signature) = key.sign(b"message", &System::default()) {
        let verified = key.public_key().verify(&key.signature_algorithm(), b"message", &signature);
        assert!(verified.is_ok());
    }
    let again = PrivateKey::from_pem(key.to_pem().as_bytes()).expect("our own PEM");
    assert_eq!(again.public_key(), key.public_key());
});
