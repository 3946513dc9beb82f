//! What a TLS server shows before it knows who asks: its certificates, and the CAs whose clients it believes (RFC 5246, 7.4).
//!
//! In TLS 1.2 that much goes in the clear, so half a handshake is enough to see it: a greeting is sent, the answer is read up to the
//! server's last word, and nothing follows. Nothing is proved by it: whoever answers could show certificates of others. That is
//! good enough to see whether a server has taken up a change, and for nothing else.

use std::io::{self, Read, Write};
use std::net::IpAddr;

use crate::core::x509::cert::Certificate;
use crate::core::x509::entropy::{Entropy, Unavailable};
use crate::core::x509::san::San;

/// The most bytes of an answer: chains and names of some thousand CAs.
const LIMIT: usize = 1 << 20;

/// The suites that Go, OpenSSL and rustls have in common: ECDHE with AES-GCM and ChaCha20.
const SUITES: [u16; 6] = [0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8];
/// x25519, P-256, P-384.
const GROUPS: [u16; 3] = [0x001d, 0x0017, 0x0018];
/// ECDSA, RSA-PSS, RSA and Ed25519, with SHA-2.
const SIGNATURES: [u16; 9] =
    [0x0403, 0x0503, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0807];

/// Record types (RFC 5246, 6.2.1).
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

/// Messages (RFC 5246, 7.4).
const CLIENT_HELLO: u8 = 1;
const CERTIFICATE: u8 = 11;
const CERTIFICATE_REQUEST: u8 = 13;
const SERVER_HELLO_DONE: u8 = 14;

/// The alert of a server that speaks TLS 1.3 alone.
const PROTOCOL_VERSION: u8 = 70;

/// A connection.
pub trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

/// Makes a connection to a host and port, within a time.
pub type Connect<'a> = &'a dyn Fn(&str, u16) -> io::Result<Box<dyn Stream>>;

/// What a server shows.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Its certificate, and those that come along.
    pub chain: Vec<Certificate>,
    /// The names of the CAs whose clients it believes, in DER, one for each certificate.
    pub believes: Vec<Vec<u8>>,
}

/// Why nothing was seen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server ended the handshake.
    #[error("it ends the handshake with alert {0}")]
    Alert(u8),
    /// The connection failed.
    #[error("{}", .0.kind())]
    Io(#[from] io::Error),
    /// The answer is not TLS.
    #[error("what it says is not TLS")]
    NotTls,
    /// Its certificates go under cover.
    #[error("it speaks TLS 1.3 alone, in which its certificates cannot be seen from outside")]
    Tls13Alone,
    /// No random bytes for the greeting.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Asks a server what it shows to a client that calls it `host`.
///
/// # Errors
///
/// A connection that fails, or an answer that is none.
pub fn look(stream: &mut dyn Stream, host: &San, entropy: &dyn Entropy) -> Result<Shown, Error> {
    let mut random = [0; 32];
    entropy.fill(&mut random)?;
    stream.write_all(&client_hello(host, &random))?;
    stream.flush()?;
    let mut answer = Answer { stream, message_bytes: Vec::new(), read: 0 };
    let mut shown = Shown::default();
    loop {
        let (kind, body) = answer.message()?;
        let mut body = Bytes(&body);
        match kind {
            CERTIFICATE => {
                let mut list = Bytes(body.vector(3)?);
                while !list.0.is_empty() {
                    let der = list.vector(3)?;
                    shown.chain.push(Certificate::from_der(der).map_err(|_| Error::NotTls)?);
                }
            }
            CERTIFICATE_REQUEST => {
                body.vector(1)?;
                body.vector(2)?;
                let mut list = Bytes(body.vector(2)?);
                while !list.0.is_empty() {
                    shown.believes.push(list.vector(2)?.to_vec());
                }
            }
            SERVER_HELLO_DONE => return Ok(shown),
            _ => {}
        }
    }
}

/// A greeting that offers TLS 1.2 and no more.
fn client_hello(host: &San, random: &[u8; 32]) -> Vec<u8> {
    let mut extensions = Vec::new();
    if let San::Dns(name) = host {
        // A list of one name of the kind host_name (RFC 6066, 3).
        let entry = [&[0][..], &vector(2, name.as_bytes())].concat();
        extensions.extend(extension(0, &vector(2, &entry)));
    }
    extensions.extend(extension(10, &vector(2, &numbers(&GROUPS))));
    extensions.extend(extension(11, &[1, 0]));
    extensions.extend(extension(13, &vector(2, &numbers(&SIGNATURES))));
    // No renegotiation was before this (RFC 5746, 3.4).
    extensions.extend(extension(0xff01, &[0]));
    let hello = [
        &[3, 3][..],
        random,
        &[0],
        &vector(2, &numbers(&SUITES)),
        &[1, 0],
        &vector(2, &extensions),
    ]
    .concat();
    let message = [&[CLIENT_HELLO][..], &vector(3, &hello)].concat();
    [&[HANDSHAKE, 3, 1][..], &vector(2, &message)].concat()
}

fn extension(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &vector(2, body)].concat()
}

