//! Findings: problems and remarks about the input or the database, with level, place and hint.

use std::cmp::Ordering;
use std::fmt;

use serde::Serialize;

use super::digest::Fingerprint;
use super::excerpt::Excerpt;
use super::index::TableIndex;
use super::rule::Rule;
use super::text::sanitize_for_terminal;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The record (or file) cannot be imported.
    Error,
    /// Imported, but needs attention.
    Warning,
    /// For information only.
    Notice,
}

impl Level {
    /// The name used in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// Whether messages may show values from the files, which are personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ShowValues {
    /// Only types, lengths and places.
    #[default]
    Masked,
    /// The values themselves; requested with `--show-values`.
    Shown,
}

/// A place in the source directory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Path relative to the source directory, with `/` between segments.
    pub path: String,
    /// Line, counted from 1.
    pub line: Option<u64>,
    /// Column, counted from 1 in Unicode scalar values.
    pub column: Option<u64>,
    /// JSON Pointer (RFC 6901) from the root of the document.
    pub pointer: Option<String>,
}

impl Place {
    /// A whole file.
    pub fn file(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            ..Self::default()
        }
    }
}

impl fmt::Display for Place {
    /// Writes `path:line:column`, as editors and compilers do, with the path sanitized for a terminal.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&sanitize_for_terminal(&self.path))?;
        if let Some(line) = self.line {
            write!(out, ":{line}")?;
        }
        if let Some(column) = self.column {
            write!(out, ":{column}")?;
        }
        Ok(())
    }
}

/// The other of two records that a finding is about: the first with a key, or the one that is referred to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstRecord {
    /// It is here.
    At(Place),
    /// It has this key, and is not located yet.
    With(SharedKey),
    /// It is here, and that it is invalid is the cause of the finding.
    Cause(Place),
}

/// What two records have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SharedKey {
    /// Index of the table.
    pub table: TableIndex,
    /// Indexes of the columns of a unique key; `None` if the records have the same identity.
    pub columns: Option<Vec<usize>>,
    /// The identity, or the digest of the values of these columns.
    pub key: Fingerprint,
}

/// A problem or remark about the input or the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Severity.
    pub level: Level,
    /// The rule that was violated.
    pub rule: Rule,
    /// The place, if the finding has one.
    pub place: Option<Place>,
    /// What was found and what was expected; lower case, no full stop, values masked unless requested.
    pub message: String,
    /// A hint on how to fix it.
    pub hint: Option<String>,
    /// The number of places this finding represents: its own and those of similar findings.
    pub count: u64,
    /// The first record, if the finding is about the second of two.
    pub first: Option<FirstRecord>,
    /// The line that the finding is about, ready for display.
    pub excerpt: Option<Excerpt>,
}

impl Finding {
    /// Creates a finding for a single place.
    pub fn new(level: Level, rule: Rule, place: Option<Place>, message: impl Into<String>) -> Self {
        Self {
            level,
            rule,
            place,
            message: message.into(),
            hint: None,
            count: 1,
            first: None,
            excerpt: None,
        }
    }

    /// Creates an error at `place`.
    pub fn error(rule: Rule, place: Place, message: impl Into<String>) -> Self {
        Self::new(Level::Error, rule, Some(place), message)
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The place of the first of two records, if the finding is about the second, and the first was found.
    #[must_use]
    pub fn first_place(&self) -> Option<&Place> {
        match &self.first {
            Some(FirstRecord::At(place)) => Some(place),
            Some(FirstRecord::With(_) | FirstRecord::Cause(_)) | None => None,
        }
    }

    pub(super) fn order(&self, other: &Self) -> Ordering {
        let key = |finding: &Self| {
            let place = finding.place.clone().unwrap_or_default();
            (
                finding.level,
                // The cause comes first.
                matches!(finding.first, Some(FirstRecord::Cause(_))),
                place.path,
                place.line,
                place.column,
                place.pointer,
                finding.rule,
            )
        };
        key(self).cmp(&key(other))
    }
}
