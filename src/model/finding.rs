//! Findings: what was noticed about the input or the database, graded, placed, with the remedy.

use std::cmp::Ordering;
use std::fmt;

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

/// What kind of thing was found; the stable code of reports (`invalid-json`, `schema`, …).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The file cannot be opened or read.
    Unreadable,
    /// The name matches a source, but it is not a regular file.
    NotAFile,
    /// A symbolic link leads out of the directory.
    OutsideLink,
    /// A JSON file that no source of the layout matches.
    UnmatchedFile,
    /// The directory has no file of the layout.
    NoFiles,
    /// The file changed between two readings.
    ChangedWhileRead,
    /// A byte order mark stood before the JSON.
    ByteOrderMark,
    /// Not UTF-8.
    InvalidUtf8,
    /// Not JSON.
    InvalidJson,
    /// An object has two members of one name.
    DuplicateMember,
    /// Nested deeper than the limit.
    TooDeep,
    /// A document or record larger than the limit.
    TooLarge,
    /// A violation of the JSON Schema.
    Schema,
    /// U+0000 in a text, which PostgreSQL cannot store.
    NulInText,
    /// A value that the column's type cannot hold.
    WrongType,
    /// A number outside the column's range.
    OutOfRange,
    /// A text longer than the column.
    TooLong,
    /// No value for a column that needs one.
    MissingValue,
    /// A reference to a row that is nowhere.
    MissingReference,
    /// Two records of one identity with different values.
    DuplicateRecord,
    /// Two rows that a UNIQUE constraint forbids together.
    NotUnique,
    /// Members that the layout does not read.
    UnmappedMember,
    /// A parameter that has no value or several.
    Parameter,
    /// Records that were imported before and are no longer in the files.
    Gone,
    /// File and database changed since the last import.
    Conflict,
    /// The directory seems to have been imported before under another path.
    MovedSource,
    /// Rows that no record of any import accounts for.
    ForeignRow,
}

impl Rule {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::NotAFile => "not-a-file",
            Self::OutsideLink => "outside-link",
            Self::UnmatchedFile => "unmatched-file",
            Self::NoFiles => "no-files",
            Self::ChangedWhileRead => "changed-while-read",
            Self::ByteOrderMark => "byte-order-mark",
            Self::InvalidUtf8 => "invalid-utf8",
            Self::InvalidJson => "invalid-json",
            Self::DuplicateMember => "duplicate-member",
            Self::TooDeep => "too-deep",
            Self::TooLarge => "too-large",
            Self::Schema => "schema",
            Self::NulInText => "nul-in-text",
            Self::WrongType => "wrong-type",
            Self::OutOfRange => "out-of-range",
            Self::TooLong => "too-long",
            Self::MissingValue => "missing-value",
            Self::MissingReference => "missing-reference",
            Self::DuplicateRecord => "duplicate-record",
            Self::NotUnique => "not-unique",
            Self::UnmappedMember => "unmapped-member",
            Self::Parameter => "parameter",
            Self::Gone => "gone",
            Self::Conflict => "conflict",
            Self::MovedSource => "moved-source",
            Self::ForeignRow => "foreign-row",
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
    /// `path:line:column`, as editors and compilers write it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.path)?;
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

    fn order(&self, other: &Self) -> Ordering {
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

/// How many findings there were of one rule and level.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    kept: usize,
    places: u64,
    places_not_kept: u64,
}

/// A collection of findings that stays small: beyond [`Findings::KEPT`] per rule only the number grows.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    kept: Vec<Finding>,
    per_rule: std::collections::BTreeMap<(Level, Rule), Tally>,
}

impl Findings {
    /// How many findings of one rule are kept in full.
    pub const KEPT: usize = 1000;

    /// Adds a finding.
    pub fn push(&mut self, finding: Finding) {
        let tally = self
            .per_rule
            .entry((finding.level, finding.rule))
            .or_default();
        tally.places += finding.count;
        if tally.kept < Self::KEPT {
            tally.kept += 1;
            self.kept.push(finding);
        } else {
            tally.places_not_kept += finding.count;
        }
    }

    /// Adds all of `findings`.
    pub fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        findings.into_iter().for_each(|finding| self.push(finding));
    }

    /// How many findings of `level` there are, kept or not.
    #[must_use]
    pub fn count(&self, level: Level) -> u64 {
        self.per_rule
            .iter()
            .filter(|((l, _), _)| *l == level)
            .map(|(_, tally)| tally.places)
            .sum()
    }

    /// How many findings of `rule` there are, kept or not.
    #[must_use]
    pub fn count_of(&self, rule: Rule) -> u64 {
        self.per_rule
            .iter()
            .filter(|((_, r), _)| *r == rule)
            .map(|(_, tally)| tally.places)
            .sum()
    }

    /// Whether any finding is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.count(Level::Error) > 0
    }

    /// The findings that were kept, sorted by level and place.
    #[must_use]
    pub fn sorted(mut self) -> Vec<Finding> {
        self.kept.sort_by(Finding::order);
        self.kept
    }

    /// How many places were counted but not kept.
    #[must_use]
    pub fn not_kept(&self) -> u64 {
        self.per_rule
            .values()
            .map(|tally| tally.places_not_kept)
            .sum()
    }
}