/// Bytes behind their length, which takes `width` bytes.
fn vector(width: usize, body: &[u8]) -> Vec<u8> {
    let length = body.len().to_be_bytes();
    [&length[length.len() - width..], body].concat()
}

fn numbers(list: &[u16]) -> Vec<u8> {
    list.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// The messages of an answer, put together from its records.
struct Answer<'a> {
    stream: &'a mut dyn Stream,
    message_bytes: Vec<u8>,
    read: usize,
}

impl Answer<'_> {
    fn message(&mut self) -> Result<(u8, Vec<u8>), Error> {
        loop {
            if let [kind, high, middle, low, rest @ ..] = self.message_bytes.as_slice() {
                let length = u32::from_be_bytes([0, *high, *middle, *low]) as usize;
                if let Some(body) = rest.get(..length) {
                    let message = (*kind, body.to_vec());
                    self.message_bytes.drain(..4 + length);
                    return Ok(message);
                }
            }
            self.record()?;
        }
    }

    fn record(&mut self) -> Result<(), Error> {
        let mut head = [0; 5];
        self.stream.read_exact(&mut head)?;
        let [kind, major, _, high, low] = head;
        let length = usize::from(u16::from_be_bytes([high, low]));
        self.read += length;
        if major != 3 || self.read > LIMIT {
            return Err(Error::NotTls);
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        match (kind, body.as_slice()) {
            (HANDSHAKE, body) => self.message_bytes.extend_from_slice(body),
            (ALERT, [_, PROTOCOL_VERSION]) => return Err(Error::Tls13Alone),
            (ALERT, [_, alert]) => return Err(Error::Alert(*alert)),
            _ => return Err(Error::NotTls),
        }
        Ok(())
    }
}

/// Bytes that are taken off from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// What stands behind its length.
    fn vector(&mut self, width: usize) -> Result<&'a [u8], Error> {
        let (length, rest) = self.0.split_at_checked(width).ok_or(Error::NotTls)?;
        let length = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let (body, rest) = rest.split_at_checked(length).ok_or(Error::NotTls)?;
        self.0 = rest;
        Ok(body)
    }
}

/// How a host is written for a connection.
pub fn host_text(host: &San) -> String {
    match host {
        San::Ip(IpAddr::V6(address)) => address.to_string(),
        San::Ip(IpAddr::V4(address)) => address.to_string(),
        San::Dns(name) | San::Email(name) | San::Uri(name) => name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;
    use crate::core::x509::entropy::System;

    /// A server that says what it was told to say, whatever it hears.
    struct Canned(VecDeque<u8>);

    impl Read for Canned {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Canned {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn told(said: Vec<u8>) -> Result<Shown, Error> {
        look(&mut Canned(said.into()), &San::Dns("localhost".into()), &System::default())
    }

    fn record(kind: u8, body: &[u8]) -> Vec<u8> {
        [&[kind, 3, 3][..], &vector(2, body)].concat()
    }

    fn request(names: &[&[u8]]) -> Vec<u8> {
        let names: Vec<u8> = names.iter().flat_map(|name| vector(2, name)).collect();
        let body = [vector(1, &[64]), vector(2, &[4, 3]), vector(2, &names)].concat();
        [&[CERTIFICATE_REQUEST][..], &vector(3, &body)].concat()
    }

    #[test]
    fn messages_may_be_cut_into_records_anywhere() {
        let messages = [request(&[b"one", b"one"]), vec![SERVER_HELLO_DONE, 0, 0, 0]].concat();
        for cut in 0..messages.len() {
            let (first, second) = messages.split_at(cut);
            let said = [record(HANDSHAKE, first), record(HANDSHAKE, second)].concat();
            assert_eq!(told(said).unwrap().believes, [b"one", b"one"]);
        }
    }

    #[test]
    fn a_server_that_says_something_else_is_told_of() {
        let alert = |code| told(record(ALERT, &[2, code])).unwrap_err().to_string();
        assert!(alert(70).contains("TLS 1.3 alone"));
        assert!(alert(40).contains("alert 40"));
        assert!(matches!(told(b"HTTP/1.1 400 Bad Request".to_vec()), Err(Error::NotTls)));
        assert!(matches!(told(Vec::new()), Err(Error::Io(_))));
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(said in prop::collection::vec(any::<u8>(), 0..200), kind in 11u8..15) {
            let _ = told(said.clone());
            let message = [&[kind][..], &vector(3, &said)].concat();
            let is_ok = told(record(HANDSHAKE, &message)).is_ok();
            prop_assert_eq!(is_ok, kind == SERVER_HELLO_DONE);
        }
    }
}
