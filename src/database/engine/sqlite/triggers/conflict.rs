//! The SQL that finds the rows that conflict with a new row: those with its values in a unique index.

use super::identifier;
use crate::audit::{AuditedTable, KeyTerm, Part, UniqueKey};
use crate::database::engine::balanced::joined;

/// The table in a FROM clause, and the name of its row. A table called `new` or `old` must not be taken for NEW or OLD.
pub(super) fn stored(table: &AuditedTable) -> (String, String) {
    let name = identifier(&table.name);
    match table.name.to_lowercase().as_str() {
        "new" | "old" => (format!("{name} AS stored"), "stored".to_owned()),
        _ => (name.clone(), name),
    }
}

/// Whether a row of the table has the values of NEW in a unique index, compared as the index does. NULLs are not equal.
pub(super) fn conflict(table: &AuditedTable, key: &UniqueKey) -> String {
    let equal = key.terms.iter().map(|term| equal(table, key, term));
    let mut conditions: Vec<_> = equal.collect();
    if let Some(condition) = &key.condition {
        conditions.push(format!("({condition})"));
        conditions.push(format!(
            "EXISTS (SELECT 1 FROM {} WHERE {condition})",
            new_row(table, key)
        ));
    }
    joined(conditions, " AND ")
}

fn equal(table: &AuditedTable, key: &UniqueKey, term: &KeyTerm) -> String {
    let collation = identifier(&term.collation);
    match &term.part {
        Part::Column(column) => {
            let (_, side) = stored(table);
            let new = new_value(table, column);
            let column = identifier(column);
            format!("{side}.{column} COLLATE {collation} = {new}")
        }
        Part::Expression(expression) => format!(
            "({expression}) COLLATE {collation} = (SELECT {expression} FROM {})",
            new_row(table, key)
        ),
    }
}

/// NEW as a table of one row, so that an expression of an index means its columns.
fn new_row(table: &AuditedTable, key: &UniqueKey) -> String {
    let column = |name: &String| format!("{} AS {}", new_value(table, name), identifier(name));
    let columns: Vec<_> = key.columns.iter().map(column).collect();
    format!(
        "(SELECT {}) AS {}",
        columns.join(", "),
        identifier(&table.name)
    )
}

/// The value that a column of NEW is to have. REPLACE puts the default in place of a NULL that is not allowed, after
/// the triggers BEFORE it.
fn new_value(table: &AuditedTable, column: &str) -> String {
    let name = identifier(column);
    let mut defaults = table.null_defaults.iter();
    match defaults.find(|(of, _)| of.eq_ignore_ascii_case(column)) {
        Some((_, default)) => format!("COALESCE(NEW.{name}, ({default}))"),
        None => format!("NEW.{name}"),
    }
}
