//! Our control planes beside kubeadm's, field by field. Where they differ must be documented, and what is documented must
//! still be so.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::fields::{Fields, read};
use crate::support::world::World;
use crate::support::{ROOT, kubernetes_programs};

/// One control plane, asked of both.
struct Case {
    about: &'static str,
    address: &'static str,
    port: u16,
    /// For kubeadm: fields of its ClusterConfiguration.
    config: &'static str,
    /// For us: flags.
    flags: &'static str,
    /// What is done to both folders before, and after: `$TOOL` is the name of the tool.
    before: &'static str,
    after: &'static str,
}

const PLAIN: Case = Case {
    about: "",
    address: "192.0.2.10",
    port: 6443,
    config: "",
    flags: "",
    before: "",
    after: "",
};

const EC: &str = "encryptionAlgorithm: ECDSA-P256\n";

const CASES: [Case; 16] = [
    Case { about: "as it comes", ..PLAIN },
    Case {
        about: "RSA-3072",
        config: "encryptionAlgorithm: RSA-3072",
        flags: "--key-type RSA-3072",
        ..PLAIN
    },
    Case {
        about: "ECDSA-P384, and a user in two groups",
        config: "encryptionAlgorithm: ECDSA-P384",
        flags: "--key-type ECDSA-P384",
        after: "if [ $TOOL = kubeadm ]; then
                  (umask 077; kubeadm kubeconfig user --client-name alice --org dev,b:c --config config.yaml >alice.conf)
                else
                  kubepki -q kubeconfig gen alice --issue --org dev --org b:c --server https://192.0.2.10:6443 --key-type ECDSA-P384; rm pki/alice.{crt,key}
                fi",
        ..PLAIN
    },
    Case {
        about: "IPv6",
        address: "fd00::10",
        config: "networking: {serviceSubnet: 'fd00:10::/108'}",
        flags: "--service-cidr fd00:10::/108",
        ..PLAIN
    },
    Case {
        about: "dual stack",
        config: "networking: {serviceSubnet: '10.96.0.0/16,fd00:10::/108', podSubnet: '10.1.0.0/16,fd00:1::/64'}",
        flags: "--service-cidr 10.96.0.0/16,fd00:10::/108",
        ..PLAIN
    },
    Case {
        about: "extra names",
        config: "apiServer: {certSANs: [z.example.com, 10.0.0.9, '*.example.org', 'fd00::9', 127.0.0.1, Api.Example.net, 192.0.2.10]}",
        flags: "--apiserver-cert-extra-sans z.example.com,10.0.0.9,*.example.org,fd00::9 --apiserver-cert-extra-sans 127.0.0.1,Api.Example.net,192.0.2.10",
        ..PLAIN
    },
    Case {
        about: "an endpoint",
        config: "controlPlaneEndpoint: kube.example.com",
        flags: "--control-plane-endpoint kube.example.com",
        ..PLAIN
    },
    Case {
        about: "an endpoint with a port, another name of the cluster",
        config: "controlPlaneEndpoint: kube.example.com:8443\nclusterName: prod",
        flags: "--control-plane-endpoint kube.example.com:8443 --cluster-name prod",
        ..PLAIN
    },
    Case {
        about: "an address as the endpoint",
        config: "controlPlaneEndpoint: '[fd00::99]:443'",
        flags: "--control-plane-endpoint [fd00::99]:443",
        ..PLAIN
    },
    Case {
        about: "another domain and other services",
        config: "networking: {dnsDomain: k8s.example.com, serviceSubnet: 172.20.128.0/17}",
        flags: "--service-dns-domain k8s.example.com --service-cidr 172.20.128.0/17",
        ..PLAIN
    },
    Case {
        about: "other periods",
        config: "caCertificateValidityPeriod: 43800h0m0s\ncertificateValidityPeriod: 4380h0m0s",
        flags: "--ca-validity 43800h --validity 4380h",
        ..PLAIN
    },
    Case {
        about: "leaves that would outlive their CA",
        config: "caCertificateValidityPeriod: 4380h0m0s",
        flags: "--ca-validity 4380h",
        ..PLAIN
    },
    Case {
        about: "names of etcd",
        config: "etcd: {local: {serverCertSANs: [etcd.example.com, 10.0.0.7], peerCertSANs: [peer.example.com, 'fd00::7']}}",
        flags: "--etcd-server-extra-sans etcd.example.com,10.0.0.7 --etcd-peer-extra-sans peer.example.com,fd00::7",
        ..PLAIN
    },
    Case {
        about: "etcd elsewhere",
        config: "etcd: {external: {endpoints: ['https://192.0.2.20:2379'], caFile: /x/ca, certFile: /x/crt, keyFile: /x/key}}",
        flags: "--external-etcd",
        ..PLAIN
    },
    Case { about: "another port", port: 7443, ..PLAIN },
    Case {
        about: "a CA of yesterday",
        before: "KUBEPKI_AT=$(date -u -d yesterday +%FT%TZ) kubepki -q ca init --key-type ECDSA-P256",
        config: "certificateValidityPeriod: 4380h0m0s",
        flags: "--validity 4380h",
        ..PLAIN
    },
];

