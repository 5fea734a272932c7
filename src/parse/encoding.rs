//! Tells from a file's first bytes what it is written in.

use crate::model::Rule;

/// The encoding that the first bytes show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Nothing speaks against UTF-8.
    Utf8,
    /// UTF-8 with a byte order mark of three bytes.
    Utf8WithMark,
    /// UTF-16 or UTF-32: by its mark, or because every JSON text begins with two ASCII characters.
    Wide,
    /// Zero bytes, which no encoding of JSON begins with.
    Zeros,
}

impl Encoding {
    /// Judges by the first four bytes.
    pub(super) fn of(start: &[u8]) -> Self {
        match start {
            [0xEF, 0xBB, 0xBF, ..] => Self::Utf8WithMark,
            [0, 0, 0, 0, ..] => Self::Zeros,
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, ..] | [_, 0, ..] => Self::Wide,
            _ => Self::Utf8,
        }
    }

    /// Rule, message and remedy for a file that cannot be read in this encoding.
    pub(super) fn fault(self) -> Option<(Rule, &'static str, &'static str)> {
        match self {
            Self::Utf8 | Self::Utf8WithMark => None,
            Self::Wide => Some((
                Rule::InvalidUtf8,
                "the file is UTF-16 or UTF-32, and must be UTF-8",
                "save the file as UTF-8, for example with `iconv -f UTF-16 -t UTF-8`",
            )),
            Self::Zeros => Some((
                Rule::InvalidJson,
                "the file begins with zero bytes, as files damaged in a crash do",
                "restore the file from a backup",
            )),
        }
    }
}
