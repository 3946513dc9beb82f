//! A secret that somebody types: asked for on standard error, and not shown.

use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::picker::keys::Key;
use super::picker::{Event, Terminal};
use super::{Session, Stop};
use crate::core::{EditsError, Error, Source};

/// Room for a long token: a text that grows leaves copies of itself.
const ROOM: usize = 64 * 1024;

impl Session<'_> {
    /// A file that holds a secret. `-` is standard input; where that is a terminal, `what` is asked for there.
    pub(super) fn secret(&mut self, what: &str, path: &Path) -> Result<Source, Stop> {
        if path != Path::new("-") {
            return self.source(path);
        }
        let Some(mut terminal) = self.open_terminal()? else { return self.source(path) };
        self.out.draw(&format!("{what} (not shown): "))?;
        let typed = line(&mut *terminal);
        self.out.draw("\n")?;
        let typed = typed?.ok_or_else(|| Error::from(EditsError::NotTyped(what.to_owned())))?;
        let bytes = Zeroizing::new(typed.as_bytes().to_vec());
        Ok(Source::Bytes(PathBuf::from("standard input"), bytes))
    }
}

/// What is typed until Enter; `None` where somebody thinks better of it.
fn line(terminal: &mut dyn Terminal) -> io::Result<Option<Zeroizing<String>>> {
    let mut typed = Zeroizing::new(String::with_capacity(ROOM));
    loop {
        match terminal.next()? {
            Event::End | Event::Key(Key::Cancel) => return Ok(None),
            Event::Key(Key::Backspace) => drop(typed.pop()),
            Event::Key(Key::Char(c)) => typed.push(c),
            Event::Key(Key::Clear) => typed.clear(),
            Event::Key(Key::Enter) => return Ok(Some(typed)),
            Event::Key(_) | Event::Resized => {}
        }
    }
}
