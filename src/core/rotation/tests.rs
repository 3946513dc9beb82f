use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::core::changes::{Bytes, Found, Snapshot};
use crate::core::inventory::Inventory;
use crate::core::keys::{draw, draw_serial};
use crate::core::x509::cert::{Certificate, SanChanges, Template};
use crate::core::x509::chain::is_issued_by;
use crate::core::x509::entropy::System;
use crate::core::x509::key_type::KeyType;
use crate::core::x509::name::DistinguishedName;
use crate::core::x509::private_key::PrivateKey;
use crate::core::x509::profile::Profile;
use crate::core::x509::time::{Moment, Period, Until, Validity};

/// A folder on a disk that does not exist.
type Disk = BTreeMap<PathBuf, Bytes>;

const LEAF: &str = "pki/apiserver.crt";
const COPY: &str = "nodes/a/pki/ca.crt";

fn now() -> Moment {
    Moment::from_unix(1_767_225_600).unwrap()
}

fn certificate(
    name: &str,
    profile: Profile,
    days: u64,
    ca: Option<(&Certificate, &PrivateKey)>,
) -> (Certificate, PrivateKey) {
    let key = draw(KeyType::EcdsaP256, &System::default()).unwrap();
    let template = Template {
        subject: DistinguishedName::user(name, std::iter::empty::<&str>()).unwrap(),
        profile,
        sans: Vec::new(),
        validity: Validity::new(now(), Until::After(Period::days(days))).unwrap(),
    };
    let serial = draw_serial(&System::default()).unwrap();
    let (issuer, signer) = (ca.map(|it| it.0), ca.map_or(&key, |it| it.1));
    let made =
        Certificate::issue(&template, serial, key.public_key(), issuer, signer, &System::default());
    (made.unwrap(), key)
}

/// A folder with an old CA, a new one that stands by, a leaf, and a copy of the old one among words of somebody's own.
fn disk() -> (Disk, State) {
    let (old, old_key) = certificate("kubernetes", Profile::ROOT, 3650, None);
    let (new, new_key) = certificate("kubernetes", Profile::ROOT, 3650, None);
    let (leaf, leaf_key) = certificate("api", Profile::Client, 365, Some((&old, &old_key)));
    let entry = Entry {
        anchor: Anchor::named("ca").unwrap(),
        stage: Stage::Prepared,
        since: now(),
        switched: None,
        old: old.fingerprint(),
        new: new.fingerprint(),
        standby: "standby".into(),
        cross_signed: false,
    };
    let key = |key: &PrivateKey| key.to_pem().to_string();
    let files = [
        ("pki/ca.crt", old.to_pem()),
        ("pki/ca.key", key(&old_key)),
        ("pki/ca-signing.crt", old.to_pem()),
        ("pki/standby/standby.crt", new.to_pem()),
        ("pki/standby/standby.key", key(&new_key)),
        (LEAF, leaf.to_pem()),
        ("pki/apiserver.key", key(&leaf_key)),
        (COPY, format!("# mine\n{}# and more\n", old.to_pem())),
    ];
    let disk = files.into_iter().map(|(path, text)| (path.into(), Bytes::new(text.into_bytes())));
    let state = State { entries: vec![entry], ..State::default() };
    (disk.collect(), state)
}

