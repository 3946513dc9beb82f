//! A world for one test: a home of its own, nothing of the user's environment, and a clock that stands still.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// What the clock shows in every test that does not need the real one.
pub const NOW: &str = "2026-01-01T00:00:00Z";

/// The same in seconds since 1970, for the judges.
pub const NOW_UNIX: u64 = 1_767_225_600;

/// A folder that is the home and the working directory of all that a test runs; it vanishes with the value.
pub struct World {
    root: TempDir,
    clock: Option<&'static str>,
}

impl World {
    /// An empty home at [`NOW`].
    pub fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(root.path().join("home")).expect("a home");
        Self { root, clock: Some(NOW) }
    }

    /// An empty home in the present: for servers and verifiers that cannot be told another time.
    pub fn in_the_present() -> Self {
        Self { clock: None, ..Self::new() }
    }

    /// Whether it is the present, in which dates differ from run to run.
    pub fn is_in_the_present(&self) -> bool {
        self.clock.is_none()
    }

    /// The home, which is also the working directory.
    pub fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// A file or folder in the home.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.home().join(relative)
    }

    /// A place outside the home for what the tests themselves write down.
    pub fn backstage(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file in the home, with the folders above it.
    pub fn write(&self, relative: &str, content: impl AsRef<[u8]>) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, content).expect(relative);
    }

    /// Reads a text file in the home.
    pub fn read(&self, relative: &str) -> String {
        fs::read_to_string(self.path(relative)).expect(relative)
    }

    /// A command in this world. `kubepki` on its PATH is the program under test.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.home()).env_clear();
        command.env("HOME", self.home()).env("PATH", path_with_kubepki());
        command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        // The machine may be a node.
        command.env("KUBEPKI_KUBELET_DIR", "kubelet");
        if let Some(clock) = self.clock {
            command.env("KUBEPKI_AT", clock);
        }
        command
    }

    /// Runs a program; one that is not installed fails the test.
    pub fn run(&self, program: &str, args: &[&str]) -> Output {
        let output = self.command(program).args(args).output();
        output.unwrap_or_else(|error| {
            panic!("cannot run `{program}`, which this test needs: {error}")
        })
    }

    /// Runs a bash script that must succeed, and returns its stdout.
    pub fn sh(&self, script: &str) -> String {
        let output = self.run("bash", &["-euo", "pipefail", "-c", script]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{}: {stderr}", output.status);
        String::from_utf8(output.stdout).expect("UTF-8")
    }
}

/// The user's PATH, as the judges are found there, with the program under test first.
fn path_with_kubepki() -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_kubepki"));
    let folder = program.parent().expect("a folder").display();
    format!("{folder}:{}", std::env::var("PATH").expect("a PATH"))
}
