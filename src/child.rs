//! The door through which programs are started: in the terminal of this one, until they end.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus};

use kubepki::cli::Program;
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

/// Runs a program to its end; its exit code, or 128 and the signal that ended it, as shells count.
///
/// Ctrl-C and Ctrl-\ reach it from the terminal, and are its own affair. Who asks this process to end asks the program, and
/// what is to be cleaned up after it is.
#[expect(clippy::disallowed_methods, reason = "the one place where a program is started")]
pub fn run(program: &Program) -> io::Result<u8> {
    let mut signals = Signals::new([SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM])?;
    let (name, arguments) = program.words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let environment = program.environment.iter().map(|(name, value)| (name, value));
    let mut child = Command::new(name).args(arguments).envs(environment).spawn()?;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(code(status));
        }
        for signal in signals.wait() {
            pass_on(signal, &child, program.is_shell);
        }
    }
}

fn pass_on(signal: i32, child: &Child, is_shell: bool) {
    let signals: &[Signal] = match signal {
        // A shell that somebody types into passes over SIGTERM, but not over the end of its terminal.
        SIGTERM if is_shell => &[Signal::TERM, Signal::HUP],
        SIGTERM => &[Signal::TERM],
        SIGHUP => &[Signal::HUP],
        _ => &[],
    };
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    for (pid, signal) in signals.iter().filter_map(|signal| Some((pid?, *signal))) {
        // One that has just ended cannot be told any more.
        let _ = kill_process(pid, signal);
    }
}

fn code(status: ExitStatus) -> u8 {
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
