//! Detects the encoding of a file from its first bytes.

use crate::model::Rule;

/// The encoding detected from the first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Apparently UTF-8.
    Utf8,
    /// UTF-8 with a byte order mark.
    Utf8WithMark,
    /// UTF-16 or UTF-32, detected by a byte order mark, or because every JSON text begins with two ASCII characters.
    Wide,
    /// NUL bytes, with which JSON does not begin in any encoding.
    Zeros,
}

impl Encoding {
    /// Detects the encoding from the first four bytes.
    pub(super) fn of(start: &[u8]) -> Self {
        match start {
            [0xEF, 0xBB, 0xBF, ..] => Self::Utf8WithMark,
            [0, 0, 0, 0, ..] => Self::Zeros,
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, ..] | [_, 0, ..] => Self::Wide,
            _ => Self::Utf8,
        }
    }

    /// Returns rule, message and hint for a file whose encoding is not supported.
    pub(super) fn fault(self) -> Option<(Rule, &'static str, &'static str)> {
        match self {
            Self::Utf8 | Self::Utf8WithMark => None,
            Self::Wide => Some((
                Rule::InvalidUtf8,
                "the file is encoded as UTF-16 or UTF-32, but must be UTF-8",
                "save the file as UTF-8, for example with `iconv -f UTF-16 -t UTF-8`",
            )),
            Self::Zeros => Some((
                Rule::InvalidJson,
                "the file begins with NUL bytes, as files damaged by a crash do",
                "restore the file from a backup",
            )),
        }
    }
}
