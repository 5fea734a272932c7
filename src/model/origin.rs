//! Where a record came from.

use std::fmt;
use std::sync::Arc;

/// A source file of this run: its index in the run's list of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A record's place: file, JSON pointer in it, and the part of a split text.
///
/// Line, column and byte offset follow from these and the file's bytes (which the archive keeps), so they are
/// worked out when somebody asks and not carried with a million rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub file: FileId,
    /// JSON Pointer (RFC 6901) from the root of the document.
    pub pointer: Arc<str>,
    /// For a record made by `split`: which part of the text, counted from 0 over all parts.
    pub part: Option<u32>,
}

impl fmt::Display for Origin {
    /// The pointer, and `#n` for the n-th part of a split text.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            Some(part) => write!(out, "{}#{part}", self.pointer),
            None => out.write_str(&self.pointer),
        }
    }
}
