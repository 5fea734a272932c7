//! Constants in a layout, checked against the type of their column.

use chrono::NaiveDate;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::model::{ColumnType, Timestamp, Value};

/// Converts `json` to type `ty`, or returns what was expected.
pub(super) fn typed(json: &Json, ty: ColumnType) -> Result<Value, String> {
    let text = json.as_str();
    let value = match ty {
        ColumnType::Json => Some(Value::Json(json.to_string().into())),
        ColumnType::Text { max_chars } => {
            let length = text.map_or(0, |text| text.chars().count());
            if max_chars.is_some_and(|most| length > most as usize) {
                return Err(format!("is longer than {ty} allows"));
            }
            text.map(Value::text)
        }
        ColumnType::Integer => json.as_i64().map(Value::Integer),
        ColumnType::Real => json
            .as_f64()
            .filter(|value| value.is_finite())
            .map(Value::Real),
        ColumnType::Boolean => json.as_bool().map(Value::Boolean),
        ColumnType::Timestamp => text
            .and_then(Timestamp::parse)
            .map(|read| Value::Timestamp(read.timestamp)),
        ColumnType::Date => text
            .and_then(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())
            .map(Value::Date),
        ColumnType::Uuid => text
            .and_then(|text| Uuid::try_parse(text).ok())
            .map(Value::Uuid),
        ColumnType::Blob => None,
    };
    value.ok_or_else(|| format!("is not {}", expected(ty)))
}

/// Whether the mapping can store `json` in a column of type `ty`. Unlike [`typed`], it accepts any string for a UUID,
/// because the mapping converts strings that are not UUIDs.
pub(super) fn storable(json: &Json, ty: ColumnType) -> Result<(), String> {
    match ty {
        ColumnType::Uuid if json.is_string() => Ok(()),
        ColumnType::Text { .. }
        | ColumnType::Integer
        | ColumnType::Real
        | ColumnType::Boolean
        | ColumnType::Json
        | ColumnType::Timestamp
        | ColumnType::Date
        | ColumnType::Uuid
        | ColumnType::Blob => typed(json, ty).map(|_| ()),
    }
}

fn expected(ty: ColumnType) -> &'static str {
    match ty {
        ColumnType::Text { .. } => "a string",
        ColumnType::Integer => "a 64-bit integer",
        ColumnType::Real => "a number",
        ColumnType::Boolean => "a boolean",
        ColumnType::Json => "JSON",
        ColumnType::Timestamp => "a timestamp such as '2024-05-01T10:00:00Z'",
        ColumnType::Date => "a date such as '2024-05-01'",
        ColumnType::Uuid => "a UUID",
        ColumnType::Blob => "possible for a BLOB column",
    }
}

/// Whether a value of a column of type `a` can be copied into one of type `b`.
pub(super) fn same_kind(a: ColumnType, b: ColumnType) -> bool {
    match (a, b) {
        (ColumnType::Text { .. }, ColumnType::Text { .. }) => true,
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn constants_must_have_the_type_of_their_column() {
        let short = ColumnType::Text { max_chars: Some(2) };
        assert_eq!(typed(&json!("ab"), short), Ok(Value::text("ab")));
        assert!(typed(&json!("abc"), short).is_err());
        assert!(typed(&json!(1), short).is_err());
        assert_eq!(typed(&json!(7), ColumnType::Integer), Ok(Value::Integer(7)));
        assert!(typed(&json!(7.5), ColumnType::Integer).is_err());
        assert!(typed(&json!("soon"), ColumnType::Timestamp).is_err());
        assert!(typed(&json!("x"), ColumnType::Uuid).is_err());
        assert!(storable(&json!("x"), ColumnType::Uuid).is_ok());
    }
}
