//! A file of any kind, as `cert show` takes it apart and describes it.
#![no_main]

use std::path::Path;

use kubepki::core::check::examine;
use kubepki::core::report::ShowReport;
use kubepki::core::x509::time::Moment;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(examined) = examine(Path::new("file"), bytes, None) else { return };
    let now = Moment::from_unix(1_800_000_000).expect("a moment");
    let mut report = ShowReport::default();
    report.add(examined, now);
    let _ = format!("{report:?}");
});
