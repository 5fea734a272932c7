//! How much of a file the program is willing to hold, and how deep.

/// Bounds on what is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest record (or whole document, where it is not read element by element) in bytes.
    pub max_record_bytes: usize,
    /// Deepest nesting of arrays and objects in a document; at most [`Limits::DEEPEST`].
    pub max_depth: usize,
}

impl Limits {
    /// The bound of the JSON parser itself, which keeps the stack safe.
    pub const DEEPEST: usize = 127;
}

impl Default for Limits {
    /// 256 MiB, 127 levels.
    fn default() -> Self {
        Self {
            max_record_bytes: 256 << 20,
            max_depth: Self::DEEPEST,
        }
    }
}
