//! JSON as the tests compare it: numbers as text, objects with their members in order.

use rusqlite::types::Value as Stored;
use serde_json::{Map, Value};

use crate::rows::Row;

pub(crate) fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

pub(crate) fn object(text: &str) -> Map<String, Value> {
    match parse(text) {
        Value::Object(members) => members,
        other => panic!("not an object: {other}"),
    }
}

pub(crate) fn array(text: &str) -> Vec<Value> {
    match parse(text) {
        Value::Array(items) => items,
        other => panic!("not an array: {other}"),
    }
}

/// Returns a row as the audit log must record it; reals are compared by the number that their text parses to.
pub(crate) fn image(row: &Row) -> Map<String, Value> {
    row.iter()
        .map(|(name, value)| (name.clone(), member(value)))
        .collect()
}

fn member(value: &Stored) -> Value {
    match value {
        Stored::Null => Value::Null,
        Stored::Integer(value) => Value::from(*value),
        // 17 digits, as the triggers write them, and always a decimal point: 2.0 is not 2.
        Stored::Real(value) => parse(&seventeen(*value)),
        Stored::Text(text) => Value::from(text.as_str()),
        Stored::Blob(bytes) => {
            let hex = data_encoding::HEXUPPER.encode(bytes);
            serde_json::json!({ "$blob": hex })
        }
    }
}

/// Formats like C's `%!.17g` in SQLite: up to 17 significant digits, no trailing zeros, a decimal point or an exponent.
fn seventeen(value: f64) -> String {
    let text = rusqlite::Connection::open_in_memory()
        .and_then(|connection| {
            connection.query_row("SELECT format('%!.17g', ?)", [value], |row| {
                row.get::<_, String>(0)
            })
        })
        .expect("SQLite formats a number");
    assert_eq!(
        text.parse::<f64>().map(f64::to_bits),
        Ok(value.to_bits()),
        "{text}"
    );
    text
}
