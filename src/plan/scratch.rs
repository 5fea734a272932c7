//! Room outside memory, as the planner needs it. Whoever drives the planner provides it: nothing here opens a file.

use std::fmt::Debug;
use std::io;

/// Makes scratch files.
pub trait Scratch: Debug {
    /// A new, empty file that is gone when it is dropped.
    ///
    /// # Errors
    /// When there is no room for it.
    fn create(&self) -> io::Result<Box<dyn ScratchFile>>;
}

/// A file that is written once, from its beginning to its end, and then read here and there.
pub trait ScratchFile: Debug {
    /// Adds bytes at the end.
    ///
    /// # Errors
    /// When the disk refuses.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Fills `buffer` from the byte `offset` on.
    ///
    /// # Errors
    /// When the disk refuses, or there are not so many bytes.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}
