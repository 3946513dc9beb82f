//! Renewal keeps what a certificate says: 200 certificates by three makers, field by field, before and after.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use x509_parser::pem::Pem;
use x509_parser::prelude::X509Certificate;

use crate::support::world::World;

/// How many of each maker.
const BY_OPENSSL: usize = 140;
const BY_RCGEN: usize = 40;
const BY_US: usize = 20;

/// What is drawn from is the same in each run.
const SEED: u64 = 20_260_101;

const SUBJECTS: [&str; 8] = [
    "/O=dev/CN=jane",
    "/CN=jane/O=dev/O=ops",
    "/DC=org/DC=example/OU=web+L=Bonn/CN=www",
    "/C=DE/ST=NRW/L=Köln/O=Größe \\/ Maß/OU=a+OU=b/CN=übung",
    "/CN=one/CN=two/serialNumber=7/title=Dr/UID=u1",
    "/emailAddress=jane@example.com/CN=jane@example.com",
    "/O=system:masters/CN=kubernetes-admin",
    "/1.2.3.4.5=odd/CN=system:node:cp-1",
];

const SANS: [&str; 6] = [
    "",
    "subjectAltName=DNS:web.example.com,DNS:*.example.com,IP:192.0.2.7,IP:2001:db8::7",
    "subjectAltName=critical,URI:spiffe://example.com/ns/dev,email:web@example.com",
    "subjectAltName=otherName:1.2.3.4;UTF8:odd,RID:1.2.3.4,DNS:b.example.com,DNS:A.Example.com",
    "subjectAltName=dirName:dir,IP:10.0.0.1,DNS:web",
    "subjectAltName=DNS:web,DNS:web,IP:10.0.0.1,DNS:api",
];

const PURPOSES: [&str; 6] = [
    "",
    "extendedKeyUsage=serverAuth",
    "extendedKeyUsage=clientAuth,serverAuth",
    "extendedKeyUsage=critical,clientAuth,1.3.6.1.4.1.311.20.2.2",
    "extendedKeyUsage=1.2.3.4.5.6",
    "extendedKeyUsage=codeSigning,emailProtection,anyExtendedKeyUsage",
];

const USAGES: [&str; 5] = [
    "",
    "keyUsage=critical,digitalSignature",
    "keyUsage=digitalSignature,keyEncipherment,keyAgreement",
    "keyUsage=critical,nonRepudiation,dataEncipherment",
    "keyUsage=critical,digitalSignature,decipherOnly,keyAgreement",
];

const CONSTRAINTS: [&str; 3] =
    ["", "basicConstraints=critical,CA:FALSE", "basicConstraints=CA:FALSE"];

const OTHERS: [&str; 6] = [
    "",
    "1.2.3.4.5.6.7=critical,DER:0c03616263",
    "1.3.6.1.4.1.99999.1=DER:04020500\ntlsfeature=status_request",
    "nsComment=made by hand\ncertificatePolicies=1.2.3.4,2.5.29.32.0",
    "crlDistributionPoints=URI:http://example.com/ca.crl\nauthorityInfoAccess=OCSP;URI:http://example.com/ocsp",
    "inhibitAnyPolicy=critical,0",
];

const KEY_IDS: [&str; 3] = [
    "",
    "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid,issuer:always",
    "authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=00112233",
];

/// RSA seldom: new primes take long.
const KEYS: [&str; 20] = [
    "P-256", "P-384", "ED25519", "P-256", "P-384", "ED25519", "P-256", "P-384", "ED25519",
    "RSA-2048", "P-256", "P-384", "ED25519", "P-256", "P-384", "ED25519", "P-256", "P-384",
    "ED25519", "P-256",
];