/// Carries out an order as the act does.
fn go(disk: &mut Disk, state: &mut State, order: Order) -> Result<usize, Error> {
    let snapshot = snapshot(disk);
    let ground = ground(&snapshot);
    let entry = state.entries[0].clone();
    let rotation = Rotation::find(entry, ground.cert_dir, ground.inventory)?;
    let mut planned =
        plan(vec![rotation], order, state.clone(), looked_at(disk, &ground), &ground)?;
    for index in 0..planned.reissues.len() {
        let reissue = &planned.reissues[index];
        let (old, issuer) = (reissue.certificate.clone(), planned.issuer(reissue));
        let Public::Certificate(ca) = &issuer.public else { panic!("no CA") };
        let serial = draw_serial(&System::default()).unwrap();
        let (sans, key) = (SanChanges::default(), old.public_key());
        let new =
            old.reissue(old.validity(), &sans, serial, key, ca, &issuer.key, &System::default())?;
        planned.put_reissued(index, &new)?;
    }
    let changes = planned.files.changes();
    for change in &changes {
        disk.insert(change.path.clone(), change.bytes.clone());
    }
    *state = State::parse(Path::new(FILE), &disk[Path::new("pki/rotation.yaml")])?;
    Ok(changes.len())
}

fn snapshot(disk: &Disk) -> Snapshot {
    let found = |bytes: &Bytes| Found::File { bytes: bytes.clone(), mode: 0o600, modified: 0 };
    disk.iter().map(|(path, bytes)| (path.clone(), found(bytes))).collect()
}

fn ground(snapshot: &Snapshot) -> Ground<'_> {
    Ground {
        cert_dir: Path::new("pki"),
        inventory: Inventory::new(snapshot),
        now: now(),
        token_lifetime: Period::days(365),
        revoked: const { &BTreeMap::new() },
        missing: &[],
        servers: &[],
    }
}

fn looked_at(disk: &Disk, ground: &Ground<'_>) -> Files {
    let paths = disk.keys().filter(|path| !path.starts_with("pki/standby")).cloned();
    Files::read(ground.inventory, paths).unwrap()
}

fn text(disk: &Disk, path: &str) -> String {
    String::from_utf8(disk[Path::new(path)].to_vec()).unwrap()
}

fn chain(disk: &Disk, path: &str) -> Vec<Certificate> {
    Certificate::chain_from_pem(&disk[Path::new(path)]).unwrap()
}

/// Forth to the stage after, or back to the one before.
fn order(state: &State, forth: bool) -> Order {
    let Entry { stage, anchor, .. } = state.entries[0];
    match stage.next(anchor) {
        Some(next) if forth && next != Stage::Finished => Order::To(next),
        _ => Order::Undo,
    }
}

fn is_sound(disk: &Disk) {
    let signer = &chain(disk, "pki/ca.crt")[0];
    let key = PrivateKey::from_pem(&disk[Path::new("pki/ca.key")]).unwrap();
    assert_eq!(signer.public_key(), key.public_key(), "the first of the bundle signs");
    assert_eq!(&chain(disk, "pki/ca-signing.crt"), std::slice::from_ref(signer));
    let leaf = &chain(disk, LEAF)[0];
    assert!(chain(disk, COPY).iter().any(|ca| is_issued_by(leaf, ca)), "nobody is locked out");
    let copy = text(disk, COPY);
    assert!(copy.starts_with("# mine\n-----BEGIN") && copy.ends_with("-----\n# and more\n"));
}

#[test]
fn forth_to_the_end_everything_is_the_new_ones() {
    let (mut disk, mut state) = disk();
    let new = chain(&disk, "pki/standby/standby.crt");
    let old_key = text(&disk, "pki/ca.key");
    let leaf = chain(&disk, LEAF)[0].clone();
    for stage in [Stage::Trusted, Stage::Reissued, Stage::Switched, Stage::Finished] {
        go(&mut disk, &mut state, Order::To(stage)).unwrap();
        is_sound(&disk);
    }
    assert_eq!(chain(&disk, "pki/ca.crt"), new);
    assert_eq!(chain(&disk, COPY), new);
    assert_eq!(text(&disk, "pki/standby/standby.key"), old_key);
    let reissued = &chain(&disk, LEAF)[0];
    assert!(is_issued_by(reissued, &new[0]));
    assert_eq!(reissued.public_key(), leaf.public_key());
    assert!(matches!(go(&mut disk, &mut state, Order::Undo), Err(Error::NotUnderWay(_))));
}

