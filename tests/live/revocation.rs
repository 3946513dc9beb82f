//! What a revocation is worth: who looks at our lists and who does not, by the word of the programs themselves.

use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::control_plane::ControlPlane;
use crate::support::kubernetes_programs;
use crate::support::world::World;

#[test]
fn etcd_refuses_a_client_and_a_peer_as_soon_as_they_are_revoked_and_takes_the_others() {
    let world = cluster();
    world.sh("export KUBEPKI_KEY_TYPE=ECDSA-P256
         for name in peer-2 peer-3; do kubepki -q cert issue $name --profile peer --ca etcd-ca --san 127.0.0.1; done
         kubepki -q crl make etcd-ca");
    let control_plane = ControlPlane::start(&world, "pki");
    let peer = |name: &str| {
        let (cert, key) = (format!("pki/{name}.crt"), format!("pki/{name}.key"));
        let args = ["--http1.1", "--cacert", "pki/etcd/ca.crt", "--cert", &cert, "--key", &key];
        control_plane.curl_at(&world, &control_plane.etcd_peer, "/members", &args)
    };
    assert!(control_plane.etcd_takes(&world, "etcd/healthcheck-client"));
    assert_eq!((peer("peer-2"), peer("peer-3")), ("200".to_owned(), "200".to_owned()));

    world.sh("kubepki -q cert revoke etcd-healthcheck-client --reason keyCompromise; kubepki -q cert revoke peer-2");
    assert!(!control_plane.etcd_takes(&world, "etcd/healthcheck-client"));
    assert!(control_plane.etcd_takes(&world, "apiserver-etcd-client"));
    assert_eq!((peer("peer-2"), peer("peer-3")), ("000".to_owned(), "200".to_owned()));

    world.sh("kubepki -q cert revoke peer-3 --reason certificateHold");
    assert_eq!(peer("peer-3"), "000");
    world.sh("kubepki -q cert unhold peer-3");
    assert_eq!(peer("peer-3"), "200");
}

#[test]
fn etcd_takes_the_forced_list_of_a_ca_that_may_not_sign_lists() {
    let world = World::in_the_present();
    world.sh("mkdir -p pki/etcd
         openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout pki/etcd/ca.key -out pki/etcd/ca.crt \
           -subj /CN=etcd-ca -addext subjectAltName=DNS:etcd-ca -days 30 \
           -addext keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign 2>/dev/null");
    init(&world);
    world.sh("kubepki -q crl make etcd-ca --force 2>/dev/null");
    let control_plane = ControlPlane::start(&world, "pki");
    assert!(control_plane.etcd_takes(&world, "etcd/healthcheck-client"));
    world.sh("kubepki -q cert revoke etcd-healthcheck-client --force 2>/dev/null");
    assert!(!control_plane.etcd_takes(&world, "etcd/healthcheck-client"));
    assert!(control_plane.etcd_takes(&world, "apiserver-etcd-client"));
}

#[test]
fn kube_apiserver_lets_a_revoked_user_in_until_its_rights_are_taken_as_the_screen_says() {
    let world = cluster();
    world.sh("export KUBEPKI_KEY_TYPE=ECDSA-P256
         kubepki -q cert issue alice --profile user --org dev; kubepki -q cert issue bob --profile user --org ops");
    let control_plane = ControlPlane::start(&world, "pki");
    let admin = format!("--server={}", control_plane.url);
    let kubectl = |args: &[&str]| {
        let args = [&["--kubeconfig=super-admin.conf", &admin], args].concat();
        let output = control_plane.kubectl(&world, &args);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    for words in [
        "create clusterrole pods --verb=list --resource=pods",
        "create clusterrole secrets --verb=list --resource=secrets",
        "create clusterrolebinding pods --clusterrole=pods --user=alice --user=bob",
        "create rolebinding secrets -n default --clusterrole=secrets --group=dev --group=ops",
    ] {
        kubectl(&words.split(' ').collect::<Vec<_>>());
    }
    let ask = |name: &str, path: &str| {
        let (cert, key) = (format!("pki/{name}.crt"), format!("pki/{name}.key"));
        let args = ["--cacert", "pki/ca.crt", "--cert", &cert, "--key", &key];
        control_plane.curl(&world, path, &args)
    };
    let (pods, secrets) = ("/api/v1/pods", "/api/v1/namespaces/default/secrets");
    for name in ["alice", "bob"] {
        eventually("200", || ask(name, pods));
        eventually("200", || ask(name, secrets));
    }

    let said = world.sh("kubepki cert revoke alice --reason keyCompromise -o json");
    let said: Value = serde_json::from_str(&said).expect("JSON");
    let advice = said["advice"].as_array().expect("advice");
    assert!(advice[0]["about"].as_str().expect("words").contains("still gets in as `alice`"));
    thread::sleep(Duration::from_secs(2));
    assert_eq!((ask("alice", pods), ask("alice", secrets)), ("200".to_owned(), "200".to_owned()));

    let commands = advice.iter().flat_map(|one| one["commands"].as_array().expect("commands"));
    let commands: Vec<&str> = commands.filter_map(Value::as_str).collect();
    assert_eq!(commands.iter().filter(|one| one.ends_with("kubectl replace -f -")).count(), 2);
    world
        .sh(&format!("sed 's|server: .*|server: {}|' super-admin.conf >config", control_plane.url));
    for command in commands {
        let kubectl = format!("export PATH={}:$PATH KUBECONFIG=config", kubernetes_programs());
        world.sh(&format!("{kubectl}\n{command}"));
    }
    eventually("403", || ask("alice", pods));
    eventually("403", || ask("alice", secrets));
    assert_eq!((ask("bob", pods), ask("bob", secrets)), ("200".to_owned(), "200".to_owned()));
}

#[test]
fn nginx_refuses_a_revoked_client_after_a_reload_and_takes_the_others() {
    let world = World::in_the_present();
    world.sh("export KUBEPKI_KEY_TYPE=ECDSA-P256
         kubepki -q ca init vpn; kubepki -q crl make vpn
         kubepki -q cert issue web --profile server --san 127.0.0.1 --ca vpn
         for name in ada bob; do kubepki -q cert issue $name --ca vpn; done");
    let nginx = Nginx::start(&world);
    let ask = |name: &str| {
        world.sh(&format!(
            "curl -s -o /dev/null -w '%{{http_code}}' --cacert pki/vpn.crt --cert pki/{name}.crt --key pki/{name}.key \
             https://127.0.0.1:{}/ || true",
            nginx.port
        ))
    };
    eventually("200", || ask("ada"));
    assert_eq!(ask("bob"), "200");
    let said = world.sh("kubepki cert revoke ada -o json");
    let said: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(said["advice"][0]["commands"][0], "ssl_crl pki/vpn.crl;");
    nginx.reload(&world);
    eventually("400", || ask("ada"));
    assert_eq!(ask("bob"), "200");
}

/// A control plane's files, with a server that is reached on loopback.
fn cluster() -> World {
    let world = World::in_the_present();
    init(&world);
    world
}

fn init(world: &World) {
    world.sh("kubepki -q cluster init --apiserver-advertise-address 192.0.2.10 --node-name cp-1 \
         --apiserver-cert-extra-sans 127.0.0.1 --key-type ECDSA-P256 2>/dev/null");
}

/// Servers take a moment to see what has changed.
#[track_caller]
fn eventually(wanted: &str, ask: impl Fn() -> String) {
    let until = Instant::now() + Duration::from_secs(20);
    let mut seen = ask();
    while seen != wanted && Instant::now() < until {
        thread::sleep(Duration::from_millis(200));
        seen = ask();
    }
    assert_eq!(seen, wanted);
}

/// An nginx that asks for a client certificate and looks at a list; it ends with the value.
struct Nginx {
    server: Child,
    port: u16,
}

impl Nginx {
    fn start(world: &World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        world.write(
            "nginx.conf",
            format!(
                "daemon off; pid nginx.pid; error_log error.log; worker_processes 1;
                 events {{ worker_connections 64; }}
                 http {{
                   access_log off; client_body_temp_path body; proxy_temp_path proxy;
                   fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                   server {{
                     listen 127.0.0.1:{port} ssl;
                     ssl_certificate pki/web.crt; ssl_certificate_key pki/web.key;
                     ssl_client_certificate pki/vpn.crt; ssl_verify_client on; ssl_crl pki/vpn.crl;
                     location / {{ return 200; }}
                   }}
                 }}"
            ),
        );
        let server = world.command("sh").args(["-c", &command("")]).stdin(Stdio::null()).spawn();
        Self { server: server.expect("a shell"), port }
    }

    fn reload(&self, world: &World) {
        world.sh(&command("-s reload"));
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let pid = self.server.id().to_string();
        // The master ends its workers; killed, it would leave them.
        let _ = std::process::Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.server.wait();
    }
}

/// nginx is where only root's PATH leads.
fn command(args: &str) -> String {
    format!("PATH=$PATH:/usr/sbin exec nginx -p \"$PWD\" -e error.log -c nginx.conf {args}")
}
