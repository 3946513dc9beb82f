//! A certificate in DER: whatever is read can be described, and is written back byte for byte.
#![no_main]

use kubepki::core::report::CertificateFacts;
use kubepki::core::x509::cert::{Certificate, SanChanges};
use kubepki::core::x509::time::Moment;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(certificate) = Certificate::from_der(bytes) else { return };
    let now = Moment::from_unix(1_800_000_000).expect("a moment");
    let _ = format!("{:?}", CertificateFacts::new(&certificate, now));
    let _ = certificate.is_signed_by(certificate.public_key());
    let changes = SanChanges { add: certificate.extensions().sans(), remove: Vec::new() };
    let _ = certificate.sans_after(&changes);
    let again = Certificate::chain_from_pem(certificate.to_pem().as_bytes()).expect("our own PEM");
    assert_eq!(again[0].der(), certificate.der());
});
