//! Every certificate that the catalog knows, with every kind of key, before openssl and Python at their strictest.

use std::thread;

use kubepki::core::x509::key_type::KeyType;

use crate::support::issued::{Issued, NAME};
use crate::support::judges::{Purpose, Question, openssl, python_handshakes};

#[test]
fn openssl_and_python_accept_every_profile_with_every_kind_of_key() {
    thread::scope(|scope| {
        for key_type in KeyType::ALL {
            scope.spawn(move || assert_accepted(&Issued::with_keys(key_type)));
        }
    });
}

#[test]
fn openssl_and_python_accept_every_certificate_below_the_ca_of_the_catalog() {
    assert_accepted(&Issued::below_their_own_cas());
}

#[test]
fn openssl_refuses_every_profile_as_what_it_is_not_and_under_another_name() {
    for leaf in &Issued::with_keys(KeyType::EcdsaP256).leaves {
        if let Some(other) = leaf.other_purpose() {
            let said = openssl(&Question { name: None, ..leaf.question(other) });
            let said = said.expect_err(&leaf.about);
            assert!(said.contains("unsuitable certificate purpose"), "{}: {said}", leaf.about);
        }
        if leaf.is_server() {
            let question = Question { name: Some("127.0.0.2"), ..leaf.question(Purpose::Server) };
            let said = openssl(&question).expect_err(&leaf.about);
            assert!(said.contains("IP address mismatch"), "{}: {said}", leaf.about);
        }
    }
}

#[test]
fn python_refuses_a_client_certificate_as_a_server_and_another_name() {
    let issued = Issued::below_their_own_cas();
    let (server, client) = issued.handshakes()[0];
    let refuses = |name, server, why: &str| {
        let said = python_handshakes(&[(name, server, client.side())]).expect_err(why);
        assert!(said.contains("the client refuses") && said.contains(why), "{said}");
    };
    refuses(NAME, client.side(), "unsuitable certificate purpose");
    refuses("127.0.0.2", server.side(), "IP address mismatch");
}

fn assert_accepted(issued: &Issued) {
    for leaf in &issued.leaves {
        for purpose in leaf.purposes() {
            assert_eq!(openssl(&leaf.question(purpose)), Ok(()), "{} as {purpose:?}", leaf.about);
        }
    }
    let handshakes = issued.handshakes();
    let sides = handshakes.iter().map(|(server, client)| (NAME, server.side(), client.side()));
    assert_eq!(python_handshakes(&sides.collect::<Vec<_>>()), Ok(()), "{}", issued.leaves[0].about);
}
