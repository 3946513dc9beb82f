//! kubepki beside the tools that it replaces: `cargo bench`; whole control planes alone: `cargo bench -- clusters`; inventories
//! of many workers, for which there is no peer: `cargo bench -- fleets`; edits and lists of kubeconfigs: `cargo bench -- kubeconfigs`;
//! ten thousand certificates, and a log of a million lines: `cargo bench -- lists`.
//!
//! Both sides run in turn, so that a busy machine is busy for both, and what counts is the ratio of their medians.
//! Nothing is asserted: the figures of one machine are no law for another.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the figures are the product")]
#![expect(clippy::disallowed_methods, reason = "it runs programs and takes their time")]

use std::env;
use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Seek, read_to_string};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

mod kubeconfigs;
mod lists;

const KUBEPKI: &str = env!("CARGO_BIN_EXE_kubepki");

const HEAD: &str = "median (fastest-slowest), ms";

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

/// A whole control plane: 16 keys, 10 certificates, 5 kubeconfigs with one each.
const OUR_CLUSTER: &[&str] = &[
    "$KUBEPKI cluster init -q --apiserver-advertise-address 192.0.2.10 --node-name cp-1 --key-type $KIND",
];

const KUBEADM_CLUSTER: &[&str] = &[
    "$KUBEADM init phase certs all --config config.yaml",
    "$KUBEADM init phase kubeconfig all --config config.yaml --kubeconfig-dir $PWD",
];

