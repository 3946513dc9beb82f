//! The door to other machines: a connection, for whoever wants to see what a server shows.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use kubepki::core::handshake::Stream;

/// How long a server is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connects to the first address of a host that answers.
pub fn connect(host: &str, port: u16) -> io::Result<Box<dyn Stream>> {
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => {
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                return Ok(Box::new(stream));
            }
            Err(error) => failed = error,
        }
    }
    Err(failed)
}
