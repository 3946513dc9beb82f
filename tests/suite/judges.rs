//! The judges are judged: each accepts a chain that openssl made well and refuses what is wrong with it.

use std::path::PathBuf;

use crate::support::judges::{Purpose, Question, Side, openssl, python_handshakes};
use crate::support::world::World;

#[test]
fn openssl_accepts_a_good_chain() {
    let pki = Pki::new(GOOD);
    assert_eq!(openssl(&pki.question()), Ok(()));
}

#[test]
fn openssl_refuses_another_purpose_another_name_and_another_time() {
    let pki = Pki::new(GOOD);
    let refuses = |question: Question, why: &str| {
        let said = openssl(&question).expect_err(why);
        assert!(said.contains(why), "{said}");
    };
    refuses(
        Question { purpose: Purpose::Client, ..pki.question() },
        "unsuitable certificate purpose",
    );
    refuses(Question { name: Some("other.example"), ..pki.question() }, "hostname mismatch");
    refuses(Question { name: Some("127.0.0.2"), ..pki.question() }, "IP address mismatch");
    refuses(Question { at: Some(4_000_000_000), ..pki.question() }, "certificate has expired");
    refuses(Question { roots: &pki.world.path("stranger.crt"), ..pki.question() }, "unable to get");
}

#[test]
fn openssl_and_python_are_strict() {
    let pki = Pki::new(WITHOUT_KEY_IDENTIFIERS);
    let said = openssl(&pki.question()).expect_err("strictness");
    assert!(said.contains("Missing Authority Key Identifier"), "{said}");
    let said = pki.handshake("127.0.0.1").expect_err("strictness");
    assert!(said.contains("Missing Authority Key Identifier"), "{said}");
}

#[test]
fn python_accepts_a_good_chain_in_both_directions() {
    let pki = Pki::new(GOOD);
    assert_eq!(pki.handshake("127.0.0.1"), Ok(()));
    assert_eq!(pki.handshake("api.example"), Ok(()));
}

#[test]
fn python_refuses_another_name_and_another_purpose() {
    let pki = Pki::new(GOOD);
    let said = pki.handshake("other.example").expect_err("the name");
    assert!(said.contains("the client refuses") && said.contains("Hostname mismatch"), "{said}");
    let server = pki.path("server");
    let side = Side { chain: &server[0], key: &server[1], roots: &pki.world.path("root.crt") };
    let said = python_handshakes(&[("127.0.0.1", side, side)]).expect_err("the purpose");
    assert!(
        said.contains("the server refuses") && said.contains("unsuitable certificate purpose"),
        "{said}"
    );
}

const GOOD: &str = "subjectKeyIdentifier=hash authorityKeyIdentifier=keyid";
const WITHOUT_KEY_IDENTIFIERS: &str = "subjectKeyIdentifier=none authorityKeyIdentifier=none";

const CERTIFY: &str = r#"
certify() { # NAME SIGNER EXTENSION...
  local name=$1 signer=$2 options=() extension
  for extension in "${@:3}"; do options+=(-addext "$extension"); done
  [ "$signer" = self ] || options+=(-CA "$signer.crt" -CAkey "$signer.key")
  openssl req -config openssl.cnf -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
    -subj "/CN=$name" -keyout "$name.key" -out "$name.crt" "${options[@]}" 2>&1
}
ca=(basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign,cRLSign subjectKeyIdentifier=hash)
leaf=(basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature $identifiers)
certify root self "${ca[@]}"
certify stranger self "${ca[@]}"
certify between root "${ca[@]}" authorityKeyIdentifier=keyid
certify server between "${leaf[@]}" extendedKeyUsage=serverAuth subjectAltName=DNS:api.example,IP:127.0.0.1
certify client between "${leaf[@]}" extendedKeyUsage=clientAuth
for name in server client; do cat $name.crt between.crt >$name.chain; done
"#;

/// A root, an intermediate, a server and a client, made with openssl in the present.
struct Pki {
    world: World,
    root: PathBuf,
    server: PathBuf,
}

impl Pki {
    /// `identifiers` are the extensions of the leaves that the strict judges look for.
    fn new(identifiers: &str) -> Self {
        let world = World::in_the_present();
        world.write("openssl.cnf", "[req]\ndistinguished_name = dn\n[dn]\n");
        world.sh(&format!("identifiers='{identifiers}'\n{CERTIFY}"));
        Self { root: world.path("root.crt"), server: world.path("server.chain"), world }
    }

    fn question(&self) -> Question<'_> {
        Question {
            roots: &self.root,
            chain: &self.server,
            purpose: Purpose::Server,
            name: Some("127.0.0.1"),
            at: None,
        }
    }

    fn handshake(&self, name: &str) -> Result<(), String> {
        let (server, client) = (self.path("server"), self.path("client"));
        python_handshakes(&[(
            name,
            Side { chain: &server[0], key: &server[1], roots: &self.root },
            Side { chain: &client[0], key: &client[1], roots: &self.root },
        )])
    }

    fn path(&self, name: &str) -> [PathBuf; 2] {
        ["chain", "key"].map(|kind| self.world.path(format!("{name}.{kind}")))
    }
}
