//! Writes a result that is made in parts, because it may be large.

use std::io::{self, ErrorKind};
use std::ops::ControlFlow;

use super::output::Output;

/// Who reads a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// People: it may have colours.
    Person,
    /// A program.
    Program,
}

/// Buffers the parts of a result. Its only error is that the output is closed, or could not be written;
/// [`Output::unwritten`] returns the reason.
pub(super) struct Parts<'o> {
    output: &'o Output,
    reader: Reader,
    waiting: Vec<u8>,
}

impl<'o> Parts<'o> {
    pub(super) fn new(output: &'o Output, reader: Reader) -> Self {
        let waiting = Vec::new();
        Self {
            output,
            reader,
            waiting,
        }
    }

    /// Prints the rest, unless writing a part failed.
    pub(super) fn finish(mut self, written: io::Result<()>) {
        _ = written.and_then(|()| self.print(self.waiting.len()));
    }

    /// The end of what can be printed: not within a character, and not within a sequence that sets a colour.
    fn end(&self) -> usize {
        let end = match std::str::from_utf8(&self.waiting) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        let sequence = memchr::memrchr(b'\x1b', &self.waiting[..end]);
        match (self.reader, sequence) {
            (Reader::Person, Some(at)) if !self.waiting[at..end].contains(&b'm') => at,
            (Reader::Person | Reader::Program, _) => end,
        }
    }

    /// Prints what is waiting up to this end.
    fn print(&mut self, end: usize) -> io::Result<()> {
        let rest = self.waiting.split_off(end);
        let text = String::from_utf8(std::mem::replace(&mut self.waiting, rest));
        let text = text.map_err(io::Error::other)?;
        match self.reader {
            Reader::Person => {
                self.output.data(&text);
                Ok(())
            }
            Reader::Program => match self.output.raw(&text) {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(()) => Err(ErrorKind::BrokenPipe.into()),
            },
        }
    }
}

/// Whether to continue after a part was written.
pub(super) fn unless_closed(written: &io::Result<()>) -> ControlFlow<()> {
    match written {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}

impl io::Write for Parts<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        const ENOUGH: usize = 64 * 1024;
        for part in bytes.chunks(ENOUGH) {
            self.waiting.extend_from_slice(part);
            if self.waiting.len() >= ENOUGH {
                self.print(self.end())?;
            }
        }
        Ok(bytes.len())
    }

    /// Does nothing: small parts are printed together.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
