//! Reads a file as a sequence of chunks in bounded memory.

mod faults;
mod oversized;

use std::io::Read;
use std::ops::Range;
use std::sync::OnceLock;

use crate::model::{Finding, Rule};

use super::chunk::{Chunk, Shape};
use super::framing::Framing;
use super::limits::Limits;
use super::position::Position;
use super::split::{Rest, SplitStep, Splitter, trim};
use super::window::Window;
use oversized::Oversized;

/// An iterator over the chunks of a file.
///
/// An `Err` is the last item: the rest of the file cannot be read. The chunks before it are valid, but the document as
/// a whole is not JSON.
pub struct Chunks<R> {
    path: String,
    framing: Framing,
    limits: Limits,
    chunk_bytes: usize,
    window: Window<R>,
    splitter: Option<Splitter>,
    /// Elements that were found but not yet returned, as ranges in the window.
    elements: Vec<Range<usize>>,
    given: usize,
    /// The element that exceeds the limit and is being skipped.
    oversized: Option<Oversized>,
    pending: Option<Box<Finding>>,
    /// The error message for a truncated gzip file.
    cut_off: Option<String>,
    ended: bool,
    notices: Vec<Finding>,
    /// The top-level array: offset of its first byte, its position, and the offset after its last byte.
    pub(super) root: Option<(u64, Position, u64)>,
}

impl<R: Read> Chunks<R> {
    const CHUNK_BYTES: usize = 512 * 1024;
    const READ_BYTES: usize = 256 * 1024;

    /// Creates chunks of about 512 KiB; `path` is used in findings.
    pub fn new(reader: R, path: &str, framing: Framing, limits: Limits) -> Self {
        Self {
            path: path.to_owned(),
            framing,
            limits,
            chunk_bytes: Self::CHUNK_BYTES,
            window: Window::new(reader, Self::READ_BYTES),
            splitter: None,
            elements: Vec::new(),
            given: 0,
            oversized: None,
            pending: None,
            cut_off: None,
            ended: false,
            notices: Vec::new(),
            root: None,
        }
    }

    /// Sets other sizes: a chunk is returned when it has `chunk_bytes`, and the file is read in blocks of `read_bytes`.
    #[must_use]
    pub fn with_sizes(self, chunk_bytes: usize, read_bytes: usize) -> Self {
        Self {
            chunk_bytes,
            window: self.window.with_block(read_bytes),
            ..self
        }
    }

