//! Ten thousand certificates in one folder, beside an openssl for each; a log of a million lines, beside a jq that reads it.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::{KUBEPKI, Outcome, call, middle, program, run, timed};

/// How many there are.
const CERTIFICATES: u32 = 10_000;

/// For so many openssl is asked; the rest would take as long each.
const ASKED: u32 = 500;

/// How many lines the log has.
const LINES: u32 = 1_000_000;

const ROUNDS: usize = 7;

/// Both in turn.
pub fn measure(openssl: &Path) -> Outcome<()> {
    folder(openssl)?;
    log(&program("jq", "apt-get install jq")?)
}

/// Lists all certificates, and prints the ratio and the greatest memory.
fn folder(openssl: &Path) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    certificates(folder.path())?;
    let file = |n: u32| folder.path().join(name(n)).to_string_lossy().into_owned();
    let all = folder.path().to_string_lossy().into_owned();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    // Both in turn, so that a busy machine is busy for both; the first round only warms the caches up.
    for _ in 0..=ROUNDS {
        let start = Instant::now();
        run(&mut call(KUBEPKI, &["cert", "list", &all]))?;
        ours.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        for n in (0..ASKED).map(|n| n * (CERTIFICATES / ASKED)) {
            let asked = ["x509", "-noout", "-enddate", "-subject", "-in", &file(n)];
            run(&mut call(openssl, &asked))?;
        }
        theirs.push(start.elapsed().as_secs_f64() * f64::from(CERTIFICATES / ASKED));
    }
    let [ours, theirs] = [ours, theirs].map(|times| 1000.0 * middle(times[1..].to_vec()));
    let what = format!("list, {CERTIFICATES} certificates | openssl");
    println!("{what:<42} {ours:>24.1} {theirs:>26.1} {:>7.3} at most 0.1", ours / theirs);
    memory(&["cert", "list", &all], "100")
}

/// Looks for one user in a long log, and prints the ratio and the greatest memory.
fn log(jq: &Path) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("ca.log.jsonl");
    lines(&file)?;
    let (cert_dir, file) = (folder.path().to_string_lossy(), file.to_string_lossy());
    let user = format!("user-{}", LINES / 2);
    let command = ["cert", "log", "--cert-dir", &cert_dir, "--user", &user];
    let filter = format!("select(.user == \"{user}\")");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..=ROUNDS {
        let start = Instant::now();
        run(&mut call(KUBEPKI, &command))?;
        ours.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        run(&mut call(jq, &["-c", &filter, &file]))?;
        theirs.push(start.elapsed().as_secs_f64());
    }
    let [ours, theirs] = [ours, theirs].map(|times| 1000.0 * middle(times[1..].to_vec()));
    let what = format!("log --user, {LINES} lines | jq");
    println!("{what:<42} {ours:>24.1} {theirs:>26.1} {:>7.3} at most 0.2", ours / theirs);
    memory(&command, "50")
}

/// Prints the greatest memory of a command.
fn memory(command: &[&str], less_than: &str) -> Outcome<()> {
    let command: Vec<&str> = [KUBEPKI].iter().chain(command).copied().collect();
    let peak = timed(tempfile::tempdir()?.path(), "%M", &command)?;
    let megabytes = peak.parse::<f64>()? * 1024.0 / 1e6;
    let what = "memory, MB: the same";
    println!("{what:<42} {megabytes:>24.1} {:>26} {:>7} less than {less_than}", "", "");
    Ok(())
}

/// Lines as a CA that signs for users has them, written by another hand than ours.
fn lines(file: &Path) -> Outcome<()> {
    let mut out = BufWriter::new(File::create(file)?);
    for n in 0..LINES {
        let (month, day, second) = (n % 12 + 1, n % 28 + 1, n % 60);
        let serial = u128::from(n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        let time = format!("{month:02}-{day:02}T08:30:{second:02}Z");
        writeln!(
            out,
            r#"{{"event":"issued","serial":"{serial:032X}","subject":"O=team-{team},CN=user-{n}","user":"user-{n}","groups":["team-{team}"],"profile":"client","from":"2026-{time}","until":"2027-{time}","sha256":"{serial:064X}","who":"ada","why":"cert issue","when":"2026-{time}"}}"#,
            team = n % 100,
        )?;
    }
    Ok(out.flush()?)
}

/// Servers with three names each, below one CA.
fn certificates(folder: &Path) -> Outcome<()> {
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let (issuer, key) = (Issuer::new(ca, KeyPair::generate()?), KeyPair::generate()?);
    for n in 0..CERTIFICATES {
        let names = ["", "a.", "b."].map(|host| format!("{host}server-{n}.example.com"));
        let mut server = CertificateParams::new(names)?;
        server.distinguished_name.push(DnType::CommonName, format!("server-{n}"));
        fs::write(folder.join(name(n)), server.signed_by(&key, &issuer)?.pem())?;
    }
    Ok(())
}

fn name(n: u32) -> String {
    format!("server-{n}.crt")
}