/// A field in which the two are not equal.
struct Difference<'a> {
    place: &'a str,
    field: &'static str,
    theirs: &'a str,
    ours: &'a str,
    all_ours: &'a Fields,
}

/// What is documented: a row of the first table of `docs/differences-from-kubeadm.md`, and whether a difference is that.
type Documented = (&'static str, fn(&Difference<'_>) -> bool);

const DOCUMENTED: [Documented; 10] = [
    ("`keyEncipherment` only on servers with an RSA key", |it| {
        let is_ca = it.theirs.ends_with("Key Cert Sign");
        let is_rsa_server = it.other("key").contains("2048")
            && it.other("extended key usage").contains("server true");
        let without = it.theirs.replace(", Key Encipherment", "");
        let allowed = if is_ca { format!("{without}, CRL Sign") } else { without };
        it.field == "key usage" && it.ours == allowed && !is_rsa_server
    }),
    ("`cRLSign` on CAs", |it| {
        it.field == "key usage" && it.ours.ends_with("Key Cert Sign, CRL Sign")
    }),
    ("A subject key identifier on every certificate", |it| {
        let leaf = it.ours.replace("2.5.29.14, ", "");
        it.field == "extensions" && it.theirs == leaf
    }),
    ("Serial numbers of 127 bits", |it| {
        (it.field, it.theirs, it.ours) == ("serial length", "8 bytes", "over 8 bytes")
    }),
    ("Each group is an RDN of its own", |it| {
        let split = it.theirs.replace(" + ", ") (");
        let parts = |text: &str| {
            text.split(") (")
                .map(|s| s.trim_matches(['(', ')']).to_owned())
                .collect::<BTreeSet<_>>()
        };
        it.field == "subject" && it.theirs != split && parts(&split) == parts(it.ours)
    }),
    ("A client in a kubeconfig begins five minutes ago", |it| {
        it.place.ends_with(".conf (certificate)")
            && (it.field == "minutes valid"
                || (it.field, it.theirs, it.ours) == ("start", "with the CA", "later than the CA"))
            && it.other("start") == "later than the CA"
    }),
    ("No certificate outlives its CA", |it| {
        it.field == "minutes valid"
            && it.theirs == (365 * 24 * 60 + 5).to_string()
            && it.ours == it.all_ours[&("pki/ca.crt".to_owned(), "minutes valid")]
    }),
    ("`sa.pub` is 0644, new folders are 0700", |it| {
        let expected = if it.place == "pki/sa.pub" { ("600", "644") } else { ("755", "700") };
        it.field == "mode" && (it.theirs, it.ours) == expected
    }),
    ("Each CA has a log of what it signed beside it", |it| {
        it.place.ends_with(".log.jsonl") && (it.field, it.theirs) == ("mode", "absent")
    }),
    ("Kubeconfigs have their keys in another order", |it| {
        let sorted = |text: &str| text.split(' ').map(str::to_owned).collect::<BTreeSet<_>>();
        it.field == "order of keys" && sorted(it.theirs) == sorted(it.ours)
    }),
];

impl Difference<'_> {
    /// Another field of the same thing.
    fn other(&self, field: &'static str) -> &str {
        self.all_ours.get(&(self.place.to_owned(), field)).map_or("", String::as_str)
    }
}

