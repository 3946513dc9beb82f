//! The source of random bytes, as a value that is passed in.

use ring::rand::{SecureRandom, SystemRandom};

/// Random bytes from outside.
pub trait Entropy: Sync {
    /// Fills `bytes` with random bytes.
    ///
    /// # Errors
    ///
    /// The source gave nothing; what `bytes` holds then must not be used.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Unavailable>;

    /// The source in the form that ring insists on for EC keys and for signatures: it takes none but its own.
    ///
    /// # Errors
    ///
    /// The source gives nothing.
    fn ring(&self) -> Result<&dyn SecureRandom, Unavailable>;
}

/// There are no random bytes to be had.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the system gives no random numbers")]
pub struct Unavailable;

/// The operating system's source.
#[derive(Debug)]
pub struct System(SystemRandom);

impl Default for System {
    fn default() -> Self {
        Self(SystemRandom::new())
    }
}

impl Entropy for System {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Unavailable> {
        self.0.fill(bytes).map_err(|_| Unavailable)
    }

    fn ring(&self) -> Result<&dyn SecureRandom, Unavailable> {
        Ok(&self.0)
    }
}
