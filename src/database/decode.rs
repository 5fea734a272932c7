//! What stored values mean as values of the layout's types.

use uuid::Uuid;

use crate::model::{ColumnType, Timestamp, Value};

/// Reads a stored value as one of the column's type. What does not fit, because another program wrote it, stays as
/// it is stored, and so differs from anything we would write.
pub(super) fn decode(stored: Value, ty: ColumnType) -> Value {
    match (ty, stored) {
        (ColumnType::Boolean, Value::Integer(value @ (0 | 1))) => Value::Boolean(value == 1),
        (ColumnType::Json, Value::Text(text)) => Value::Json(text),
        // NUMERIC affinity, in a table of somebody else's, turns a JSON number into an integer.
        (ColumnType::Json, Value::Integer(value)) => Value::Json(value.to_string().into()),
        (ColumnType::Timestamp, Value::Text(text)) => match Timestamp::parse(&text) {
            Some(read) if !read.truncated => Value::Timestamp(read.instant),
            Some(_) | None => Value::Text(text),
        },
        (ColumnType::Date, Value::Text(text)) => {
            text.parse().map_or(Value::Text(text), Value::Date)
        }
        (ColumnType::Uuid, Value::Text(text)) => {
            Uuid::try_parse(&text).map_or(Value::Text(text), Value::Uuid)
        }
        (_, stored) => stored,
    }
}

/// The same for MySQL, where text with a binary collation is told as bytes.
#[cfg(feature = "mysql")]
pub(super) fn decode_bytes(stored: Value, ty: ColumnType) -> Value {
    match (ty, stored) {
        (ColumnType::Blob, stored) => stored,
        (_, Value::Blob(bytes)) => match std::str::from_utf8(&bytes) {
            Ok(text) => decode(Value::text(text), ty),
            Err(_) => Value::Blob(bytes),
        },
        (_, stored) => decode(stored, ty),
    }
}
