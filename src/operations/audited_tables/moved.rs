//! Rejects imports into tables that do not have the rows that were imported into them, because another program renamed
//! tables.
//!
//! The ledger identifies a record by its table, too. If a layout follows a rename, its records are new ones: they find
//! their rows by a key in the files. Without such a key they would be inserted a second time.

use std::collections::BTreeMap;

use crate::database::ReadTransaction;
use crate::layout::{Expression, Layout, LayoutTable, Source};
use crate::model::ColumnType;
use crate::operations::OperationError;

use super::changed::ensure_not_renamed;

/// Rejects a layout whose tables have other rows than those that were imported from `source`, or rows that records
/// without a key in the files would be inserted beside. `layout_changed` is whether it is another version than before.
pub(super) fn ensure_not_moved(
    database: &mut ReadTransaction,
    layout: &Layout,
    source: &str,
    layout_changed: bool,
) -> Result<(), OperationError> {
    if !database.has_ledger()? {
        return Ok(());
    }
    let tables = database.ledger().tables_of_rows(source)?;
    let mut moved: BTreeMap<&str, &str> = BTreeMap::new();
    for (table, now) in &tables {
        // The entries of a partition can be those of the table that it is a part of.
        if table != now && !database.tables().is_partition_of(table, now)? {
            moved.insert(table, now);
        }
    }
    for table in &layout.tables {
        let name = table.table.name.as_str();
        let rows_of = moved.iter().find(|(_, now)| **now == name);
        let found = match (moved.get(name), rows_of) {
            // The layout may have followed.
            (_, Some((before, _))) if layout_changed => {
                (!has_key_in_files(layout, table)).then_some((*before, name))
            }
            (Some(now), _) => Some((name, *now)),
            (None, _) => None,
        };
        if let Some((table, now)) = found {
            ensure_not_renamed(database, &[table, now].into())?;
            return Err(OperationError::RowsMoved {
                table: table.to_owned(),
                now: now.to_owned(),
            });
        }
    }
    match layout_changed {
        true => ensure_origins_are_known(database, layout, source),
        false => Ok(()),
    }
}

/// Rejects a table with rows that no run imported, if a table into which earlier runs imported is missing: it may be
/// the same table with another name, of which nothing was recorded.
fn ensure_origins_are_known(
    database: &mut ReadTransaction,
    layout: &Layout,
    source: &str,
) -> Result<(), OperationError> {
    let imported = database.ledger().imported_tables(source)?;
    let disabled = database.ledger().disabled_tables()?;
    let mut missing: Option<&String> = None;
    for table in &imported {
        let is_of_layout = layout.tables.iter().any(|one| one.table.name == *table);
        if !is_of_layout
            && !disabled.contains(table)
            && database.tables().count_live_rows(table)?.is_none()
        {
            missing.get_or_insert(table);
        }
    }
    let Some(missing) = missing else {
        return Ok(());
    };
    for table in &layout.tables {
        let name = &table.table.name;
        if !imported.contains(name)
            && !has_key_in_files(layout, table)
            && database
                .tables()
                .count_live_rows(name)?
                .is_some_and(|rows| rows > 0)
        {
            ensure_not_renamed(database, &[name.as_str(), missing].into())?;
            return Err(OperationError::UnknownRows {
                table: name.clone(),
                missing: missing.clone(),
            });
        }
    }
    Ok(())
}

/// Whether records find their rows by a key whose values are in the files, and do not depend on the name of the table
/// as the UUIDs that an import computes.
fn has_key_in_files(layout: &Layout, table: &LayoutTable) -> bool {
    let columns = &table.table.columns;
    let rules = layout.sources.iter().flat_map(Source::rules);
    let computed: Vec<usize> = rules
        .filter(|rule| layout.tables[rule.table].table.name == table.table.name)
        .flat_map(|rule| &rule.columns)
        .filter(|rule| has_uuid(&rule.expression))
        .map(|rule| rule.column)
        .collect();
    let is_in_files = |&column: &usize| {
        table.mapped[column]
            && !columns[column].nullable
            && columns[column].ty != ColumnType::Uuid
            && !computed.contains(&column)
    };
    let mut keys = std::iter::once(&table.table.primary_key).chain(&table.table.unique);
    keys.any(|key| !key.is_empty() && key.iter().all(is_in_files))
}

fn has_uuid(expression: &Expression) -> bool {
    match expression {
        Expression::Uuid(_) => true,
        Expression::First(some) => some.iter().any(has_uuid),
        Expression::Pointer(_)
        | Expression::Capture(_)
        | Expression::Parent { .. }
        | Expression::Constant(_)
        | Expression::Parameter(_)
        | Expression::Reference(_)
        | Expression::Rest => false,
    }
}
