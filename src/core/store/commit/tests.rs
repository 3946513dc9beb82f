use std::collections::BTreeMap;
use std::mem;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process;

use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;

use super::super::holder::dead_pid;
use super::super::journal::{self, Outcome, Recovery};
use super::super::lock::{LockSettings, Lockable, lock};
use super::*;
use crate::core::changes::{Before, Bytes, Secrecy};

/// A folder with files to change.
struct World {
    dir: TempDir,
}

/// The content of every file below a folder, by its name in there.
type Files = BTreeMap<String, Vec<u8>>;

impl World {
    fn new(old: &[(&str, &str)]) -> Self {
        let world = Self { dir: tempfile::tempdir().unwrap() };
        for (name, content) in old {
            fs::create_dir_all(parent(&world.path(name))).unwrap();
            fs::write(world.path(name), content).unwrap();
        }
        world
    }

    fn home(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home().join(name)
    }

    fn changes(&self, list: Vec<Change>) -> Changes {
        Changes { home: self.home(), list }
    }

    /// A change from what is there now.
    fn change(&self, name: &str, content: &str, secrecy: Secrecy) -> Change {
        let before = match fs::read(self.path(name)) {
            Ok(bytes) => Before::Exactly(Bytes::new(bytes)),
            Err(_) => Before::Absent,
        };
        Change { path: self.path(name), bytes: bytes(content), secrecy, before }
    }

    /// Lines that are added.
    fn lines(&self, name: &str, lines: &str) -> Change {
        let (path, before) = (self.path(name), Before::Stays);
        Change { path, bytes: bytes(lines), secrecy: Secrecy::Secret, before }
    }

    fn commit(&self, list: Vec<Change>) -> Result<Vec<How>, Error> {
        let written = commit(&self.changes(list), &[self.home()], &MadeFolders::default())?;
        Ok(written.into_iter().map(|written| written.how).collect())
    }

    /// The error of a commit, which must have left everything as it was.
    fn refused(&self, list: Vec<Change>) -> Error {
        let before = self.files();
        let error = self.commit(list).unwrap_err();
        assert_eq!(self.files(), before, "{error}");
        error
    }

    fn files(&self) -> Files {
        let mut files = Files::new();
        collect(&self.home(), "", &mut files);
        files
    }

    fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().mode() & 0o7777
    }

    fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), PermissionsExt::from_mode(mode)).unwrap();
    }
}

fn bytes(content: &str) -> Bytes {
    Bytes::new(content.into())
}

fn collect(folder: &Path, prefix: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        match entry.file_type().unwrap().is_dir() {
            true => collect(&entry.path(), &format!("{name}/"), files),
            false => drop(files.insert(name, fs::read(entry.path()).unwrap_or_default())),
        }
    }
}

/// Runs the first steps of a commit and stops, as a killed run does. `false` when there are no more steps.
fn killed_after(steps: usize, changes: &Changes, locked: &[PathBuf], pid: u32) -> bool {
    let above = MadeFolders::default();
    let mut commit = Commit::prepare(changes, locked, &above, pid).unwrap();
    let all = commit.steps();
    all.iter().take(steps).for_each(|step| commit.take(*step).unwrap());
    mem::forget(commit);
    steps < all.len()
}

fn recover(home: &Path) -> Result<Option<Recovery>, Error> {
    Ok(journal::recover(&[home])?.pop())
}

/// Recovers, if need be again: a program that another test starts holds all that is open here, locks included, until its exec,
/// and what is locked is passed over.
fn recover_at_last(home: &Path) {
    let is_left = || {
        let entries = fs::read_dir(home).unwrap();
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().contains(".kubepki-"))
    };
    recover(home).unwrap();
    for _ in 0..100 {
        if !is_left() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
        recover(home).unwrap();
    }
}

