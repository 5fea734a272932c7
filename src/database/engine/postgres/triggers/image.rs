//! The images of an entry: a row, or its changes, as a JSON object.

use crate::audit::{AuditedColumn, AuditedTable, Form, member_name};
use crate::database::engine::balanced::{arguments, joined};
use crate::database::engine::postgres::quote::{identifier, literal};

/// The whole row as a JSON object.
pub(super) fn image(table: &AuditedTable, side: &str) -> String {
    let columns = table.columns.iter().enumerate();
    let members = columns.map(|(index, column)| {
        let comma = if index == 0 { "" } else { "',' || " };
        format!("{comma}{}", member(column, side))
    });
    format!(
        "'{{'\n        || {}\n        || '}}'",
        joined(members.collect(), "\n        || ")
    )
}

/// Key and changed columns as a JSON object; `concat_ws` skips NULLs.
pub(super) fn changed_image(table: &AuditedTable, side: &str) -> String {
    let key = table.key_columns().map(|column| member(column, side));
    let others = table.other_columns().map(|column| {
        format!(
            "CASE WHEN {} THEN {} END",
            differs(column),
            member(column, side)
        )
    });
    // A group without changes contributes neither text nor comma.
    let group = |some: &[String]| {
        format!(
            "NULLIF(concat_ws(',',\n        {}), '')",
            some.join(",\n        ")
        )
    };
    let members = arguments(key.chain(others).collect(), group);
    format!(
        "'{{' || concat_ws(',',\n        {}) || '}}'",
        members.join(",\n        ")
    )
}

fn member(column: &AuditedColumn, side: &str) -> String {
    let value = format!("{side}.{}", identifier(&column.name));
    format!(
        "{} || COALESCE({}, 'null')",
        literal(&member_name(&column.name)),
        json_text(&value, column.form)
    )
}

/// A value as JSON. `&`, `+` and `AND` make what is not quoted fail where the column has become a string column, and `&`
/// also where it can be NaN.
pub(super) fn json_text(value: &str, form: Form) -> String {
    match form {
        Form::Text => format!("to_json({value}::text)::text"),
        Form::Integer => format!("({value} & -1)::text"),
        Form::Boolean => format!("({value} AND true)::text"),
        Form::Real | Form::SingleReal => format!(
            "CASE WHEN (+{value})::text IN ('NaN', 'Infinity', '-Infinity') \
             THEN '{{\"$real\":\"' || {value}::text || '\"}}' ELSE {value}::text END"
        ),
        Form::Timestamp | Form::SessionTimestamp => {
            format!("to_json({})::text", rfc3339(value))
        }
        Form::Blob => format!("'{{\"$blob\":\"' || upper(encode({value}, 'hex')) || '\"}}'"),
    }
}

/// The session's zone is UTC here. Timestamps outside the range of RFC 3339 are written in PostgreSQL's format.
pub(super) fn rfc3339(value: &str) -> String {
    format!(
        "CASE WHEN {value} >= '0001-01-01' AND {value} < '10000-01-01' \
         THEN {} ELSE {value}::text END",
        to_char(value)
    )
}

pub(super) fn to_char(value: &str) -> String {
    format!("to_char({value}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
}

/// NULL-safe and independent of the column's collation. Values that are recorded as strings are compared as strings:
/// some types cannot be compared themselves, and numbers with more zeros would be equal, as would 0 and -0.
fn differs(column: &AuditedColumn) -> String {
    let name = identifier(&column.name);
    differs_between(&format!("OLD.{name}"), &format!("NEW.{name}"), column.form)
}

pub(super) fn differs_between(old: &str, new: &str, form: Form) -> String {
    match form {
        Form::Text | Form::Real | Form::SingleReal => format!(
            "{old}::text COLLATE pg_catalog.\"C\" IS DISTINCT FROM {new}::text COLLATE pg_catalog.\"C\""
        ),
        Form::Integer | Form::Boolean | Form::Timestamp | Form::SessionTimestamp | Form::Blob => {
            format!("{old} IS DISTINCT FROM {new}")
        }
    }
}
