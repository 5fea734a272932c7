//! The portable column types of `tables.sql`.

use std::fmt;

/// A portable SQL type; each database's dialect decides how it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// `TEXT`, or `VARCHAR(n)` with a maximum length in Unicode scalar values.
    Text {
        /// Maximum length in Unicode scalar values.
        max_chars: Option<u32>,
    },
    /// `INTEGER` or `BIGINT`: 64-bit signed.
    Integer,
    /// `REAL` or `DOUBLE`: IEEE 754 binary64.
    Real,
    /// `BOOLEAN`.
    Boolean,
    /// `JSON` or `JSONB`.
    Json,
    /// `TIMESTAMP [WITH TIME ZONE]` or `DATETIME`: a point in time in UTC, with microsecond precision.
    Timestamp,
    /// `DATE`: a calendar day.
    Date,
    /// `UUID` (RFC 9562).
    Uuid,
    /// `BLOB`.
    Blob,
}

impl fmt::Display for ColumnType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { max_chars: None } => out.write_str("TEXT"),
            Self::Text { max_chars: Some(n) } => write!(out, "VARCHAR({n})"),
            Self::Integer => out.write_str("INTEGER"),
            Self::Real => out.write_str("REAL"),
            Self::Boolean => out.write_str("BOOLEAN"),
            Self::Json => out.write_str("JSON"),
            Self::Timestamp => out.write_str("TIMESTAMP"),
            Self::Date => out.write_str("DATE"),
            Self::Uuid => out.write_str("UUID"),
            Self::Blob => out.write_str("BLOB"),
        }
    }
}