/// Two files replaced, two made, one of them in a new folder, and a log that goes on.
fn pair_and_more() -> (World, Changes, Files) {
    let world = World::new(&[
        ("ca.key", "old key"),
        ("ca.crt", "old cert"),
        ("ca.log", "old line\n"),
        ("other", "stays"),
    ]);
    let changes = world.changes(vec![
        world.change("ca.key", "new key", Secrecy::Secret),
        world.change("ca.crt", "new cert", Secrecy::Public),
        world.lines("ca.log", "new line\nand another\n"),
        world.change("etcd/ca.key", "new etcd key", Secrecy::Secret),
        world.change("a name\nwith %s", "new", Secrecy::Public),
    ]);
    let old = world.files();
    (world, changes, old)
}

fn with_changes(old: &Files, world: &World, changes: &Changes) -> Files {
    let name = |path: &Path| path.strip_prefix(world.home()).unwrap().to_str().unwrap().to_owned();
    let mut files = old.clone();
    for change in &changes.list {
        let file = files.entry(name(&change.path)).or_default();
        if change.before != Before::Stays {
            file.clear();
        }
        file.extend_from_slice(&change.bytes);
    }
    files
}

#[test]
fn a_run_that_is_killed_after_any_step_leaves_the_old_set_or_the_new_one() {
    let pid = dead_pid();
    for steps in 0.. {
        let (world, changes, old) = pair_and_more();
        let new = with_changes(&old, &world, &changes);
        let more = killed_after(steps, &changes, &[world.home()], pid);
        recover_at_last(&world.home());
        let mut found = world.files();
        // In other folders than home, what was staged before the journal stays until the same files are written again.
        found.retain(|name, _| !name.starts_with("etcd/.ca.key.kubepki-far-"));
        assert!(found == old || found == new, "after {steps} steps: {:?}", found.keys());
        assert_eq!(recover(&world.home()).unwrap(), None);

        if found == old {
            commit(&changes, &[world.home()], &MadeFolders::default()).unwrap();
        }
        assert_eq!(world.files(), new, "after {steps} steps and another run");
        if !more {
            assert!(steps > 10);
            return;
        }
    }
}

#[test]
fn what_a_set_has_left_is_finished_or_undone_from_each_folder_that_it_had_locked() {
    // Side by side, and below the folder of the journal.
    for folders in [["out", "pki", "etcd"], ["pki", "pki/etcd", "pki/etcd/deep"]] {
        for steps in 0.. {
            let more = folders.map(|met| meets_what_is_left(folders, steps, met));
            if more == [false; 3] {
                assert!(steps > 10);
                break;
            }
        }
    }
}

/// A set with its journal in the first of some locked folders is killed, and the next run locks only the folder `met`. `false` when
/// there are no more steps.
fn meets_what_is_left(folders: [&str; 3], steps: usize, met: &str) -> bool {
    let [key, certificate] = ["x.key", "x.crt"].map(|name| format!("{}/{name}", folders[0]));
    let logs = [1, 2].map(|i| format!("{}/ca.log", folders[i]));
    let world = World::new(&[(&key, "old"), (&logs[0], "old\n"), (&logs[1], "old\n")]);
    let list = vec![
        world.lines(&logs[0], "new\n"),
        world.lines(&logs[1], "new\n"),
        world.change(&key, "new", Secrecy::Secret),
        world.change(&certificate, "new", Secrecy::Public),
    ];
    let (changes, old) = (Changes { home: world.path(folders[0]), list }, world.files());
    let new = with_changes(&old, &world, &changes);
    let locked = folders.map(|name| world.path(name));
    let more = killed_after(steps, &changes, &locked, dead_pid());
    let settings = LockSettings::new(std::time::SystemTime::now());
    let run = |name: &str| lock(&[Lockable::Folder(world.path(name))], &settings).unwrap();
    drop(run(met));
    let visible = || {
        let mut files = world.files();
        files.retain(|name, _| !name.contains("/."));
        files
    };
    let found = visible();
    assert!(found == old || found == new, "{steps} steps, then {met}: {:?}", found.keys());
    folders.iter().for_each(|name| drop(run(name)));
    let left = || world.files().into_keys().filter(|name| name.contains("/.")).count();
    // What another test starts may hold a file for a moment, as above.
    for _ in (0..100).take_while(|_| left() > 0) {
        std::thread::sleep(std::time::Duration::from_millis(10));
        folders.iter().for_each(|name| drop(run(name)));
    }
    assert_eq!(world.files(), found, "{steps} steps, then {met}, then all");
    assert!(more || found == new);
    more
}

