//! Reading a file of any length: block by block, each of whole lines.

use std::io::{self, Read};
use std::path::Path;

use super::error::Error;
use super::read::open_file;

/// How much is read at once, in bytes.
const BLOCK: usize = 1 << 20;

/// The longest line, in bytes; the memory that is needed follows from it, and not from the length of the file.
const LONGEST: usize = 4 << 20;

/// Hands the file to `each` in blocks, none of which begins in the middle of a line; `false` where there is no file. Only the
/// last one may end in the middle of a line.
///
/// # Errors
///
/// A file that cannot be read or has a line of more than 4 MiB, and whatever stops `each`.
pub fn blocks<E: From<Error>>(
    path: &Path,
    mut each: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<bool, E> {
    let mut file = match open_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Error::io("read", path)(error).into()),
        Ok(Err(found)) => return Err(Error::NotAFile { path: path.to_owned(), found }.into()),
        Ok(Ok((file, _))) => file,
    };
    let mut buffer = vec![0; BLOCK];
    let mut held = 0;
    loop {
        if held == buffer.len() {
            if held >= LONGEST {
                let what = format!("a line of {}", path.display());
                return Err(Error::TooLong { what, limit: LONGEST as u64 }.into());
            }
            buffer.resize(held * 2, 0);
        }
        let read = match file.read(&mut buffer[held..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other.map_err(|error| E::from(Error::io("read", path)(error)))?,
        };
        if read == 0 {
            break;
        }
        let fresh = held..held + read;
        held = fresh.end;
        if let Some(end) = memchr::memrchr(b'\n', &buffer[fresh.clone()]) {
            let end = fresh.start + end + 1;
            each(&buffer[..end])?;
            buffer.copy_within(end..held, 0);
            held -= end;
        }
    }
    if held > 0 {
        each(&buffer[..held])?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    fn read(content: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        fs::write(&path, content).unwrap();
        let mut found = Vec::new();
        assert!(blocks(&path, |block| {
            found.push(block.to_vec());
            Ok::<_, Error>(())
        })?);
        Ok(found)
    }

    #[test]
    fn a_line_that_is_longer_than_a_block_is_whole_and_one_without_end_is_refused() {
        let long = [vec![b'x'; BLOCK * 2], b"\ny\n".to_vec()].concat();
        assert_eq!(read(&long).unwrap().concat(), long);
        assert!(matches!(read(&vec![b'x'; LONGEST + 1]), Err(Error::TooLong { .. })));
    }

    #[test]
    fn no_file_is_no_error_and_a_folder_is_one() {
        let dir = tempfile::tempdir().unwrap();
        let none = |_: &[u8]| Ok::<_, Error>(());
        assert!(!blocks(&dir.path().join("none"), none).unwrap());
        assert!(matches!(blocks(dir.path(), none), Err(Error::NotAFile { .. })));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn blocks_are_the_file_and_end_with_lines(lines in proptest::collection::vec(0_usize..90_000, 0..60), ends in any::<bool>()) {
            let mut content: Vec<u8> = lines.iter().flat_map(|length| [vec![b'x'; *length], vec![b'\n']].concat()).collect();
            if !ends {
                content.pop();
            }
            let blocks = read(&content).unwrap();
            prop_assert!(blocks.iter().rev().skip(1).all(|block| block.ends_with(b"\n")));
            prop_assert_eq!(blocks.concat(), content);
        }
    }
}
