//! PEM (RFC 7468): the blocks of a file, by label.

use std::path::Path;

use rustls_pki_types::pem::{self, SectionKind};
use zeroize::Zeroizing;

use crate::core::changes::quoted;

/// Label of a certificate.
pub const CERTIFICATE: &str = "CERTIFICATE";
/// Label of a certificate signing request.
pub const CERTIFICATE_REQUEST: &str = "CERTIFICATE REQUEST";
/// Label of a certificate revocation list.
pub const CRL: &str = "X509 CRL";
/// Label of a public key (SPKI).
pub const PUBLIC_KEY: &str = "PUBLIC KEY";

/// The most blocks that we read from one file.
const MOST_BLOCKS: usize = 10_000;

/// One block.
pub struct Block {
    /// Its label, such as `CERTIFICATE`.
    pub label: &'static str,
    /// What it holds; wiped when dropped, since it may be a key.
    pub der: Zeroizing<Vec<u8>>,
}

/// Why a file cannot be read as PEM.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// Zero bytes, or only blanks.
    #[error("the file is empty")]
    Empty,
    /// No `-----BEGIN` line.
    #[error("the file holds no PEM block")]
    NoPem,
    /// A block that is cut short or not Base64.
    #[error("the PEM is damaged: {0}")]
    Damaged(String),
    /// PEM, but not the kind that is needed.
    #[error("no {wanted} block, only {found}")]
    Nothing {
        /// The label that was looked for.
        wanted: &'static str,
        /// The labels that were found.
        found: String,
    },
    /// More blocks than any chain has.
    #[error("more than {MOST_BLOCKS} PEM blocks")]
    TooMany,
}

impl Error {
    /// Nothing of the kind `wanted` is among `blocks`.
    pub fn nothing(wanted: &'static str, blocks: &[Block]) -> Self {
        Self::Nothing { wanted, found: labels(blocks) }
    }
}

impl Error {
    /// What to do about it; `openssl` is the openssl command that reads DER of the kind that is wanted.
    pub fn hint(&self, openssl: &str, path: &Path) -> Option<String> {
        let path = quoted(path);
        Some(match self {
            Self::Damaged(_) | Self::Empty => {
                "copy it again from where it was made: a write was cut short, here or there".into()
            }
            Self::NoPem => {
                format!("if it is DER: openssl {openssl} -inform der -in {path} -out {path}.pem")
            }
            Self::Nothing { .. } | Self::TooMany => {
                format!("see what it holds: kubepki cert show {path}")
            }
        })
    }
}

/// The labels of `blocks`, each run of equal ones once.
pub fn labels(blocks: &[Block]) -> String {
    if blocks.is_empty() {
        return "blocks of other kinds".into();
    }
    let mut labels: Vec<&str> = blocks.iter().map(|block| block.label).collect();
    labels.dedup();
    labels.join(", ")
}

/// The blocks of known kinds, in order; unknown kinds (`EC PARAMETERS`) are passed over.
pub fn blocks(bytes: &[u8]) -> Result<Vec<Block>, Error> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::Empty);
    }
    if !is_pem(bytes) {
        return Err(Error::NoPem);
    }
    let mut rest = bytes;
    let mut found = Vec::new();
    while let Some((kind, der)) =
        pem::from_buf(&mut rest).map_err(|error| Error::Damaged(describe(&error)))?
    {
        if found.len() == MOST_BLOCKS {
            return Err(Error::TooMany);
        }
        if let Some(label) = label(kind) {
            found.push(Block { label, der: Zeroizing::new(der) });
        }
    }
    Ok(found)
}

/// Whether a `-----BEGIN` stands anywhere.
pub fn is_pem(bytes: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN ";
    bytes.windows(BEGIN.len()).any(|window| window == BEGIN)
}

fn label(kind: SectionKind) -> Option<&'static str> {
    Some(match kind {
        SectionKind::Certificate => CERTIFICATE,
        SectionKind::Crl => CRL,
        SectionKind::Csr => CERTIFICATE_REQUEST,
        SectionKind::EcPrivateKey => "EC PRIVATE KEY",
        SectionKind::PrivateKey => "PRIVATE KEY",
        SectionKind::PublicKey => PUBLIC_KEY,
        SectionKind::RsaPrivateKey => "RSA PRIVATE KEY",
        _ => return None,
    })
}

/// What is wrong, without a byte of the block: it may be a key.
fn describe(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { .. } => {
            "a block is cut short: its END line is missing".into()
        }
        pem::Error::IllegalSectionStart { .. } => "a BEGIN line is malformed".into(),
        pem::Error::Base64Decode(_) => "a block is not Base64".into(),
        pem::Error::SectionTooLarge => "a block is too large".into(),
        _ => "it cannot be read".into(),
    }
}

#[cfg(test)]
mod tests {
    use der::pem::LineEnding;
    use proptest::prelude::*;

    use super::*;

    /// The labels that are told apart.
    const LABELS: [&str; 7] = [
        CERTIFICATE,
        CERTIFICATE_REQUEST,
        CRL,
        "EC PRIVATE KEY",
        "PRIVATE KEY",
        PUBLIC_KEY,
        "RSA PRIVATE KEY",
    ];

    fn text(label: &str, der: &[u8], ending: LineEnding) -> String {
        der::pem::encode_string(label, ending, der).unwrap()
    }

    #[test]
    fn unknown_blocks_and_words_between_are_passed_over() {
        let parameters = text("EC PARAMETERS", b"\x06", LineEnding::LF);
        let certificate = text(CERTIFICATE, b"abc", LineEnding::LF);
        let found =
            blocks(format!("words\n{parameters}more words\n{certificate}").as_bytes()).unwrap();
        assert_eq!(labels(&found), "CERTIFICATE");
        assert_eq!(blocks(b" \n").err(), Some(Error::Empty));
        assert_eq!(blocks(b"words").err(), Some(Error::NoPem));
    }

    proptest! {
        #[test]
        fn blocks_arrive_in_order_whatever_ends_their_lines(
            list in proptest::collection::vec((0..LABELS.len(), proptest::collection::vec(any::<u8>(), 1..200)), 1..6),
            dos in any::<bool>(),
        ) {
            let ending = if dos { LineEnding::CRLF } else { LineEnding::LF };
            let file: String = list.iter().map(|(label, der)| text(LABELS[*label], der, ending)).collect();
            let found = blocks(file.as_bytes()).unwrap();
            let found: Vec<_> = found.iter().map(|block| (block.label, block.der.to_vec())).collect();
            let wanted: Vec<_> = list.iter().map(|(label, der)| (LABELS[*label], der.clone())).collect();
            prop_assert_eq!(found, wanted);
        }

        #[test]
        fn a_block_that_is_cut_short_is_never_read_as_a_whole_one(
            der in proptest::collection::vec(any::<u8>(), 1..200),
            keep in 0.0..1.0,
        ) {
            let file = text(CERTIFICATE, &der, LineEnding::LF);
            let end = file.len() - "-----\n".len();
            let cut = &file.as_bytes()[..(end as f64 * keep) as usize];
            prop_assert!(blocks(cut).is_err() || blocks(cut).is_ok_and(|found| found.is_empty()));
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = blocks(&bytes);
        }
    }
}
