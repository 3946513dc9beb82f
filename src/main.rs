//! The process edge: the world comes in here and an exit code goes out.

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::SystemTime;

use kubepki::cli::{Process, run};
use kubepki::core::x509::entropy::System;

#[expect(clippy::disallowed_methods, reason = "this is where the world comes in")]
fn main() -> ExitCode {
    let environment = |name: &str| std::env::var_os(name);
    run(
        std::env::args_os().collect(),
        &mut Process {
            clock: SystemTime::now(),
            entropy: &System::default(),
            environment: &environment,
            folder: std::env::current_dir().unwrap_or_default(),
            input: &mut io::stdin().lock(),
            input_is_terminal: io::stdin().is_terminal(),
            output: &mut io::stdout().lock(),
            talk: &mut io::stderr().lock(),
        },
    )
    .into()
}
