//! Rejects imports into tables that another program renamed, dropped or altered after earlier imports.

use std::collections::BTreeSet;

use crate::database::{Database, DatabaseError, TriggerState};
use crate::layout::Layout;
use crate::operations::OperationError;

/// Returns an error for a table that was renamed, and for one that took its name: with triggers of its own name besides
/// the former ones a table would be recorded twice, and the other one no longer.
pub(in crate::operations) fn ensure_not_renamed(
    database: &mut Database,
    suspect: &BTreeSet<&str>,
) -> Result<(), OperationError> {
    if suspect.is_empty() || !database.has_ledger()? {
        return Ok(());
    }
    for state in database.table_triggers()? {
        if let (TriggerState::Renamed, Some(before)) = (state.state, state.before)
            && (suspect.contains(before.as_str()) || suspect.contains(state.table.as_str()))
        {
            return Err(OperationError::RenamedTable {
                table: state.table,
                before,
            });
        }
    }
    Ok(())
}

/// Rejects a layout of which a table is missing although earlier runs imported into it: none of their rows would be
/// inserted again, because the ledger has them, and no row of the `unchanged` files.
pub(in crate::operations) fn ensure_not_dropped(
    database: &mut Database,
    layout: &Layout,
    unchanged: usize,
) -> Result<(), OperationError> {
    if !database.has_ledger()? {
        return Ok(());
    }
    let missing = database.missing_tables(layout)?;
    ensure_not_renamed(database, &missing.iter().copied().collect())?;
    for table in missing {
        let had_rows = database.has_row_sources(table)?
            || database.is_traced(table)? && database.is_recorded(table)?;
        if had_rows || unchanged > 0 {
            return Err(OperationError::DroppedTable(table.to_owned()));
        }
    }
    Ok(())
}

/// Rejects a layout of which a table was created again without the rows that earlier runs imported. Rows that were
/// deleted while the table had its triggers have entries and do not count.
pub(in crate::operations) fn ensure_not_emptied(
    database: &mut Database,
    layout: &Layout,
) -> Result<(), OperationError> {
    if !database.has_ledger()? || !database.sees_triggers()? {
        return Ok(());
    }
    for table in &layout.tables {
        let name = &table.table.name;
        if !database.has_audit_triggers(name)?
            && database.has_row_sources(name)?
            && database.is_recorded(name)?
            && database.count_live_rows(name)? == Some(0)
        {
            return Err(OperationError::EmptiedTable(name.clone()));
        }
    }
    Ok(())
}

/// Rejects tables that cannot hold the layout's rows any more.
pub(in crate::operations) fn ensure_not_altered(
    database: &mut Database,
    layout: &Layout,
) -> Result<(), OperationError> {
    let checked = database.check_tables(layout);
    if let Err(DatabaseError::Tables(problems)) = &checked {
        // Another table may have its name.
        ensure_not_renamed(
            database,
            &problems.iter().map(|one| one.table.as_str()).collect(),
        )?;
    }
    Ok(checked?)
}
