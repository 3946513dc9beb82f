use std::fs;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::Path;
use std::process;
use std::thread;

use tempfile::TempDir;

use super::super::holder::{By, Process, dead_pid};
use super::*;
use crate::core::changes::{Before, Bytes, Change, Found, Secrecy};

const NO_WAIT: Duration = Duration::ZERO;
const LONG: Duration = Duration::from_secs(120);

fn settings(wait: Duration) -> LockSettings {
    LockSettings { wait, ..LockSettings::new(SystemTime::now()) }
}

fn take(set: &[Lockable], wait: Duration) -> Result<Guard, Error> {
    lock(set, &settings(wait))
}

fn folder(path: &Path) -> [Lockable; 1] {
    [Lockable::Folder(path.to_owned())]
}

fn kubeconfig(path: &Path) -> [Lockable; 1] {
    [Lockable::Kubeconfig(path.to_owned())]
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A folder with `config`, and the lock file of somebody else beside it.
fn locked_by(content: &str, mode: u32) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("config"), "old").unwrap();
    let lock = dir.path().join("config.lock");
    fs::write(&lock, content).unwrap();
    fs::set_permissions(&lock, PermissionsExt::from_mode(mode)).unwrap();
    let config = dir.path().join("config");
    (dir, config)
}

fn record_of(pid: u32) -> String {
    Process { pid, ..Process::this() }.record(SystemTime::now())
}

/// Locks, reads, appends and writes.
fn append(set: &[Lockable], path: &Path, text: &str) {
    let guard = take(set, LONG).unwrap();
    let (before, mut bytes) = match crate::core::store::read([path.to_owned()]).get(path) {
        Found::File { bytes, .. } => (Before::Exactly(bytes.clone()), bytes.to_vec()),
        Found::Absent => (Before::Absent, Vec::new()),
        Found::Unreadable(why) => panic!("{why}"),
    };
    bytes.extend_from_slice(text.as_bytes());
    let bytes = Bytes::new(bytes);
    let change = Change { path: path.to_owned(), bytes, secrecy: Secrecy::AsFound, before };
    guard.commit(&Changes { home: PathBuf::new(), list: vec![change] }).unwrap();
}

/// Eight threads append twenty lines each; none may be lost.
fn everybody_appends(set: impl Fn(usize) -> [Lockable; 1] + Sync, path: &Path) {
    thread::scope(|scope| {
        for writer in 0..8 {
            let set = &set;
            scope.spawn(move || {
                for line in 0..20 {
                    append(&set(writer), path, &format!("{writer} {line}\n"));
                }
            });
        }
    });
    let text = fs::read_to_string(path).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 160);
}

#[test]
fn no_update_of_a_kubeconfig_is_lost_also_through_a_symlink_and_a_dead_lock() {
    let (dir, config) = locked_by(&record_of(dead_pid()), 0o600);
    fs::write(&config, "").unwrap();
    let link = dir.path().join("link");
    symlink("config", &link).unwrap();
    let set = |writer| kubeconfig(if writer % 2 == 0 { &config } else { &link });
    everybody_appends(set, &config);
    assert_eq!(names(dir.path()), ["config", "link"]);
}

#[test]
fn no_update_in_a_folder_is_lost_although_each_run_makes_the_lock_file_anew() {
    let dir = tempfile::tempdir().unwrap();
    let pki = dir.path().join("pki");
    everybody_appends(|_| folder(&pki), &pki.join("index"));
    assert_eq!(names(&pki), ["index"]);
}

#[test]
fn a_folder_is_locked_once_and_the_error_names_the_holder() {
    let dir = tempfile::tempdir().unwrap();
    let guard = take(&folder(dir.path()), NO_WAIT).unwrap();
    let wait = Duration::from_millis(30);
    let error = take(&folder(dir.path()), wait).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains(&format!("is locked by kubepki with pid {} on ", process::id())),
        "{text}"
    );
    assert_eq!(error.hint().unwrap(), format!("see what it is: ps -p {}", process::id()));
    drop(guard);
    take(&folder(dir.path()), NO_WAIT).unwrap();
    assert!(names(dir.path()).is_empty());
}

