//! The process edge: the world comes in here and an exit code goes out.

mod child;
mod peer;
mod terminal;

use std::io::{self, IsTerminal};
use std::net::UdpSocket;
use std::process::ExitCode;
use std::time::{Instant, SystemTime};

use kubepki::cli::{Process, ThisMachine, run};
use kubepki::core::x509::entropy::System;

#[expect(clippy::disallowed_methods, reason = "this is where the world comes in")]
fn main() -> ExitCode {
    let start = Instant::now();
    let environment = |name: &str| std::env::var_os(name);
    run(
        std::env::args_os().collect(),
        &mut Process {
            clock: SystemTime::now(),
            elapsed: &|| start.elapsed(),
            entropy: &System::default(),
            environment: &environment,
            folder: std::env::current_dir().unwrap_or_default(),
            machine: &machine,
            connect: &peer::connect,
            programs: &child::run,
            input: &mut io::stdin().lock(),
            terminal: &terminal::open,
            output: &mut io::stdout().lock(),
            talk: &mut io::stderr().lock(),
            talk_is_terminal: io::stderr().is_terminal(),
        },
    )
    .into()
}

/// The host name, and the address that packets to the rest of the world leave from. Nothing is sent: for UDP, to connect
/// is only to choose a route (192.0.2.1 is nobody's address, RFC 5737).
fn machine() -> ThisMachine {
    let socket = UdpSocket::bind("0.0.0.0:0");
    let routed =
        socket.and_then(|socket| socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr()));
    ThisMachine {
        name: rustix::system::uname().nodename().to_str().ok().map(str::to_lowercase),
        address: routed.ok().map(|address| address.ip()),
    }
}
