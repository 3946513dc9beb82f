//! `cert list -o kubeadm` beside `kubeadm certs check-expiration -o json`, and `cert list` where kubeadm stops; and what node_exporter
//! is to read, before Prometheus' own linter.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::judges::promlint;
use crate::support::world::World;
use crate::support::{ROOT, kubernetes_programs};

/// Where everything stands that kubeadm looks for.
const ETC: &str = "root/etc/kubernetes";

/// What is done to a control plane that kubeadm has made, in its folder; `ours` makes one of ours there.
const CASES: [(&str, &str); 12] = [
    ("as kubeadm makes it, RSA-2048", ""),
    ("as we make it, ECDSA-P256", "rm -r *; ours"),
    ("with certificates missing", "rm pki/apiserver.crt pki/etcd/peer.crt scheduler.conf"),
    ("expired", "rm -r *; KUBEPKI_AT=$(date -u -d '400 days ago' +%FT%TZ) ours"),
    (
        "some expired, and some in their last hours",
        "rm -r *; KUBEPKI_AT=$(date -u -d '400 days ago' +%FT%TZ) ours
         kubepki -q cert issue front-proxy-client --force --validity 100h
         kubepki -q cert issue apiserver-kubelet-client --force --validity 90m",
    ),
    ("with the key of the CA elsewhere", "rm pki/ca.key"),
    ("with all keys of CAs elsewhere", "rm pki/ca.key pki/front-proxy-ca.key pki/etcd/ca.key"),
    (
        "with other files",
        "kubepki -q cert issue alice --key-type ECDSA-P256; echo words >pki/README
         cp pki/apiserver.crt pki/copy.crt; cp admin.conf alice.conf; : >pki/empty.crt",
    ),
    ("without etcd", "rm -r pki/etcd pki/apiserver-etcd-client.*"),
    (
        "with chains and bundles",
        "cat pki/ca.crt >>pki/apiserver.crt; cat pki/front-proxy-ca.crt >>pki/ca.crt",
    ),
    (
        "with other users in a kubeconfig",
        "kubepki -q kubeconfig gen alice --issue --validity 5d --key-type ECDSA-P256 \\
           --server https://192.0.2.10:6443 --cluster other --out admin.conf
         kubepki -q context use kubernetes-admin@kubernetes --kubeconfig admin.conf",
    ),
    ("without anything", "rm -r *; mkdir pki"),
];

/// What makes kubeadm stop, as `docs/operations.md` has it; the file that it is about, and what stands in its row of ours.
const STOPS: [(&str, &str, &str, &str); 6] = [
    (
        "a kubeconfig names its certificate by a path",
        "sed -n 's/.*client-certificate-data: //p' scheduler.conf | base64 -d >scheduler.pem
         sed -i 's/client-certificate-data: .*/client-certificate: scheduler.pem/' scheduler.conf",
        "scheduler.conf",
        "client",
    ),
    ("a kubeconfig is damaged", "echo '  - [' >>admin.conf", "admin.conf", "unreadable"),
    ("a certificate is damaged", ": >pki/apiserver.crt", "pki/apiserver.crt", "unreadable"),
    ("a CA's certificate is missing", "rm pki/front-proxy-ca.crt", "front-proxy-ca.crt", "missing"),
    (
        "the CA's key is elsewhere, and a certificate has expired",
        "rm -r *; KUBEPKI_AT=$(date -u -d '400 days ago' +%FT%TZ) ours; rm pki/ca.key",
        "pki/apiserver.crt",
        "expired",
    ),
    (
        "the CA's key is elsewhere, and a certificate has lost its key",
        "rm pki/ca.key pki/apiserver.key",
        "pki/apiserver.crt",
        "server",
    ),
];

