//! What a terminal sends, as keys.

/// A key that means something to the picker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Key {
    /// Takes the last character of the filter away.
    Backspace,
    /// Ends without a choice: escape, Ctrl-C, Ctrl-D.
    Cancel,
    /// Adds a character to the filter.
    Char(char),
    /// Empties the filter: Ctrl-U, Ctrl-W.
    Clear,
    /// One line down, also Ctrl-N.
    Down,
    /// To the last line.
    End,
    /// Takes the line.
    Enter,
    /// To the first line.
    Home,
    /// Something else, which does nothing.
    Other,
    /// One screen down.
    PageDown,
    /// One screen up.
    PageUp,
    /// One line up, also Ctrl-P.
    Up,
}

/// The key that `bytes` begin with, and how many of them it takes; `None` while more must come. A lone escape is a key once
/// nothing follows it: that only a clock can tell, see [`alone`].
pub fn decode(bytes: &[u8]) -> Option<(Key, usize)> {
    let key = match *bytes.first()? {
        0x1b => return escape(bytes),
        b'\r' | b'\n' => Key::Enter,
        0x03 | 0x04 => Key::Cancel,
        0x08 | 0x7f => Key::Backspace,
        0x0e => Key::Down,
        0x10 => Key::Up,
        0x15 | 0x17 => Key::Clear,
        0..0x20 => Key::Other,
        _ => return character(bytes),
    };
    Some((key, 1))
}

/// What bytes mean after which nothing comes.
pub fn alone(bytes: &[u8]) -> Key {
    if bytes == [0x1b] { Key::Cancel } else { Key::Other }
}

/// `ESC [ 5 ~` and the like (ECMA-48, 5.4), `ESC O A` of terminals in application mode, or a key with Alt.
fn escape(bytes: &[u8]) -> Option<(Key, usize)> {
    match bytes.get(1)? {
        b'[' => {
            let end = bytes[2..].iter().position(|byte| !matches!(byte, 0x20..0x40))?;
            let (parameters, last) = (&bytes[2..2 + end], bytes[2 + end]);
            Some((named(parameters, last), end + 3))
        }
        b'O' => Some((named(b"", *bytes.get(2)?), 3)),
        0x1b => Some((Key::Cancel, 1)),
        _ => Some((Key::Other, 2)),
    }
}

fn named(parameters: &[u8], last: u8) -> Key {
    match (parameters, last) {
        (_, b'A') => Key::Up,
        (_, b'B') => Key::Down,
        (_, b'F') | (b"4" | b"8", b'~') => Key::End,
        (_, b'H') | (b"1" | b"7", b'~') => Key::Home,
        (b"5", b'~') => Key::PageUp,
        (b"6", b'~') => Key::PageDown,
        _ => Key::Other,
    }
}

fn character(bytes: &[u8]) -> Option<(Key, usize)> {
    let start = &bytes[..bytes.len().min(4)];
    let valid = match str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => {
            str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
        }
        // Half a character: the rest is on its way.
        Err(error) if error.error_len().is_none() => return None,
        Err(error) => return Some((Key::Other, error.error_len().unwrap_or(1))),
    };
    valid.chars().next().map(|c| (Key::Char(c), c.len_utf8()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(mut bytes: &[u8]) -> Vec<Key> {
        let mut keys = Vec::new();
        while let Some((key, length)) = decode(bytes) {
            keys.push(key);
            bytes = &bytes[length..];
        }
        keys.extend((!bytes.is_empty()).then(|| alone(bytes)));
        keys
    }

    #[test]
    fn keys_are_read_as_terminals_send_them() {
        use Key::*;
        assert_eq!(keys(b"a\r\x7f\x03\x15"), [Char('a'), Enter, Backspace, Cancel, Clear]);
        assert_eq!(keys(b"\x1b[A\x1bOB\x1b[5~\x1b[6~"), [Up, Down, PageUp, PageDown]);
        assert_eq!(keys(b"\x1b[H\x1b[4~\x1b[1;5A\x1b[3~"), [Home, End, Up, Other]);
        assert_eq!(keys("ö名".as_bytes()), [Char('ö'), Char('名')]);
        assert_eq!(keys(b"\x1bx\xff\x01"), [Other, Other, Other]);
    }

    #[test]
    fn an_escape_is_a_key_once_nothing_follows() {
        assert_eq!((decode(b"\x1b"), decode(b"\x1b["), decode(b"\xc3")), (None, None, None));
        assert_eq!(keys(b"\x1b"), [Key::Cancel]);
        assert_eq!(keys(b"\x1b\x1b"), [Key::Cancel, Key::Cancel]);
        assert_eq!(keys(b"\x1b[1"), [Key::Other]);
    }

    proptest! {
        #[test]
        fn no_input_is_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            keys(&bytes);
        }
    }
}