#[test]
fn the_lock_file_of_a_killed_run_locks_no_folder() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(".kubepki.lock"), record_of(1)).unwrap();
    take(&folder(dir.path()), NO_WAIT).unwrap();
    assert!(names(dir.path()).is_empty());
}

#[test]
fn folders_made_for_a_lock_are_private_and_go_when_nothing_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let (pki, config) = (dir.path().join("a/pki"), dir.path().join("b/.kube/config"));
    let set = [folder(&pki), kubeconfig(&config)].concat();
    let guard = take(&set, NO_WAIT).unwrap();
    assert_eq!(fs::metadata(&pki).unwrap().permissions().mode() & 0o777, 0o700);
    drop(guard);
    assert!(names(dir.path()).is_empty());

    append(&set, &config, "new");
    assert_eq!(names(dir.path()), ["b"]);
    assert_eq!(names(&dir.path().join("b/.kube")), ["config"]);
}

#[test]
fn a_kubeconfig_is_locked_beside_the_symlink_and_beside_its_target() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("real")).unwrap();
    fs::write(dir.path().join("real/file"), "").unwrap();
    let link = dir.path().join("config");
    symlink("real/file", &link).unwrap();
    let twice = [kubeconfig(&link), kubeconfig(&dir.path().join("real/../config"))].concat();
    let guard = take(&twice, NO_WAIT).unwrap();
    assert_eq!(names(dir.path()), ["config", "config.lock", "real"]);
    assert_eq!(names(&dir.path().join("real")), ["file", "file.lock"]);
    let lock = fs::metadata(dir.path().join("config.lock")).unwrap();
    assert_eq!(lock.permissions().mode() & 0o777, 0o600);
    // As kubectl takes its lock.
    let kubectl = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o000)
        .open(dir.path().join("config.lock"));
    assert!(kubectl.is_err());
    drop(guard);
    assert_eq!(names(dir.path()), ["config", "real"]);
    assert_eq!(names(&dir.path().join("real")), ["file"]);
}

#[test]
fn an_empty_lock_is_kubectls_and_never_broken() {
    let (dir, config) = locked_by("", 0);
    let now = SystemTime::now() + Duration::from_secs(3600);
    let settings = LockSettings { wait: Duration::from_millis(20), now };
    let error = lock(&kubeconfig(&config), &settings).unwrap_err();
    let config = config.canonicalize().unwrap();
    let text = format!(
        "{} is locked by an empty lock file, probably kubectl's (since 60 min); gave up after less than 1 s",
        config.display()
    );
    assert_eq!(error.to_string(), text);
    let hint = format!("if no kubectl is running: rm {}.lock", config.display());
    assert_eq!(error.hint(), Some(hint));
    assert_eq!(names(dir.path()), ["config", "config.lock"]);
}

#[test]
fn a_lock_is_waited_for() {
    let (dir, config) = locked_by("", 0);
    let lock = dir.path().join("config.lock");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| take(&kubeconfig(&config), LONG).map(drop));
        thread::sleep(Duration::from_millis(50));
        assert!(!waiting.is_finished());
        fs::remove_file(&lock).unwrap();
        waiting.join().unwrap().unwrap();
    });
}

#[test]
fn the_lock_of_a_dead_process_is_broken() {
    // The second is of an earlier process with our own pid, as containers have it.
    for pid in [dead_pid(), process::id()] {
        let (dir, config) = locked_by(&record_of(pid), 0o600);
        drop(take(&kubeconfig(&config), NO_WAIT).unwrap());
        assert_eq!(names(dir.path()), ["config"]);
    }
}

#[test]
fn the_lock_of_a_living_process_or_of_another_host_is_kept_and_named() {
    let elsewhere = Process { pid: dead_pid(), host: "elsewhere".into() };
    let living = Process { pid: 1, ..Process::this() };
    for process in [living, elsewhere] {
        let (_dir, config) = locked_by(&process.record(SystemTime::now()), 0o600);
        let error = take(&kubeconfig(&config), NO_WAIT).unwrap_err();
        let Error::Locked { holder, .. } = error else { panic!("{error}") };
        assert_eq!(holder.by, By::Kubepki(process));
    }
}

