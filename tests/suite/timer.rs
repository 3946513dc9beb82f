//! The units of `examples/renew-timer`: systemd takes them, and what they start works and can be started every day.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::ROOT;
use crate::support::world::World;

fn unit(name: &str) -> PathBuf {
    Path::new(ROOT).join("examples/renew-timer").join(name)
}

/// What the service starts, with the folders of a test instead of `/etc/kubernetes`.
fn command() -> String {
    let text = fs::read_to_string(unit("kubepki-renew.service")).expect("a unit");
    let line = text.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("ExecStart");
    line.replace("/usr/local/bin/", "").replace("/etc/kubernetes", "kubernetes")
}

#[test]
fn the_timer_renews_once_and_touches_nothing_on_the_other_days() {
    let world = World::new();
    world.sh("mkdir kubernetes && cd kubernetes && kubepki -q cluster init --apiserver-advertise-address 192.0.2.10 --node-name cp-1 --key-type ECDSA-P256 2>&1");
    let command = command();
    let state = |world: &World| world.sh("find kubernetes -type f | sort | xargs sha256sum");
    let first = state(&world);
    let on = |day: &str| world.sh(&format!("KUBEPKI_AT={day}T00:00:00Z {command}"));

    assert!(on("2026-11-01").contains("nothing to do"), "60 days before");
    assert_eq!(state(&world), first);
    let said = on("2026-12-05");
    assert!(said.contains("renewed") && said.contains("kube-scheduler"), "{said}");
    let second = state(&world);
    assert_ne!(second, first);
    assert!(on("2026-12-06").contains("nothing to do"), "the day after");
    assert_eq!(state(&world), second);
}

#[test]
fn a_timer_fails_and_changes_nothing_where_the_ca_ends() {
    let world = World::new();
    world.sh("mkdir kubernetes && cd kubernetes && kubepki -q ca init --validity 1y && kubepki -q cert issue admin");
    let before = world.sh("find kubernetes -type f | sort | xargs sha256sum");
    let script = format!("KUBEPKI_AT=2026-12-20T00:00:00Z {}", command());
    let output = world.run("bash", &["-c", &script]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(world.sh("find kubernetes -type f | sort | xargs sha256sum"), before);
}

#[test]
fn systemd_takes_the_units() {
    let world = World::new();
    if !world.run("sh", &["-c", "command -v systemd-analyze"]).status.success() {
        return;
    }
    // The program has to be there: the one under test stands in.
    let text = fs::read_to_string(unit("kubepki-renew.service")).expect("a unit");
    let program = env!("CARGO_BIN_EXE_kubepki");
    world.write("kubepki-renew.service", text.replace("/usr/local/bin/kubepki", program));
    world.write("kubepki-renew.timer", fs::read(unit("kubepki-renew.timer")).expect("a unit"));
    let units = ["./kubepki-renew.service", "./kubepki-renew.timer"];
    let output = world.run("systemd-analyze", &[&["verify", "--man=no"], &units[..]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    let ours: Vec<_> = said.lines().filter(|line| line.contains("kubepki-renew")).collect();
    assert!(output.status.success() && ours.is_empty(), "{said}");
}
