//! kubepki beside the tools that it replaces: `cargo bench`.
//!
//! Both sides run in turn, so that a busy machine is busy for both, and what counts is the ratio of their medians.
//! Nothing is asserted: the figures of one machine are no law for another.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the figures are the product")]
#![expect(clippy::disallowed_methods, reason = "it runs programs and takes their time")]

use std::env;
use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const KUBEPKI: &str = env!("CARGO_BIN_EXE_kubepki");

/// The tutorial: a CA, an administrator, a kubeconfig.
const OURS: &str = r#"
$KUBEPKI ca init -q
$KUBEPKI cert issue admin --profile client --cn kube-admin --org system:masters -q
$KUBEPKI kubeconfig gen admin --server https://127.0.0.1:6443 --out admin.conf -q
"#;

/// The same as people paste it, made correct: version 3, a CA that is one, a usage for each certificate.
const THEIRS: &str = r#"
mkdir pki && cd pki
openssl genrsa -out ca.key 2048
openssl req -new -key ca.key -subj /CN=kubernetes -out ca.csr
cat >ca.ext <<END
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
END
openssl x509 -req -in ca.csr -signkey ca.key -days 3650 -extfile ca.ext -out ca.crt
openssl genrsa -out admin.key 2048
openssl req -new -key admin.key -subj /O=system:masters/CN=kube-admin -out admin.csr
cat >admin.ext <<END
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
END
openssl x509 -req -in admin.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 -extfile admin.ext -out admin.crt
cat >admin.conf <<END
apiVersion: v1
kind: Config
clusters:
- name: kubernetes
  cluster:
    server: https://127.0.0.1:6443
    certificate-authority: ca.crt
users:
- name: admin
  user:
    client-certificate: admin.crt
    client-key: admin.key
contexts:
- name: admin@kubernetes
  context:
    cluster: kubernetes
    user: admin
current-context: admin@kubernetes
END
"#;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What one side does in the empty folder that it is given.
type Side<'a> = &'a dyn Fn(&Path) -> Outcome<()>;

