//! Every certificate that the catalog knows, with every kind of key, before Go's verifier: that of Kubernetes.

use kubepki::core::x509::key_type::KeyType;

use crate::support::issued::{Issued, Leaf};
use crate::support::judges::{Question, go};

#[test]
fn go_accepts_every_profile_with_every_kind_of_key() {
    for key_type in KeyType::ALL {
        Issued::with_keys(key_type).leaves.iter().for_each(assert_accepted);
    }
}

#[test]
fn go_accepts_every_certificate_below_the_ca_of_the_catalog() {
    Issued::below_their_own_cas().leaves.iter().for_each(assert_accepted);
}

#[test]
fn go_refuses_every_profile_as_what_it_is_not() {
    for leaf in &Issued::below_their_own_cas().leaves {
        if let Some(other) = leaf.other_purpose() {
            let said = go(&Question { name: None, ..leaf.question(other) }).expect_err(&leaf.about);
            assert!(said.contains("incompatible key usage"), "{}: {said}", leaf.about);
        }
    }
}

/// And it reads the user and the groups that the catalog has.
fn assert_accepted(leaf: &Leaf) {
    let subject = leaf.row.common_name("host-1").expect("a name");
    for purpose in leaf.purposes() {
        let read = go(&leaf.question(purpose));
        let read = read.unwrap_or_else(|why| panic!("{} as {purpose:?}: {why}", leaf.about));
        assert_eq!(read["user"], subject.as_str(), "{}", leaf.about);
        let groups: Vec<_> = read["groups"].as_array().into_iter().flatten().collect();
        assert_eq!(groups, leaf.row.organizations, "{}", leaf.about);
    }
}