#[test]
fn every_difference_from_kubeadm_is_documented_and_every_documented_one_is_there() {
    let (mut unknown, mut seen) = (Vec::new(), BTreeSet::new());
    for case in &CASES {
        let world = World::in_the_present();
        let (theirs, ours) = case.both(&world);
        for key in theirs.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
            let value = |fields: &Fields| fields.get(key).cloned().unwrap_or("absent".to_owned());
            let (theirs, found) = (value(&theirs), value(&ours));
            if theirs == found {
                continue;
            }
            let (place, field) = (&key.0, key.1);
            let it = Difference { place, field, theirs: &theirs, ours: &found, all_ours: &ours };
            let rows = DOCUMENTED.iter().filter(|(_, is)| is(&it)).map(|(row, _)| *row);
            let rows: Vec<_> = rows.collect();
            if rows.is_empty() {
                unknown.push(format!("{}: {place}: {field}:\n  {theirs}\n  {found}", case.about));
            }
            seen.extend(rows);
        }
    }
    assert!(unknown.is_empty(), "kubeadm's, then ours:\n{}", unknown.join("\n"));
    let documented: BTreeSet<_> = DOCUMENTED.map(|(row, _)| row).into();
    assert_eq!(seen, documented, "left: what is there; right: what is documented");
}

#[test]
fn the_page_of_differences_has_a_row_for_each() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/differences-from-kubeadm.md"));
    let page = page.expect("the page");
    let (_, table) = page.split_once("## What is in the files").expect("a section");
    let (table, _) = table.split_once("\n## ").expect("another section");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let rows: BTreeSet<_> = rows.skip(1).collect();
    assert_eq!(rows, DOCUMENTED.map(|(row, _)| row).into());
}

impl Case {
    /// What both make of it.
    fn both(&self, world: &World) -> (Fields, Fields) {
        for tool in ["kubeadm", "kubepki"] {
            world.write(&format!("{tool}/config.yaml"), self.kubeadm_config(&world.path(tool)));
        }
        let Self { address, port, flags, before, after, .. } = self;
        // Keys of ECDSA are drawn in no time.
        let kind = if self.draws_ec() { "--key-type ECDSA-P256" } else { "" };
        world.sh(&format!(
            "PATH={}:$PATH; export TOOL=kubeadm; cd ~/kubeadm
             {before}
             kubeadm init phase certs all --config config.yaml 2>&1
             kubeadm init phase kubeconfig all --config config.yaml --kubeconfig-dir $PWD 2>&1
             {after}
             set -f; TOOL=kubepki; cd ~/kubepki
             {}
             kubepki -q cluster init --apiserver-advertise-address {address} \\
               --apiserver-bind-port {port} --node-name cp-1 {kind} {flags} 2>&1
             {after}
             # By the same file, nothing is to be done in either folder.
             for tool in kubepki kubeadm; do
               cd ~/$tool; kubepki cluster plan --config config.yaml >plan || {{ grep differs plan >&2; exit 3; }}
               rm plan
             done",
            kubernetes_programs(),
            if before.is_empty() {
                ""
            } else {
                "mkdir -m 700 pki; cp -p ../kubeadm/pki/ca.{crt,key} pki"
            },
        ));
        (read(&world.path("kubeadm")), read(&world.path("kubepki")))
    }

    fn kubeadm_config(&self, folder: &Path) -> String {
        let kind = if self.draws_ec() { EC } else { "" };
        format!(
            "apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\n\
             localAPIEndpoint: {{advertiseAddress: '{}', bindPort: {}}}\n\
             nodeRegistration: {{name: cp-1, criSocket: 'unix:///run/containerd/containerd.sock'}}\n---\n\
             apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n\
             kubernetesVersion: v1.36.3\ncertificatesDir: {}/pki\n{kind}{}\n",
            self.address,
            self.port,
            folder.display(),
            self.config
        )
    }

    fn draws_ec(&self) -> bool {
        !self.config.contains("encryptionAlgorithm") && self.about != PLAIN_RSA
    }
}

/// The one case with the usual keys.
const PLAIN_RSA: &str = CASES[0].about;
