//! A control plane whose CAs sign elsewhere: no key of a CA is on the node, whoever signed.

use crate::cluster::Cluster;
use crate::control_plane::ControlPlane;
use crate::support::world::World;

/// What is asked for, each time in the same words.
const ASKED: &str = "--apiserver-advertise-address 192.0.2.10 --node-name cp-1 --apiserver-cert-extra-sans 127.0.0.1 --key-type ECDSA-P256";

/// Goes through the requests: `sign REQUEST CA PURPOSE CERTIFICATE` is the signer's.
const EACH: &str = r#"
mkdir -p signed
while read -r request; do
  case $request in
    *front-proxy*) ca=front-proxy-ca ;;
    *etcd*) ca=etcd-ca ;;
    *) ca=ca ;;
  esac
  case $request in
    pki/apiserver.csr) purpose=server ;;
    pki/etcd/server.csr | pki/etcd/peer.csr) purpose=peer ;;
    *) purpose=client ;;
  esac
  sign "$request" $ca $purpose "signed/${request//\//-}.crt" 2>>signer.log
done <requests
"#;

/// CAs by openssl, with names of their own.
const OPENSSL_CAS: &str = r#"
mkdir office
for ca in ca front-proxy-ca etcd-ca; do
  openssl req -x509 -newkey rsa:2048 -nodes -keyout office/$ca.key -subj "/C=DE/O=Office/CN=Office $ca" -days 3650 \
    -addext keyUsage=critical,keyCertSign,cRLSign -out office/$ca.crt 2>>signer.log
done
"#;

#[test]
fn what_openssl_signed_runs_a_control_plane() {
    let world = World::in_the_present();
    world.sh(OPENSSL_CAS);
    signed_by(
        &world,
        "sign() { openssl x509 -req -in $1 -CA office/$2.crt -CAkey office/$2.key -copy_extensions copy -days 90 -out $4; }",
    );
    runs_without_a_key_of_a_ca(world);
}

#[test]
fn what_an_intermediate_of_openssl_signed_runs_a_control_plane_that_trusts_the_root() {
    let world = World::in_the_present();
    world.sh(&format!(
        "{OPENSSL_CAS}
         printf 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n' >extensions
         for ca in ca front-proxy-ca etcd-ca; do
           openssl req -newkey rsa:2048 -nodes -keyout office/$ca-2.key -subj \"/CN=Issuing $ca\" -out office/$ca-2.csr 2>>signer.log
           openssl x509 -req -in office/$ca-2.csr -CA office/$ca.crt -CAkey office/$ca.key -extfile extensions -days 900 \
             -out office/$ca-2.crt 2>>signer.log
         done
         mkdir signed && cat office/*-2.crt >signed/between.pem"
    ));
    signed_by(
        &world,
        "sign() { openssl x509 -req -in $1 -CA office/$2-2.crt -CAkey office/$2-2.key -copy_extensions copy -days 90 -out $4; }",
    );
    let chain = world.sh("grep -c BEGIN pki/apiserver.crt pki/etcd/peer.crt pki/ca.crt");
    assert_eq!(chain, "pki/apiserver.crt:2\npki/etcd/peer.crt:2\npki/ca.crt:1\n");
    runs_without_a_key_of_a_ca(world);
}

#[test]
fn what_cfssl_signed_runs_a_control_plane() {
    let world = World::in_the_present();
    world.sh(
        r#"mkdir office
           for ca in ca front-proxy-ca etcd-ca; do
             echo '{"CN": "cfssl '$ca'", "key": {"algo": "ecdsa", "size": 256}}' |
               cfssl gencert -initca - 2>>signer.log | (cd office && cfssljson -bare $ca)
             mv office/$ca.pem office/$ca.crt
           done
           jq -n '{signing: {default: {expiry: "2160h"}, profiles: (
               {server: ["server auth"], client: ["client auth"], peer: ["server auth", "client auth"]}
               | map_values({expiry: "2160h", usages: (["digital signature"] + .)}))}}' >cfssl.json"#,
    );
    signed_by(
        &world,
        "sign() { cfssl sign -ca office/$2.crt -ca-key office/$2-key.pem -config cfssl.json -profile $3 $1 | jq -r .cert >$4; }",
    );
    runs_without_a_key_of_a_ca(world);
}

#[test]
fn what_we_signed_elsewhere_runs_a_control_plane() {
    let world = World::in_the_present();
    world.sh(
        "for ca in ca front-proxy-ca etcd-ca; do
           kubepki -q ca init $ca --cert-dir vault --key-type ECDSA-P256
         done
         mkdir office && cp vault/ca.crt vault/front-proxy-ca.crt office && cp vault/etcd/ca.crt office/etcd-ca.crt",
    );
    signed_by(
        &world,
        "sign() { kubepki -q cert sign $1 --profile $3 --copy-sans --ca $2 --cert-dir vault --out $4; }",
    );
    runs_without_a_key_of_a_ca(world);
}

#[test]
fn a_ca_below_an_offline_root_runs_a_control_plane() {
    let world = World::in_the_present();
    world.sh(&format!(
        "kubepki -q ca init root --cert-dir vault
         kubepki -q cluster csr --only ca {ASKED}
         kubepki -q cert sign pki/ca.csr --profile ca --ca vault/root.crt --out back/ca.crt
         kubepki -q cluster import back {ASKED}
         kubepki -q cluster init {ASKED} 2>&1
         kubepki cluster plan {ASKED}
         mv vault elsewhere"
    ));
    let control_plane = ControlPlane::start(&world, "pki");
    serves_those_that_it_should(Cluster { world, control_plane });
}

/// Asks, lets `sign` sign, and imports. Before and after, nothing here could have signed it.
fn signed_by(world: &World, sign: &str) {
    world.sh(&format!(
        "mkdir -p pki/etcd
         cp office/ca.crt office/front-proxy-ca.crt pki && cp office/etcd-ca.crt pki/etcd/ca.crt
         kubepki cluster csr {ASKED} -o name >requests
         {sign}
         {EACH}
         cp office/*ca.crt signed
         kubepki cluster import signed {ASKED}
         kubepki -q cluster init {ASKED}
         kubepki cluster plan {ASKED}"
    ));
    assert_eq!(world.read("requests").lines().count(), 12, "{}", world.read("requests"));
}

fn runs_without_a_key_of_a_ca(world: World) {
    world.sh("mv office elsewhere");
    assert_eq!(world.sh("find pki -name '*ca.key'"), "");
    let control_plane = ControlPlane::start(&world, "pki");
    serves_those_that_it_should(Cluster { world, control_plane });
}

fn serves_those_that_it_should(cluster: Cluster) {
    cluster.kubeconfigs_are_who_they_should_be();
    cluster.an_administrator_waits_for_a_binding();
    cluster.the_front_proxy_speaks_for_others();
    cluster.etcd_knows_its_own();
}
