//! Rejects imports into tables that another program renamed after earlier imports.

use std::collections::BTreeSet;

use crate::database::{Database, TriggerState};
use crate::operations::OperationError;

/// Rejects tables that were renamed, and those that took their names: with triggers of its own name besides the former
/// ones a table would be recorded twice, and the other one no longer.
pub(in crate::operations) fn refuse_renamed(
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
