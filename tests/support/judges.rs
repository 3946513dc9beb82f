//! Judges from outside: other implementations that accept or refuse what we make.
//!
//! A judge that is not installed fails the test; it is never passed over. An `Err` is the refusal, in the judge's words.
//! openssl and Python belong to every `cargo test`; Go's verifier needs Go and belongs to the live tests.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::ROOT;

/// What a certificate is wanted for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// A TLS client.
    Client,
    /// A TLS server.
    Server,
}

/// What one judge is asked about one certificate.
pub struct Question<'a> {
    /// The certificates that are trusted.
    pub roots: &'a Path,
    /// The certificate, and after it those that may lie on the way to a root.
    pub chain: &'a Path,
    /// What it is wanted for.
    pub purpose: Purpose,
    /// The DNS name or IP address that it must be good for.
    pub name: Option<&'a str>,
    /// The time of the judgement, in seconds since 1970, instead of now.
    pub at: Option<u64>,
}

/// `openssl verify -x509_strict`: the rules of RFC 5280, pedantically.
pub fn openssl(question: &Question) -> Result<(), String> {
    let Question { roots, chain, purpose, name, at } = question;
    let mut openssl = Command::new("openssl");
    openssl.args(["verify", "-x509_strict", "-check_ss_sig", "-purpose"]).arg(match purpose {
        Purpose::Client => "sslclient",
        Purpose::Server => "sslserver",
    });
    if let Some(name) = name {
        let option = if is_address(name) { "-verify_ip" } else { "-verify_hostname" };
        openssl.args([option, name]);
    }
    if let Some(at) = at {
        openssl.args(["-attime", &at.to_string()]);
    }
    openssl.arg("-CAfile").arg(roots).arg("-untrusted").arg(chain).arg(chain);
    verdict(&mut openssl).map(drop)
}

/// One side of a handshake: who it is, and by what the other one judges it.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// Its certificate, and the intermediates after it.
    pub chain: &'a Path,
    /// Its private key.
    pub key: &'a Path,
    /// The certificates that the other side trusts.
    pub roots: &'a Path,
}

/// TLS handshakes with certificates on both sides, under the flags that Python 3.13 sets by default. Each is a name that the
/// client demands of the server, the server, the client. The time is now.
pub fn python_handshakes(handshakes: &[(&str, Side, Side)]) -> Result<(), String> {
    let mut python = Command::new("python3");
    python.arg(Path::new(ROOT).join("tests/judges/handshake.py"));
    for (name, server, client) in handshakes {
        python.arg(name).args([server.chain, server.key, server.roots]);
        python.args([client.chain, client.key, client.roots]);
    }
    verdict(&mut python).map(drop)
}

/// Go's crypto/x509, which every part of Kubernetes verifies with. Returns what it read: `user`, `groups`, `dns`, `ips`,
/// `uris`, `emails`, and the common names on the `path` to the root.
pub fn go(question: &Question) -> Result<serde_json::Value, String> {
    let Question { roots, chain, purpose, name, at } = question;
    let mut go = Command::new(go_judge());
    go.arg("-roots").arg(roots).args(["-name", name.unwrap_or_default(), "-usage"]);
    go.arg(match purpose {
        Purpose::Client => "client",
        Purpose::Server => "server",
    });
    if let Some(at) = at {
        go.args(["-at-unix", &at.to_string()]);
    }
    let said = verdict(go.arg(chain))?;
    Ok(serde_json::from_str(&said).expect("JSON"))
}

/// Prometheus' own linter, for numbers in its text format.
pub fn promlint(file: &Path) -> Result<(), String> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let program = BUILT.get_or_init(|| built("promlint"));
    verdict(Command::new(program).stdin(File::open(file).expect("a file"))).map(drop)
}

/// The program, built by the first test that asks.
fn go_judge() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| built("x509verify"))
}

/// Builds a judge that is written in Go.
fn built(name: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let sources = Path::new(ROOT).join("tests/judges").join(name);
    let mut go = Command::new("go");
    let built = verdict(go.arg("build").arg("-o").arg(&program).arg(".").current_dir(sources));
    built.expect("the judge builds");
    program
}

fn verdict(judge: &mut Command) -> Result<String, String> {
    let name = judge.get_program().display().to_string();
    let output = judge
        .output()
        .unwrap_or_else(|error| panic!("the judge `{name}` cannot be heard: {error}"));
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

fn is_address(name: &str) -> bool {
    name.parse::<std::net::IpAddr>().is_ok()
}
