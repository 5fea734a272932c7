//! The part of a file that is in memory: bytes are appended at its end and cut off at its front.

use std::io::{self, Read};

use super::position::Position;
use super::split::Rest;

/// A window on the bytes of a reader.
pub(super) struct Window<R> {
    reader: R,
    block: usize,
    pub(super) bytes: Vec<u8>,
    /// The offset of the first byte in the file.
    pub(super) offset: u64,
    /// The same position as line and column.
    pub(super) start: Position,
    pub(super) rest: Rest,
}

impl<R: Read> Window<R> {
    /// Creates an empty window that grows by `block` bytes at a time.
    pub(super) fn new(reader: R, block: usize) -> Self {
        Self {
            reader,
            block: block.max(1),
            bytes: Vec::new(),
            offset: 0,
            start: Position::START,
            rest: Rest::ToCome,
        }
    }

    /// Changes the block size.
    pub(super) fn with_block(self, block: usize) -> Self {
        Self {
            block: block.max(1),
            ..self
        }
    }

    /// Reads another block.
    pub(super) fn fill(&mut self) -> io::Result<()> {
        self.bytes.reserve(self.block);
        let mut block = self.reader.by_ref().take(self.block as u64);
        if block.read_to_end(&mut self.bytes)? < self.block {
            self.rest = Rest::Nothing;
        }
        Ok(())
    }

    /// Removes `length` bytes from the front and returns them.
    pub(super) fn cut(&mut self, length: usize) -> Vec<u8> {
        if length == 0 {
            return Vec::new();
        }
        let mut rest = Vec::new();
        if self.rest == Rest::ToCome {
            rest.reserve(self.bytes.len() - length + self.block);
        }
        rest.extend_from_slice(&self.bytes[length..]);
        let mut bytes = std::mem::replace(&mut self.bytes, rest);
        bytes.truncate(length);
        if bytes.capacity() / 2 > length {
            // Many small chunks may wait in a queue.
            bytes.shrink_to_fit();
        }
        self.start = self.start.after(&bytes);
        self.offset += length as u64;
        bytes
    }

    pub(super) fn reader_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    pub(super) fn into_reader(self) -> R {
        self.reader
    }
}
