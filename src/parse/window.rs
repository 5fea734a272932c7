//! The part of a file that is in memory: bytes are added at its end and cut off at its front.

use std::io::{self, Read};

use super::position::Position;
use super::split::Rest;

/// A window on what a reader gives.
pub(super) struct Window<R> {
    reader: R,
    block: usize,
    pub(super) bytes: Vec<u8>,
    /// Where in the file the first byte stands.
    pub(super) offset: u64,
    /// The same as line and column.
    pub(super) start: Position,
    pub(super) rest: Rest,
}

impl<R: Read> Window<R> {
    /// An empty window that grows by `block` bytes at a time.
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

    /// The same reader, read in other blocks.
    pub(super) fn with_block(self, block: usize) -> Self {
        Self {
            block: block.max(1),
            ..self
        }
    }

    /// Reads one block more.
    pub(super) fn fill(&mut self) -> io::Result<()> {
        self.bytes.reserve(self.block);
        let mut block = self.reader.by_ref().take(self.block as u64);
        if block.read_to_end(&mut self.bytes)? < self.block {
            self.rest = Rest::Nothing;
        }
        Ok(())
    }

    /// Cuts `length` bytes off the front.
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
            // Many small files may wait in a queue.
            bytes.shrink_to_fit();
        }
        self.start = self.start.after(&bytes);
        self.offset += length as u64;
        bytes
    }

    pub(super) fn into_reader(self) -> R {
        self.reader
    }
}