#[test]
fn a_run_that_ends_while_it_stages_leaves_the_old_set() {
    let pid = dead_pid();
    for (staged, is_killed) in (0..=5).flat_map(|staged| [(staged, true), (staged, false)]) {
        let (world, changes, old) = pair_and_more();
        let above = MadeFolders::default();
        let mut commit = Commit::prepare(&changes, &[world.home()], &above, pid).unwrap();
        commit.files[..staged].iter_mut().for_each(|file| file.stage().unwrap());
        match is_killed {
            true => mem::forget(commit),
            false => drop(commit.roll_back(Error::Vanished { path: "cause".into() })),
        }
        recover_at_last(&world.home());
        let mut found = world.files();
        // As above.
        found.retain(|name, _| !name.starts_with("etcd/.ca.key.kubepki-far-"));
        assert_eq!(found, old, "after {staged} files");
    }
}

#[test]
fn a_run_that_fails_at_any_step_leaves_everything_as_it_was() {
    for steps in 0.. {
        let (world, changes, old) = pair_and_more();
        let above = MadeFolders::default();
        let mut commit = Commit::prepare(&changes, &[world.home()], &above, process::id()).unwrap();
        let all = commit.steps();
        if steps >= all.len() - 1 {
            return;
        }
        all.iter().take(steps).for_each(|step| commit.take(*step).unwrap());
        let cause = commit.roll_back(Error::Vanished { path: "cause".into() });
        assert!(matches!(cause, Error::Vanished { .. }), "{cause}");
        assert_eq!(world.files(), old, "after {steps} steps");
        assert!(!world.path("etcd").exists(), "after {steps} steps");
    }
}

#[test]
fn undoing_can_be_killed_too() {
    let pid = dead_pid();
    let (_, changes, _) = pair_and_more();
    for undone in 0..=changes.list.len() {
        let (world, changes, old) = pair_and_more();
        let above = MadeFolders::default();
        let mut commit = Commit::prepare(&changes, &[world.home()], &above, pid).unwrap();
        let until_close = commit.steps().len() - 1;
        commit.steps().iter().take(until_close).for_each(|step| commit.take(*step).unwrap());
        journal::undo_some(&world.home(), &commit.entries, undone);
        mem::forget(commit);
        let recovery = recover(&world.home()).unwrap().unwrap();
        assert_eq!(recovery.outcome, Outcome::Undone);
        assert_eq!(world.files(), old, "{undone} undone before the kill");
    }
}

#[test]
fn second_names_in_folders_that_nobody_locks_go_with_the_next_run() {
    let world = World::new(&[("ca.crt", "old"), ("away/ca.key", "old key")]);
    let changes = world.changes(vec![
        world.change("ca.crt", "new", Secrecy::Public),
        world.change("away/ca.key", "new key", Secrecy::Secret),
    ]);
    let above = MadeFolders::default();
    let mut commit = Commit::prepare(&changes, &[world.home()], &above, dead_pid()).unwrap();
    let until_close = commit.steps().len() - 1;
    commit.steps().iter().take(until_close).for_each(|step| commit.take(*step).unwrap());
    journal::end_some(&world.home());
    mem::forget(commit);
    assert_eq!(world.files().len(), 5);
    let recovery = recover(&world.home()).unwrap().unwrap();
    assert_eq!((recovery.outcome, recovery.files), (Outcome::Removed, 2));
    let new = [("ca.crt", "new"), ("away/ca.key", "new key")];
    assert_eq!(world.files(), new.map(|(name, text)| (name.into(), text.into())).into());
    assert_eq!(recover(&world.home()).unwrap(), None);
}