fn main() -> ExitCode {
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Outcome<()> {
    let kubectl = kubectl()?;
    let openssl = program("openssl", "apt-get install openssl")?;
    println!("{}", version(KUBEPKI, &["--version"])?);
    println!("kubectl: {} ({})", version(&kubectl, &["version", "--client"])?, kubectl.display());
    println!("{}\n", version(&openssl, &["version"])?);

    println!(
        "{:<42} {:>24} {:>26} {:>7}",
        "median (fastest-slowest), ms", "kubepki", "peer", "ratio"
    );
    race(
        "--version | kubectl version --client",
        "at most 0.1",
        41,
        [&|_| call(KUBEPKI, &["--version"]), &|_| call(&kubectl, &["version", "--client"])],
    )?;
    race(
        "the tutorial, RSA-2048 | openssl",
        "at most 0.3",
        31,
        [&|folder| shell(folder, OURS), &|folder| shell(folder, THEIRS)],
    )?;
    for (bits, rounds) in [("2048", 41), ("3072", 25), ("4096", 15)] {
        race(
            &format!("ca init, RSA-{bits} | openssl genrsa"),
            "",
            rounds,
            [
                &|folder| shell(folder, &format!("$KUBEPKI ca init -q --key-type RSA-{bits}")),
                &|folder| shell(folder, &format!("openssl genrsa -out ca.key {bits}")),
            ],
        )?;
    }
    println!();
    sizes(&kubectl)
}

/// Runs both sides in turn, each in an empty folder, and prints a line.
fn race(what: &str, wanted: &str, rounds: usize, sides: [Side<'_>; 2]) -> Outcome<()> {
    let mut times = [Vec::new(), Vec::new()];
    // The first round only warms the caches up; whoever begins is second in the next.
    for round in 0..=rounds {
        for side in [round % 2, (round + 1) % 2] {
            let folder = tempfile::tempdir()?;
            let start = Instant::now();
            sides[side](folder.path())?;
            times[side].push(start.elapsed());
        }
    }
    let [ours, theirs] = times.map(|mut times| {
        times.remove(0);
        times.sort_unstable();
        times
    });
    let ratio = median(&ours).as_secs_f64() / median(&theirs).as_secs_f64();
    println!("{what:<42} {:>24} {:>26} {ratio:>7.3} {wanted}", spread(&ours), spread(&theirs));
    Ok(())
}

fn median(sorted: &[Duration]) -> Duration {
    sorted[sorted.len() / 2]
}

fn spread(sorted: &[Duration]) -> String {
    let ms = |time: &Duration| time.as_secs_f64() * 1000.0;
    let (fastest, slowest) = (&sorted[0], &sorted[sorted.len() - 1]);
    format!("{:.1} ({:.1}-{:.1})", ms(&median(sorted)), ms(fastest), ms(slowest))
}

/// The size of the program and its greatest memory, command by command.
fn sizes(kubectl: &Path) -> Outcome<()> {
    let size = |path: &Path| fs::metadata(path).map(|metadata| megabytes(metadata.len()));
    println!("{:<42} {:>24} {:>26}", "MB", "kubepki", "kubectl");
    println!(
        "{:<42} {:>24} {:>26}         less than 10",
        "the program",
        size(Path::new(KUBEPKI))?,
        size(kubectl)?
    );
    let folder = tempfile::tempdir()?;
    let kubectl =
        peak(folder.path(), &[kubectl.as_os_str(), "version".as_ref(), "--client".as_ref()])?;
    println!("{:<42} {:>24} {kubectl:>26}", "memory: kubectl version --client", "");
    let commands = OURS.lines().filter_map(|line| line.strip_prefix("$KUBEPKI "));
    for command in commands.chain(["ca init large --key-type RSA-4096 -q"]) {
        let words = [KUBEPKI].into_iter().chain(command.split(' '));
        let peak = peak(folder.path(), &words.map(OsString::from).collect::<Vec<_>>())?;
        let name: Vec<&str> = command.split(' ').take(3).collect();
        println!(
            "{:<42} {peak:>24} {:>26}         less than 30",
            format!("memory: {}", name.join(" ")),
            ""
        );
    }
    Ok(())
}

/// The greatest resident size that a command had, as GNU time tells it.
fn peak<S: AsRef<OsStr>>(folder: &Path, command: &[S]) -> Outcome<String> {
    let time = program("time", "apt-get install time")?;
    let told = folder.join("peak");
    run(Command::new(time).arg("-f%M").arg("-o").arg(&told).args(command).current_dir(folder))?;
    let kilobytes: u64 = fs::read_to_string(told)?.trim().parse()?;
    Ok(megabytes(kilobytes * 1024))
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}

/// The kubectl of the tests' control plane, or else the one of the machine.
fn kubectl() -> Outcome<PathBuf> {
    match env::var_os("KUBEBUILDER_ASSETS") {
        Some(folder) => Ok(PathBuf::from(folder).join("kubectl")),
        None => program("kubectl", "export KUBEBUILDER_ASSETS=$(tests/control-plane/build)"),
    }
}

/// Where on the PATH a program is.
fn program(name: &str, how: &str) -> Outcome<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    found
        .ok_or_else(|| format!("{name} is not installed, and it is measured against; {how}").into())
}

/// The first line that a program prints.
fn version(program: impl AsRef<OsStr>, arguments: &[&str]) -> Outcome<String> {
    let output = Command::new(program).args(arguments).output()?.stdout;
    let text = String::from_utf8(output)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn call(program: impl AsRef<OsStr>, arguments: &[&str]) -> Outcome<()> {
    run(Command::new(program).args(arguments))
}

fn shell(folder: &Path, script: &str) -> Outcome<()> {
    run(Command::new("sh").args(["-euc", script]).env("KUBEPKI", KUBEPKI).current_dir(folder))
}

fn run(command: &mut Command) -> Outcome<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr))
        .into())
}