#[test]
fn kubeadms_json_is_ours_field_for_field() {
    let world = with_a_control_plane();
    for (about, script) in CASES {
        prepare(&world, script);
        let [before, theirs, after] = asked(&world);
        assert!(!theirs.is_null(), "{about}: {}", world.read("theirs.err"));
        assert_eq!(without_residual(&theirs), without_residual(&before), "{about}");
        let [before, theirs, after] = [before, theirs, after].map(|it| residuals(&it));
        assert_eq!(theirs.len(), before.len(), "{about}");
        for ((before, theirs), after) in before.iter().zip(&theirs).zip(&after) {
            // Theirs was counted between the two of ours, and cut off to a second.
            assert!(
                (after - 1..=before + 1).contains(theirs),
                "{about}: {before} {theirs} {after}"
            );
        }
    }
}

#[test]
fn where_kubeadm_stops_the_list_goes_on() {
    let world = with_a_control_plane();
    let page = fs::read_to_string(Path::new(ROOT).join("docs/operations.md")).expect("the page");
    let (_, table) = page.split_once("| what is wrong | `kubeadm").expect("a table");
    let (table, _) = table.split_once("\n\n").expect("its end");
    let cells =
        |line: &str| line.trim_matches('|').split('|').map(|it| it.trim().to_owned()).collect();
    let rows: Vec<Vec<String>> = table.lines().skip(2).map(cells).collect();
    let documented: BTreeSet<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(documented, STOPS.iter().map(|(about, ..)| *about).collect());
    for (about, script, file, wanted) in STOPS {
        prepare(&world, script);
        let [ours, theirs, _] = asked(&world);
        let said = world.read("theirs.err");
        let row = rows.iter().find(|row| row[0] == about).expect("a row");
        assert!(theirs.is_null() && said.contains(&row[1]), "{about}: {theirs} {said}");
        assert_eq!(residuals(&ours).len(), 14, "{about}: all that kubeadm knows");
        let list = world.run("bash", &["-c", &format!("kubepki cert list {} 2>&1", folders())]);
        let list = String::from_utf8_lossy(&list.stdout).into_owned();
        let found = list.lines().find(|line| line.contains(file)).unwrap_or_default();
        assert!(found.contains(wanted), "{about}\nkubeadm: {said}\nkubepki:\n{list}");
        assert!(list.lines().filter(|line| line.contains(ETC)).count() >= 14, "{about}: {list}");
    }
}

