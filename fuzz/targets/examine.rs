//! A file of any kind, as `cert show` takes it apart and describes it, and as `cert list` looks into it.
#![no_main]

use std::path::Path;

use kubepki::core::check::{WhatIsDated, dated, examine};
use kubepki::core::report::{ExpiryFacts, ShowReport};
use kubepki::core::x509::time::Moment;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let now = Moment::from_unix(1_800_000_000).expect("a moment");
    for found in dated(Path::new("file"), bytes, true).into_iter().flatten() {
        let facts = match found.what {
            WhatIsDated::Certificate(it) => ExpiryFacts::of_certificate(&it, now),
            WhatIsDated::Crl(it) => ExpiryFacts::of_crl(&it, now),
            WhatIsDated::File(_) => continue,
        };
        let _ = format!("{facts:?}");
    }
    let Ok(examined) = examine(Path::new("file"), bytes, None) else { return };
    let mut report = ShowReport::default();
    report.add(examined, now);
    let _ = format!("{report:?}");
});
