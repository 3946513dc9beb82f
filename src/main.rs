//! The process edge: the world comes in here and an exit code goes out.

use std::process::ExitCode;

fn main() -> ExitCode {
    kubepki::cli::main()
}
