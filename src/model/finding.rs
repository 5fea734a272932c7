//! Findings: what was noticed about the input or the database, graded, placed, with the remedy.

use std::cmp::Ordering;
use std::fmt;

use super::excerpt::Excerpt;
use super::harmless::harmless;
use super::rule::Rule;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The record (or file) cannot be imported.
    Error,
    /// Imported, but somebody should look.
    Warning,
    /// Worth knowing.
    Notice,
}

impl Level {
    /// The word used in reports.
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
    /// Kinds, lengths and places only.
    #[default]
    Masked,
    /// The values themselves, as asked for with `--show-values`.
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
    /// `path:line:column`, as editors and compilers write it; a name that would play with the terminal is made harmless.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&harmless(&self.path))?;
        if let Some(line) = self.line {
            write!(out, ":{line}")?;
        }
        if let Some(column) = self.column {
            write!(out, ":{column}")?;
        }
        Ok(())
    }
}

/// Something noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub level: Level,
    /// What kind.
    pub rule: Rule,
    /// Where, if it has a place.
    pub place: Option<Place>,
    /// What was found and what was expected; lower case, no full stop, values masked unless asked for.
    pub message: String,
    /// What to do about it.
    pub remedy: Option<String>,
    /// How many places this finding stands for: itself and those alike.
    pub count: u64,
    /// The line it stands in, fit to be shown.
    pub excerpt: Option<Excerpt>,
}

impl Finding {
    /// A finding of one place.
    pub fn new(level: Level, rule: Rule, place: Option<Place>, message: impl Into<String>) -> Self {
        Self {
            level,
            rule,
            place,
            message: message.into(),
            remedy: None,
            count: 1,
            excerpt: None,
        }
    }

    /// An error at `place`.
    pub fn error(rule: Rule, place: Place, message: impl Into<String>) -> Self {
        Self::new(Level::Error, rule, Some(place), message)
    }

    /// The same finding with a remedy.
    #[must_use]
    pub fn remedy(self, remedy: impl Into<String>) -> Self {
        Self {
            remedy: Some(remedy.into()),
            ..self
        }
    }

    pub(super) fn order(&self, other: &Self) -> Ordering {
        let key = |finding: &Self| {
            let place = finding.place.clone().unwrap_or_default();
            (
                finding.level,
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
