//! A request in DER: whatever is read can be described, and asks for no more than it says.
#![no_main]

use kubepki::core::report::RequestFacts;
use kubepki::core::x509::csr::Request;
use kubepki::core::x509::profile::Profile;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(request) = Request::from_der(bytes) else { return };
    let _ = format!("{:?} {:?}", RequestFacts::new(&request), request.beyond(Profile::Server));
    let _ = request.extensions().sans();
    Request::from_pem(request.to_pem().as_bytes()).expect("our own PEM");
});