#[test]
fn two_hundred_certificates_say_after_renewal_what_they_said_before() {
    let world = World::in_the_present();
    let mut random = Random(SEED);
    world.sh("kubepki -q ca init --key-type ECDSA-P384
              kubepki -q ca init --key-type ECDSA-P256 issuing --parent ca
              kubepki -q ca init --key-type RSA-2048 front-proxy-ca");
    by_openssl(&world, &mut random);
    by_rcgen(&world);
    by_us(&world);
    let names = leaves(&world);
    assert_eq!(names.len(), BY_OPENSSL + BY_RCGEN + BY_US);
    // And again, with the keys that they have by then.
    for (options, is_new) in [("", true), ("--reuse-key", false)] {
        let before = look(&world, &names);
        world.sh(&format!("kubepki -q cert renew --all {options}"));
        let after = look(&world, &names);
        for (name, (before, after)) in names.iter().zip(before.iter().zip(&after)) {
            assert_same(name, before, after, is_new);
        }
        assert_valid(&world);
    }
}

/// What there is of a certificate.
struct Looked {
    file: Vec<u8>,
    text: String,
    key: String,
    modes: [u32; 2],
}

fn look(world: &World, names: &[String]) -> Vec<Looked> {
    let read = |name: &str| fs::read(world.path(format!("pki/{name}"))).expect("a file");
    let mode = |name: &str| {
        fs::metadata(world.path(format!("pki/{name}"))).expect("a file").permissions().mode()
    };
    let texts = openssl_texts(world);
    assert_eq!(texts.len(), names.len());
    let look = |(name, text): (&String, String)| {
        let [certificate, key] = ["crt", "key"].map(|suffix| format!("{name}.{suffix}"));
        let modes = [mode(&certificate), mode(&key)];
        let key = String::from_utf8(read(&key)).expect("a key");
        Looked { file: read(&certificate), text, key, modes }
    };
    names.iter().zip(texts).map(look).collect()
}

/// Compares all that two other parsers see; `is_new` says whether the key must be a new one.
#[track_caller]
fn assert_same(name: &str, old: &Looked, new: &Looked, is_new: bool) {
    let (old_chain, new_chain) = (pems(&old.file), pems(&new.file));
    let (one, two) = (parsed(&old_chain[0]), parsed(&new_chain[0]));
    assert_eq!(one.subject().as_raw(), two.subject().as_raw(), "{name}: subject");
    assert_eq!(one.issuer().as_raw(), two.issuer().as_raw(), "{name}: issuer");
    assert_eq!(extensions(&one), extensions(&two), "{name}: extensions");
    let span = |it: &X509Certificate<'_>| {
        it.validity().not_after.timestamp() - it.validity().not_before.timestamp()
    };
    assert_eq!(span(&one), span(&two), "{name}: span");
    assert_ne!(one.raw_serial(), two.raw_serial(), "{name}: serial number");
    let algorithm = |it: &X509Certificate<'_>| format!("{:?}", it.public_key().algorithm);
    assert_eq!(algorithm(&one), algorithm(&two), "{name}: kind of key");
    let length = |it: &X509Certificate<'_>| it.public_key().parsed().expect("a key").key_size();
    assert_eq!(length(&one), length(&two), "{name}: length of the key");
    assert_eq!(one.public_key().raw != two.public_key().raw, is_new, "{name}: new key");
    let tail = |chain: &[Pem]| chain[1..].iter().map(|it| it.contents.clone()).collect::<Vec<_>>();
    assert_eq!(tail(&old_chain), tail(&new_chain), "{name}: what stands behind it");
    assert_eq!(old.modes, new.modes, "{name}: modes");
    assert_eq!(old.text, new.text, "{name}: the words of openssl");
    let label = |key: &str| key.lines().next().map(str::to_owned);
    assert_eq!(label(&old.key), label(&new.key), "{name}: form of the key");
    assert_eq!(old.key != new.key, is_new, "{name}: key file");
    let ids = two.extensions().iter().filter(|it| is_key_id(&it.oid.to_id_string())).count();
    assert_eq!(ids, 2, "{name}: the identifiers of both keys");
}

/// By openssl: each key belongs to its certificate, each certificate to its CA.
fn assert_valid(world: &World) {
    world.sh(&format!(
        "cat pki/*ca.crt pki/rcgen-root.crt > roots
         for name in $({LEAVES}); do
           cmp <(openssl x509 -in pki/$name.crt -noout -pubkey) <(openssl pkey -in pki/$name.key -pubout)
           openssl verify -ignore_critical -CAfile roots -untrusted pki/$name.crt pki/$name.crt
         done"
    ));
}

fn is_key_id(oid: &str) -> bool {
    oid == "2.5.29.14" || oid == "2.5.29.35"
}

/// Number, criticality and bytes of each, in their order; but for the identifiers of keys.
fn extensions(certificate: &X509Certificate<'_>) -> Vec<(String, bool, Vec<u8>)> {
    let all = certificate.extensions().iter();
    let all = all.map(|it| (it.oid.to_id_string(), it.critical, it.value.to_vec()));
    all.filter(|(oid, ..)| !is_key_id(oid)).collect()
}

fn pems(file: &[u8]) -> Vec<Pem> {
    Pem::iter_from_buffer(file).collect::<Result<_, _>>().expect("PEM")
}

fn parsed(pem: &Pem) -> X509Certificate<'_> {
    pem.parse_x509().expect("a certificate")
}

/// All that openssl says of each, but for what must be otherwise: serial number, dates, keys, their identifiers and signatures.
fn openssl_texts(world: &World) -> Vec<String> {
    let said = world.sh(&format!(
        "for name in $({LEAVES}); do
           openssl x509 -in pki/$name.crt -noout -text -certopt no_serial,no_validity,no_pubkey,no_sigdump,no_signame -nameopt RFC2253,show_type
           echo '--- next'
         done | sed '/Subject Key Identifier/,+1d; /Authority Key Identifier/,+1d; /^ *DirName:/d; /^ *serial:/d; /^ *Version/d; /X509v3 extensions/d'"
    ));
    said.split_terminator("--- next\n").map(str::to_owned).collect()
}

/// Lists the certificates that are no CA's, by the names of their files.
const LEAVES: &str = "cd pki && ls *.crt | sed s/.crt$// | grep -v -e ca$ -e ^issuing$ -e root$";

fn leaves(world: &World) -> Vec<String> {
    world.sh(LEAVES).lines().map(str::to_owned).collect()
}