#[test]
fn a_set_that_cannot_be_locked_whole_leaves_nothing_locked() {
    let (dir, config) = locked_by("", 0);
    let first = dir.path().join("a");
    let set = [folder(&dir.path().join("new")), kubeconfig(&first), kubeconfig(&config)].concat();
    take(&set, NO_WAIT).unwrap_err();
    assert_eq!(names(dir.path()), ["config", "config.lock"]);
}

#[test]
fn two_sets_in_opposite_order_do_not_wait_for_each_other_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    let there = [folder(&a), folder(&b)].concat();
    let back = [folder(&b), folder(&a)].concat();
    thread::scope(|scope| {
        for set in [&there, &back, &there, &back] {
            scope.spawn(|| (0..50).for_each(|_| drop(take(set, LONG).unwrap())));
        }
    });
}

#[test]
fn where_no_file_can_be_made_there_is_no_lock() {
    // Not even root may make files here.
    let error = take(&kubeconfig(Path::new("/sys/kubepki")), NO_WAIT).unwrap_err();
    assert!(error.to_string().starts_with("cannot lock /sys/kubepki: "), "{error}");
    let error = take(&folder(Path::new("/sys/kubepki/pki")), NO_WAIT).unwrap_err();
    assert!(error.to_string().starts_with("cannot make the folder /sys/kubepki: "), "{error}");
    // Here making a file fails as if the folder were missing, which must not be tried for ever.
    assert!(take(&kubeconfig(Path::new("/proc/self/config")), NO_WAIT).is_err());
    assert!(take(&folder(Path::new("/proc/self")), NO_WAIT).is_err());
}

#[test]
fn what_is_no_folder_cannot_be_locked() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = take(&folder(&file), NO_WAIT).unwrap_err();
    assert!(error.to_string().ends_with("file is a file, not a folder"), "{error}");
    let error = take(&kubeconfig(&file.join("config")), NO_WAIT).unwrap_err();
    assert!(error.to_string().ends_with("file is a file, not a folder"), "{error}");
    assert!(take(&kubeconfig(Path::new("/")), NO_WAIT).is_err());
}

/// Writes pairs that agree, again and again, until it is killed.
fn write_pairs(pki: &Path) {
    for generation in 0_u64.. {
        let guard = take(&folder(pki), LONG).unwrap();
        let change = |name: &str, secrecy| Change {
            path: pki.join(name),
            bytes: Bytes::new(generation.to_string().into()),
            secrecy,
            before: Before::Anything,
        };
        let list = vec![change("key", Secrecy::Secret), change("sub/crt", Secrecy::Public)];
        guard.commit(&Changes { home: pki.to_owned(), list }).unwrap();
    }
}

#[test]
#[ignore = "runs until it is killed; the next test starts it"]
fn the_run_to_kill() {
    if let Some(pki) = std::env::var_os("KUBEPKI_TEST_PKI") {
        write_pairs(Path::new(&pki));
    }
}

#[test]
fn key_and_certificate_agree_after_any_real_kill() {
    let dir = tempfile::tempdir().unwrap();
    let pki = dir.path().join("pki");
    let mut recovered = 0;
    for round in 0..60 {
        let mut child = process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "core::store::lock::tests::the_run_to_kill", "--ignored"])
            .env("KUBEPKI_TEST_PKI", &pki)
            .stdout(process::Stdio::null())
            .spawn()
            .unwrap();
        // From its first lock on, spread over some writes of a few milliseconds each.
        let started = Instant::now();
        while !pki.join(".kubepki.lock").exists() && started.elapsed() < LONG {
            thread::sleep(Duration::from_micros(200));
        }
        thread::sleep(Duration::from_micros(337 * round));
        child.kill().unwrap();
        child.wait().unwrap();

        let guard = take(&folder(&pki), NO_WAIT).unwrap();
        recovered += guard.recovered().len();
        let key = fs::read(pki.join("key")).ok();
        assert_eq!(key, fs::read(pki.join("sub/crt")).ok(), "round {round}");
        let left = names(&pki);
        let known = |name: &String| ["key", "sub", ".kubepki.lock"].contains(&&**name);
        assert!(left.iter().all(known), "{left:?}");
    }
    assert!(recovered > 0);
}
