//! What servers show, by the word of openssl's.

use crate::support::world::World;

/// `shown VERSION OPTION...`: what a rotation still lacks by what a server shows that is started with these options.
const SHOWN: &str = r#"
    shown() {
      rm -f said
      openssl s_server -accept 127.0.0.1:0 -www -"$1" -cert web.crt -key web.key "${@:2}" >said 2>&1 </dev/null &
      local server=$! port=
      until port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' said 2>&1) && [[ $port ]]; do sleep 0.05; done
      kubepki ca rotate status -o json --server "https://127.0.0.1:$port" |
        jq -r '.rotations[].incomplete[].lacks // empty' || true
      kill "$server" 2>/dev/null || true
      wait "$server" 2>/dev/null || true
    }
"#;

#[test]
fn a_server_of_either_version_shows_whose_clients_it_believes_and_whose_certificate_it_has() {
    for key_type in ["RSA-2048", "ECDSA-P256", "ECDSA-P384", "Ed25519"] {
        let world = World::new();
        let said = world.sh(&format!(
            "{SHOWN}
             kubepki -q ca init --key-type {key_type}
             kubepki -q cert issue web --profile server --san 127.0.0.1 --key-type {key_type}
             mv pki/web.* .
             cp pki/ca.crt old.crt
             kubepki -q ca rotate prepare ca && kubepki -q ca rotate trust ca --also web.crt
             for version in tls1_2 tls1_3; do
               echo \"$version: $(shown $version -verify_quiet)\"
               echo \"$version asks: $(shown $version -verify 1 -verify_quiet -CAfile old.crt)\"
               echo \"$version demands: $(shown $version -Verify 1 -verify_quiet -CAfile old.crt)\"
             done
             cp web.crt before.crt
             kubepki -q ca rotate reissue ca
             for version in tls1_2 tls1_3; do
               echo \"$version: $(shown $version -verify_quiet)\"
               echo \"$version as before: $(shown $version -verify_quiet -cert before.crt)\"
             done"
        ));
        let (one, old) =
            ("believes clients of one CA ca, not of both", "shows a certificate by the old CA ca");
        let wanted = format!(
            "tls1_2: \ntls1_2 asks: {one}\ntls1_2 demands: {one}\n\
             tls1_3: \ntls1_3 asks: {one}\ntls1_3 demands: {one}\n\
             tls1_2: \ntls1_2 as before: {old}\n\
             tls1_3: \ntls1_3 as before: {old}\n"
        );
        assert_eq!(said, wanted, "{key_type}");
    }
}

#[test]
fn a_server_of_somebody_else_is_not_taken_for_one_that_is_ready() {
    let world = World::new();
    let said = world.sh(&format!(
        "{}
         kubepki -q ca init --key-type ECDSA-P256
         kubepki -q cert issue web --profile server --san 127.0.0.1 --key-type ECDSA-P256
         mv pki/web.* .
         kubepki -q ca rotate prepare ca && kubepki -q ca rotate trust ca --also web.crt
         shown tls1_3 -verify_quiet | sed s/:[0-9][0-9]*/:PORT/
         kubepki -q ca init other --cert-dir other --key-type ECDSA-P256
         kubepki -q cert issue web --ca other/other.crt --cert-dir other --profile server --san 127.0.0.1 --key-type ECDSA-P256
         cp other/web.* .
         shown tls1_3 -verify_quiet | sed s/:[0-9][0-9]*/:PORT/",
        SHOWN.replace(".rotations[].incomplete[].lacks", ".warnings[]")
    ));
    assert_eq!(
        said,
        "https://127.0.0.1:PORT has no certificate by a CA that is rotated, and asks for none: \
         it tells nothing of the stage; is it the server that you mean?\n"
    );
}
