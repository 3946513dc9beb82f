//! Progress: on a terminal, when it takes long, and gone at the end.

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use kubepki::cli::ThisMachine;
use kubepki::cli::exit::Exit;
use kubepki::cli::{Process, run};
use kubepki::core::x509::entropy::System;

use crate::support::world::World;

/// The system gives random numbers slowly: every call takes 1.3 s.
const SLOW: &str = "strace -f -qq -o /dev/null -e inject=getrandom:delay_enter=1300000 \
     kubepki cert request web --key-type Ed25519";

#[test]
fn a_real_terminal_shows_what_is_slow_and_nothing_of_it_stays() {
    let world = World::new();
    let screen = world.sh(&format!("script -qec '{SLOW}' /dev/null"));
    let line = "drawing keys: 0 of 1";
    let wiped = format!("{line}\r{}\r", " ".repeat(line.len()));
    let (_, after) = screen.split_once(&wiped).unwrap_or_else(|| panic!("no progress: {screen:?}"));
    assert!(after.starts_with("created"), "{screen:?}");
    assert!(!after.contains("drawing"), "{screen:?}");
}

#[test]
fn nobody_else_is_told() {
    let world = World::new();
    let said = world.sh(&format!("{SLOW} 2>&1"));
    assert!(!said.contains("drawing") && !said.contains('\r'), "{said:?}");
    let screen = world.sh(&format!("script -qec '{SLOW} --force --quiet' /dev/null"));
    assert_eq!(screen, "");
}

#[test]
fn the_line_comes_after_a_second_of_the_clock_that_the_process_has() {
    assert_eq!(talk_by_clock(Duration::ZERO), "");
    let talk = talk_by_clock(Duration::from_secs(1));
    assert!(talk.starts_with("drawing keys: "), "{talk:?}");
    assert!(talk.contains("\rdrawing keys: 3 of 4\r"), "{talk:?}");
    assert!(talk.ends_with(" \r") && !talk.contains('\n'), "{talk:?}");
}

/// What `cluster init` says on a terminal when its clock goes forward by `step` each time that it is looked at.
fn talk_by_clock(step: Duration) -> String {
    let world = World::new();
    let time = Cell::new(Duration::ZERO);
    let elapsed = || time.replace(time.get() + step);
    let (mut output, mut talk) = (Vec::new(), Vec::new());
    let folders = ["pki", "."].map(|name| world.path(name).display().to_string());
    let arguments = [
        "kubepki",
        "cluster",
        "init",
        "--key-type=ECDSA-P256",
        "--apiserver-advertise-address=192.0.2.10",
        "--node-name=cp-1",
        "--only=ca,apiserver,front-proxy-ca,front-proxy-client",
        &format!("--cert-dir={}", folders[0]),
        &format!("--kubeconfig-dir={}", folders[1]),
    ];
    let exit = run(
        arguments.map(Into::into).to_vec(),
        &mut Process {
            clock: SystemTime::now(),
            elapsed: &elapsed,
            entropy: &System::default(),
            environment: &|_| None,
            folder: world.home(),
            machine: &|| ThisMachine { name: None, address: None },
            connect: &|_, _| Err(std::io::ErrorKind::Unsupported.into()),
            programs: &|_| Ok(0),
            input: &mut std::io::empty(),
            terminal: &|| Ok(None),
            output: &mut output,
            talk: &mut talk,
            talk_is_terminal: true,
        },
    );
    let talk = String::from_utf8(talk).expect("UTF-8");
    assert_eq!(exit, Exit::Done, "{talk}");
    talk
}