    /// Returns findings that do not prevent the file from being read (a byte order mark); call it after the last chunk.
    pub fn notices(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.notices)
    }

    /// Returns the reader, for example to ask how much of the file was read for the last chunk.
    pub fn reader_mut(&mut self) -> &mut R {
        self.window.reader_mut()
    }

    /// Returns the reader, for example to ask how much of the file was read.
    pub fn into_reader(self) -> R {
        self.window.into_reader()
    }

    fn cut(&mut self, length: usize) -> Vec<u8> {
        if let Some(splitter) = &mut self.splitter {
            splitter.shift(length);
        }
        self.window.cut(length)
    }

    fn give(&mut self, length: usize, shape: Shape) -> Chunk {
        let (offset, start) = (self.window.offset, self.window.start);
        let elements = std::mem::take(&mut self.elements);
        let first_index = self.given;
        self.given += elements.len();
        Chunk {
            bytes: self.cut(length),
            offset,
            line: start.line,
            column: start.column,
            first_index,
            elements,
            shape,
            cut_off: None,
            framing: self.framing,
            starts: OnceLock::new(),
        }
    }

    fn give_elements(&mut self) -> Option<Chunk> {
        let length = self.elements.last()?.end;
        Some(self.give(length, Shape::Elements))
    }

    /// Examines the encoding and the first byte; returns the document if it is not split into elements.
    fn begin(&mut self) -> Result<Option<Chunk>, Box<Finding>> {
        while self.window.bytes.len() < 4 && self.window.rest == Rest::ToCome {
            self.fill()?;
        }
        self.check_encoding()?;
        if self.framing == Framing::Lines {
            self.splitter = Some(Splitter::lines());
            return Ok(None);
        }
        let first = self.first_byte()?;
        if self.framing == Framing::Array && first == b'[' {
            let start = self.window.offset;
            self.root = Some((start, self.window.start, start));
            self.splitter = Some(Splitter::array());
            return Ok(None);
        }
        let limit = self.limits.max_record_bytes;
        while self.window.rest == Rest::ToCome && self.window.bytes.len() <= limit {
            self.fill()?;
        }
        self.whole()?;
        let length = trim(&self.window.bytes).end;
        if length > limit {
            return Err(self.too_large(0));
        }
        self.ended = true;
        self.elements.push(0..length);
        Ok(Some(self.give(length, Shape::Whole)))
    }

    /// Skips leading white space and returns the first byte after it.
    fn first_byte(&mut self) -> Result<u8, Box<Finding>> {
        loop {
            let spaces = trim(&self.window.bytes).start;
            self.cut(spaces);
            match (self.window.bytes.first(), self.window.rest) {
                (Some(&first), _) => return Ok(first),
                (None, Rest::ToCome) => self.fill()?,
                (None, Rest::Nothing) => {
                    self.whole()?;
                    let message = match self.window.offset {
                        0 => "the file is empty",
                        _ => "the file contains only white space",
                    };
                    return Err(self.fault(Rule::InvalidJson, 0, String::new(), message));
                }
            }
        }
    }

    /// Continues until a chunk is full or the file ends.
    fn advance(&mut self) -> Result<Option<Chunk>, Box<Finding>> {
        loop {
            let Some(splitter) = &mut self.splitter else {
                match self.begin()? {
                    Some(whole) => return Ok(Some(whole)),
                    None => continue,
                }
            };
            match splitter.step(&self.window.bytes, self.window.rest) {
                SplitStep::Element(range) if self.oversized.is_some() => {
                    return Ok(self.end_oversized(range));
                }
                SplitStep::Element(range) => {
                    let full = range.end >= self.chunk_bytes;
                    self.elements.push(range);
                    if full {
                        return Ok(self.give_elements());
                    }
                }
                SplitStep::More
                    if self.window.bytes.len() >= self.chunk_bytes && !self.elements.is_empty() =>
                {
                    return Ok(self.give_elements());
                }
                SplitStep::More if self.is_oversized() && !self.elements.is_empty() => {
                    return Ok(self.give_elements());
                }
                SplitStep::More => self.make_room()?,
                SplitStep::Closed(end) => {
                    if let Some((_, _, root_end)) = &mut self.root {
                        *root_end = self.window.offset + end as u64;
                    }
                }
                SplitStep::End => {
                    self.whole()?;
                    self.ended = true;
                    return Ok(self.give_elements());
                }
                SplitStep::Broken(at, message) => {
                    if let Some(finding) = self.endless() {
                        return Err(finding);
                    }
                    let inside = self.splitter.as_ref().is_some_and(Splitter::is_inside);
                    self.whole()?;
                    return Err(match inside {
                        true => self.fault_inside(at, message),
                        false => self.fault(Rule::InvalidJson, at, String::new(), message),
                    });
                }
            }
        }
    }

    /// Drops bytes that are no longer needed and reads another block.
    fn make_room(&mut self) -> Result<(), Box<Finding>> {
        if self.is_oversized() || self.oversized.is_some() {
            self.skip_oversized();
        }
        let needed_from = self.splitter.as_ref().map_or(0, Splitter::needed_from);
        if self.elements.is_empty() && needed_from > 0 {
            self.cut(needed_from);
        }
        self.fill()
    }
}

impl<R: Read> Iterator for Chunks<R> {
    type Item = Result<Chunk, Box<Finding>>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(finding) = self.pending.take() {
            return Some(Err(finding));
        }
        if self.ended {
            return None;
        }
        match self.advance() {
            Ok(chunk) => chunk.map(Ok),
            Err(finding) => {
                self.ended = true;
                // Return the elements before the fault first.
                match self.give_elements() {
                    Some(chunk) => {
                        self.pending = Some(finding);
                        Some(Ok(chunk))
                    }
                    None => Some(Err(finding)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
