//! Requests in both directions: ours signed by openssl, openssl's and rcgen's signed by us, read again by x509-parser.

use kubepki::core::x509::key_type::KeyType;
use rcgen::string::Ia5String;
use rcgen::{CertificateParams, DnType, KeyPair, SanType};
use x509_parser::extensions::GeneralName;
use x509_parser::pem::parse_x509_pem;

use crate::support::world::World;

/// One name of each kind, as x509-parser and openssl write them and as we take them.
const DNS: &str = "web.example.com";
const IP4: &str = "192.0.2.7";
const IP6: &str = "2001:db8::7";
const URI: &str = "spiffe://example.com/web";
const EMAIL: &str = "web@example.com";

/// The same as an extension, for openssl.
const SANS: &str = "subjectAltName=DNS:web.example.com,IP:192.0.2.7,IP:2001:db8::7,URI:spiffe://example.com/web,email:web@example.com";

/// How openssl makes keys of each kind, in each form that it writes.
const THEIR_KEYS: [(&str, &str); 13] = [
    ("RSA-2048 in PKCS#8", "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048"),
    ("RSA-2048 in PKCS#1", "openssl genrsa -traditional 2048"),
    ("RSA-3072 in PKCS#8", "openssl genrsa 3072"),
    ("RSA-4096 in PKCS#8", "openssl genrsa 4096"),
    ("P-256 in PKCS#8", "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256"),
    ("P-256 in SEC1", "openssl ecparam -genkey -noout -name prime256v1"),
    ("P-256 in SEC1 after its parameters", "openssl ecparam -genkey -name prime256v1"),
    ("P-256 in SEC1 by openssl ec", "openssl ecparam -genkey -noout -name prime256v1 | openssl ec"),
    ("P-384 in PKCS#8", "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384"),
    ("P-384 in SEC1", "openssl ecparam -genkey -noout -name secp384r1"),
    ("P-384 in SEC1 after its parameters", "openssl ecparam -genkey -name secp384r1"),
    (
        "P-384 in PKCS#8 from SEC1",
        "openssl ecparam -genkey -name secp384r1 | openssl pkcs8 -topk8 -nocrypt",
    ),
    ("Ed25519", "openssl genpkey -algorithm ED25519"),
];

#[test]
fn openssl_signs_our_requests_and_keeps_all_that_is_in_them() {
    let world = with_ca();
    for key_type in KeyType::ALL {
        world.sh(&format!(
            "kubepki -q cert request web --profile peer --key-type {key_type} --out web.csr --force \
                 --org dev --org ops --san {DNS} --san {IP4} --san {IP6} --san {URI} --san {EMAIL}
             openssl req -in web.csr -noout -verify 2>&1
             openssl x509 -req -in web.csr -CA pki/ca.crt -CAkey pki/ca.key -days 1 -copy_extensions copy -out web.crt 2>&1
             cmp <(openssl x509 -in web.crt -noout -pubkey) <(openssl pkey -in web.key -pubout)"
        ));
        assert_is_web(&world, "web.crt", &format!("{key_type}"));
        let usage = world.sh("openssl x509 -in web.crt -noout -ext keyUsage,extendedKeyUsage");
        assert!(usage.contains("Digital Signature"), "{key_type}: {usage}");
        assert!(
            usage.contains("TLS Web Server Authentication, TLS Web Client Authentication"),
            "{usage}"
        );
    }
}

#[test]
fn we_sign_the_requests_of_openssl_whatever_the_key_and_its_form() {
    let world = with_ca();
    for (about, command) in THEIR_KEYS {
        world.sh(&format!(
            "{command} >web.key 2>/dev/null
             openssl req -new -config openssl.cnf -key web.key -subj /O=dev/O=ops/CN=web -addext {SANS} -out web.csr
             kubepki -q cert sign web.csr --profile peer --copy-sans --force"
        ));
        assert_is_web(&world, "web.crt", about);
        assert_is_good(&world, "web.crt");
    }
}

#[test]
fn we_certify_the_keys_of_openssl_and_leave_them_as_they_are() {
    let world = with_ca();
    for (about, command) in THEIR_KEYS {
        world.sh(&format!(
            "{command} >their.key 2>/dev/null; cp their.key before
             kubepki -q cert issue web --profile peer --key their.key --out web.crt --force \
                 --org dev --org ops --san {DNS} --san {IP4} --san {IP6} --san {URI} --san {EMAIL}
             cmp their.key before
             cmp <(openssl x509 -in web.crt -noout -pubkey) <(openssl pkey -in their.key -pubout)"
        ));
        assert_is_web(&world, "web.crt", about);
        assert_is_good(&world, "web.crt");
    }
}