#[test]
fn a_stage_that_is_skipped_and_a_file_that_is_left_behind_are_refused() {
    let (mut disk, mut state) = disk();
    let skipped = go(&mut disk, &mut state, Order::To(Stage::Switched));
    assert!(matches!(skipped, Err(Error::OutOfOrder { .. })));
    let before = disk[Path::new(COPY)].clone();
    go(&mut disk, &mut state, Order::To(Stage::Trusted)).unwrap();
    disk.insert(COPY.into(), before);
    let error = go(&mut disk, &mut state, Order::To(Stage::Reissued)).unwrap_err();
    assert!(error.to_string().contains(COPY), "{error}");
    assert_eq!(go(&mut disk, &mut state, Order::To(Stage::Trusted)).unwrap(), 1);
    go(&mut disk, &mut state, Order::To(Stage::Reissued)).unwrap();
    assert!(matches!(go(&mut disk, &mut state, Order::Abort), Err(Error::AbortTooLate { .. })));
}

#[test]
fn a_folder_of_others_is_not_touched() {
    let (mut disk, mut state) = disk();
    let (other, _) = certificate("kubernetes", Profile::ROOT, 3650, None);
    disk.insert("pki/ca.crt".into(), Bytes::new(other.to_pem().into_bytes()));
    let error = go(&mut disk, &mut state, Order::To(Stage::Trusted)).unwrap_err();
    assert!(matches!(error, Error::ForeignState { .. }), "{error}");
}

#[test]
fn what_has_expired_does_not_come_back_to_life() {
    let (mut disk, mut state) = disk();
    go(&mut disk, &mut state, Order::To(Stage::Trusted)).unwrap();
    let ca = chain(&disk, "pki/ca.crt")[0].clone();
    let key = PrivateKey::from_pem(&disk[Path::new("pki/ca.key")]).unwrap();
    let leaf = chain(&disk, LEAF)[0].clone();
    let past = Validity {
        not_before: Moment::from_unix(0).unwrap(),
        not_after: Moment::from_unix(9).unwrap(),
    };
    let serial = draw_serial(&System::default()).unwrap();
    let sans = SanChanges::default();
    let dead = leaf
        .reissue(past, &sans, serial, leaf.public_key(), &ca, &key, &System::default())
        .unwrap();
    disk.insert("pki/dead.crt".into(), Bytes::new(dead.to_pem().into_bytes()));
    go(&mut disk, &mut state, Order::To(Stage::Reissued)).unwrap();
    go(&mut disk, &mut state, Order::To(Stage::Switched)).unwrap();
    assert_eq!(chain(&disk, "pki/dead.crt"), [dead]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Whatever way is taken: each stage is complete when it is reached, nobody is locked out, and at the start all is as it was, but
    /// for the certificate that was issued anew.
    #[test]
    fn every_way_forth_and_back_is_sound(ways in prop::collection::vec(any::<bool>(), 1..10)) {
        let (mut disk, mut state) = disk();
        let first = disk.clone();
        for forth in ways {
            let to = order(&state, forth);
            if to == Order::Undo && state.entries[0].stage == Stage::Prepared {
                continue;
            }
            go(&mut disk, &mut state, to).unwrap();
            is_sound(&disk);
            let stage = state.entries[0].stage;
            prop_assert_eq!(go(&mut disk, &mut state, Order::To(stage)).unwrap(), 0);
        }
        while state.entries[0].stage != Stage::Prepared {
            go(&mut disk, &mut state, Order::Undo).unwrap();
        }
        for (path, bytes) in first.iter().filter(|(path, _)| *path != Path::new(LEAF)) {
            prop_assert!(disk[path] == *bytes, "{}", path.display());
        }
        prop_assert!(is_issued_by(&chain(&disk, LEAF)[0], &chain(&disk, "pki/ca.crt")[0]));
    }
}
