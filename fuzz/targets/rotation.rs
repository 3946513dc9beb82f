//! The state file of rotations, what stands in a bundle, and what a server says before it knows who asks.
#![no_main]

use std::io::{self, Cursor, Read, Write};
use std::path::Path;

use kubepki::core::handshake::look;
use kubepki::core::rotation::{Public, State};
use kubepki::core::x509::entropy::System;
use kubepki::core::x509::pem;
use kubepki::core::x509::san::San;

/// A server that says these bytes, whatever it hears.
struct Canned<'a>(Cursor<&'a [u8]>);

impl Read for Canned<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Canned<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(state) = State::parse(Path::new("rotation.yaml"), bytes) {
        assert_eq!(State::parse(Path::new("again"), &state.to_bytes()).expect("our own"), state);
    }
    let _ = Public::all_in(bytes);
    let _ = str::from_utf8(bytes).map(pem::sections);
    let host = San::Dns("localhost".into());
    let _ = look(&mut Canned(Cursor::new(bytes)), &host, &System::default());
});
