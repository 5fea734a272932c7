//! Primary keys and UNIQUE constraints.

use sqlparser::ast::{
    Expr, Ident, IndexColumn, KeyOrIndexDisplay, NullsDistinctOption, OrderByOptions, OrderBySort,
    PrimaryKeyConstraint, Spanned as _, TableConstraint, UniqueConstraint,
};

use crate::layout::problem::Problems;
use crate::model::{ColumnType, Table};

use super::foreign_keys::WrittenForeignKey;
use super::{WrittenTable, column_index, place_of};

/// Adds a table constraint.
pub(super) fn add(
    constraint: &TableConstraint,
    written: &mut WrittenTable,
    problems: &mut Problems,
) {
    match constraint {
        TableConstraint::PrimaryKey(key) if is_plain_primary(key) => {
            if let Some((first, columns)) = key_columns(&key.columns, &written.table, problems) {
                set_primary(columns, &first, written, problems);
            }
        }
        TableConstraint::Unique(key) if is_plain_unique(key) => {
            if let Some((_, columns)) = key_columns(&key.columns, &written.table, problems) {
                add_unique(columns, written);
            }
        }
        TableConstraint::ForeignKey(key) => {
            written
                .foreign_keys
                .extend(WrittenForeignKey::read(key, &key.columns, problems));
        }
        other => {
            let span = other.span();
            let at = if span.start.line == 0 {
                written.place.clone()
            } else {
                place_of(span)
            };
            problems.error(
                at,
                format!("`{other}` is not portable"),
                "remove it; supported are PRIMARY KEY, UNIQUE and FOREIGN KEY … ON DELETE",
            );
        }
    }
}

/// Runs the checks that need the complete table.
pub(super) fn finish(written: &mut WrittenTable, problems: &mut Problems) {
    let table = &mut written.table;
    for &key in &table.primary_key {
        table.columns[key].nullable = false;
    }
    let keys = table.unique.iter().chain([&table.primary_key]);
    for &column in keys.flatten() {
        if !comparable(table.columns[column].ty) {
            let column = &table.columns[column];
            let message = format!(
                "{} column `{}` cannot be part of a key",
                column.ty, column.name
            );
            problems.error(
                written.place.clone(),
                message,
                "use another column for the key",
            );
        }
    }
    if table.primary_key.is_empty() {
        problems.error(
            written.place.clone(),
            format!("table `{}` has no primary key", table.name),
            "add `id INTEGER PRIMARY KEY AUTOINCREMENT`: the audit log identifies rows by their key",
        );
    }
}

/// Whether values of this type can be compared for equality on every database.
pub(super) fn comparable(ty: ColumnType) -> bool {
    !matches!(ty, ColumnType::Json | ColumnType::Blob)
}

/// Sets the primary key; reports a second one.
pub(super) fn set_primary(
    columns: Vec<usize>,
    at: &Ident,
    written: &mut WrittenTable,
    problems: &mut Problems,
) {
    if !written.table.primary_key.is_empty() {
        let message = format!("table `{}` has two primary keys", written.table.name);
        problems.error(place_of(at.span), message, "remove one of them");
        return;
    }
    written.table.primary_key = columns;
}

/// Adds a UNIQUE constraint on a set of columns.
pub(super) fn add_unique(columns: Vec<usize>, written: &mut WrittenTable) {
    if !written.table.unique.contains(&columns) {
        written.table.unique.push(columns);
    }
}

/// Whether the constraint is just `PRIMARY KEY [(columns)]`.
pub(super) fn is_plain_primary(key: &PrimaryKeyConstraint) -> bool {
    let PrimaryKeyConstraint {
        name: _,
        index_name,
        index_type,
        columns: _,
        include,
        index_options,
        characteristics,
    } = key;
    index_name.is_none()
        && index_type.is_none()
        && include.is_empty()
        && index_options.is_empty()
        && characteristics.is_none()
}

/// Whether the constraint is just `UNIQUE [(columns)]`.
pub(super) fn is_plain_unique(key: &UniqueConstraint) -> bool {
    let UniqueConstraint {
        name: _,
        index_name,
        index_type_display,
        index_type,
        columns: _,
        include,
        index_options,
        characteristics,
        nulls_distinct,
    } = key;
    index_name.is_none()
        && *index_type_display == KeyOrIndexDisplay::None
        && index_type.is_none()
        && include.is_empty()
        && index_options.is_empty()
        && characteristics.is_none()
        && *nulls_distinct == NullsDistinctOption::None
}

/// Returns a plain column, and whether it is descending; `None` for expressions and collations.
pub(super) fn plain_column(column: &IndexColumn) -> Option<(&Ident, bool)> {
    let OrderByOptions { sort, nulls_first } = &column.column.options;
    let descending = match sort {
        None | Some(OrderBySort::Asc) => false,
        Some(OrderBySort::Desc) => true,
        Some(OrderBySort::Using(_)) => return None,
    };
    match &column.column.expr {
        Expr::Identifier(name)
            if column.operator_class.is_none()
                && nulls_first.is_none()
                && column.column.with_fill.is_none() =>
        {
            Some((name, descending))
        }
        _ => None,
    }
}

fn key_columns(
    columns: &[IndexColumn],
    table: &Table,
    problems: &mut Problems,
) -> Option<(Ident, Vec<usize>)> {
    let mut first = None;
    let mut indexes = Vec::new();
    for column in columns {
        let Some((name, _)) = plain_column(column) else {
            problems.error(
                place_of(column.column.expr.span()),
                format!("`{column}` is not a plain column"),
                "use plain columns for the key",
            );
            return None;
        };
        indexes.push(column_index(table, name, problems)?);
        first.get_or_insert_with(|| name.clone());
    }
    Some((first?, indexes))
}
