//! A control plane that lives as long as a value: a thin hold on `tests/control-plane/run`.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::world::World;
use crate::support::{ROOT, kubernetes_programs};

/// Running servers that trust a PKI folder. The script that runs them ends them when its command ends, and its command is
/// `cat`: it ends when this value closes its stdin, be it by a drop, a panic, or the end of the test process.
pub struct ControlPlane {
    script: Child,
    /// Where the API server listens, such as `https://127.0.0.1:20443`.
    pub url: String,
    /// Where etcd listens.
    pub etcd: String,
    /// Where etcd listens for its peers.
    pub etcd_peer: String,
}

impl ControlPlane {
    /// Starts etcd and kube-apiserver from a folder of the world.
    pub fn start(world: &World, pki: &str) -> Self {
        Self::run(world, &[pki])
    }

    /// The same, with kube-controller-manager; its kubeconfig stands beside the folder.
    pub fn start_with_controller_manager(world: &World, pki: &str) -> Self {
        Self::run(world, &["--controller-manager", pki])
    }

    fn run(world: &World, args: &[&str]) -> Self {
        let mut command = in_world(world, &format!("{ROOT}/tests/control-plane/run"));
        command.args(args).args([
            "--",
            "sh",
            "-c",
            "echo \"$KUBE_APISERVER $KUBE_ETCD $KUBE_ETCD_PEER\"; exec cat",
        ]);
        let mut script =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the script");
        let mut urls = String::new();
        let stdout = BufReader::new(script.stdout.take().expect("a stdout"));
        stdout.take(200).read_line(&mut urls).expect("a line");
        let mut urls = urls.split_whitespace().map(str::to_owned);
        let mut next = || urls.next().unwrap_or_default();
        let control_plane = Self { script, url: next(), etcd: next(), etcd_peer: next() };
        assert!(
            !control_plane.url.is_empty(),
            "the control plane did not start; the reason is above"
        );
        control_plane
    }

    /// Runs kubectl of the servers' version in the world.
    pub fn kubectl(&self, world: &World, args: &[&str]) -> Output {
        kubernetes_program(world, "kubectl").args(args).output().expect("kubectl")
    }

    /// Whether etcd speaks with a client of the PKI folder.
    pub fn etcd_takes(&self, world: &World, client: &str) -> bool {
        let mut etcdctl = kubernetes_program(world, "etcdctl");
        etcdctl.args(["--endpoints", &self.etcd, "--cacert", "pki/etcd/ca.crt"]);
        etcdctl.args(["--cert", &format!("pki/{client}.crt")]);
        etcdctl.args(["--key", &format!("pki/{client}.key"), "--command-timeout", "3s"]);
        etcdctl.args(["get", "/registry/health"]).output().expect("etcdctl").status.success()
    }

    /// Asks for a path of the API with curl, and returns the HTTP status, such as `200`; `000` when TLS failed.
    pub fn curl(&self, world: &World, path: &str, args: &[&str]) -> String {
        self.curl_at(world, &self.url, path, args)
    }

    /// The same of another server.
    pub fn curl_at(&self, world: &World, url: &str, path: &str, args: &[&str]) -> String {
        let mut curl = in_world(world, "curl");
        curl.args([
            "--silent",
            "--max-time",
            "10",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
        ]);
        let output = curl.args(args).arg(format!("{url}{path}")).output().expect("curl");
        String::from_utf8(output.stdout).expect("a status")
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let until = Instant::now() + Duration::from_secs(40);
        while Instant::now() < until {
            if let Ok(Some(_)) = self.script.try_wait() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        // The kernel ends the servers with it.
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

fn kubernetes_program(world: &World, name: &str) -> Command {
    in_world(world, &Path::new(kubernetes_programs()).join(name).to_string_lossy())
}

fn in_world(world: &World, program: &str) -> Command {
    let mut command = world.command(program);
    command.env("KUBEBUILDER_ASSETS", kubernetes_programs());
    command
}
