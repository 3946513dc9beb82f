//! Ten thousand certificates in one folder, beside an openssl for each.

use std::fs;
use std::path::Path;
use std::time::Instant;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::{KUBEPKI, Outcome, call, middle, timed};

/// How many there are.
const CERTIFICATES: u32 = 10_000;

/// For so many openssl is asked; the rest would take as long each.
const ASKED: u32 = 500;

const ROUNDS: usize = 7;

/// Lists all of them, and prints the ratio and the greatest memory.
pub fn measure(openssl: &Path) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    certificates(folder.path())?;
    let file = |n: u32| folder.path().join(name(n)).to_string_lossy().into_owned();
    let all = folder.path().to_string_lossy().into_owned();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    // Both in turn, so that a busy machine is busy for both; the first round only warms the caches up.
    for _ in 0..=ROUNDS {
        let start = Instant::now();
        call(KUBEPKI, &["cert", "list", &all])?;
        ours.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        for n in (0..ASKED).map(|n| n * (CERTIFICATES / ASKED)) {
            call(openssl, &["x509", "-noout", "-enddate", "-subject", "-in", &file(n)])?;
        }
        theirs.push(start.elapsed().as_secs_f64() * f64::from(CERTIFICATES / ASKED));
    }
    let [ours, theirs] = [ours, theirs].map(|times| 1000.0 * middle(times[1..].to_vec()));
    let what = format!("list, {CERTIFICATES} certificates | openssl");
    println!("{what:<42} {ours:>24.1} {theirs:>26.1} {:>7.3} at most 0.1", ours / theirs);
    let peak = timed(tempfile::tempdir()?.path(), "%M", &[KUBEPKI, "cert", "list", &all])?;
    let megabytes = peak.parse::<f64>()? * 1024.0 / 1e6;
    println!("{:<42} {megabytes:>24.1} {:>26} {:>7} less than 100", "memory, MB: the same", "", "");
    Ok(())
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
