//! An element that exceeds the limit: its position is kept, its bytes are not.
//!
//! The splitter follows it to its end, so that the elements after it can be read.

use std::io::Read;
use std::ops::Range;
use std::sync::OnceLock;

use crate::model::{Finding, Place, Rule};
use crate::parse::bounds::Bounds;
use crate::parse::chunk::{Chunk, Shape, hint, too_long};
use crate::parse::position::Position;
use crate::parse::split::Splitter;

use super::Chunks;

/// The start of the element and the state of the check of its bounds.
pub(super) struct Oversized {
    offset: u64,
    start: Position,
    bounds: Bounds,
}

impl<R: Read> Chunks<R> {
    /// Whether the incomplete element exceeds the limit.
    pub(super) fn is_oversized(&self) -> bool {
        self.splitter.as_ref().is_some_and(|splitter| {
            let pending = self.window.bytes.len() - splitter.needed_from();
            splitter.is_inside() && pending > self.limits.max_record_bytes
        })
    }

    /// Drops the bytes of the element that were read so far. All earlier elements must have been returned.
    pub(super) fn skip_oversized(&mut self) {
        let Some(splitter) = &mut self.splitter else {
            return;
        };
        let skipped = splitter.skip();
        if self.oversized.is_none() {
            self.cut(skipped.start);
            self.oversized = Some(Oversized {
                offset: self.window.offset,
                start: self.window.start,
                bounds: Bounds::default(),
            });
            let bytes = self.cut(skipped.len());
            self.feed(&bytes);
        } else {
            let bytes = self.cut(skipped.end);
            self.feed(&bytes);
        }
    }

    /// Ends the element at `rest` and returns a chunk that has only its position.
    pub(super) fn end_oversized(&mut self, rest: Range<usize>) -> Option<Chunk> {
        let bytes = self.cut(rest.end);
        self.feed(&bytes);
        let Oversized {
            offset,
            start,
            bounds,
        } = self.oversized.take()?;
        let first_index = self.given;
        self.given += 1;
        Some(Chunk {
            bytes: Vec::new(),
            offset,
            line: start.line,
            column: start.column,
            first_index,
            elements: std::iter::once(0..0).collect(),
            shape: Shape::Elements,
            cut_off: Some(bounds.finish()),
            framing: self.framing,
            starts: OnceLock::new(),
        })
    }

    /// Returns a finding that the element being skipped is too long, for the case that the file ends within it.
    pub(super) fn endless(&self) -> Option<Box<Finding>> {
        let start = self.oversized.as_ref()?.start;
        let place = Place {
            path: self.path.clone(),
            line: Some(start.line),
            column: Some(start.column),
            pointer: Some(self.next_pointer()),
        };
        let rule = Rule::TooLarge;
        let finding = Finding::error(rule, place, too_long("record", self.limits));
        Some(Box::new(finding.hint(hint(rule))))
    }

    fn feed(&mut self, bytes: &[u8]) {
        if let Some(oversized) = &mut self.oversized {
            oversized.bounds.feed(bytes);
        }
    }
}

impl Splitter {
    /// Forgets where the incomplete element began and returns the range that was scanned.
    fn skip(&mut self) -> Range<usize> {
        let start = self.needed_from();
        start..self.forget_start()
    }
}
