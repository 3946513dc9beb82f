//! The form in which a line of a certificate is written, seen without taking it apart.

use super::line::ISSUED;

/// The longest serial number of a certificate in hexadecimal (RFC 5280, 4.1.2.2).
const LONGEST_SERIAL: usize = 40;

/// Whether a line is of a certificate and in the form in which this program writes one, so that there is nothing in it which
/// reading it would complain about. `false` says little: a hand may have put it in another form, and escapes are in none.
pub(super) fn is_as_written(line: &[u8]) -> bool {
    is_text(line) && is_issued(Rest(line)).is_some()
}

/// Whether all of a line may stand in a JSON text as it is.
fn is_text(line: &[u8]) -> bool {
    memchr::memchr(b'\\', line).is_none() && !has_control(line) && str::from_utf8(line).is_ok()
}

/// Whether a byte is less than a blank, eight at a time: less 0x20, such a one borrows, which its highest bit shows.
fn has_control(line: &[u8]) -> bool {
    const BLANKS: u64 = u64::from_ne_bytes([b' '; 8]);
    const HIGHEST: u64 = u64::from_ne_bytes([0x80; 8]);
    let (words, rest) = line.as_chunks();
    let has = |word: &[u8; 8]| {
        let word = u64::from_ne_bytes(*word);
        word.wrapping_sub(BLANKS) & !word & HIGHEST != 0
    };
    words.iter().any(has) || rest.iter().any(|byte| *byte < b' ')
}

fn is_issued(mut rest: Rest<'_>) -> Option<()> {
    rest.mark(ISSUED)?;
    rest.text(br#""serial":""#).filter(|text| is_serial(text))?;
    rest.text(br#","subject":""#)?;
    let _ = rest.text(br#","user":""#);
    rest.list(br#","groups":[""#)?;
    rest.list(br#","sans":[""#)?;
    rest.text(br#","profile":""#)?;
    rest.text(br#","from":""#).filter(|text| is_moment(text))?;
    rest.text(br#","until":""#).filter(|text| is_moment(text))?;
    rest.text(br#","sha256":""#)?;
    rest.text(br#","who":""#)?;
    rest.text(br#","why":""#)?;
    rest.text(br#","when":""#).filter(|text| is_moment(text))?;
    (rest.0 == b"}").then_some(())
}

/// What of a line has not been looked at.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    /// Goes past what must stand here.
    fn mark(&mut self, mark: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(mark)?;
        Some(())
    }

    /// Goes past a text after its mark, which ends in a quote, and past the quote that ends it.
    fn text(&mut self, mark: &[u8]) -> Option<&'a [u8]> {
        self.mark(mark)?;
        let (text, rest) = self.0.split_at(memchr::memchr(b'"', self.0)?);
        self.0 = &rest[1..];
        Some(text)
    }

    /// Goes past a list of texts, if there is one: an empty one is left out.
    fn list(&mut self, mark: &[u8]) -> Option<()> {
        if self.text(mark).is_none() {
            return Some(());
        }
        while self.text(br#",""#).is_some() {}
        self.mark(b"]")
    }
}

fn is_serial(text: &[u8]) -> bool {
    (1..=LONGEST_SERIAL).contains(&text.len()) && text.iter().all(u8::is_ascii_hexdigit)
}

/// Whether it is a moment such as `2026-01-01T00:00:00Z`, of those days that every month has.
fn is_moment(text: &[u8]) -> bool {
    let [
        y1,
        y2,
        y3,
        y4,
        b'-',
        o1,
        o2,
        b'-',
        d1,
        d2,
        b'T',
        h1,
        h2,
        b':',
        m1,
        m2,
        b':',
        s1,
        s2,
        b'Z',
    ] = text
    else {
        return false;
    };
    let number = |tens: &u8, ones: &u8| {
        let are_digits = tens.is_ascii_digit() && ones.is_ascii_digit();
        are_digits.then(|| (tens - b'0') * 10 + (ones - b'0'))
    };
    let lies = |tens, ones, least, most| {
        number(tens, ones).is_some_and(|number| (least..=most).contains(&number))
    };
    lies(y1, y2, 20, 99)
        && lies(y3, y4, 0, 99)
        && lies(o1, o2, 1, 12)
        && (lies(d1, d2, 1, 28) || (lies(d1, d2, 29, 30) && (o1, o2) != (&b'0', &b'2')))
        && lies(h1, h2, 0, 23)
        && lies(m1, m2, 0, 59)
        && lies(s1, s2, 0, 59)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::log::Line;

    const WHOLE: &str = r#"{"event":"issued","serial":"0AFB","subject":"CN=größe,O=a","user":"größe","groups":["a","b"],"sans":["dns:a","ip:::1"],"profile":"peer","from":"2026-01-01T00:00:00Z","until":"2028-02-29T23:59:59Z","sha256":"00FF","who":"ada","why":"cert issue","when":"2026-12-30T12:34:56Z"}"#;

    const BARE: &str = r#"{"event":"issued","serial":"01","subject":"","profile":"client","from":"2026-01-01T00:00:00Z","until":"9999-12-28T23:59:59Z","sha256":"","who":"","why":"","when":"2026-01-01T00:00:00Z"}"#;

    #[test]
    fn what_this_program_writes_is_known_by_its_form() {
        for line in [WHOLE.replace("2028-02-29", "2028-03-30").as_str(), BARE] {
            assert!(is_as_written(line.as_bytes()), "{line}");
            let encoded = Line::decode(line.as_bytes()).unwrap().encode();
            assert_eq!(encoded, format!("{line}\n").as_bytes());
        }
    }

    #[test]
    fn what_is_rare_is_left_to_be_read() {
        for (from, to) in
            [("größe", r"gr\u00f6\u00dfe"), ("\"01\"", "\"0x01\""), ("-01-01T", "-01-31T")]
        {
            for line in [WHOLE, BARE].map(|line| line.replace(from, to)) {
                assert!(Line::decode(line.as_bytes()).is_ok(), "{line}");
                assert!(!line.contains(to) || !is_as_written(line.as_bytes()), "{line}");
            }
        }
        assert!(Line::decode(WHOLE.as_bytes()).is_ok() && !is_as_written(WHOLE.as_bytes()));
    }

    proptest! {
        #[test]
        fn a_control_character_is_found_wherever_it_is(line in prop::collection::vec(0x1d_u8.., 0..40)) {
            prop_assert_eq!(has_control(&line), line.iter().any(|byte| *byte < b' '));
        }

        #[test]
        fn what_is_known_by_its_form_can_be_read(
            whole in any::<bool>(),
            at in any::<prop::sample::Index>(),
            length in 0_usize..3,
            other in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..3),
                "[0-9TZ:,\"\\[\\]{}\\-]{0,2}".prop_map(String::into_bytes),
            ],
        ) {
            let line = if whole { WHOLE.replace("2028-02-29", "2028-03-30") } else { BARE.to_owned() };
            let mut line = line.into_bytes();
            let at = at.index(line.len());
            line.splice(at..line.len().min(at + length), other);
            prop_assert!(!is_as_written(&line) || Line::decode(&line).is_ok());
        }
    }
}
