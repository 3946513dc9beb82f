//! Every transcript plays as it is written, and the runner itself is held to its word.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use snapbox::assert::Action;

use crate::support::transcripts::{all, check};
use crate::support::world::World;

#[test]
fn every_transcript_and_every_page_plays_as_written() {
    let mut files = all();
    if let Ok(word) = std::env::var("TRANSCRIPT") {
        files.retain(|file| file.to_string_lossy().contains(&word));
    }
    assert!(!files.is_empty(), "no transcript has that word in its name");
    let (queue, failures) = (Mutex::new(files.into_iter()), Mutex::new(Vec::new()));
    let next = || queue.lock().expect("no panic").next();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(file) = next() {
                    let failure = check(&file, World::new(), action()).err();
                    failures.lock().expect("no panic").extend(failure);
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic");
    assert!(
        failures.is_empty(),
        "{}\nto take what was seen: SNAPSHOTS=overwrite",
        failures.join("\n")
    );
}

#[test]
fn a_screen_that_is_as_written_passes() {
    assert_plays("$ echo one; echo two >&2\none\ntwo\n");
    assert_plays("$ false\n[exit 1]\n");
    assert_plays("$ printf 'no newline'; exit 3\nno newline\n[exit 3]\n");
}

#[test]
fn a_wrong_screen_fails() {
    assert_differs("$ echo one\ntwo\n", "$ echo one\none\n");
    assert_differs("$ echo one\n", "$ echo one\none\n");
    assert_differs("$ true\none\n", "$ true\n");
}

#[test]
fn a_status_that_is_not_written_fails() {
    assert_differs("$ echo no; exit 2\nno\n", "$ echo no; exit 2\nno\n[exit 2]\n");
    assert_differs("$ exit 2\n[exit 1]\n", "$ exit 2\n[exit 2]\n");
    assert_differs("$ true\n[exit 1]\n", "$ true\n");
}

#[test]
fn a_session_keeps_files_variables_and_the_folder() {
    assert_plays(
        "$ mkdir a && cd a && export B='x y'\n$ echo \"$B ${PWD##*/}\"; ls ..\nx y a\na\n",
    );
}

#[test]
fn a_command_may_take_several_lines() {
    assert_plays("$ echo one \\\n    two\none two\n");
    assert_plays("$ cat <<'END'\n> one\n> two\n> END\none\ntwo\n");
}

#[test]
fn wildcards_stand_for_what_does_not_matter() {
    assert_plays("$ echo one two three; seq 5\none [..] three\n1\n...\n5\n");
    assert_differs("$ seq 5\n1\n...\n6\n", "$ seq 5\n1\n2\n3\n4\n5\n");
}

#[test]
fn what_differs_from_run_to_run_may_stand_there_literally_or_as_its_token() {
    let pin = |digit: &str| format!("sha256:{}", digit.repeat(64));
    assert_plays(&format!("$ echo pin {}\npin [PIN]\n", pin("a")));
    assert_plays(&format!("$ echo pin {}\npin {}\n", pin("a"), pin("b")));
    assert_plays("$ echo ~/x\n[HOME]/x\n");
    assert_plays(&format!(
        "$ echo {}AB {}AB\n[FINGERPRINT] [SERIAL]\n",
        "AB:".repeat(31),
        "AB:".repeat(15)
    ));
    assert_plays(&format!(
        "$ echo {}= kubepki 1.2.3\n[BASE64] kubepki [VERSION]\n",
        "Ab".repeat(60)
    ));
    assert_differs("$ echo pin none\npin [PIN]\n", "$ echo pin none\npin none\n");
}

#[test]
fn a_control_character_cannot_hide() {
    assert_differs("$ printf '\\e[31mred'\n\x1b[31mred\n", "$ printf '\\e[31mred'\n␛[31mred\n");
    assert_plays("$ printf '\\\\u{1b}[31m'\n\\u{1b}[31m\n");
    assert_plays("$ printf 'a\\rb\\x7f\\u202e'\na␍b␡⟨U+202E⟩\n");
}

#[test]
fn a_secret_on_a_screen_fails_and_is_not_told_again() {
    let page = page(
        "$ kubepki -q ca init --key-type Ed25519\n$ kubepki -q ca show; sed -n 2p pki/ca.key\n",
    );
    let world = World::new();
    world.write("case.md", page);
    let (played, case) = (World::new(), world.path("case.md"));
    let failure = check(&case, played, Action::Overwrite).expect_err("a secret");
    assert!(failure.contains("a secret is on the screen of [\"$ kubepki -q ca show;"), "{failure}");
    assert!(!failure.contains("MC4CAQ"), "the key itself");
}

#[test]
fn the_environment_of_the_user_does_not_reach_a_transcript() {
    assert_plays(
        "$ env | grep -c '^CARGO_'\n0\n[exit 1]\n$ echo ${KUBECONFIG-unset} $KUBEPKI_AT\nunset 2026-01-01T00:00:00Z\n",
    );
}

#[test]
fn the_program_under_test_is_on_the_path() {
    let program = World::new().sh("command -v kubepki");
    assert_eq!(program.trim(), env!("CARGO_BIN_EXE_kubepki"));
    assert!(World::new().run("kubepki", &["--version"]).status.success());
}

#[test]
fn a_live_block_is_passed_over_here() {
    let world = World::new();
    let page = "```console live\n$ echo one\ntwo\n```\n";
    world.write("case.md", page);
    assert_eq!(check(&world.path("case.md"), World::new(), Action::Verify), Ok(()));
}

#[test]
fn blocks_in_other_languages_are_left_alone_and_a_page_of_them_only_is_no_transcript() {
    let world = World::new();
    world.write("case.md", "```sh\n$ echo one\ntwo\n```\n");
    let failure =
        check(&world.path("case.md"), World::new(), Action::Verify).expect_err("no block");
    assert!(failure.contains("nothing to play"), "{failure}");
}

fn assert_plays(screen: &str) {
    let world = case(screen);
    assert_eq!(check(&world.path("case.md"), World::new(), Action::Verify), Ok(()));
}

/// Fails as it is, and is `mended` when the difference is taken.
fn assert_differs(screen: &str, mended: &str) {
    let world = case(screen);
    let file = world.path("case.md");
    let failure = check(&file, World::new(), Action::Verify).expect_err("a difference");
    assert!(failure.contains("case.md"), "{failure}");
    assert_eq!(world.read("case.md"), page(screen), "comparing must not write");
    check(&file, World::new(), Action::Overwrite).expect("mended");
    assert_eq!(world.read("case.md"), page(mended));
}

fn case(screen: &str) -> World {
    let world = World::new();
    fs::write(world.path(Path::new("case.md")), page(screen)).expect("a case");
    world
}

fn page(screen: &str) -> String {
    format!("# A case\n\nWords before.\n\n```console\n{screen}```\n\nWords after.\n")
}

fn action() -> Action {
    match std::env::var("SNAPSHOTS").as_deref() {
        Ok("overwrite") => Action::Overwrite,
        _ => Action::Verify,
    }
}