#[test]
fn a_journal_that_comes_back_after_its_end_changes_nothing() {
    let (world, changes, old) = pair_and_more();
    let above = MadeFolders::default();
    let mut commit = Commit::prepare(&changes, &[world.home()], &above, dead_pid()).unwrap();
    let mut journal = Vec::new();
    for step in commit.steps() {
        if step == Step::Close {
            journal = fs::read(world.path(".kubepki.journal")).unwrap();
        }
        commit.take(step).unwrap();
    }
    drop(commit);
    let new = with_changes(&old, &world, &changes);
    assert_eq!(world.files(), new);
    let comes_back = |name: &str| {
        fs::write(world.path(name), &journal).unwrap();
        world.set_mode(name, 0o600);
    };

    comes_back(".kubepki.journal");
    assert_eq!(recover(&world.home()).unwrap().unwrap().outcome, Outcome::Finished);
    assert_eq!(world.files(), new);
    // Others have been there since: one file is new, two are gone, one of them with its folder.
    world.commit(vec![world.change("ca.key", "newer", Secrecy::Secret)]).unwrap();
    fs::remove_file(world.path("ca.crt")).unwrap();
    fs::remove_dir_all(world.path("etcd")).unwrap();
    let newer = world.files();
    comes_back(".kubepki.journal");
    recover(&world.home()).unwrap();
    assert_eq!(world.files(), newer);
}

#[test]
fn a_journal_of_an_undone_set_that_comes_back_changes_nothing() {
    let (world, changes, old) = pair_and_more();
    let above = MadeFolders::default();
    let mut commit = Commit::prepare(&changes, &[world.home()], &above, dead_pid()).unwrap();
    let until_close = commit.steps().len() - 1;
    commit.steps().iter().take(until_close).for_each(|step| commit.take(*step).unwrap());
    let journal = fs::read(world.path(".kubepki.journal")).unwrap();
    commit.roll_back(Error::Vanished { path: "cause".into() });
    assert_eq!(world.files(), old);
    fs::write(world.path(".kubepki.undo"), &journal).unwrap();
    world.set_mode(".kubepki.undo", 0o600);
    assert_eq!(recover(&world.home()).unwrap().unwrap().outcome, Outcome::Undone);
    assert_eq!(world.files(), old);
}

#[test]
fn six_hundred_files_are_a_set_like_any_other() {
    let world = World::new(&[]);
    let name = |i: usize| format!("node-{}/file {i}", i / 5);
    let list = || (0..600).map(|i| world.change(&name(i), "new", Secrecy::Secret)).collect();
    let changes = world.changes(list());
    let until = |wanted: Step| {
        let above = MadeFolders::default();
        let commit = Commit::prepare(&changes, &[world.home()], &above, 1).unwrap();
        commit.steps().iter().position(|step| *step == wanted).unwrap()
    };
    killed_after(until(Step::Install(300)), &changes, &[world.home()], dead_pid());
    let recovery = recover(&world.home()).unwrap().unwrap();
    assert_eq!((recovery.outcome, recovery.files), (Outcome::Finished, 600));
    assert_eq!(world.files().len(), 600);
}

