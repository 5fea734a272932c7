//! The origin of a record: its file and its place in the file.

use std::fmt;
use std::sync::Arc;

/// A source file of this run: its index in the run's list of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// The place of a record: file, JSON Pointer within it, and the part of a split string.
///
/// Line, column and byte offset follow from these and from the bytes of the file, which the archive keeps. They are
/// computed on demand instead of being stored with a million rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The file.
    pub file: FileId,
    /// JSON Pointer (RFC 6901) from the root of the document.
    pub pointer: Arc<str>,
    /// For a record created by `split`: the index of the part, counted from 0 over all parts.
    pub part: Option<u32>,
}

impl fmt::Display for Origin {
    /// Writes the pointer, followed by `#n` for the n-th part of a split string.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            Some(part) => write!(out, "{}#{part}", self.pointer),
            None => out.write_str(&self.pointer),
        }
    }
}
