//! Who holds a lock: what is written into a lock file, and whether that process still lives.

use std::fmt;
use std::path::Path;
use std::process;
use std::time::{Duration, SystemTime};

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::error::{quoted, seconds};

/// Who holds a lock, as far as the lock file tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Holder {
    /// What wrote the file.
    pub by: By,
    /// How long the file has been there.
    pub age: Duration,
}

/// What wrote a lock file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum By {
    /// An empty file: kubectl's way.
    Kubectl,
    /// A run of this program.
    Kubepki(Process),
    /// Some other program, or a file that cannot be read.
    Unknown,
}

/// One process on one host.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// The name of its host.
    pub host: String,
}

impl Process {
    /// The running process.
    pub(super) fn this() -> Self {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self { pid: process::id(), host }
    }

    /// What goes into a lock file; `time` is for people (`date -d @1764037304`).
    pub(super) fn record(&self, time: SystemTime) -> String {
        let time = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        format!("kubepki\npid: {}\nhost: {}\ntime: @{time}\n", self.pid, self.host)
    }

    /// Whether it ran on this host and certainly runs no more. The caller holds the flock that the process would hold,
    /// so a pid that is ours was used before us: containers start all their runs with the same pid.
    pub(super) fn is_gone(&self) -> bool {
        let this = Self::this();
        self.host == this.host && (self.pid == this.pid || !is_alive(self.pid))
    }
}

impl By {
    /// Reads the content of a lock file.
    pub(super) fn from_record(content: &[u8]) -> Self {
        if content.is_empty() {
            return Self::Kubectl;
        }
        process_from_record(content).map_or(Self::Unknown, Self::Kubepki)
    }
}

impl Holder {
    /// What to do about it when it does not let go.
    pub(super) fn hint(&self, lock: &Path) -> String {
        let remove = quoted(lock);
        match &self.by {
            By::Kubectl => format!("if no kubectl is running: rm {remove}"),
            By::Kubepki(process) if process.host == Process::this().host => {
                format!("see what it is: ps -p {}", process.pid)
            }
            By::Kubepki(process) => format!("if it runs no more on {}: rm {remove}", process.host),
            By::Unknown => format!("if nothing uses it (see: fuser -v {remove}): rm {remove}"),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.by {
            By::Kubectl => f.write_str("an empty lock file, probably kubectl's")?,
            By::Kubepki(Process { pid, host }) => write!(f, "kubepki with pid {pid} on {host}")?,
            By::Unknown => f.write_str("another program")?,
        }
        write!(f, " (since {})", seconds(self.age))
    }
}

/// Whether a process of this number runs. One of somebody else counts as well (EPERM).
pub(super) fn is_alive(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

fn process_from_record(content: &[u8]) -> Option<Process> {
    let mut lines = std::str::from_utf8(content).ok()?.lines();
    (lines.next()? == "kubepki").then_some(())?;
    let pid = lines.next()?.strip_prefix("pid: ")?.parse().ok()?;
    let host = lines.next()?.strip_prefix("host: ")?.to_owned();
    // The last line says that the record is whole.
    lines.next()?.starts_with("time: @").then_some(Process { pid, host })
}

#[cfg(test)]
pub(super) fn dead_pid() -> u32 {
    let mut child = process::Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    child.id()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_back() {
        let this = Process::this();
        let record = this.record(SystemTime::now());
        assert_eq!(By::from_record(record.as_bytes()), By::Kubepki(this));
    }

    #[test]
    fn an_empty_file_is_kubectls_and_half_a_record_is_nobodys() {
        assert_eq!(By::from_record(b""), By::Kubectl);
        for content in ["x", "kubepki\npid: 1\n", "kubepki\npid: x\nhost: h\ntime: @1\n"] {
            assert_eq!(By::from_record(content.as_bytes()), By::Unknown, "{content}");
        }
    }

    #[test]
    fn only_a_dead_process_of_this_host_is_gone() {
        let this = Process::this();
        assert!(Process { pid: dead_pid(), ..this.clone() }.is_gone());
        assert!(!Process { pid: 1, ..this.clone() }.is_gone());
        assert!(!Process { pid: dead_pid(), host: "elsewhere.example".into() }.is_gone());
    }

    #[test]
    fn each_holder_comes_with_what_to_do() {
        let lock = Path::new("/Users/a b/config.lock");
        let holder = |by| Holder { by, age: Duration::from_secs(300) };
        let kubectl = holder(By::Kubectl);
        assert_eq!(kubectl.to_string(), "an empty lock file, probably kubectl's (since 5 min)");
        assert_eq!(kubectl.hint(lock), "if no kubectl is running: rm '/Users/a b/config.lock'");
        let here = holder(By::Kubepki(Process { pid: 7, ..Process::this() }));
        assert_eq!(here.hint(lock), "see what it is: ps -p 7");
    }
}
