//! A record of the files, mapped to a row of a table, with its origin and the conversions applied to its values.

use std::sync::Arc;

use super::{Fingerprint, Origin, TableIndex, Value};

/// A row as the source files define it.
#[derive(Debug, Clone, PartialEq)]
pub struct MappedRow {
    /// Index of the table in the layout.
    pub table: TableIndex,
    /// The origin of the record.
    pub origin: Origin,
    /// Identifies the record across runs: a digest of the table's name and the identifying values.
    pub identity: Fingerprint,
    /// Digest of the values that come from the file (see [`super::RowHasher`]).
    pub digest: Fingerprint,
    /// One value per column of the table; unmapped columns are [`Value::Default`].
    pub values: Vec<Value>,
    /// The index of the enclosing row in the same batch.
    pub parent: Option<usize>,
    /// What can be computed only when the generated keys of enclosing rows are known.
    pub deferred: Deferred,
    /// Values that were converted.
    pub conversions: Vec<Conversion>,
}

impl MappedRow {
    /// Whether it has other values in these columns than `current`, its row in the database.
    #[must_use]
    pub fn changes(&self, columns: &[usize], current: &[Value]) -> bool {
        columns.iter().any(|&column| {
            self.values[column] != Value::Default && self.values[column] != current[column]
        })
    }
}

/// The parts of a row that depend on the generated key of an enclosing row ([`Value::ParentKey`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deferred {
    /// Nothing.
    Nothing,
    /// The digest.
    Digest,
    /// The digest, and the identity, which is made of these columns.
    Identity(Arc<[usize]>),
}

/// A value that is stored differently from how it is written in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// Index of the column.
    pub column: usize,
    /// The kind of conversion.
    pub rule: ConversionRule,
    /// The text in the file: the content of a string, otherwise the JSON.
    pub source_text: String,
    /// The text that is stored.
    pub stored_text: String,
}

/// The ways in which a value may change between the file and the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConversionRule {
    /// A timestamp without an offset was interpreted as UTC.
    AssumedUtc,
    /// A timestamp with an offset was converted to UTC.
    ToUtc,
    /// Digits beyond the microsecond were cut off.
    TruncatedToMicroseconds,
    /// A number was interpreted as seconds or milliseconds since 1970.
    FromUnixTime,
    /// A number or boolean was stored as text, as declared in the layout.
    AsText,
    /// A string that is not a UUID was converted to a UUIDv5 (RFC 9562 §5.5).
    ToUuidV5,
    /// A UUID in upper case, in braces or without hyphens was converted to its usual form (RFC 9562 §4).
    ToCanonicalUuid,
    /// A number was rounded to the nearest binary64.
    RoundedToBinary64,
    /// An empty array, which is how PHP writes an empty object, was converted to an object.
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
