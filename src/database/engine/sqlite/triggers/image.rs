//! Rows of SQLite as JSON text: the values of the audit log's columns `old_value` and `new_value`.

use super::converted::value;
use super::{identifier, literal};
use crate::audit::member_name;
use crate::audit::{AuditedColumn, AuditedTable, Form, quoted_name};
use crate::database::engine::balanced::joined;

/// The most columns of which a row is one call of `json_object`: each takes two arguments. Larger rows are put together
/// piece by piece.
pub(super) const ONE_CALL: usize = 50;

/// The whole row as a JSON object. An integer primary key is an integer always, whatever is written.
pub(super) fn whole(table: &AuditedTable, side: &str) -> String {
    let columns = table.columns.iter().enumerate();
    if table.columns.len() > ONE_CALL {
        let members = columns.map(|(index, column)| {
            let comma = if index == 0 { "" } else { "," };
            let value = value(table, side, &column.name);
            let text = if table.rowid == Some(index) {
                value
            } else {
                json_text(&value, column.form)
            };
            let name = literal(&format!("{comma}{}", member_name(&column.name)));
            format!("{name} || {text}")
        });
        return format!("'{{' || {} || '}}'", joined(members.collect(), " || "));
    }
    let members: Vec<_> = columns
        .map(|(index, column)| {
            let value = value(table, side, &column.name);
            let value = if table.rowid == Some(index) {
                value
            } else {
                json_value(&value, column.form)
            };
            format!("{}, {value}", literal(&column.name))
        })
        .collect();
    format!("json_object({})", members.join(", "))
}

/// Key and changed columns as a JSON object, put together piece by piece because `json_object` cannot omit members. All
/// columns if the old key has NULL, because only they distinguish the row from others with the same key.
pub(super) fn changed(table: &AuditedTable, side: &str) -> String {
    let member = |column: &AuditedColumn| {
        format!(
            "{} || {}",
            literal(&member_name(&column.name)),
            json_text(&value(table, side, &column.name), column.form)
        )
    };
    let key = table
        .key_columns()
        .map(|column| format!("',' || {}", member(column)));
    let nullable = table.nullable_key.iter();
    let nulls =
        nullable.map(|&key| format!("OLD.{} IS NULL", identifier(&table.columns[key].name)));
    let nulls: Vec<_> = nulls.collect();
    let others = table.other_columns().map(|column| {
        let mut reasons = nulls.clone();
        reasons.push(differs_after(table, &column.name));
        format!(
            "CASE WHEN {} THEN ',' || {} ELSE '' END",
            joined(reasons, " OR "),
            member(column)
        )
    });
    let pieces = key.chain(others).collect();
    format!("'{{' || substr({}, 2) || '}}'", joined(pieces, " || "))
}

/// Whether any column differs between OLD and NEW.
pub(super) fn any_differs(table: &AuditedTable) -> String {
    let columns = table.columns.iter();
    joined(
        columns
            .map(|column| differs_after(table, &column.name))
            .collect(),
        " OR ",
    )
}

/// The columns whose values a trigger writes as booleans: the declared types of SQLite do not show it.
pub(in crate::database) fn written_as_truth(trigger: &str) -> Vec<String> {
    let column = |text: &str| {
        let embedded = if text.starts_with("json") { "json" } else { "" };
        let name = text.strip_prefix(embedded)?.strip_prefix("(CASE NEW.\"")?;
        let name = quoted_name(name, '"');
        let written = truth(
            &format!("NEW.{}", identifier(&name)),
            Form::Boolean,
            embedded,
        );
        let is_whole = text.starts_with(written.strip_prefix(TRUTH)?);
        is_whole.then_some(name)
    };
    trigger.split(TRUTH).skip(1).filter_map(column).collect()
}

/// How the branch for booleans begins.
const TRUTH: &str = " WHEN 'integer' THEN ";

/// An SQL expression that `json_object` embeds exactly.
fn json_value(value: &str, form: Form) -> String {
    format!(
        "CASE typeof({value}) WHEN 'real' THEN json({}) WHEN 'blob' THEN {}{} ELSE {value} END",
        real(value),
        blob(value),
        truth(value, form, "json"),
    )
}

/// An SQL expression that is the JSON text of a value.
fn json_text(value: &str, form: Form) -> String {
    format!(
        "CASE typeof({value}) WHEN 'real' THEN {} WHEN 'blob' THEN {}{} ELSE json_quote({value}) END",
        real(value),
        blob(value),
        truth(value, form, ""),
    )
}

/// The branch for booleans, which SQLite stores as 0 and 1; other integers stay what they are.
fn truth(value: &str, form: Form, embedded: &str) -> String {
    match form {
        Form::Boolean => format!(
            "{TRUTH}{embedded}(CASE {value} COLLATE BINARY WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE {value} END)"
        ),
        Form::Text
        | Form::Integer
        | Form::Real
        | Form::SingleReal
        | Form::Timestamp
        | Form::SessionTimestamp
        | Form::Blob => String::new(),
    }
}

/// Exact text of a real; infinities, which JSON cannot write, as an object. A comparison that is not BINARY would need
/// the column's collation, which an application may have defined for itself.
fn real(value: &str) -> String {
    format!(
        "CASE WHEN abs({value}) <= 1.7976931348623157e308 THEN format('%!.17g', {value}) \
         ELSE json_object('$real', CASE WHEN {value} > 0 COLLATE BINARY THEN 'Infinity' ELSE '-Infinity' END) END"
    )
}

fn blob(value: &str) -> String {
    format!("json_object('$blob', hex({value}))")
}

/// NULL-safe, independent of the column's collation, and sensitive to a change of storage class (1 to 1.0).
pub(super) fn differs(column: &str) -> String {
    let column = identifier(column);
    differ(&format!("OLD.{column}"), &format!("NEW.{column}"))
}

/// The same in a trigger AFTER the change.
fn differs_after(table: &AuditedTable, column: &str) -> String {
    differ(&value(table, "OLD", column), &value(table, "NEW", column))
}

fn differ(old: &str, new: &str) -> String {
    format!("({old} IS NOT {new} COLLATE BINARY OR typeof({old}) <> typeof({new}))")
}
