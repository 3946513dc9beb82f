//! The door to a terminal on which somebody chooses: keys one by one, and put back as it was, whatever happens.

use std::io::{self, IsTerminal, Stderr, Stdin};
use std::os::unix::net::UnixStream;

use kubepki::cli::picker::keys::{alone, decode};
use kubepki::cli::picker::{Event, Size, Terminal};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH};
use signal_hook::low_level::{pipe, unregister};

/// How long the rest of a key may take: what follows an escape that is part of one comes at once.
const REST: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// Standard input without echo and line by line editing.
struct Raw {
    input: Stdin,
    screen: Stderr,
    before: Termios,
    typed: Vec<u8>,
    /// Readable once somebody asks this process to end.
    end: UnixStream,
    /// Readable after each change of the size.
    resized: UnixStream,
    signals: Vec<signal_hook::SigId>,
}

/// Takes the terminal over; `None` where there is nobody to choose.
pub fn open() -> io::Result<Option<Box<dyn Terminal>>> {
    let (input, screen) = (io::stdin(), io::stderr());
    if !input.is_terminal() || !screen.is_terminal() {
        return Ok(None);
    }
    let before = tcgetattr(&input)?;
    let ((end, ended), (resized, resizing)) = (UnixStream::pair()?, UnixStream::pair()?);
    resized.set_nonblocking(true)?;
    let mut raw = Raw { input, screen, before, typed: Vec::new(), end, resized, signals: vec![] };
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
        raw.signals.push(pipe::register(signal, ended.try_clone()?)?);
    }
    raw.signals.push(pipe::register(SIGWINCH, resizing)?);
    let mut modes = raw.before.clone();
    // What is written still begins a new line at `\n`: an error that comes first stays readable.
    modes.local_modes -=
        LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN;
    tcsetattr(&raw.input, OptionalActions::Drain, &modes)?;
    Ok(Some(Box::new(raw)))
}

impl Terminal for Raw {
    fn next(&mut self) -> io::Result<Event> {
        loop {
            if let Some((key, length)) = decode(&self.typed) {
                self.typed.drain(..length);
                return Ok(Event::Key(key));
            }
            let rest = if self.typed.is_empty() { None } else { Some(&REST) };
            let mut sources = [
                PollFd::new(&self.end, PollFlags::IN),
                PollFd::new(&self.resized, PollFlags::IN),
                PollFd::new(&self.input, PollFlags::IN),
            ];
            match poll(&mut sources, rest) {
                Err(Errno::INTR) => continue,
                Ok(0) => return Ok(Event::Key(alone(&std::mem::take(&mut self.typed)))),
                other => other?,
            };
            let [end, resized, input] = sources.map(|source| !source.revents().is_empty());
            if end {
                return Ok(Event::End);
            }
            if resized {
                while read(&self.resized, &mut [0_u8; 64]).is_ok_and(|count| count > 0) {}
                return Ok(Event::Resized);
            }
            if input && !self.take()? {
                return Ok(Event::End);
            }
        }
    }

    fn size(&self) -> Size {
        let size = tcgetwinsize(&self.screen).ok();
        // Some serial lines do not know theirs.
        let or = |found: Option<u16>, usual| found.filter(|n| *n > 0).map_or(usual, usize::from);
        Size {
            columns: or(size.map(|size| size.ws_col), 80),
            lines: or(size.map(|size| size.ws_row), 24),
        }
    }
}

impl Raw {
    /// Takes what was typed; `false` at its end.
    fn take(&mut self) -> io::Result<bool> {
        // One at a time: what was typed ahead is for whoever comes next.
        let mut bytes = [0];
        match read(&self.input, &mut bytes) {
            Err(Errno::INTR) => Ok(true),
            // The terminal has been closed.
            Err(Errno::IO) => Ok(false),
            other => {
                let count = other?;
                self.typed.extend_from_slice(&bytes[..count]);
                Ok(count > 0)
            }
        }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // A terminal that has gone needs no mending.
        let _ = tcsetattr(&self.input, OptionalActions::Drain, &self.before);
        for signal in self.signals.drain(..) {
            unregister(signal);
        }
    }
}
