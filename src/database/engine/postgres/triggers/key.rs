//! The record id of an entry.

use super::image::rfc3339;
use crate::audit::{AuditedTable, Form};
use crate::database::engine::postgres::quote::identifier;

/// The primary key as text; several columns as a JSON array of strings.
pub(super) fn record_id(table: &AuditedTable, side: &str) -> String {
    let strings: Vec<_> = table
        .key_columns()
        .map(|column| {
            let value = format!("{side}.{}", identifier(&column.name));
            key_text(&value, column.form)
        })
        .collect();
    match &strings[..] {
        [text] => text.clone(),
        strings => {
            let strings: Vec<_> = strings
                .iter()
                .map(|text| format!("to_json({text})::text"))
                .collect();
            format!("'[' || concat_ws(',', {}) || ']'", strings.join(", "))
        }
    }
}

/// A value of the key as text.
pub(super) fn key_text(value: &str, form: Form) -> String {
    match form {
        Form::Boolean => format!("{value}::integer::text"),
        Form::Timestamp | Form::SessionTimestamp => rfc3339(value),
        Form::Blob => format!("upper(encode({value}, 'hex'))"),
        Form::Text | Form::Integer | Form::Real | Form::SingleReal => format!("{value}::text"),
    }
}
