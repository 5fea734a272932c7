//! Limits on the size and nesting depth of what is parsed.

/// Limits for parsing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Maximum size of a record (or of a whole document, if it is not read element by element) in bytes.
    pub max_record_bytes: usize,
    /// Maximum nesting of arrays and objects in a document; at most [`Limits::DEEPEST`].
    pub max_depth: usize,
}

impl Limits {
    /// The limit of the JSON parser itself, which prevents a stack overflow.
    pub const DEEPEST: usize = 127;

    /// The memory that the values of a record may use in addition to four times `max_record_bytes`.
    const PARSED_BYTES: usize = 128 << 20;

    /// Sets the maximum size of a record.
    #[must_use]
    pub fn with_max_record(self, bytes: usize) -> Self {
        Self {
            max_record_bytes: bytes,
            ..self
        }
    }

    /// Returns how much memory the parsed values of one record may use. Many small values use many times the size of
    /// their text.
    #[must_use]
    pub fn max_parsed_bytes(&self) -> usize {
        let records = self.max_record_bytes.saturating_mul(4);
        records.saturating_add(Self::PARSED_BYTES)
    }
}

impl Default for Limits {
    /// 64 MiB and 127 levels.
    fn default() -> Self {
        Self {
            max_record_bytes: 64 << 20,
            max_depth: Self::DEEPEST,
        }
    }
}