#[test]
fn an_edit_after_the_kill_is_never_overwritten() {
    let pid = dead_pid();
    let (world, changes, old) = pair_and_more();
    // All steps up to the first rename: key in place, certificate not.
    let above = MadeFolders::default();
    let mut commit = Commit::prepare(&changes, &[world.home()], &above, pid).unwrap();
    let steps = commit.steps();
    let first = steps.iter().position(|step| *step == Step::Install(0)).unwrap();
    steps[..=first].iter().for_each(|step| commit.take(*step).unwrap());
    mem::forget(commit);
    fs::remove_file(world.path("ca.crt")).unwrap();
    fs::write(world.path("ca.crt"), "edited").unwrap();

    let recovery = recover(&world.home()).unwrap().unwrap();
    let text = format!("undid an interrupted write of 5 files in {}", world.home().display());
    assert_eq!(recovery.to_string(), text);
    let mut expected = old;
    expected.insert("ca.crt".into(), b"edited".to_vec());
    assert_eq!(world.files(), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_set_killed_anywhere_is_old_or_new(
        files in vec((any::<bool>(), "[a-z]{0,9}", "[a-z]{0,9}", any::<bool>()), 1..6),
        steps in 0_usize..24,
    ) {
        let names: Vec<String> = (0..files.len()).map(|i| format!("file {i}")).collect();
        let there = files.iter().zip(&names).filter(|(file, _)| file.0);
        let old: Vec<(&str, &str)> = there.map(|(file, name)| (&**name, &*file.1)).collect();
        let world = World::new(&old);
        let change = |((_, _, new, secret), name): (&(bool, String, String, bool), &String)| {
            let secrecy = if *secret { Secrecy::Secret } else { Secrecy::Public };
            world.change(name, new, secrecy)
        };
        let changes = world.changes(files.iter().zip(&names).map(change).collect());
        let old = world.files();
        let new = with_changes(&old, &world, &changes);
        killed_after(steps, &changes, &[world.home()], dead_pid());
        recover_at_last(&world.home());
        let found = world.files();
        prop_assert!(found == old || found == new, "{:?}", found.keys());
    }
}

#[test]
fn modes_follow_from_secrecy_and_are_never_wider_than_before() {
    let cases = [
        (Secrecy::Secret, None, 0o600),
        (Secrecy::Secret, Some(0o644), 0o600),
        (Secrecy::Secret, Some(0o400), 0o400),
        (Secrecy::Public, None, 0o644),
        (Secrecy::Public, Some(0o666), 0o644),
        (Secrecy::Public, Some(0o600), 0o600),
        (Secrecy::AsFound, None, 0o600),
        (Secrecy::AsFound, Some(0o640), 0o640),
        (Secrecy::AsFound, Some(0o666), 0o666),
    ];
    for (secrecy, old, wanted) in cases {
        let world = World::new(&[]);
        if let Some(mode) = old {
            fs::write(world.path("file"), "old").unwrap();
            world.set_mode("file", mode);
        }
        world.commit(vec![world.change("file", "new", secrecy)]).unwrap();
        assert_eq!(world.mode("file"), wanted, "{secrecy:?} {old:?}");
    }
}

#[test]
fn what_is_there_already_is_not_written_but_a_wide_mode_is_narrowed() {
    let world = World::new(&[("ca.key", "key"), ("ca.crt", "cert")]);
    world.set_mode("ca.key", 0o644);
    world.set_mode("ca.crt", 0o644);
    let inode = fs::metadata(world.path("ca.crt")).unwrap().ino();
    let list = vec![
        world.change("ca.key", "key", Secrecy::Secret),
        world.change("ca.crt", "cert", Secrecy::Public),
    ];
    assert_eq!(world.commit(list.clone()).unwrap(), [How::Replaced, How::Unchanged]);
    assert_eq!(world.commit(list).unwrap(), [How::Unchanged, How::Unchanged]);
    assert_eq!(world.mode("ca.key"), 0o600);
    assert_eq!(fs::metadata(world.path("ca.crt")).unwrap().ino(), inode);
}

#[test]
fn folders_are_private_when_a_secret_is_below_them() {
    let world = World::new(&[]);
    let list = vec![
        world.change("a/public/cert", "x", Secrecy::Public),
        world.change("a/key", "x", Secrecy::Secret),
        world.change("b/cert", "x", Secrecy::Public),
    ];
    world.commit(list).unwrap();
    assert_eq!(world.mode("a"), 0o700);
    assert_eq!(world.mode("b") & 0o077, 0o055 & world.mode("b"));
}

#[test]
fn the_owner_of_a_file_stays() {
    let world = World::new(&[("config", "old")]);
    let path = world.path("config");
    // Root may give files away; others keep their own.
    let _ = std::os::unix::fs::chown(&path, Some(4321), Some(4322));
    let before = fs::metadata(&path).unwrap();
    world.commit(vec![world.change("config", "new", Secrecy::AsFound)]).unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_eq!((before.uid(), before.gid()), (after.uid(), after.gid()));
    assert_ne!(before.ino(), after.ino());
}

#[test]
fn a_file_that_is_not_as_it_must_be_stops_the_whole_set() {
    let world = World::new(&[("there", "old"), ("edited", "edited")]);
    let fine = || world.change("new", "new", Secrecy::Secret);
    let bad = |name: &str, before| Change { before, ..world.change(name, "new", Secrecy::Public) };

    let error = world.refused(vec![fine(), bad("there", Before::Absent)]);
    assert!(matches!(error, Error::Exists { .. }), "{error}");
    let error = world.refused(vec![fine(), bad("edited", Before::Exactly(bytes("read")))]);
    assert!(matches!(error, Error::Edited { .. }), "{error}");
    let error = world.refused(vec![fine(), bad("gone", Before::Exactly(bytes("read")))]);
    assert!(matches!(error, Error::Vanished { .. }), "{error}");
    let error = world.refused(vec![fine(), fine()]);
    assert!(matches!(error, Error::Twice { .. }), "{error}");

    let anything = vec![bad("there", Before::Anything), bad("nowhere", Before::Anything)];
    assert_eq!(world.commit(anything).unwrap(), [How::Replaced, How::Created]);
}

#[test]
fn an_edit_between_reading_and_renaming_is_seen() {
    let world = World::new(&[("config", "old")]);
    let changes = world.changes(vec![world.change("config", "new", Secrecy::AsFound)]);
    let above = MadeFolders::default();
    let mut commit = Commit::prepare(&changes, &[], &above, process::id()).unwrap();
    commit.take(Step::Stage).unwrap();
    fs::write(world.path("config"), "kubectl was here").unwrap();
    let error = commit.take(Step::Check).unwrap_err();
    assert!(matches!(commit.roll_back(error), Error::Edited { .. }));
    assert_eq!(world.files(), Files::from([("config".into(), b"kubectl was here".to_vec())]));
}

#[test]
fn a_file_that_appears_at_the_last_moment_is_not_overwritten() {
    let world = World::new(&[]);
    let changes = world.changes(vec![world.change("key", "new", Secrecy::Secret)]);
    let above = MadeFolders::default();
    let mut commit = Commit::prepare(&changes, &[], &above, process::id()).unwrap();
    commit.take(Step::Stage).unwrap();
    commit.take(Step::Check).unwrap();
    fs::write(world.path("key"), "theirs").unwrap();
    let error = commit.take(Step::Install(0)).unwrap_err();
    assert!(matches!(commit.roll_back(error), Error::Exists { .. }));
    assert_eq!(world.files(), Files::from([("key".into(), b"theirs".to_vec())]));
}

#[test]
fn a_symlink_stays_and_its_target_is_written() {
    let world = World::new(&[("real/config", "old")]);
    symlink("real/config", world.path("config")).unwrap();
    symlink("real/later", world.path("dangling")).unwrap();
    let list = vec![
        world.change("config", "new", Secrecy::AsFound),
        world.change("dangling", "new", Secrecy::Secret),
    ];
    world.commit(list).unwrap();
    assert!(world.path("config").is_symlink() && world.path("dangling").is_symlink());
    assert_eq!(fs::read(world.path("real/config")).unwrap(), b"new");
    assert_eq!(fs::read(world.path("real/later")).unwrap(), b"new");
}

#[test]
fn a_new_secret_does_not_leave_its_folder_through_a_symlink() {
    let world = World::new(&[("pki/ca.crt", "cert"), ("elsewhere/old.key", "old")]);
    symlink("../elsewhere/new.key", world.path("pki/new.key")).unwrap();
    symlink("../elsewhere/old.key", world.path("pki/old.key")).unwrap();
    let error = world.refused(vec![world.change("pki/new.key", "key", Secrecy::Secret)]);
    assert!(matches!(error, Error::SecretBehindLink { .. }), "{error}");
    // One that is there has been put there: some keep their keys in another place.
    world.commit(vec![world.change("pki/old.key", "key", Secrecy::Secret)]).unwrap();
    assert_eq!(fs::read(world.path("elsewhere/old.key")).unwrap(), b"key");
}

#[test]
fn what_is_in_the_way_is_named() {
    let world = World::new(&[("file", "x"), ("folder/file", "x")]);
    let anything = |name: &str| Change {
        before: Before::Anything,
        ..world.change(name, "new", Secrecy::Secret)
    };
    let text = |list| world.refused(list).to_string();
    let at = |name: &str| world.path(name).display().to_string();
    assert_eq!(text(vec![anything("folder")]), format!("{} is a folder, not a file", at("folder")));
    let below_a_file = vec![anything("new/deep/key"), anything("file/key")];
    assert_eq!(text(below_a_file), format!("{} is a file, not a folder", at("file")));
    assert!(!world.path("new").exists());
}

#[test]
fn a_folder_that_takes_no_files_is_an_error_with_the_path() {
    let world = World::new(&[]);
    let outside = Change {
        // Not even root may make files here.
        path: "/sys/kubepki".into(),
        ..world.change("key", "new", Secrecy::Secret)
    };
    let error = world.refused(vec![world.change("first", "x", Secrecy::Public), outside]);
    assert!(error.to_string().contains("/sys/kubepki: "), "{error}");
}

#[test]
fn several_files_need_a_locked_home_and_one_does_not() {
    let world = World::new(&[]);
    let list = |names: &[&str]| {
        world.changes(names.iter().map(|name| world.change(name, "x", Secrecy::Public)).collect())
    };
    let error = commit(&list(&["one", "two"]), &[], &MadeFolders::default()).unwrap_err();
    assert!(matches!(error, Error::NotLocked { .. }), "{error}");
    assert_eq!(world.files(), Files::new());
    commit(&list(&["one"]), &[], &MadeFolders::default()).unwrap();
}

#[test]
#[ignore = "needs root: mounts a small tmpfs, and a file over another"]
fn a_full_disk_and_a_mount_point_change_nothing() {
    let world = World::new(&[("small/old", "old"), ("mounted", "m"), ("source", "m")]);
    let mount = |args: &[&str], at: &str| {
        let status = process::Command::new("mount").args(args).arg(world.path(at)).status();
        assert!(status.unwrap().success());
    };
    mount(&["-t", "tmpfs", "-o", "size=64k", "tmpfs"], "small");
    mount(&["--bind", world.path("source").to_str().unwrap()], "mounted");
    let long = "x".repeat(200_000);
    let full = world.refused(vec![
        world.change("small/first", "x", Secrecy::Public),
        world.change("small/second", &long, Secrecy::Secret),
    ]);
    let both = vec![
        world.change("new", "x", Secrecy::Public),
        world.change("mounted", "new", Secrecy::AsFound),
    ];
    let busy = world.refused(both);
    for at in ["small", "mounted"] {
        assert!(process::Command::new("umount").arg(world.path(at)).status().unwrap().success());
    }
    assert!(full.to_string().ends_with("small/second: no space left on device"), "{full}");
    assert!(matches!(busy, Error::MountPoint { .. }), "{busy}");
}

#[test]
fn a_log_goes_on_in_the_same_file_and_is_not_rewritten() {
    let world = World::new(&[("ca.log", "one\n")]);
    world.set_mode("ca.log", 0o640);
    let inode = fs::metadata(world.path("ca.log")).unwrap().ino();
    assert_eq!(world.commit(vec![world.lines("ca.log", "two\n")]).unwrap(), [How::Extended]);
    assert_eq!(world.commit(vec![world.lines("new.log", "one\n")]).unwrap(), [How::Created]);
    let files = [("ca.log", "one\ntwo\n"), ("new.log", "one\n")];
    assert_eq!(world.files(), files.map(|(name, text)| (name.into(), text.into())).into());
    assert_eq!((world.mode("ca.log"), world.mode("new.log")), (0o640, 0o600));
    assert_eq!(fs::metadata(world.path("ca.log")).unwrap().ino(), inode);
}

#[test]
fn what_is_added_begins_a_line_also_behind_one_that_has_no_end() {
    let world = World::new(&[("ca.log", "half a li")]);
    world.commit(vec![world.lines("ca.log", "whole\n")]).unwrap();
    assert_eq!(world.files()["ca.log"], b"half a li\nwhole\n");
}

#[test]
fn a_log_in_a_folder_that_is_not_locked_is_not_touched() {
    let world = World::new(&[("ca.log", ""), ("etcd/ca.log", "")]);
    let list = ["ca.log", "etcd/ca.log"].map(|log| world.lines(log, "x\n"));
    assert!(matches!(world.refused(list.into()), Error::NotLocked { .. }));
}

#[test]
fn lines_that_are_half_written_are_completed_or_cut() {
    for (length, is_undone) in (0..=7).flat_map(|length| [(length, false), (length, true)]) {
        let world = World::new(&[("ca.log", "old\n"), ("ca.crl", "old")]);
        let changes = world.changes(vec![
            world.change("ca.crl", "new", Secrecy::Public),
            world.lines("ca.log", "newline\n"),
        ]);
        let above = MadeFolders::default();
        let mut commit = Commit::prepare(&changes, &[world.home()], &above, dead_pid()).unwrap();
        let steps = commit.steps();
        let last = steps.iter().position(|step| *step == Step::Install(1)).unwrap();
        steps[..last].iter().for_each(|step| commit.take(*step).unwrap());
        fs::write(world.path("ca.log"), format!("old\n{}", &"newline"[..length])).unwrap();
        if is_undone {
            fs::rename(world.path(".kubepki.journal"), world.path(".kubepki.undo")).unwrap();
        }
        mem::forget(commit);
        recover(&world.home()).unwrap();
        let (crl, log) = if is_undone { ("old", "old\n") } else { ("new", "old\nnewline\n") };
        let files = [("ca.crl", crl), ("ca.log", log)];
        assert_eq!(world.files(), files.map(|(name, text)| (name.into(), text.into())).into());
    }
}

#[test]
fn what_somebody_else_has_added_meanwhile_is_never_cut() {
    let world = World::new(&[("ca.log", "old\n"), ("ca.crl", "old")]);
    let changes = world.changes(vec![
        world.lines("ca.log", "new\n"),
        world.change("ca.crl", "new", Secrecy::Public),
    ]);
    let above = MadeFolders::default();
    let mut commit = Commit::prepare(&changes, &[world.home()], &above, dead_pid()).unwrap();
    let steps = commit.steps();
    let first = steps.iter().position(|step| *step == Step::Install(0)).unwrap();
    steps[..first].iter().for_each(|step| commit.take(*step).unwrap());
    mem::forget(commit);
    fs::write(world.path("ca.log"), "old\nby hand\n").unwrap();
    recover(&world.home()).unwrap();
    let files = [("ca.crl", "old"), ("ca.log", "old\nby hand\n")];
    assert_eq!(world.files(), files.map(|(name, text)| (name.into(), text.into())).into());
}
