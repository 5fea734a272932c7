//! A line of a file as it may be shown beside a finding.

use std::ops::Range;

/// The part of a line round the place of a finding: cut to what fits a terminal, values masked unless they were asked
/// for, nothing in it that a terminal would obey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// One line; `…` where something was left out.
    pub text: String,
    /// What the finding is about, in Unicode scalar values of `text`; empty behind the end of the line.
    pub marked: Range<usize>,
}