fn by_openssl(world: &World, random: &mut Random) {
    let mut script = String::new();
    for number in 0..BY_OPENSSL {
        let subject = random.of(&SUBJECTS);
        let lines = [
            random.of(&SANS),
            random.of(&PURPOSES),
            random.of(&USAGES),
            random.of(&CONSTRAINTS),
            random.of(&OTHERS),
            random.of(&KEY_IDS),
        ];
        let extensions = lines.join("\n");
        let (key, days) = (KEYS[number % KEYS.len()], 1 + random.next() % 900);
        let ca = random.of(&["ca", "front-proxy-ca", "issuing"]);
        let mask = random.of(&["utf8only", "default", "nombstr", "MASK:0x2002"]);
        let file = format!("o{number:03}");
        // Each has a key of its own: certificates that share one are renewed together.
        let make = match key {
            "RSA-2048" => "openssl genrsa -traditional 2048",
            "P-256" => "openssl ecparam -genkey -noout -name prime256v1",
            "P-384" => "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384",
            _ => "openssl genpkey -algorithm ED25519",
        };
        script += &format!(
            "cat > ext <<'END'\n{extensions}\n[dir]\nO=dir\nCN=name\nEND\n\
             printf '[req]\\ndistinguished_name=dn\\nstring_mask={mask}\\n[dn]\\n' > req.cnf\n\
             {make} > pki/{file}.key 2>log; chmod {mode} pki/{file}.key\n\
             openssl req -new -config req.cnf -utf8 -key pki/{file}.key -subj '{subject}' -out csr\n\
             openssl x509 -req -in csr -CA pki/{ca}.crt -CAkey pki/{ca}.key -CAserial serial -CAcreateserial -days {days} -extfile ext -out pki/{file}.crt 2>log || cat log\n",
            mode = random.of(&["600", "640", "400"]),
        );
        if ca == "issuing" {
            script += &format!("openssl x509 -in pki/issuing.crt >> pki/{file}.crt\n");
        }
    }
    world.sh(&script);
}

fn by_rcgen(world: &World) {
    let root_key = KeyPair::generate().expect("a key");
    let mut root = CertificateParams::default();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    root.distinguished_name = DistinguishedName::new();
    root.distinguished_name.push(DnType::CommonName, "rcgen's root");
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    world.write("pki/rcgen-root.crt", root.self_signed(&root_key).expect("a root").pem());
    world.write("pki/rcgen-root.key", root_key.serialize_pem());
    let issuer = Issuer::new(root, root_key);
    let ia5 = |text: &str| Ia5String::try_from(text).expect("IA5");
    for number in 0..BY_RCGEN {
        let mut leaf = CertificateParams::default();
        leaf.distinguished_name = DistinguishedName::new();
        leaf.distinguished_name.push(DnType::OrganizationalUnitName, "Größe");
        leaf.distinguished_name.push(DnType::CustomDnType(vec![1, 2, 3, 4]), "odd");
        leaf.distinguished_name.push(DnType::CommonName, format!("leaf {number}"));
        leaf.subject_alt_names = vec![
            SanType::DnsName(ia5("web.example.com")),
            SanType::URI(ia5("spiffe://example.com/web")),
            SanType::Rfc822Name(ia5("web@example.com")),
            SanType::OtherName((vec![1, 2, 3], "odd".into())),
        ];
        leaf.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ClientAuth,
            ExtendedKeyUsagePurpose::Other(vec![
                1,
                2,
                3,
                4,
                5,
                u64::try_from(number).expect("small"),
            ]),
        ];
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyAgreement];
        let mut odd = CustomExtension::from_oid_content(&[1, 2, 3, 9], vec![4, 1, 7]);
        odd.set_criticality(number % 2 == 0);
        leaf.custom_extensions = vec![odd];
        leaf.not_before = rcgen::date_time_ymd(2026, 1, 1);
        leaf.not_after =
            rcgen::date_time_ymd(2036 + i32::try_from(number % 9).expect("small"), 6, 1);
        let algorithm =
            [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519]
                [number % 3];
        let key = KeyPair::generate_for(algorithm).expect("a key");
        let certificate = leaf.signed_by(&key, &issuer).expect("a certificate");
        world.write(&format!("pki/r{number:03}.crt"), certificate.pem());
        world.write(&format!("pki/r{number:03}.key"), key.serialize_pem());
    }
}

/// All kinds of keys, the slow ones too.
fn by_us(world: &World) {
    let kinds = ["RSA-2048", "RSA-3072", "RSA-4096", "ECDSA-P256", "ECDSA-P384", "Ed25519"];
    for number in 0..BY_US {
        let kind = if number < kinds.len() { kinds[number] } else { kinds[3 + number % 3] };
        let profile = ["server", "client", "peer", "user"][number % 4];
        let ca = ["ca", "issuing"][number % 2];
        world.sh(&format!(
            "kubepki -q cert issue u{number:03} --profile {profile} --org 'a,b \"c\"' --org größe --san web.example.com --san 10.0.0.7 --key-type {kind} --ca {ca} --validity {}h",
            100 + number
        ));
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[usize::try_from(self.next() % choices.len() as u64).expect("small")]
    }
}
