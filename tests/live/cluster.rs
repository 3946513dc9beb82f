//! A whole control plane from one `cluster init`, by the word of its servers.

use std::process::Output;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::control_plane::ControlPlane;
use crate::support::world::World;

/// Each kubeconfig with its user, its group, and what it may and may not do.
const IDENTITIES: [(&str, &str, Option<&str>, &str, &str); 4] = [
    ("super-admin", "kubernetes-super-admin", Some("system:masters"), "delete nodes", ""),
    ("kubelet", "system:node:cp-1", Some("system:nodes"), "create nodes", "create deployments"),
    (
        "controller-manager",
        "system:kube-controller-manager",
        None,
        "create serviceaccounts",
        "delete nodes",
    ),
    (
        "scheduler",
        "system:kube-scheduler",
        None,
        "create pods --subresource=binding",
        "create pods",
    ),
];

/// What a front proxy says for somebody who may do anything.
const ROOT: [&str; 4] = ["-H", "X-Remote-User: jane", "-H", "X-Remote-Group: system:masters"];

#[test]
fn a_control_plane_runs_on_one_cluster_init_with_rsa() {
    runs_on_one_cluster_init("RSA-2048");
}

#[test]
fn a_control_plane_runs_on_one_cluster_init_with_ecdsa() {
    runs_on_one_cluster_init("ECDSA-P256");
}

#[track_caller]
fn runs_on_one_cluster_init(key_type: &str) {
    let world = World::in_the_present();
    world.sh(&format!(
        "kubepki -q cluster init --apiserver-advertise-address 192.0.2.10 --node-name cp-1 \\
           --apiserver-cert-extra-sans 127.0.0.1 --key-type {key_type} 2>&1"
    ));
    let control_plane = ControlPlane::start_with_controller_manager(&world, "pki");
    let cluster = Cluster { world, control_plane };
    cluster.kubeconfigs_are_who_they_should_be();
    cluster.an_administrator_waits_for_a_binding();
    cluster.the_controller_manager_signs();
    cluster.tokens_are_accepted();
    cluster.the_front_proxy_is_believed_and_nobody_else();
    cluster.etcd_knows_its_own();
}

/// A world with a control plane in it, and what is asked of it.
pub struct Cluster {
    pub world: World,
    pub control_plane: ControlPlane,
}

impl Cluster {
    pub fn kubeconfigs_are_who_they_should_be(&self) {
        for (name, user, group, may, may_not) in IDENTITIES {
            let who = self.who_am_i(&["--kubeconfig", &format!("{name}.conf")]);
            let groups =
                group.into_iter().chain(["system:authenticated"]).map(String::from).collect();
            assert_eq!(who, (user.to_owned(), groups), "{name}.conf");
            assert!(self.may(name, may), "{user}: {may}");
            assert!(may_not.is_empty() || !self.may(name, may_not), "{user}: {may_not}");
        }
    }

    pub fn an_administrator_waits_for_a_binding(&self) {
        let (user, groups) = self.who_am_i(&["--kubeconfig", "admin.conf"]);
        assert_eq!(user, "kubernetes-admin");
        assert_eq!(groups, ["kubeadm:cluster-admins", "system:authenticated"]);
        let denied = self.kubectl("admin", "get nodes");
        let said = String::from_utf8_lossy(&denied.stderr);
        assert!(said.contains("Error from server (Forbidden)"), "{said}");
        self.apply(&self.world.sh("kubepki cluster bindings"));
        within_ten_seconds("the binding counts", || self.may("admin", "* *").then_some(()));
    }

    fn the_controller_manager_signs(&self) {
        let request = self.world.sh(
            "openssl req -new -newkey rsa:2048 -nodes -keyout jane.key -subj /O=dev/CN=jane 2>openssl.log | base64 -w 0",
        );
        self.apply(&format!(
            "apiVersion: certificates.k8s.io/v1\nkind: CertificateSigningRequest\nmetadata: {{name: jane}}\n\
             spec: {{request: {request}, signerName: kubernetes.io/kube-apiserver-client, usages: [client auth]}}\n"
        ));
        self.succeeds("super-admin", "certificate approve jane");
        let signed = within_ten_seconds("the certificate is signed", || {
            let said =
                self.succeeds("super-admin", "get csr jane -o jsonpath={.status.certificate}");
            Some(said).filter(|said| !said.is_empty())
        });
        self.world.write("jane.b64", signed);
        self.world.sh("base64 -d <jane.b64 >jane.crt; openssl verify -CAfile pki/ca.crt jane.crt");
        let who = self.who_am_i(&[
            "--certificate-authority=pki/ca.crt",
            "--client-certificate=jane.crt",
            "--client-key=jane.key",
        ]);
        assert_eq!(who, ("jane".to_owned(), vec!["dev".into(), "system:authenticated".into()]));
    }

