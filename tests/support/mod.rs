//! What the test binaries share.

use std::process::{Command, Stdio};
use std::sync::OnceLock;

pub mod issued;
pub mod judges;
pub mod kubeconfigs;
pub mod random_edits;
pub mod random_kubeconfigs;
pub mod secrets;
pub mod terminal;
pub mod transcripts;
pub mod world;

/// The repository.
pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The folder with the programs of Kubernetes; builds them if nobody has yet.
pub fn kubernetes_programs() -> &'static str {
    static FOLDER: OnceLock<String> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let mut build = Command::new(format!("{ROOT}/tests/control-plane/build"));
        let output = build.stderr(Stdio::inherit()).output().expect("the script");
        assert!(output.status.success(), "the programs of Kubernetes are missing");
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    })
}
