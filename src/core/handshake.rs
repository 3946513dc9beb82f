//! What a TLS server shows before it knows who asks: its certificates, and the CAs whose clients it believes (RFC 8446, 4.4.2 and 4.3.2;
//! RFC 5246, 7.4).
//!
//! rustls shakes hands, in TLS 1.2 and 1.3. Any certificates are taken, whoever signed them, but the server must sign with their key:
//! so what it shows is its own. It is shown none in return, and what it makes of that is its affair.

use std::io::{self, Read, Take, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme,
};

use crate::core::x509::cert::Certificate;
use crate::core::x509::san::San;

/// The most bytes of an answer: chains and names of some thousand CAs.
const LIMIT: u64 = 1 << 20;

/// A connection.
pub trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

/// Makes a connection to a host and port, that ends within a time.
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
    #[error("it ends the handshake with the alert {0:?}")]
    Alert(AlertDescription),
    /// What it shows is no certificate that can be read.
    #[error("what it shows is no certificate")]
    Certificate,
    /// The connection failed.
    #[error("{}", .0.kind())]
    Io(#[from] io::Error),
    /// The answer is not TLS.
    #[error("what it says is not TLS")]
    NotTls,
    /// The handshake does not come as far.
    #[error(transparent)]
    Tls(rustls::Error),
}

/// Asks a server what it shows to a client that calls it `host`.
///
/// # Errors
///
/// A connection that fails, an answer that is none, or a server that does not prove that its certificate is its own.
pub fn look(stream: &mut dyn Stream, host: &San) -> Result<Shown, Error> {
    let provider = Arc::new(ring::default_provider());
    let watch = Arc::new(Watch { provider: Arc::clone(&provider), seen: Mutex::default() });
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&watch) as _)
        .with_client_cert_resolver(Arc::clone(&watch) as _);
    config.resumption = Resumption::disabled();
    let mut client = ClientConnection::new(Arc::new(config), name(host)?).map_err(Error::Tls)?;
    let mut answer = stream.take(LIMIT);
    let ended = shake_hands(&mut client, &mut answer);
    client.send_close_notify();
    let farewell = say(&mut client, answer.get_mut());
    let seen = watch.seen();
    // A server may refuse whoever shows no certificate; what it shows itself is seen by then.
    if !seen.is_proven {
        ended.and(farewell.map_err(Error::Io))?;
    }
    let chain = seen.chain.iter().map(|der| Certificate::from_der(der));
    let chain = chain.collect::<Result<_, _>>().map_err(|_| Error::Certificate)?;
    Ok(Shown { chain, believes: seen.believes.clone() })
}

/// Goes to the end of the handshake, so that a server which takes it has nothing to complain of.
fn shake_hands(
    client: &mut ClientConnection,
    answer: &mut Take<&mut dyn Stream>,
) -> Result<(), Error> {
    while client.is_handshaking() {
        say(client, answer.get_mut())?;
        if client.read_tls(answer)? == 0 {
            return Err(Error::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        client.process_new_packets()?;
    }
    Ok(())
}

fn say(client: &mut ClientConnection, stream: &mut dyn Stream) -> io::Result<()> {
    while client.wants_write() {
        client.write_tls(stream)?;
    }
    stream.flush()
}

/// A host as a greeting names it; an address is not named (RFC 6066, 3).
fn name(host: &San) -> Result<ServerName<'static>, Error> {
    let name = match host {
        San::Ip(address) => return Ok(ServerName::from(*address)),
        San::Dns(name) | San::Email(name) | San::Uri(name) => name.clone(),
    };
    ServerName::try_from(name).map_err(|_| Error::Io(io::ErrorKind::InvalidInput.into()))
}

/// How a host is written for a connection.
pub fn host_text(host: &San) -> String {
    match host {
        San::Ip(address) => address.to_string(),
        San::Dns(name) | San::Email(name) | San::Uri(name) => name.clone(),
    }
}

impl From<rustls::Error> for Error {
    fn from(error: rustls::Error) -> Self {
        match error {
            rustls::Error::AlertReceived(alert) => Self::Alert(alert),
            rustls::Error::InvalidMessage(_) => Self::NotTls,
            error => Self::Tls(error),
        }
    }
}

/// Takes any certificates and has none, and remembers what it met.
#[derive(Debug)]
struct Watch {
    provider: Arc<CryptoProvider>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    chain: Vec<Vec<u8>>,
    believes: Vec<Vec<u8>>,
    /// Whether the server has signed with the key of its certificate.
    is_proven: bool,
}

impl Watch {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(
        &self,
        signature: Result<HandshakeSignatureValid, rustls::Error>,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.seen().is_proven = signature.is_ok();
        signature
    }
}

impl ServerCertVerifier for Watch {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(leaf).chain(others);
        self.seen().chain = chain.map(|der| der.to_vec()).collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        said: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.judge(verify_tls12_signature(said, leaf, signed, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        said: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.judge(verify_tls13_signature(said, leaf, signed, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl ResolvesClientCert for Watch {
    fn resolve(&self, names: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.seen().believes = names.iter().map(|name| name.to_vec()).collect();
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;
    use rustls::pki_types::PrivatePkcs8KeyDer;
    use rustls::sign::SingleCertAndKey;
    use rustls::version::{TLS12, TLS13};
    use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};

    use super::*;

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
        look(&mut Canned(said.into()), &San::Dns("localhost".into()))
    }

    #[test]
    fn a_server_that_says_something_else_is_told_of() {
        let alert = |code| told(vec![21, 3, 3, 0, 2, 2, code]).unwrap_err().to_string();
        assert!(alert(70).contains("the alert ProtocolVersion"), "{}", alert(70));
        assert!(matches!(told(b"HTTP/1.1 400 Bad Request".to_vec()), Err(Error::NotTls)));
        assert!(matches!(told(Vec::new()), Err(Error::Io(_))));
    }

    /// A server in memory.
    struct Served(ServerConnection);

    impl Read for Served {
        fn read(&mut self, mut buffer: &mut [u8]) -> io::Result<usize> {
            self.0.write_tls(&mut buffer)
        }
    }

    impl Write for Served {
        fn write(&mut self, mut bytes: &[u8]) -> io::Result<usize> {
            let read = self.0.read_tls(&mut bytes)?;
            let _ = self.0.process_new_packets();
            Ok(read)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A server that shows the certificate of one key, and signs with another.
    fn served(version: &'static SupportedProtocolVersion, is_own: bool) -> Result<Shown, Error> {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let leaf = params.self_signed(&key).unwrap();
        let other = rcgen::KeyPair::generate().unwrap();
        let signer = if is_own { &key } else { &other };
        let signer = PrivatePkcs8KeyDer::from(signer.serialize_der()).into();
        let signer = ring::sign::any_ecdsa_type(&signer).unwrap();
        let shown = CertifiedKey::new(vec![leaf.der().clone()], signer);
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
        let mut server = Served(ServerConnection::new(Arc::new(config)).unwrap());
        look(&mut server, &San::Dns("localhost".into()))
    }

    #[test]
    fn a_certificate_without_its_key_proves_nothing() {
        for version in [&TLS12, &TLS13] {
            assert_eq!(served(version, true).unwrap().chain.len(), 1);
            let error = served(version, false).unwrap_err().to_string();
            assert!(error.contains("BadSignature"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn nobody_is_believed_who_signs_nothing(said in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(told(said).is_err());
        }
    }
}
