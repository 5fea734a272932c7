//! One value of one column, independent of any database.

use std::sync::Arc;

use chrono::NaiveDate;
use uuid::Uuid;

use super::canonical::hash_canonical_json;
use super::{Fingerprint, Hasher, Timestamp};

/// A value of a column, as read from or written to a database.
///
/// Strings are reference-counted because the key of a parent is repeated in each of its children.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// The column's DEFAULT or generated key; known only when the row is planned.
    Default,
    /// The generated key of an enclosing row, this many levels up; known only when that row is planned.
    ParentKey(usize),
    /// BOOLEAN.
    Boolean(bool),
    /// INTEGER, BIGINT.
    Integer(i64),
    /// REAL, DOUBLE; always finite.
    Real(f64),
    /// TEXT, VARCHAR.
    Text(Arc<str>),
    /// JSON as compact text, with members in their original order and numbers as written.
    Json(Arc<str>),
    /// TIMESTAMP, in UTC.
    Timestamp(Timestamp),
    /// DATE.
    Date(NaiveDate),
    /// UUID.
    Uuid(Uuid),
    /// BLOB.
    Blob(Arc<[u8]>),
    /// TEXT that is not valid UTF-8, which another program stored in a database that does not check it.
    InvalidText(Arc<[u8]>),
}

impl Value {
    /// Creates a text value.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// Whether this is SQL NULL.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Estimates the size of the value in bytes when it is sent to a database.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Text(text) | Self::Json(text) => text.len(),
            Self::Blob(bytes) | Self::InvalidText(bytes) => bytes.len(),
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

    /// Returns the value as part of a record ID: the result of `CAST(column AS TEXT)` for a key column.
    #[must_use]
    pub fn key_text(&self) -> String {
        match self {
            Self::Null | Self::Default | Self::ParentKey(_) => String::new(),
            Self::Boolean(value) => i64::from(*value).to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Real(value) => value.to_string(),
            Self::Text(text) | Self::Json(text) => text.to_string(),
            Self::Timestamp(timestamp) => timestamp.to_string(),
            Self::Date(day) => day.to_string(),
            Self::Uuid(id) => id.to_string(),
            Self::Blob(bytes) | Self::InvalidText(bytes) => data_encoding::HEXUPPER.encode(bytes),
        }
    }

    /// Feeds the value into `hasher`: a type tag followed by fixed-size or length-prefixed bytes.
    ///
    /// The encoding is the same for the same data on every database: JSON is hashed in its canonical form (see
    /// [`super::canonical_json`]), reals by their bits with `-0.0` as `0.0`, timestamps as microseconds since 1970.
    pub fn hash_into(&self, hasher: &mut Hasher) {
        match self {
            Self::Null => hasher.tag(0),
            Self::Boolean(value) => hasher.tag(1).fixed(&[u8::from(*value)]),
            Self::Integer(value) => hasher.tag(2).fixed(&value.to_le_bytes()),
            Self::Real(value) => hasher.tag(3).fixed(&(value + 0.0).to_bits().to_le_bytes()),
            Self::Text(text) => hasher.tag(4).bytes(text.as_bytes()),
            Self::Json(text) => {
                hash_canonical_json(text, hasher.tag(5));
                hasher
            }
            Self::Timestamp(timestamp) => hasher.tag(6).fixed(&timestamp.micros().to_le_bytes()),
            Self::Date(day) => hasher.tag(7).bytes(day.to_string().as_bytes()),
            Self::Uuid(id) => hasher.tag(8).fixed(id.as_bytes()),
            Self::Blob(bytes) => hasher.tag(9).bytes(bytes),
            Self::InvalidText(bytes) => hasher.tag(10).bytes(bytes),
            Self::Default => hasher.tag(254),
            Self::ParentKey(_) => hasher.tag(255),
        };
    }

    /// Digest of several values, by which unique keys are compared.
    pub fn fingerprint<'v>(values: impl Iterator<Item = &'v Self>) -> Fingerprint {
        let mut hasher = Hasher::new();
        values.for_each(|value| value.hash_into(&mut hasher));
        hasher.fingerprint()
    }
}
