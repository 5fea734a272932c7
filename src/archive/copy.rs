//! Streamed copies: bytes are hashed and counted in passing, so memory does not grow with the file.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::{Hasher, Sha256};

/// Buffer size.
const BUFFER: usize = 64 * 1024;

/// A reader that counts and hashes the bytes read through it.
pub(super) struct HashingReader<R> {
    inner: R,
    hasher: Hasher,
    /// Number of bytes read.
    pub(super) bytes: u64,
}

impl<R: Read> HashingReader<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            hasher: Hasher::new(),
            bytes: 0,
        }
    }

    /// Returns the digest of the bytes read since the last call.
    pub(super) fn take_digest(&mut self) -> Sha256 {
        std::mem::take(&mut self.hasher).sha256()
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.fixed(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

/// Why a copy ended early.
pub(super) enum CopyError {
    Read(io::Error),
    Write(io::Error),
    /// The input is longer than the limit.
    TooLong,
    Interrupted,
}

/// Copies everything, up to `limit` bytes, so that a manipulated object cannot fill the disk.
pub(super) fn copy(
    from: &mut impl Read,
    to: &mut impl Write,
    limit: u64,
    interrupt: &AtomicBool,
) -> Result<u64, CopyError> {
    let mut buffer = vec![0; BUFFER];
    let mut copied = 0;
    loop {
        if interrupt.load(Ordering::Relaxed) {
            return Err(CopyError::Interrupted);
        }
        let read = match from.read(&mut buffer) {
            Ok(0) => return Ok(copied),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(CopyError::Read(error)),
        };
        copied += read as u64;
        if copied > limit {
            return Err(CopyError::TooLong);
        }
        to.write_all(&buffer[..read]).map_err(CopyError::Write)?;
    }
}
