//! PEM (RFC 7468): the blocks of a file, by label.

use std::ops::Range;
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

/// A block with the place where it stands in its text.
pub struct Section {
    /// From the first byte of its first line to the last of its last, line break included.
    pub range: Range<usize>,
    /// What it is and holds.
    pub block: Block,
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

/// The same blocks with the places where they stand, so that all that is around one can stay when it goes.
pub fn sections(text: &str) -> Result<Vec<Section>, Error> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(range) = next_section(text, from) {
        from = range.end;
        let block = blocks(&text.as_bytes()[range.clone()])?.pop();
        found.extend(block.map(|block| Section { range, block }));
    }
    // What one reader takes for a block and the other does not is nobody's to cut out.
    if found.len() == blocks(text.as_bytes())?.len() {
        Ok(found)
    } else {
        Err(Error::Damaged("where its blocks begin and end is not clear".to_owned()))
    }
}

fn next_section(text: &str, from: usize) -> Option<Range<usize>> {
    let start = from + text[from..].find("-----BEGIN ")?;
    let end = start + text[start..].find("-----END ")?;
    let line = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
    Some(start..line)
}

/// A file with another block in the place of its first one of these labels, and the rest of it byte for byte; `None` where it has
/// none. `block` is told the label that stood there.
pub fn replace(
    bytes: &[u8],
    labels: &[&str],
    block: impl FnOnce(&str) -> Zeroizing<String>,
) -> Option<Zeroizing<Vec<u8>>> {
    let found = labels.iter().filter_map(|label| Some((span(bytes, label)?, *label)));
    let (span, label) = found.min_by_key(|(span, _)| span.start)?;
    let block = block(label);
    let block = block.trim_end().as_bytes();
    let (before, after) = (without_dump(&bytes[..span.start]), &bytes[span.end..]);
    let mut new = Zeroizing::new(Vec::with_capacity(before.len() + block.len() + after.len()));
    [before, block, after].into_iter().for_each(|part| new.extend_from_slice(part));
    Some(new)
}

/// A file without its first block of this label; `None` where it has none.
pub fn remove(bytes: &[u8], label: &str) -> Option<Zeroizing<Vec<u8>>> {
    let span = span(bytes, label)?;
    let mut new = Zeroizing::new(Vec::with_capacity(bytes.len()));
    new.extend_from_slice(&bytes[..span.start]);
    new.extend_from_slice(after_line(&bytes[span.end..]));
    Some(new)
}

/// A file without its blocks of this label but the first.
pub fn only_first(bytes: &[u8], label: &str) -> Zeroizing<Vec<u8>> {
    let end = span(bytes, label).map_or(bytes.len(), |span| span.end);
    let mut new = Zeroizing::new(Vec::with_capacity(bytes.len()));
    new.extend_from_slice(&bytes[..end]);
    let mut rest = &bytes[end..];
    while let Some(span) = span(rest, label) {
        new.extend_from_slice(&rest[..span.start]);
        rest = after_line(&rest[span.end..]);
    }
    new.extend_from_slice(rest);
    new
}

fn after_line(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix(b"\r").unwrap_or(bytes);
    bytes.strip_prefix(b"\n").unwrap_or(bytes)
}

/// From the first `-----BEGIN` of a label to the end of its `-----END` line, without the line break.
fn span(bytes: &[u8], label: &str) -> Option<Range<usize>> {
    let find = |text: &str, from: usize| {
        let found = bytes[from..].windows(text.len()).position(|it| it == text.as_bytes());
        found.map(|at| from + at)
    };
    let start = find(&format!("-----BEGIN {label}-----"), 0)?;
    let end = format!("-----END {label}-----");
    Some(start..find(&end, start)? + end.len())
}

/// What stands before a certificate, without the description of it that `openssl ca` puts there: it would describe the old one.
fn without_dump(before: &[u8]) -> &[u8] {
    const DUMP: &[u8] = b"Certificate:\n    Data:";
    let dump = before.windows(DUMP.len()).rposition(|it| it == DUMP);
    // One that stands before another block describes that.
    dump.filter(|at| !is_pem(&before[*at..])).map_or(before, |at| &before[..at])
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

    fn replaced(file: &str, labels: &[&str]) -> Option<String> {
        let new = replace(file.as_bytes(), labels, |label| Zeroizing::new(format!("<{label}>\n")));
        new.map(|new| String::from_utf8(new.to_vec()).unwrap())
    }

    #[test]
    fn one_block_is_replaced_and_the_rest_stays() {
        let [one, two] = [b"a", b"b"].map(|der| text(CERTIFICATE, der, LineEnding::LF));
        let key = text("PRIVATE KEY", b"k", LineEnding::LF);
        let file = format!("# mine\n{key}{one}# root\n{two}");
        let wanted = format!("# mine\n{key}<CERTIFICATE>\n# root\n{two}");
        assert_eq!(replaced(&file, &[CERTIFICATE]), Some(wanted));
        let wanted = format!("# mine\n<PRIVATE KEY>\n{one}# root\n{two}");
        assert_eq!(replaced(&file, &["EC PRIVATE KEY", "PRIVATE KEY"]), Some(wanted));
        assert_eq!(replaced(&file, &[CRL]), None);
        let alone = only_first(file.as_bytes(), CERTIFICATE);
        assert_eq!(str::from_utf8(&alone), Ok(&*format!("# mine\n{key}{one}# root\n")));
        let removed = remove(file.as_bytes(), "PRIVATE KEY").unwrap();
        assert_eq!(
            String::from_utf8(removed.to_vec()).unwrap(),
            format!("# mine\n{one}# root\n{two}")
        );
    }

    #[test]
    fn what_describes_the_old_certificate_goes_with_it() {
        let one = text(CERTIFICATE, b"a", LineEnding::LF);
        let file = format!("# mine\nCertificate:\n    Data:\n        Version: 3\n{one}");
        assert_eq!(replaced(&file, &[CERTIFICATE]).unwrap(), "# mine\n<CERTIFICATE>\n");
        let key = text("PRIVATE KEY", b"k", LineEnding::LF);
        let with_key = replaced(&format!("{file}{key}"), &["PRIVATE KEY"]).unwrap();
        assert_eq!(with_key, format!("{file}<PRIVATE KEY>\n"), "not another's description");
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
