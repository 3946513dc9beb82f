//! Links what unwinding needs into the program, where the GNU toolchain would have it loaded at each start.
//!
//! Rust's library asks the linker for `libgcc_s`, a shared library that small images do not have. A file of that name that is found
//! first, and tells the linker to take the static halves, makes the program need the C library alone.

use std::path::Path;
use std::{env, fs, io};

#[expect(
    clippy::disallowed_methods,
    reason = "Cargo tells by variables, and takes files that are made"
)]
fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |what: &str, value: &str| env::var(what).is_ok_and(|there| there == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        let folder = env::var("OUT_DIR").map_err(io::Error::other)?;
        fs::write(Path::new(&folder).join("libgcc_s.so"), "INPUT(-lgcc_eh -lgcc)\n")?;
        println!("cargo:rustc-link-search=native={folder}");
    }
    Ok(())
}
