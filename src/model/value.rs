//! One value of one column, independent of any database.

use std::sync::Arc;

use chrono::NaiveDate;
use uuid::Uuid;

use super::{Hasher, Timestamp, canonical_json};

/// A value as it is written to, or was read from, a column.
///
/// Texts are reference-counted because a parent's key is repeated in each of its children.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// The column's DEFAULT or generated key: known only once the row is planned.
    Default,
    /// The generated key of an enclosing row, so many levels out: known only once that row is planned.
    ParentKey(usize),
    /// BOOLEAN.
    Boolean(bool),
    /// INTEGER, BIGINT.
    Integer(i64),
    /// REAL, DOUBLE; always finite.
    Real(f64),
    /// TEXT, VARCHAR.
    Text(Arc<str>),
    /// JSON as compact text, members in their source order, numbers as written.
    Json(Arc<str>),
    /// TIMESTAMP, in UTC.
    Timestamp(Timestamp),
    /// DATE.
    Date(NaiveDate),
    /// UUID.
    Uuid(Uuid),
    /// BLOB.
    Blob(Arc<[u8]>),
}

impl Value {
    /// A text value.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// Whether this is SQL NULL.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// About how many bytes the value is on its way to a database.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Text(text) | Self::Json(text) => text.len(),
            Self::Blob(bytes) => bytes.len(),
            Self::Null
            | Self::Default
            | Self::ParentKey(_)
            | Self::Boolean(_)
            | Self::Integer(_)
            | Self::Real(_)
            | Self::Timestamp(_)
            | Self::Date(_)
            | Self::Uuid(_) => 16,
        }
    }

    /// The value as part of a record id: what `CAST(column AS TEXT)` gives for a key column.
    #[must_use]
    pub fn key_text(&self) -> String {
        match self {
            Self::Null | Self::Default | Self::ParentKey(_) => String::new(),
            Self::Boolean(value) => i64::from(*value).to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Real(value) => value.to_string(),
            Self::Text(text) | Self::Json(text) => text.to_string(),
            Self::Timestamp(instant) => instant.to_string(),
            Self::Date(day) => day.to_string(),
            Self::Uuid(id) => id.to_string(),
            Self::Blob(bytes) => data_encoding::HEXUPPER.encode(bytes),
        }
    }

    /// Feeds the value into `hasher` as a type tag followed by fixed-size or length-prefixed bytes.
    ///
    /// The encoding is the same for the same data on every database: JSON is hashed in its canonical form
    /// (see [`canonical_json`]), reals by their bits with `-0.0` as `0.0`, timestamps as microseconds since 1970.
    pub fn hash_into(&self, hasher: &mut Hasher) {
        match self {
            Self::Null => hasher.tag(0),
            Self::Boolean(value) => hasher.tag(1).fixed(&[u8::from(*value)]),
            Self::Integer(value) => hasher.tag(2).fixed(&value.to_le_bytes()),
            Self::Real(value) => hasher.tag(3).fixed(&(value + 0.0).to_bits().to_le_bytes()),
            Self::Text(text) => hasher.tag(4).bytes(text.as_bytes()),
            Self::Json(text) => hasher.tag(5).bytes(canonical_json(text).as_bytes()),
            Self::Timestamp(instant) => hasher.tag(6).fixed(&instant.micros().to_le_bytes()),
            Self::Date(day) => hasher.tag(7).bytes(day.to_string().as_bytes()),
            Self::Uuid(id) => hasher.tag(8).fixed(id.as_bytes()),
            Self::Blob(bytes) => hasher.tag(9).bytes(bytes),
            Self::Default => hasher.tag(254),
            Self::ParentKey(_) => hasher.tag(255),
        };
    }
}