#[test]
fn we_sign_the_requests_of_rcgen() {
    let world = with_ca();
    for algorithm in
        [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519]
    {
        let key = KeyPair::generate_for(algorithm).expect("a key");
        let request = rcgens_request().serialize_request(&key).expect("a request");
        world.write("web.csr", request.pem().expect("PEM"));
        // rcgen keeps one value for each attribute: the groups are given.
        world.sh(
            "kubepki -q cert sign web.csr --profile peer --copy-sans --org dev --org ops --force",
        );
        assert_is_web(&world, "web.crt", &format!("{algorithm:?}"));
        assert_is_good(&world, "web.crt");
    }
}

#[test]
fn what_a_request_does_not_get_is_named() {
    let world = with_ca();
    world.sh(&format!(
        "openssl req -new -config openssl.cnf -newkey ed25519 -nodes -keyout web.key -subj /CN=web -out web.csr -addext {SANS} \
             -addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign -addext extendedKeyUsage=codeSigning \
             -addext 1.3.6.1.4.1.99999.1=DER:0500"
    ));
    let signed = world.sh("kubepki cert sign web.csr --profile client 2>&1");
    for dropped in
        ["CA:TRUE", "keyCertSign", "codeSigning", "1.3.6.1.4.1.99999.1", DNS, IP6, URI, EMAIL]
    {
        assert!(signed.contains(dropped), "{dropped} is missing in: {signed}");
    }
    let read = world.sh("openssl x509 -in web.crt -noout -text");
    assert!(
        read.contains("CA:FALSE") && !read.contains("Code Signing") && !read.contains(DNS),
        "{read}"
    );
}

fn with_ca() -> World {
    let world = World::in_the_present();
    world.sh("kubepki -q ca init --key-type ECDSA-P256");
    world.write("openssl.cnf", "[req]\ndistinguished_name = dn\n[dn]\n");
    world
}

/// A request for `web` with a name of each kind.
fn rcgens_request() -> CertificateParams {
    let text = |text: &str| Ia5String::try_from(text).expect("ASCII");
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "web");
    params.subject_alt_names = vec![
        SanType::DnsName(text(DNS)),
        SanType::IpAddress(IP4.parse().expect("an address")),
        SanType::IpAddress(IP6.parse().expect("an address")),
        SanType::URI(text(URI)),
        SanType::Rfc822Name(text(EMAIL)),
    ];
    params
}

/// The certificate is for `web` in the groups `dev` and `ops`, with a name of each kind: by the word of x509-parser.
#[track_caller]
fn assert_is_web(world: &World, file: &str, about: &str) {
    let (_, pem) = parse_x509_pem(world.read(file).as_bytes()).expect("PEM");
    let certificate = pem.parse_x509().expect("a certificate");
    let subject = certificate.subject();
    let groups: Vec<_> = subject.iter_organization().map(|group| group.as_str()).collect();
    assert_eq!(groups, [Ok("dev"), Ok("ops")], "{about}");
    let name: Vec<_> = subject.iter_common_name().map(|name| name.as_str()).collect();
    assert_eq!(name, [Ok("web")], "{about}");
    let sans = certificate.subject_alternative_name().expect("one extension").expect("names");
    let sans: Vec<_> = sans.value.general_names.iter().map(plain).collect();
    assert_eq!(sans, [DNS, IP4, IP6, URI, EMAIL], "{about}");
}

fn plain(name: &GeneralName) -> String {
    match name {
        GeneralName::DNSName(text) | GeneralName::URI(text) | GeneralName::RFC822Name(text) => {
            (*text).to_owned()
        }
        GeneralName::IPAddress(octets) => match octets.len() {
            4 => std::net::Ipv4Addr::from(<[u8; 4]>::try_from(*octets).expect("four")).to_string(),
            _ => std::net::Ipv6Addr::from(<[u8; 16]>::try_from(*octets).expect("16")).to_string(),
        },
        other => format!("{other:?}"),
    }
}

/// And it is good for both purposes: by the strict word of openssl.
fn assert_is_good(world: &World, file: &str) {
    for purpose in ["sslserver", "sslclient"] {
        world.sh(&format!(
            "openssl verify -x509_strict -purpose {purpose} -CAfile pki/ca.crt {file} 2>&1"
        ));
    }
}
