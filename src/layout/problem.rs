//! Problems in the files of a layout, collected with locations and hints, so that one run reports all of them.
//!
//! A problem concerns the files of the layout, never a source file (that is a finding).

use std::fmt;

use crate::model::{Place, nearest};

/// An error or a warning about a file of a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutProblem {
    /// File name within the layout, line and column.
    pub place: Place,
    /// The error; lower case, no full stop.
    pub message: String,
    /// The suggested fix.
    pub hint: String,
}

impl fmt::Display for LayoutProblem {
    /// Formats the problem as `layout.toml:12:5: error; hint`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}; {}", self.place, self.message, self.hint)
    }
}

/// The problems found so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    errors: Vec<LayoutProblem>,
    warnings: Vec<LayoutProblem>,
}

impl Problems {
    /// Adds an error: the layout cannot be used.
    pub(super) fn error(
        &mut self,
        place: Place,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.errors.push(LayoutProblem {
            place,
            message: message.into(),
            hint: hint.into(),
        });
    }

    /// Adds a warning: the layout can be used, but may contain a mistake.
    pub(super) fn warning(
        &mut self,
        place: Place,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.warnings.push(LayoutProblem {
            place,
            message: message.into(),
            hint: hint.into(),
        });
    }

    /// Number of errors so far.
    pub(super) fn errors(&self) -> usize {
        self.errors.len()
    }

    /// Returns the warnings, sorted by place.
    ///
    /// # Errors
    /// The errors, sorted by place, if there are any.
    pub(super) fn finish(self) -> Result<Vec<LayoutProblem>, Vec<LayoutProblem>> {
        let sorted = |mut problems: Vec<LayoutProblem>| {
            problems.sort_by(|a, b| {
                let key = |p: &LayoutProblem| (p.place.path.clone(), p.place.line, p.place.column);
                key(a).cmp(&key(b))
            });
            // A schema that several sources use is loaded for each.
            problems.dedup();
            problems
        };
        if self.errors.is_empty() {
            Ok(sorted(self.warnings))
        } else {
            Err(sorted(self.errors))
        }
    }
}

/// A text file of the layout; converts byte offsets to places.
#[derive(Debug, Clone, Copy)]
pub(super) struct SourceText<'t> {
    /// File name within the layout.
    pub(super) name: &'t str,
    /// The whole text.
    pub(super) text: &'t str,
}

impl SourceText<'_> {
    /// Returns line and column of the byte at `offset`.
    pub(super) fn place(&self, offset: usize) -> Place {
        let before = &self.text.as_bytes()[..offset.min(self.text.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let chars = String::from_utf8_lossy(&before[line_start..])
            .chars()
            .count();
        Place {
            path: self.name.to_owned(),
            line: Some(memchr::memchr_iter(b'\n', before).count() as u64 + 1),
            column: Some(chars as u64 + 1),
            pointer: None,
        }
    }
}

/// Suggests the nearest name, or lists the known names.
pub(super) fn suggest<'n>(wanted: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(wanted, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "none are defined".to_owned(),
        None => format!("defined are {}", quoted(known)),
    }
}

/// `` `a`, `b`, `c` ``
pub(super) fn quoted<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let source = SourceText {
            name: "f",
            text: "a\nüb\n",
        };
        let shown: Vec<String> = [0, 1, 2, 4, 99]
            .map(|at| source.place(at).to_string())
            .to_vec();
        assert_eq!(shown, ["f:1:1", "f:1:2", "f:2:1", "f:2:2", "f:3:1"]);
    }

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        let columns = ["table", "columns"];
        assert_eq!(suggest("colums", columns), "did you mean `columns`?");
        assert_eq!(suggest("q", ["one", "two"]), "defined are `one`, `two`");
    }
}
