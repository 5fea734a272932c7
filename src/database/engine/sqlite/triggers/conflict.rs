//! The SQL that finds the rows that conflict with a new row: those with its values in a unique index.

use super::identifier;
use super::index_text::{compares, names};
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

/// Whether a row of the table can have the values of NEW in a unique index, compared as the index does. NULLs are not
/// equal.
///
/// More rows than those that REPLACE deletes are no error: what is left afterwards is not recorded. So the condition of a
/// partial index is not evaluated for NEW, and neither is an expression of a rowid that may not have been chosen yet.
pub(super) fn conflict(table: &AuditedTable, key: &UniqueKey) -> String {
    let equal = key.terms.iter().filter_map(|term| equal(table, key, term));
    let mut conditions: Vec<_> = equal.collect();
    let condition = key.condition.iter();
    conditions.extend(condition.map(|condition| format!("({condition})")));
    match conditions.is_empty() {
        true => "1".to_owned(),
        false => joined(conditions, " AND "),
    }
}

fn equal(table: &AuditedTable, key: &UniqueKey, term: &KeyTerm) -> Option<String> {
    let collation = identifier(&term.collation);
    match &term.part {
        Part::Column(column) => {
            let (_, side) = stored(table);
            let new = new_value(table, column);
            let column = identifier(column);
            Some(format!("{side}.{column} COLLATE {collation} = {new}"))
        }
        Part::Expression(expression) => {
            let rowid = table.rowid.map(|rowid| &table.columns[rowid].name);
            let is_rowid =
                |name: String| rowid.is_some_and(|rowid| rowid.eq_ignore_ascii_case(&name));
            let new = (!names(expression).any(is_rowid))
                .then(|| evaluated(table, expression, &key.columns))?;
            Some(format!("({expression}) COLLATE {collation} = {new}"))
        }
    }
}

/// The value of an expression over these columns for the values of NEW. These have no affinity, as if each was an
/// expression, so those of compared columns are cast; except values that a cast would change, such as text in a column
/// of numbers.
fn evaluated(table: &AuditedTable, expression: &str, columns: &[String]) -> String {
    let plain = format!(
        "(SELECT {expression} FROM {})",
        new_row(table, columns, false)
    );
    let compared = table.compared.iter();
    let compared: Vec<_> = compared
        .filter(|(name, _)| columns.contains(name))
        .collect();
    if compared.is_empty() || !compares(expression) {
        return plain;
    }
    let fits = compared.into_iter().map(|(name, ty)| {
        let own = match *ty {
            "TEXT" => "'text'",
            _ => "'integer', 'real'",
        };
        format!("typeof({}) IN ('null', {own})", new_value(table, name))
    });
    format!(
        "(CASE WHEN {} THEN (SELECT {expression} FROM {}) ELSE {plain} END)",
        joined(fits.collect(), " AND "),
        new_row(table, columns, true)
    )
}

/// These columns of NEW as a table of one row, so that an expression means them; values with the affinity of their
/// column if they are `cast`.
fn new_row(table: &AuditedTable, columns: &[String], cast: bool) -> String {
    let column = |name: &String| {
        let value = new_value(table, name);
        let mut compared = table.compared.iter().filter(|_| cast);
        let value = match compared.find(|(of, _)| of == name) {
            Some((_, ty)) => format!("CAST({value} AS {ty})"),
            None => value,
        };
        format!("{value} AS {}", identifier(name))
    };
    // An expression of constants mentions no column.
    let columns: Vec<_> = columns.iter().map(column).collect();
    let columns = match columns.is_empty() {
        true => "NULL".to_owned(),
        false => columns.join(", "),
    };
    format!("(SELECT {columns}) AS {}", identifier(&table.name))
}

/// The value that a column of NEW is to have, as it is stored: the expressions of defaults and generated columns apply
/// the affinity of their column. After the triggers BEFORE a change, REPLACE puts the default in place of a
/// NULL that is not allowed, and an update generates the values of generated columns.
fn new_value(table: &AuditedTable, column: &str) -> String {
    if let Some(generated) = table.generated_column(column) {
        return evaluated(table, &generated.expression, &generated.columns);
    }
    let name = identifier(column);
    let mut defaults = table.null_defaults.iter();
    match defaults.find(|(of, _)| of.eq_ignore_ascii_case(column)) {
        Some((_, default)) => format!("COALESCE(NEW.{name}, ({default}))"),
        None => format!("NEW.{name}"),
    }
}