/// kubeadm takes the kind of key from its file alone.
const KUBEADM_CONFIG: &str = "\
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: 192.0.2.10}
nodeRegistration: {name: cp-1, criSocket: \"unix:///run/containerd/containerd.sock\"}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.36.3
certificatesDir: $PWD/pki
encryptionAlgorithm: $KIND
";

/// The same keys and certificates, and kubeconfigs that hold them.
const OPENSSL_CLUSTER: &str = include_str!("clusters/openssl.sh");

/// The same by cfssl.
const CFSSL_CLUSTER: &str = include_str!("clusters/cfssl.sh");

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What one side runs in the empty folder that it is given, one after the other.
type Side<'a> = &'a dyn Fn(&Path) -> Outcome<Vec<Command>>;

fn main() -> ExitCode {
    match on_fresh_ground() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures in one folder: of `BENCH_DIR`, or of the build. The latter stays until `cargo clean`: ext4 without a journal takes longer to
/// make files for some minutes after others were removed near them, twice as long for a control plane, so a run would slow the next
/// one down, and `TMPDIR`, where tests make and remove files, is no place to measure at all.
fn on_fresh_ground() -> Outcome<()> {
    let asked = env::var_os("BENCH_DIR");
    let stays = asked.is_none();
    let disk = asked.unwrap_or(env!("CARGO_TARGET_TMPDIR").into());
    let ground = tempfile::Builder::new().disable_cleanup(stays).tempdir_in(disk)?;
    tempfile::env::override_temp_dir(ground.path()).map_err(|set| set.display().to_string())?;
    measure()
}

fn measure() -> Outcome<()> {
    if env::args().any(|argument| argument == "clusters") {
        println!("{HEAD:<42} {:>24} {:>26} {:>7}", "kubepki", "peer", "ratio");
        clusters()?;
        return cluster_memory();
    }
    if env::args().any(|argument| argument == "fleets") {
        return fleets();
    }
    if env::args().any(|argument| argument == "lists") {
        println!("{HEAD:<42} {:>24} {:>26} {:>7}", "kubepki", "peer", "ratio");
        return lists::measure(&program("openssl", "apt-get install openssl")?);
    }
    let kubectl = kubectl()?;
    if env::args().any(|argument| argument == "kubeconfigs") {
        println!("{HEAD:<42} {:>24} {:>26} {:>7}", "kubepki", "peer", "ratio");
        return kubeconfigs::measure(&kubectl);
    }
    let openssl = program("openssl", "apt-get install openssl")?;
    println!("{}", version(KUBEPKI, &["--version"])?);
    println!("kubectl: {} ({})", version(&kubectl, &["version", "--client"])?, kubectl.display());
    println!("{}\n", version(&openssl, &["version"])?);

    println!("{HEAD:<42} {:>24} {:>26} {:>7}", "kubepki", "peer", "ratio");
    race(
        "--version | kubectl version --client",
        "at most 0.1",
        41,
        [&|_| Ok(vec![call(KUBEPKI, &["--version"])]), &|_| {
            Ok(vec![call(&kubectl, &["version", "--client"])])
        }],
    )?;
    race(
        "the tutorial, RSA-2048 | openssl",
        "at most 0.3",
        31,
        [&|folder| Ok(vec![shell(folder, OURS)]), &|folder| Ok(vec![shell(folder, THEIRS)])],
    )?;
    for (bits, rounds) in [("2048", 41), ("3072", 25), ("4096", 15)] {
        race(
            &format!("ca init, RSA-{bits} | openssl genrsa"),
            "",
            rounds,
            [
                &|folder| {
                    let ours = format!("$KUBEPKI ca init -q --key-type RSA-{bits}");
                    Ok(vec![shell(folder, &ours)])
                },
                &|folder| Ok(vec![shell(folder, &format!("openssl genrsa -out ca.key {bits}"))]),
            ],
        )?;
    }
    clusters()?;
    kubeconfigs::measure(&kubectl)?;
    lists::measure(&openssl)?;
    println!();
    sizes(&kubectl)?;
    cluster_memory()
}

/// Whole control planes, and how well the work is spread over the cores.
fn clusters() -> Outcome<()> {
    let ours = |folder: &Path, kind| commands(folder, OUR_CLUSTER, kind);
    let kubeadm = |folder: &Path, kind| commands(folder, KUBEADM_CLUSTER, kind);
    race(
        "cluster init, RSA-2048 | kubeadm",
        "at most 0.45",
        31,
        [&|folder| ours(folder, "RSA-2048"), &|folder| kubeadm(folder, "RSA-2048")],
    )?;
    race(
        "cluster init, RSA-2048 | openssl",
        "at most 0.12",
        11,
        [&|folder| ours(folder, "RSA-2048"), &|folder| Ok(vec![shell(folder, OPENSSL_CLUSTER)])],
    )?;
    race(
        "cluster init, ECDSA-P256 | kubeadm",
        "at most 0.15",
        41,
        [&|folder| ours(folder, "ECDSA-P256"), &|folder| kubeadm(folder, "ECDSA-P256")],
    )?;
    let have_cfssl = ["cfssl", "cfssljson"].iter().all(|name| program(name, "").is_ok());
    if have_cfssl {
        race(
            "cluster init, RSA-2048 | cfssl",
            "",
            11,
            [&|folder| ours(folder, "RSA-2048"), &|folder| Ok(vec![shell(folder, CFSSL_CLUSTER)])],
        )?;
    } else {
        println!("cluster init, RSA-2048 | cfssl: left out; apt-get install golang-cfssl");
    }
    // With keys on elliptic curves it is less than GNU time can tell.
    processor_time("RSA-2048", 31)?;
    Ok(())
}

/// Runs both sides in turn, and prints their processor time, which other work on the machine hardly changes, and how many cores
/// ours keeps at work.
fn processor_time(kind: &str, rounds: usize) -> Outcome<()> {
    let mut times = [Vec::new(), Vec::new()];
    let mut cores = Vec::new();
    for _ in 0..rounds {
        let [ours, theirs] = [spent(OUR_CLUSTER, kind)?, spent(KUBEADM_CLUSTER, kind)?];
        cores.push(ours[0] / ours[1]);
        times[0].push(ours[0]);
        times[1].push(theirs[0]);
    }
    let [ours, theirs] = times.map(|times| 1000.0 * middle(times));
    let what = format!("processor time, {kind} | kubeadm");
    println!("{what:<42} {ours:>24.1} {theirs:>26.1} {:>7.3}", ours / theirs);
    let wanted = "at least 1.7 on two cores";
    let what = format!("processor time over wall time, {kind}");
    println!("{what:<42} {:>24.2} {:>26} {:>7} {wanted}", middle(cores), "", "");
    Ok(())
}

fn middle(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// The processor time and the wall time of commands in an empty folder, in seconds.
fn spent(lines: &[&str], kind: &str) -> Outcome<[f64; 2]> {
    let folder = tempfile::tempdir()?;
    let mut spent = [0.0; 2];
    for command in prepared(folder.path(), lines, kind)? {
        let told = timed(folder.path(), "%U %S %e", &command)?;
        let seconds: Vec<f64> = told.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        spent = [spent[0] + seconds[0] + seconds[1], spent[1] + seconds[2]];
    }
    Ok(spent)
}

/// The greatest memory of a whole control plane; of kubeadm's two commands, the greater one.
fn cluster_memory() -> Outcome<()> {
    let greatest = |lines: &[&str]| -> Outcome<f64> {
        let folder = tempfile::tempdir()?;
        let mut greatest = 0.0_f64;
        for command in prepared(folder.path(), lines, "RSA-2048")? {
            let told = timed(folder.path(), "%M", &command)?;
            greatest = greatest.max(told.parse::<f64>()? * 1024.0 / 1e6);
        }
        Ok(greatest)
    };
    let (ours, theirs) = (greatest(OUR_CLUSTER)?, greatest(KUBEADM_CLUSTER)?);
    println!(
        "{:<42} {ours:>24.1} {theirs:>26.1} {:>7.3} at most 0.5 (kubeadm)",
        "memory: cluster init | kubeadm",
        ours / theirs
    );
    Ok(())
}

/// How the time grows with the number of workers (ECDSA-P256): what a run takes that makes all, and one that finds all as asked.
fn fleets() -> Outcome<()> {
    println!(
        "{:>8} {:>14} {:>14} {:>10} {:>22} {:>10}",
        "workers", "ms a node", "of a processor", "MB", "again: certificates/s", "MB"
    );
    for workers in [100_u32, 500, 2_000, 20_000] {
        let mut rounds = Vec::new();
        for _ in 0..if workers > 2_000 { 1 } else { 5 } {
            rounds.push(fleet(workers, &tempfile::tempdir()?.keep())?);
        }
        let [make, make_processor, make_memory, again, again_memory] = [0, 1, 2, 3, 4]
            .map(|column| middle(rounds.iter().map(|round| round[column]).collect()));
        let nodes = f64::from(workers);
        println!(
            "{workers:>8} {:>14.2} {:>14.2} {:>10.1} {:>22.0} {:>10.1}",
            1000.0 * make / nodes,
            1000.0 * make_processor / nodes,
            make_memory,
            // Each worker has two; the shared ones are few.
            2.0 * nodes / again,
            again_memory
        );
    }
    Ok(())
}

/// Seconds, seconds of a processor and MB of the run that makes all in an empty folder; seconds and MB of the next.
fn fleet(workers: u32, folder: &Path) -> Outcome<[f64; 5]> {
    let nodes = (0..workers).map(|i| {
        let [_, a, b, c] = (0x0a01_0000 + i).to_be_bytes();
        format!("- {{name: worker-{i}, addresses: [10.{a}.{b}.{c}]}}\n")
    });
    let inventory = format!(
        "apiVersion: kubepki/v1alpha1\nkind: ClusterPKI\nencryptionAlgorithm: ECDSA-P256\n\
         controlPlaneNodes: [{{name: cp-1, addresses: [10.0.0.1]}}]\nworkerNodes:\n{}",
        nodes.collect::<String>()
    );
    fs::write(folder.join("cluster.yaml"), inventory)?;
    let run = || -> Outcome<Vec<f64>> {
        let command = words("$KUBEPKI cluster init -q --config cluster.yaml");
        let told = timed(folder, "%e %U %S %M", &command)?;
        Ok(told.split(' ').map(str::parse).collect::<Result<_, _>>()?)
    };
    let (make, again) = (run()?, run()?);
    let megabytes = |kilobytes: f64| kilobytes * 1024.0 / 1e6;
    Ok([make[0], make[1] + make[2], megabytes(make[3]), again[0], megabytes(again[3])])
}

fn words(script: &str) -> [OsString; 3] {
    ["sh", "-euc", script].map(OsString::from)
}

/// Runs both sides in turn, each in an empty folder, and prints a line. What the programs print goes nowhere, and what they say of
/// errors into a file, so that nothing but the programs is measured.
fn race(what: &str, wanted: &str, rounds: usize, sides: [Side<'_>; 2]) -> Outcome<()> {
    let mut times = [Vec::new(), Vec::new()];
    let mut said = tempfile::tempfile()?;
    // The first round only warms the caches up; whoever begins is second in the next.
    for round in 0..=rounds {
        for side in [round % 2, (round + 1) % 2] {
            let mut commands = sides[side](&tempfile::tempdir()?.keep())?;
            for command in &mut commands {
                command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said.try_clone()?);
            }
            let start = Instant::now();
            for command in &mut commands {
                let status = command.status()?;
                if !status.success() {
                    said.rewind()?;
                    return Err(format!("{command:?}: {status}: {}", read_to_string(said)?).into());
                }
            }
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

/// The greatest resident size that a command had.
fn peak<S: AsRef<OsStr>>(folder: &Path, command: &[S]) -> Outcome<String> {
    Ok(megabytes(timed(folder, "%M", command)?.parse::<u64>()? * 1024))
}

/// What GNU time tells of a command.
fn timed<S: AsRef<OsStr>>(folder: &Path, format: &str, command: &[S]) -> Outcome<String> {
    let time = program("time", "apt-get install time")?;
    let told = folder.join("told");
    let mut timed = Command::new(time);
    timed.args(["-f", format, "-o"]).arg(&told).args(command);
    run(with_tools(&mut timed).current_dir(folder))?;
    Ok(fs::read_to_string(told)?.trim().to_owned())
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

fn call(program: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

fn shell(folder: &Path, script: &str) -> Command {
    let mut command = call("sh", &["-euc", script]);
    with_tools(&mut command).current_dir(folder);
    command
}

/// The lines of a control plane's making, each as a process of its own and without a shell, which would be a tenth of it.
fn commands(folder: &Path, lines: &[&str], kind: &str) -> Outcome<Vec<Command>> {
    let command = |words: &Vec<String>| {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir(folder);
        command
    };
    Ok(prepared(folder, lines, kind)?.iter().map(command).collect())
}

/// Lines as words, and kubeadm's file in the folder.
fn prepared(folder: &Path, lines: &[&str], kind: &str) -> Outcome<Vec<Vec<String>>> {
    let (here, kubeadm) = (folder.display().to_string(), kubeadm().display().to_string());
    let fill = |text: &str| {
        let text = text.replace("$KIND", kind).replace("$PWD", &here);
        text.replace("$KUBEPKI", KUBEPKI).replace("$KUBEADM", &kubeadm)
    };
    fs::write(folder.join("config.yaml"), fill(KUBEADM_CONFIG))?;
    Ok(lines.iter().map(|line| line.split(' ').map(fill).collect()).collect())
}

/// The tools that the scripts name.
fn with_tools(command: &mut Command) -> &mut Command {
    command.env("KUBEPKI", KUBEPKI).env("KUBEADM", kubeadm())
}

fn kubeadm() -> PathBuf {
    env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from).unwrap_or_default().join("kubeadm")
}

fn run(command: &mut Command) -> Outcome<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr))
        .into())
}
