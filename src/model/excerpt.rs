//! The line of a file that is shown with a finding.

use std::ops::Range;

/// The part of a line around the place of a finding: cut to the width of a terminal, without control characters, and
/// with values masked unless they were requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// One line; `…` replaces omitted text.
    pub text: String,
    /// The marked range, in Unicode scalar values of `text`; empty after the end of the line.
    pub marked: Range<usize>,
}