#[test]
fn kubeadm_and_we_call_the_time_that_is_left_the_same() {
    let world = with_a_control_plane();
    for period in ["90s", "5m", "400s", "2h59m30s", "5h", "30h", "75h", "300d", "3y", "9y"] {
        prepare(
            &world,
            &format!("kubepki -q cert issue front-proxy-client --force --validity {period} 2>&1"),
        );
        // Theirs was counted at some moment between, and cut off to a second.
        world.sh(&format!(
            "before=$(date +%s)
             theirs=$({} 2>/dev/null | awk '/^front-proxy-client / {{print $7}}')
             for second in $(seq $before $(($(date +%s) + 1))); do
               ours=$(kubepki cert list {ETC}/pki/front-proxy-client.crt --at $(date -u -d @$second +%FT%TZ) | awk 'NR == 2 {{print $2}}')
               [ \"$theirs\" != \"$ours\" ] || exit 0
             done
             echo \"{period}: kubeadm $theirs, kubepki $ours\" >&2; exit 1",
            kubeadm("text")
        ));
    }
}

#[test]
fn prometheus_takes_our_numbers() {
    let world = World::new();
    world.sh(
        r#"kubepki -q cluster init --apiserver-advertise-address 10.0.0.5 --node-name cp-1 --key-type ECDSA-P256 2>&1
        rm pki/etcd/peer.crt && : >pki/apiserver.crt
        cat pki/ca.crt pki/ca.crt >pki/twice.crt && cp pki/ca.crt $'pki/odd "name"\\\n.crt'
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout odd.key -days 9 -out pki/odd.crt \
          -subj $'/CN=a "b" \\\\c\nd\x1b[31m{e="f"} größe' 2>/dev/null
        printf '%s\n' '[ca]' default_ca=a '[a]' database=index default_md=sha256 crl_extensions=e '[e]' \
          authorityKeyIdentifier=keyid >crl.cnf && : >index
        openssl ca -config crl.cnf -gencrl -keyfile pki/ca.key -cert pki/ca.crt -crldays 30 -out pki/ca.crl 2>/dev/null
        kubepki cert list -o prometheus --out kubepki.prom 2>/dev/null || [ $? = 1 ]
        : >empty.prom; kubepki cert list -o prometheus nowhere --out nothing.prom 2>/dev/null || [ $? = 1 ]"#,
    );
    promlint(&world.path("kubepki.prom")).expect("numbers that Prometheus takes");
    promlint(&world.path("nothing.prom")).expect("numbers that Prometheus takes");
    let text = world.read("kubepki.prom");
    for name in ["not_after", "not_before", "next_update", "missing", "unreadable"] {
        assert!(text.contains(name), "{text}");
    }
    world.write("wrong.prom", text.replace("# HELP", "# KELP"));
    promlint(&world.path("wrong.prom")).expect_err("numbers without help");
}

/// A world with a control plane of kubeadm's, from which each case begins.
fn with_a_control_plane() -> World {
    let world = World::in_the_present();
    world.sh(&format!(
        "kubeadm={}/kubeadm; flags=\"--kubernetes-version v1.36.3 --apiserver-advertise-address 192.0.2.10 --cert-dir $HOME/made/pki\"
         $kubeadm init phase certs all $flags 2>&1; $kubeadm init phase kubeconfig all $flags --kubeconfig-dir ~/made 2>&1",
        kubernetes_programs()
    ));
    world
}

fn prepare(world: &World, script: &str) {
    world.sh(&format!(
        "ours() {{ kubepki -q cluster init --apiserver-advertise-address 192.0.2.10 --node-name cp-1 --key-type ECDSA-P256 2>&1; }}
         rm -rf ~/{ETC}; mkdir -p $(dirname ~/{ETC}); cp -a made ~/{ETC}; cd ~/{ETC}
         {script}"
    ));
}

/// What we say, what kubeadm says, and what we say afterwards; nothing for what is no JSON.
fn asked(world: &World) -> [Value; 3] {
    world.sh(&format!(
        "rm -f *.json
         ours() {{ kubepki cert list -o kubeadm {} --at $1 2>/dev/null || [ $? != 2 ]; }}
         before=$(date -u +%FT%TZ)
         {} >theirs.json 2>theirs.err || true
         after=$(date -u +%FT%TZ)
         ours $before >before.json; ours $after >after.json",
        folders(),
        kubeadm("json")
    ));
    ["before", "theirs", "after"].map(|name| {
        serde_json::from_str(&world.read(&format!("{name}.json"))).unwrap_or(Value::Null)
    })
}

fn folders() -> String {
    format!("--cert-dir {ETC}/pki --kubeconfig-dir {ETC}")
}

/// kubeadm in a user namespace, where anybody may change the root; it is to ask no cluster.
fn kubeadm(form: &str) -> String {
    let kubeadm = kubernetes_programs();
    format!(
        "unshare --map-root-user {kubeadm}/kubeadm certs check-expiration --rootfs ~/root --kubeconfig /none -o {form}"
    )
}

fn rows(report: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["certificates", "certificateAuthorities"];
    lists.into_iter().filter_map(|list| report[list].as_array()).flatten()
}

fn residuals(report: &Value) -> Vec<i64> {
    rows(report).map(|row| row["residualTime"].as_i64().expect("seconds")).collect()
}

/// As text, so that the order of the fields counts too.
fn without_residual(report: &Value) -> String {
    let mut report = report.clone();
    for list in ["certificates", "certificateAuthorities"] {
        for row in report[list].as_array_mut().into_iter().flatten() {
            row["residualTime"] = Value::Null;
        }
    }
    serde_json::to_string_pretty(&report).expect("JSON")
}
