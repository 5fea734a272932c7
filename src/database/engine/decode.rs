//! Converts stored values to values of the layout's types.

use uuid::Uuid;

use crate::model::{ColumnType, Timestamp, Value};

/// Converts a stored value to the column's type. A value that does not fit, because another program wrote it, is
/// returned as stored, and so differs from every value that accession writes.
pub(super) fn decode(stored: Value, ty: ColumnType) -> Value {
    match (ty, stored) {
        (ColumnType::Boolean, Value::Integer(value @ (0 | 1))) => Value::Boolean(value == 1),
        (ColumnType::Json, Value::Text(text)) => Value::Json(text),
        // NUMERIC affinity, in a table that another program created, turns a JSON number into an integer.
        (ColumnType::Json, Value::Integer(value)) => Value::Json(value.to_string().into()),
        (ColumnType::Timestamp, Value::Text(text)) => match Timestamp::parse(&text) {
            Some(read) if !read.truncated => Value::Timestamp(read.timestamp),
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
