//! Lists by the word of openssl, and logs by that of jq.

use crate::support::world::World;

#[test]
fn openssl_takes_twenty_lists_and_refuses_what_is_on_them_and_nothing_else() {
    let world = World::new();
    let checked = world.sh("
        checked=0
        for type in RSA-2048 ECDSA-P256 ECDSA-P384 Ed25519; do
          kubepki -q ca init --key-type $type --cert-dir $type
          for name in 1 2 3 4 5 6; do kubepki -q cert issue $name --key-type ECDSA-P256 --cert-dir $type; done
          cd $type
          is_refused() { ! openssl verify -crl_check -x509_strict -attime 1767225600 -CAfile ca.crt -CRLfile ca.crl $1.crt >out 2>&1 && grep -q 'certificate revoked' out; }
          is_taken() { openssl verify -crl_check -x509_strict -attime 1767225600 -CAfile ca.crt -CRLfile ca.crl $1.crt >/dev/null; }
          reasons=(keyCompromise cACompromise unspecified certificateHold aACompromise)
          for number in 1 2 3 4 5; do
            kubepki -q cert revoke $number --reason ${reasons[number - 1]} --cert-dir .
            openssl crl -in ca.crl -CAfile ca.crt -noout 2>&1 | grep -q 'verify OK'
            [[ $(openssl crl -in ca.crl -noout -crlnumber) == crlNumber=0x0$number ]]
            for name in 1 2 3 4 5 6; do
              if [[ $name -le $number ]]; then is_refused $name; else is_taken $name; fi
            done
            checked=$((checked + 1))
          done
          [[ $(openssl crl -in ca.crl -noout -text | grep -c 'Reason Code') == 4 ]]
          cd ..
        done
        echo $checked
    ");
    assert_eq!(checked, "20\n");
}

#[test]
fn the_log_says_what_openssl_reads_in_each_certificate() {
    let world = World::new();
    world.sh(
        "kubepki -q cluster init --apiserver-advertise-address 192.0.2.10 --node-name cp-1 --key-type ECDSA-P256
         for file in pki/*.crt pki/etcd/*.crt; do
           openssl x509 -in $file -noout -serial -fingerprint -sha256 | tr -d :
         done | sed 's/.*=//' | paste - - | sort >certificates
         cat pki/*.log.jsonl pki/etcd/*.log.jsonl | jq -r '[.serial, .sha256] | @tsv' | sort >logged
         comm -23 certificates logged >missing; [[ ! -s missing && $(wc -l <logged) == 15 ]]",
    );
}

#[test]
fn a_name_with_every_special_character_is_logged_and_found() {
    let world = World::new();
    let name = r#"Zoë "the" O'Neil, R+D=1; <#\>"#;
    world.write("name", name);
    world.sh(
        r#"export KUBEPKI_KEY_TYPE=ECDSA-P256
         kubepki -q ca init
         kubepki -q cert issue zoe --cn "$(cat name)" --org 'größe=😀' --san 'uri:spiffe://a/"b"' --profile peer
         [[ $(jq -r 'select(.profile=="peer").user' pki/ca.log.jsonl) == "$(cat name)" ]]
         [[ $(kubepki cert log --user "$(cat name)" -o name | wc -l) == 1 ]]
         [[ $(kubepki cert log --name größe -o name | wc -l) == 1 ]]"#,
    );
}

/// `judged NAME...`: what openssl makes of certificates by the CAs that are trusted and the list that is there.
const JUDGED: &str = r#"
    judged() {
      local name
      for name in "$@"; do
        openssl verify -attime 1767225600 -x509_strict -crl_check -CAfile pki/ca.crt -CRLfile pki/ca.crl "$name" >said 2>&1 &&
          echo "$stage $name: OK" || echo "$stage $name: $(sed -n 's/.*lookup: //p' said)"
      done
    }
    stage() {
      stage=$1
      kubepki -q ca rotate "$@" 2>/dev/null
    }
"#;

#[test]
fn what_is_revoked_is_refused_in_each_stage_of_a_rotation_forth_and_back_and_what_is_good_is_believed()
 {
    for key_type in ["RSA-2048", "ECDSA-P256", "Ed25519"] {
        let world = World::new();
        let said = world.sh(&format!(
            "{JUDGED}
             export KUBEPKI_KEY_TYPE={key_type}
             kubepki -q ca init
             for name in good eve; do kubepki -q cert issue $name --profile user; done
             kubepki -q cert revoke eve
             number=0
             cp pki/good.crt old.crt; cp pki/eve.crt eve.crt
             for way in 'prepare ca' trust reissue switch undo undo reissue switch; do
               stage $way
               judged old.crt eve.crt pki/good.crt
               # One more by whoever signs now.
               name=$stage-$((number += 1))
               kubepki -q cert issue $name --profile user
               cp pki/$name.crt $name.crt
               kubepki -q cert revoke $name
               judged $name.crt pki/good.crt
             done
             stage finish
             judged pki/good.crt eve.crt *-*.crt
             kubepki -q crl make
             judged pki/good.crt *-*.crt"
        ));
        let is_good = |name: &str| matches!(name, "old.crt" | "pki/good.crt");
        for line in said.lines() {
            let (who, verdict) = line.split_once(": ").expect("a verdict");
            let (stage, name) = who.split_once(' ').expect("a name");
            match stage {
                // Those of the old one are nobody's any more.
                "finish" if !is_good(name) => assert_ne!(verdict, "OK", "{said}"),
                _ if is_good(name) => assert_eq!(verdict, "OK", "{said}"),
                _ => assert_eq!(verdict, "certificate revoked", "{said}"),
            }
        }
        assert_eq!(said.lines().count(), 8 * 5 + 10 + 9, "{said}");
    }
}
