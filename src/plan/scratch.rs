//! The planner's interface to temporary files. The caller implements it: nothing here opens a file.

use std::fmt::Debug;
use std::io;

/// Creates scratch files.
pub trait Scratch: Debug {
    /// A new, empty file that is deleted when dropped.
    ///
    /// # Errors
    /// When the file cannot be created.
    fn create(&self) -> io::Result<Box<dyn ScratchFile>>;
}

/// A file that is written once, sequentially, and then read at arbitrary offsets.
pub trait ScratchFile: Debug {
    /// Appends bytes.
    ///
    /// # Errors
    /// When writing fails.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Fills `buffer` with the bytes from `offset` on.
    ///
    /// # Errors
    /// When reading fails, or the file has too few bytes.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}
