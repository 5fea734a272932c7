//! Faults of a file outside of its elements: it cannot be read, is truncated, or is not UTF-8.

use std::io::{ErrorKind, Read};

use crate::model::{Finding, Level, Place, Rule};
use crate::parse::chunk::{hint, too_long};
use crate::parse::encoding::Encoding;
use crate::parse::framing::Framing;
use crate::parse::position::Position;
use crate::parse::split::{Rest, Splitter};

use super::Chunks;

impl<R: Read> Chunks<R> {
    pub(super) fn fill(&mut self) -> Result<(), Box<Finding>> {
        let Err(error) = self.window.fill() else {
            return Ok(());
        };
        let hint = match error.kind() {
            ErrorKind::UnexpectedEof => {
                self.end_early(&error);
                return Ok(());
            }
            // The data read so far is not reliable either, so the finding applies to the whole file.
            ErrorKind::InvalidData => "restore the file from a backup",
            _ => "check the disk and the permissions, then run again",
        };
        let message = format!("cannot be read: {error}");
        let finding = Finding::error(Rule::Unreadable, Place::file(&self.path), message);
        Err(Box::new(finding.hint(hint)))
    }

    /// Handles a truncated gzip file: what was read is valid, except for an incomplete last line.
    fn end_early(&mut self, error: &std::io::Error) {
        self.window.rest = Rest::Nothing;
        if self.framing == Framing::Lines {
            let lines = memchr::memrchr(b'\n', &self.window.bytes).map_or(0, |end| end + 1);
            self.window.bytes.truncate(lines);
        }
        self.cut_off = Some(error.to_string());
    }

    /// Returns a finding if the file is truncated, placed at the end of the readable data.
    pub(super) fn whole(&self) -> Result<(), Box<Finding>> {
        let Some(message) = &self.cut_off else {
            return Ok(());
        };
        let end = self.window.bytes.len();
        Err(self.fault(Rule::CutOff, end, self.next_pointer(), message))
    }

    pub(super) fn fault(
        &self,
        rule: Rule,
        at: usize,
        pointer: String,
        message: &str,
    ) -> Box<Finding> {
        let position = self.window.start.after(&self.window.bytes[..at]);
        let place = Place {
            path: self.path.clone(),
            line: Some(position.line),
            column: Some(position.column),
            pointer: Some(pointer),
        };
        Box::new(Finding::error(rule, place, message).hint(hint(rule)))
    }

    /// Creates the finding for an element that has an error before it ends. The end of one that is not closed is the end
    /// of the file, far from the mistake.
    pub(super) fn fault_inside(&self, at: usize, message: &str) -> Box<Finding> {
        let begin = self.splitter.as_ref().map_or(at, Splitter::needed_from);
        let line = |at: usize| self.window.start.after(&self.window.bytes[..at]).line;
        let pointer = self.next_pointer();
        if at < self.window.bytes.len() || line(begin) == line(at) {
            return self.fault(Rule::InvalidJson, at, pointer, message);
        }
        let message = format!("{message}, at line {}; the record begins here", line(at));
        self.fault(Rule::InvalidJson, begin, pointer, &message)
    }

    /// Creates the finding for a whole document that exceeds the limit.
    pub(super) fn too_large(&self, at: usize) -> Box<Finding> {
        let message = too_long("document", self.limits);
        self.fault(Rule::TooLarge, at, self.next_pointer(), &message)
    }

    /// Returns the pointer of the incomplete element.
    pub(super) fn next_pointer(&self) -> String {
        match &self.splitter {
            Some(_) => format!("/{}", self.given + self.elements.len()),
            None => String::new(),
        }
    }

    pub(super) fn check_encoding(&mut self) -> Result<(), Box<Finding>> {
        let encoding = Encoding::of(&self.window.bytes);
        if let Some((rule, message, hint)) = encoding.fault() {
            let finding = *self.fault(rule, 0, String::new(), message);
            return Err(Box::new(finding.hint(hint)));
        }
        if encoding == Encoding::Utf8WithMark {
            self.cut(3);
            self.window.start = Position::START;
            let place = Some(Place::file(&self.path));
            let message = "the file begins with a UTF-8 byte order mark, which was skipped";
            let notice = Finding::new(Level::Notice, Rule::ByteOrderMark, place, message);
            self.notices.push(notice);
        }
        Ok(())
    }
}
