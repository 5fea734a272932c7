//! Line and column positions.
//!
//! A line ends with LF (so CRLF counts once). Columns count Unicode scalar values. Both are counted from 1.

/// A position in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Counted from 1.
    pub line: u64,
    /// Counted from 1 in Unicode scalar values.
    pub column: u64,
}

impl Position {
    /// The beginning of a file.
    pub const START: Self = Self { line: 1, column: 1 };

    /// Returns the position after `bytes`, which begin here.
    #[must_use]
    pub fn after(self, bytes: &[u8]) -> Self {
        let lines = memchr::memchr_iter(b'\n', bytes).count() as u64;
        let last_line = memchr::memrchr(b'\n', bytes).map_or(0, |newline| newline + 1);
        let is_start = |byte: &&u8| **byte & 0xC0 != 0x80;
        let columns = bytes[last_line..].iter().filter(is_start).count() as u64;
        Self {
            line: self.line + lines,
            column: if lines == 0 { self.column } else { 1 } + columns,
        }
    }
}

/// Returns the position of byte `offset` of `bytes`, which begin at `start_line` and `start_column`.
#[must_use]
pub fn line_column(bytes: &[u8], offset: usize, start_line: u64, start_column: u64) -> (u64, u64) {
    let start = Position {
        line: start_line,
        column: start_column,
    };
    let position = start.after(&bytes[..offset.min(bytes.len())]);
    (position.line, position.column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_crlf_is_one_line_end() {
        let text = "[\r\n  \"猫😀\", 7]".as_bytes();
        let seven = text.len() - 2;
        assert_eq!(line_column(text, seven, 1, 1), (2, 9));
        assert_eq!(line_column(text, seven, 10, 5), (11, 9));
        assert_eq!(line_column(text, 1, 10, 5), (10, 6));
    }
}
