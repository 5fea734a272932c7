//! Rejects imports into tables that another program renamed, dropped or altered after earlier imports.

use std::collections::BTreeSet;

use crate::database::{DatabaseError, LayoutTriggers, ReadTransaction, TriggerState};
use crate::layout::Layout;
use crate::operations::OperationError;

/// Returns an error for a table that was renamed, and for one that took its name: with triggers of its own name besides
/// the former ones a table would be recorded twice, and the other one no longer.
pub(in crate::operations) fn ensure_not_renamed(
    database: &mut ReadTransaction,
    suspect: &BTreeSet<&str>,
) -> Result<(), OperationError> {
    if suspect.is_empty() || !database.has_ledger()? {
        return Ok(());
    }
    for state in database.audited_tables().table_triggers()? {
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
/// inserted again, because the ledger has them, and no row of unchanged files.
pub(super) fn ensure_not_dropped(
    database: &mut ReadTransaction,
    layout: &Layout,
    has_unchanged_files: bool,
) -> Result<(), OperationError> {
    if !database.has_ledger()? {
        return Ok(());
    }
    let missing = database.tables().missing_tables(layout)?;
    ensure_not_renamed(database, &missing.iter().copied().collect())?;
    for table in missing {
        let had_rows = database.tables().has_row_sources(table)?
            || database.audited_tables().is_traced(table)?
                && database.audited_tables().is_recorded(table)?;
        if had_rows || has_unchanged_files {
            return Err(match database.ledger().present_name(table)? {
                Some(now) => OperationError::RowsMoved {
                    table: table.to_owned(),
                    now,
                },
                None => OperationError::DroppedTable(table.to_owned()),
            });
        }
    }
    Ok(())
}

/// Rejects a layout of which a table was created again without the rows that earlier runs imported. Rows that were
/// deleted while the table had its triggers have entries and do not count.
pub(super) fn ensure_not_emptied(
    database: &mut ReadTransaction,
    triggers: Option<&LayoutTriggers<'_>>,
) -> Result<(), OperationError> {
    for name in triggers.into_iter().flat_map(LayoutTriggers::missing) {
        if database.tables().has_row_sources(name)?
            && database.audited_tables().is_recorded(name)?
            && database.tables().count_live_rows(name)? == Some(0)
        {
            return Err(OperationError::EmptiedTable(name.to_owned()));
        }
    }
    Ok(())
}

/// Rejects tables that cannot hold the layout's rows any more.
pub(super) fn ensure_not_altered(
    database: &mut ReadTransaction,
    layout: &Layout,
) -> Result<(), OperationError> {
    let checked = database.tables().check_tables(layout);
    if let Err(DatabaseError::Tables(problems)) = &checked {
        // Another table may have its name.
        ensure_not_renamed(
            database,
            &problems.iter().map(|one| one.table.as_str()).collect(),
        )?;
    }
    Ok(checked?)
}
