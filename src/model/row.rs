//! A record mapped to a row of a table, with where it came from and what was changed on the way.

use std::sync::Arc;

use super::{Fingerprint, Origin, Value};

/// One row to be, as the files want it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Index of the table in the layout.
    pub table: usize,
    /// Where the record stands.
    pub origin: Origin,
    /// How the record is known again: a digest of the table's name and the identifying values.
    pub identity: Fingerprint,
    /// Digest of the values that come from the file (see [`super::RowHasher`]).
    pub digest: Fingerprint,
    /// One value per column of the table; columns that nothing maps are [`Value::Default`].
    pub values: Vec<Value>,
    /// The enclosing row: its index in the same batch of rows.
    pub parent: Option<usize>,
    /// What can be computed only once the generated keys of enclosing rows are known.
    pub deferred: Deferred,
    /// Values that were changed on their way into this row.
    pub conversions: Vec<Conversion>,
}

/// What of a row waits for the generated key of an enclosing row ([`Value::ParentKey`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deferred {
    /// Nothing.
    Nothing,
    /// The digest.
    Digest,
    /// The digest, and the identity, which is made of these columns.
    Identity(Arc<[usize]>),
}

/// A value that is stored otherwise than it was written in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// Index of the column.
    pub column: usize,
    /// What was done.
    pub rule: ConversionRule,
    /// The text in the file: of a string its content, otherwise the JSON.
    pub source_text: String,
    /// The text that is stored.
    pub stored_text: String,
}

/// The ways in which a value may change between file and database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConversionRule {
    /// A timestamp without an offset was taken as UTC.
    AssumedUtc,
    /// A timestamp with another offset was turned into UTC.
    ToUtc,
    /// Digits beyond the microsecond were cut off.
    TruncatedToMicroseconds,
    /// A number was read as seconds or milliseconds since 1970.
    FromUnixTime,
    /// A number or boolean was stored as text on the layout's demand.
    AsText,
    /// A text that is no UUID was turned into a UUIDv5 (RFC 9562 §5.5).
    ToUuidV5,
    /// A UUID that was written in capitals, in braces, or without hyphens, got its usual form (RFC 9562 §4).
    ToCanonicalUuid,
    /// A number was rounded to the nearest binary64.
    RoundedToBinary64,
    /// An empty array, as PHP writes it for an empty object, became one.
    EmptyArrayToObject,
}

impl ConversionRule {
    /// The stable name used in the ledger and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AssumedUtc => "assumed_utc",
            Self::ToUtc => "to_utc",
            Self::TruncatedToMicroseconds => "truncated_to_microseconds",
            Self::FromUnixTime => "from_unix_time",
            Self::AsText => "as_text",
            Self::ToUuidV5 => "to_uuid_v5",
            Self::ToCanonicalUuid => "to_canonical_uuid",
            Self::RoundedToBinary64 => "rounded_to_binary64",
            Self::EmptyArrayToObject => "empty_array_to_object",
        }
    }
}
