//! How a file holds its records.

use crate::layout::Source;

/// How a file holds its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// One JSON value, parsed as a whole.
    Document,
    /// One JSON array, parsed element by element; a document that is no array is parsed as a whole.
    Array,
    /// JSON Lines: one value per line, read as if they were the elements of an array. Blank lines do not count.
    Lines,
}

impl Framing {
    /// The framing of a file that belongs to `source`: a streamed source is an array, or lines if the name says so.
    #[must_use]
    pub fn of(source: &Source, path: &str) -> Self {
        match source.streamed {
            true => Self::by_name(path),
            false => Self::Document,
        }
    }

    /// The framing of a file of which nothing but its name is known: lines or an array.
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
