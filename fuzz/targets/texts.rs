//! What people type: a first byte chooses the kind. Whatever is read prints in a form that reads as the same.
#![no_main]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use kubepki::core::x509::key_type::KeyType;
use kubepki::core::x509::name::DistinguishedName;
use kubepki::core::x509::san::San;
use kubepki::core::x509::time::{Moment, Period, Until};

libfuzzer_sys::fuzz_target!(|typed: (u8, &str)| match typed {
    (b'k', text) => reads_as_printed::<KeyType>(text),
    (b'm', text) => reads_as_printed::<Moment>(text),
    (b'p', text) => reads_as_printed::<Period>(text),
    (b's', text) => reads_as_printed::<San>(text),
    (b'u', text) => drop(text.parse().map(|until: Until| until.end(now()))),
    (_, text) => {
        if let Ok(name) = DistinguishedName::user(text, text.split(',')) {
            assert_eq!(DistinguishedName::read(&name.to_x509().expect("a name")), name);
        }
    }
});

fn now() -> Moment {
    Moment::from_unix(1_800_000_000).expect("a moment")
}

fn reads_as_printed<T: FromStr + Display + Debug + PartialEq>(text: &str) {
    let Ok(read) = text.parse::<T>() else { return };
    assert_eq!(read.to_string().parse().ok(), Some(read));
}
