//! The door to other machines: a connection, for whoever wants to see what a server shows.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use kubepki::core::handshake::Stream;

/// How long a server is waited for: until it takes the connection, and then until it has shown all.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection that ends at a moment, however slowly the other side speaks.
struct Timed {
    stream: TcpStream,
    until: Instant,
}

/// Connects to the first address of a host that answers.
pub fn connect(host: &str, port: u16) -> io::Result<Box<dyn Stream>> {
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(Box::new(Timed { stream, until: Instant::now() + PATIENCE })),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

impl Timed {
    /// What is left of the time.
    fn left(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        self.stream.read(buffer).map_err(timed_out)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.stream.write(bytes).map_err(timed_out)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Linux says of a socket whose time is over that it would block.
fn timed_out(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => error,
    }
}
