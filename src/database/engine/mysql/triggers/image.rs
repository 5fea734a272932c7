//! The images of an entry: a row, or its changes, as a JSON object.

use super::values::{has_rfc3339, number, rfc3339, same, string};
use crate::audit::{AuditedColumn, AuditedTable, Form, member_name};
use crate::database::engine::balanced::arguments;
use crate::database::engine::mysql::quote::{identifier, literal};

/// The whole row as a JSON object.
pub(super) fn image(table: &AuditedTable, side: &str) -> String {
    let columns = table.columns.iter().enumerate();
    let members = columns.map(|(index, column)| {
        let comma = if index == 0 { "" } else { "',', " };
        format!("{comma}{}", member(table, column, side))
    });
    // A member is up to three arguments.
    let group = |some: &[String]| format!("CONCAT({})", some.join(",\n    "));
    let members = arguments(members.collect(), group);
    format!("CONCAT('{{',\n    {}, '}}')", members.join(",\n    "))
}

/// Key and changed columns as a JSON object; `CONCAT_WS` skips NULLs.
pub(super) fn changed_image(table: &AuditedTable, side: &str) -> String {
    let key = table
        .key_columns()
        .map(|column| format!("CONCAT({})", member(table, column, side)));
    let others = table.other_columns().map(|column| {
        format!(
            "IF({}, CONCAT({}), NULL)",
            differs(table, column),
            member(table, column, side)
        )
    });
    // A group without changes contributes neither text nor comma.
    let group =
        |some: &[String]| format!("NULLIF(CONCAT_WS(',',\n    {}), '')", some.join(",\n    "));
    let members = arguments(key.chain(others).collect(), group);
    format!(
        "CONCAT('{{', CONCAT_WS(',',\n    {}), '}}')",
        members.join(",\n    ")
    )
}

/// Name and value, separated by a comma: arguments of `CONCAT`.
fn member(table: &AuditedTable, column: &AuditedColumn, side: &str) -> String {
    let value = format!("{side}.{}", identifier(&column.name));
    let form = column.form;
    let quoted = match table.quotes_strings_only {
        true => format!("JSON_QUOTE({value}), "),
        false => String::new(),
    };
    let json = match form {
        Form::Text => string(table, &value),
        Form::Integer | Form::Real | Form::SingleReal => {
            format!("{quoted}{}", number(&value, form))
        }
        Form::Boolean => format!(
            "{quoted}CASE {value} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE {} END",
            number(&value, form)
        ),
        Form::Timestamp | Form::SessionTimestamp => {
            let time = format!("JSON_QUOTE({})", rfc3339(&value, form));
            match table.quotes_strings_only {
                true => format!(
                    "IF({}, {time}, COALESCE({}))",
                    has_rfc3339(&value, form),
                    string(table, &value)
                ),
                false => time,
            }
        }
        Form::Blob => format!("CONCAT('{{\"$blob\":\"', HEX({value}), '\"}}')"),
    };
    format!(
        "{}, COALESCE({json}, 'null')",
        literal(&member_name(&column.name))
    )
}

/// NULL-safe.
pub(super) fn differs(table: &AuditedTable, column: &AuditedColumn) -> String {
    let name = identifier(&column.name);
    let [old, new] = ["OLD", "NEW"].map(|side| format!("{side}.{name}"));
    format!("NOT ({})", same(table, column.form, [&old, &new]))
}
