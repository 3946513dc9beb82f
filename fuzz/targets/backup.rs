//! An archive of what a renewal replaced, whoever wrote it.
#![no_main]

use std::path::Path;

use kubepki::core::backup::Backup;
use kubepki::core::changes::{Bytes, Snapshot};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (home, file) = (Path::new("pki"), Path::new("pki/.kubepki-backups/x.tar"));
    if let Ok(backup) = Backup::read(home, file, &Bytes::new(bytes.to_vec()), 0o600) {
        let _ = format!("{backup:?} {:?}", backup.state(&Snapshot::default(), &[], &[]));
    }
});
