//! Values as text.
//!
//! Another program can give a column another type, and the trigger is compiled again with that type. What must not be
//! quoted is multiplied, so that it is a number whatever the type is. MariaDB's JSON_QUOTE is NULL for numbers, so there
//! all strings, bytes and times are quoted first. MySQL's rejects numbers. More conditions would be exact, too, but each
//! function of a trigger is prepared for each row: a few per column cost as much as the entry.

use crate::audit::{AuditedTable, Form};

pub(super) const FORMAT: &str = "'%Y-%m-%dT%H:%i:%s.%fZ'";

/// MySQL's TIMESTAMP is a number of seconds, and shows civil time in the session's zone, which may have the same hour
/// twice. No number is its `0000-00-00`.
pub(super) fn rfc3339(value: &str, form: Form) -> String {
    match form {
        Form::SessionTimestamp => format!(
            "IF({0} = 0, '0000-00-00T00:00:00.000000Z', DATE_FORMAT(TIMESTAMP('1970-01-01') + INTERVAL {0} SECOND, {FORMAT}))",
            seconds(value)
        ),
        Form::Timestamp
        | Form::Text
        | Form::Integer
        | Form::SingleReal
        | Form::Real
        | Form::Boolean
        | Form::Blob => format!("DATE_FORMAT({value}, {FORMAT})"),
    }
}

/// A TIMESTAMP as a number; 0 is `0000-00-00`, of which MariaDB makes NULL in some modes.
pub(super) fn seconds(value: &str) -> String {
    format!("IF({value} IS NULL, NULL, COALESCE(UNIX_TIMESTAMP({value}), 0))")
}

/// Whether a value is equal to another one of the same column; independent of the column's collation where it has one.
pub(super) fn same(table: &AuditedTable, form: Form, [one, other]: [&str; 2]) -> String {
    match form {
        Form::Text => format!("CAST({one} AS BINARY) <=> CAST({other} AS BINARY)"),
        Form::Blob if table.quotes_strings_only => {
            format!("CAST({one} AS BINARY) <=> CAST({other} AS BINARY)")
        }
        Form::Integer
        | Form::Real
        | Form::SingleReal
        | Form::Boolean
        | Form::Timestamp
        | Form::Blob => format!("{one} <=> {other}"),
        Form::SessionTimestamp => {
            let same = format!("{} <=> {}", seconds(one), seconds(other));
            match table.quotes_strings_only {
                // Comparing times themselves would look them up in an index, by civil time.
                true => format!("IF({}, {same}, {one} <=> {other})", is_time(one)),
                false => same,
            }
        }
    }
}

/// Whether a column still has date and time. Numbers and times have no collation that could be weaker than a string's.
fn is_time(value: &str) -> String {
    format!("COERCIBILITY({value}) > 2 AND {value} LIKE '____-__-__ %'")
}

/// The condition on which [`rfc3339`] represents a value. A DATETIME has years that no TIMESTAMP has.
pub(super) fn has_rfc3339(value: &str, form: Form) -> String {
    match form {
        Form::SessionTimestamp => format!(
            "{} AND (COALESCE(UNIX_TIMESTAMP({value}), 0) > 0 OR {value} LIKE '0000-%')",
            is_time(value)
        ),
        Form::Timestamp
        | Form::Text
        | Form::Integer
        | Form::SingleReal
        | Form::Real
        | Form::Boolean
        | Form::Blob => is_time(value),
    }
}

/// All digits of a number. Of a FLOAT there would be six: the sum is a DOUBLE, and shows fifteen, more than enough.
pub(super) fn number(value: &str, form: Form) -> String {
    match form {
        Form::SingleReal => format!("CAST({value} + 0e0 AS CHAR)"),
        Form::Integer
        | Form::Real
        | Form::Text
        | Form::Boolean
        | Form::Timestamp
        | Form::SessionTimestamp
        | Form::Blob => format!("CAST({value} * 1 AS CHAR)"),
    }
}

pub(super) fn text(value: &str) -> String {
    format!("CONVERT({value} USING utf8mb4)")
}

/// The text of a key, which bytes have in hexadecimal.
pub(super) fn key_text(table: &AuditedTable, value: &str) -> String {
    match table.quotes_strings_only {
        true => format!(
            "IF(COERCIBILITY({value}) = 2 AND CHARSET({value}) = 'binary', HEX({value}), {})",
            text(value)
        ),
        false => text(value),
    }
}

/// A string as JSON, as arguments of `COALESCE`. Bytes that are no text, which have no character set, become one
/// character each.
pub(super) fn string(table: &AuditedTable, value: &str) -> String {
    let quoted = format!("JSON_QUOTE({})", text(value));
    match table.quotes_strings_only {
        true => format!("JSON_QUOTE({value}), {quoted}"),
        false => quoted,
    }
}
