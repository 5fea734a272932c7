//! The framing of the records in a file.

use crate::layout::Source;

/// How the records are arranged in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// One JSON value, parsed as a whole.
    Document,
    /// One JSON array, parsed element by element; a document that is not an array is parsed as a whole.
    Array,
    /// JSON Lines: one value per line, treated like the elements of an array. Blank lines are ignored.
    Lines,
}

impl Framing {
    /// Returns the framing of a file of `source`: a streamed source is an array, or lines if the file name has that
    /// extension.
    #[must_use]
    pub fn of(source: &Source, path: &str) -> Self {
        match source.streamed {
            true => Self::by_name(path),
            false => Self::Document,
        }
    }

    /// Returns the framing of a file of which only the name is known: lines or an array.
    #[must_use]
    pub fn by_name(path: &str) -> Self {
        let path = path.to_ascii_lowercase();
        let lines = [".jsonl", ".ndjson", ".log"];
        match lines.iter().any(|ending| path.ends_with(ending)) {
            true => Self::Lines,
            false => Self::Array,
        }
    }
}