    fn tokens_are_accepted(&self) {
        let token = within_ten_seconds("the service account is there", || {
            let output = self.kubectl("super-admin", "create token default");
            output.status.success().then(|| String::from_utf8(output.stdout).expect("a token"))
        });
        let token = format!("--token={}", token.trim());
        let (user, _) = self.who_am_i(&["--certificate-authority=pki/ca.crt", &token]);
        assert_eq!(user, "system:serviceaccount:default:default");
    }

    fn the_front_proxy_is_believed_and_nobody_else(&self) {
        self.world.sh("kubepki -q cert issue mallory --profile user --ca front-proxy-ca --key-type ECDSA-P256");
        self.the_front_proxy_speaks_for_others();
        assert_eq!(self.asks_as("mallory", &ROOT), "401", "another name below the same CA");
    }

    pub fn the_front_proxy_speaks_for_others(&self) {
        let ask = |client, headers: &[&str]| self.asks_as(client, headers);
        assert_eq!(ask("front-proxy-client", &ROOT), "200");
        assert_eq!(ask("front-proxy-client", &["-H", "X-Remote-User: jane"]), "403", "no rights");
        assert_eq!(ask("front-proxy-client", &[]), "401", "it stands for nobody by itself");
        assert_eq!(ask("apiserver-kubelet-client", &ROOT), "403", "as itself, without rights");
    }

    /// The status for a client of the PKI folder that asks with headers.
    fn asks_as(&self, client: &str, headers: &[&str]) -> String {
        let (cert, key) = (format!("pki/{client}.crt"), format!("pki/{client}.key"));
        let args = ["--cacert", "pki/ca.crt", "--cert", &cert, "--key", &key];
        let args = [&args[..], headers].concat();
        self.control_plane.curl(&self.world, "/api/v1/namespaces", &args)
    }

    pub fn etcd_knows_its_own(&self) {
        let takes = |client| self.control_plane.etcd_takes(&self.world, client);
        assert!(takes("apiserver-etcd-client") && takes("etcd/healthcheck-client"));
        assert!(!takes("apiserver-kubelet-client"), "a client of the cluster's CA");
        assert!(!takes("front-proxy-client"), "a client of the front proxy's CA");
    }

    /// The name and the groups that the API server sees.
    fn who_am_i(&self, credentials: &[&str]) -> (String, Vec<String>) {
        let args = ["--server", &self.control_plane.url, "auth", "whoami", "-o", "json"];
        let output = self.control_plane.kubectl(&self.world, &[credentials, &args].concat());
        assert!(output.status.success(), "{credentials:?}: {output:?}");
        let who: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let who = &who["status"]["userInfo"];
        let groups = who["groups"].as_array().expect("groups");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        (text(&who["username"]), groups.iter().map(text).collect())
    }

    fn may(&self, kubeconfig: &str, what: &str) -> bool {
        self.kubectl(kubeconfig, &format!("auth can-i --quiet {what}")).status.success()
    }

    fn apply(&self, manifest: &str) {
        self.world.write("manifest.yaml", manifest);
        self.succeeds("super-admin", "apply -f manifest.yaml");
    }

    fn succeeds(&self, kubeconfig: &str, args: &str) -> String {
        let output = self.kubectl(kubeconfig, args);
        assert!(output.status.success(), "{args}: {output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Runs kubectl with words that hold no blanks.
    fn kubectl(&self, kubeconfig: &str, args: &str) -> Output {
        let kubeconfig = format!("--kubeconfig={kubeconfig}.conf");
        let server = format!("--server={}", self.control_plane.url);
        let args: Vec<&str> = [&*kubeconfig, &*server].into_iter().chain(args.split(' ')).collect();
        self.control_plane.kubectl(&self.world, &args)
    }
}

#[track_caller]
fn within_ten_seconds<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        match look() {
            Some(found) => return found,
            None if Instant::now() > until => panic!("not within ten seconds: {what}"),
            None => thread::sleep(Duration::from_millis(100)),
        }
    }
}
