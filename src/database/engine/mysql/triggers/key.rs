//! The record id of an entry.

use super::values::{has_rfc3339, key_text, number, rfc3339};
use crate::audit::{AuditedTable, Form, KeyRule};
use crate::database::engine::mysql::quote::identifier;

/// The primary key as text; several columns as a JSON array of strings.
pub(super) fn record_id(table: &AuditedTable, side: &str) -> String {
    let strings: Vec<_> = table
        .key_columns()
        .map(|column| {
            let value = format!("{side}.{}", identifier(&column.name));
            match column.form {
                Form::Text | Form::Integer | Form::Boolean => key_text(table, &value),
                form @ (Form::Real | Form::SingleReal) => {
                    let is_number = format!("COERCIBILITY({value}) > 2");
                    unless_altered(table, &value, &is_number, number(&value, form))
                }
                form @ (Form::Timestamp | Form::SessionTimestamp) => {
                    let is_time = has_rfc3339(&value, form);
                    unless_altered(table, &value, &is_time, rfc3339(&value, form))
                }
                Form::Blob => format!("HEX({value})"),
            }
        })
        .collect();
    match &strings[..] {
        [text] => text.clone(),
        strings => {
            let strings: Vec<_> = strings
                .iter()
                .map(|text| format!("JSON_QUOTE({text})"))
                .collect();
            format!("CONCAT('[', CONCAT_WS(',', {}), ']')", strings.join(", "))
        }
    }
}

/// A value in its form while the column has such values, which `condition` finds out, and else as text.
fn unless_altered(table: &AuditedTable, value: &str, condition: &str, formed: String) -> String {
    match table.quotes_strings_only {
        true => format!("IF({condition}, {formed}, {})", key_text(table, value)),
        false => formed,
    }
}

/// How [`record_id`] writes keys: a real has an exponent without `+`, and no infinity.
pub(in crate::database) const KEYS: KeyRule = KeyRule {
    real: |number| number.replace('+', ""),
    has_namesakes: false,
};
