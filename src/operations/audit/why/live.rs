//! Compares the current row in its table with the audit log.

use serde_json::Value;

use crate::audit::{Image, same_value};
use crate::database::{ReadTransaction, RestoredTable, Room};
use crate::operations::OperationError;
use crate::operations::audit::BlamedColumn;
use crate::operations::audit::blame::LastWritten;

/// The current state of the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveRow {
    /// The row exists, and according to the audit log it should.
    There,
    /// The row does not exist, although no entry deletes it.
    Removed,
    /// The row exists, although an entry deleted it.
    Unrecorded,
    /// The row does not exist, and according to the audit log it should not.
    Deleted,
    /// The row has another record id now, or its table another name.
    NotCompared,
}

/// Looks up the row of a table with these last entries. Returns its values that differ from those of the audit log, one
/// for each column. If its record id or the name of its table changed,
/// its later entries are unknown.
pub(super) fn live_row(
    database: &mut ReadTransaction,
    table: Option<&RestoredTable>,
    written: &LastWritten,
    moved_to: Option<&str>,
) -> Result<(LiveRow, Vec<Option<Value>>), OperationError> {
    let nothing = || vec![None; written.columns.len()];
    let found = match table {
        _ if moved_to.is_some() => return Ok((LiveRow::NotCompared, nothing())),
        // Without a key, or with NULL in it, the row cannot be identified.
        Some(table)
            if table.table().primary_key.is_empty() || written.key.values().any(Value::is_null) =>
        {
            return Ok((LiveRow::NotCompared, nothing()));
        }
        Some(table) => {
            let key = database.tables().key_of_image(table, &written.key);
            let rows = database
                .tables()
                .live_rows(table, &[key], &mut Room::unlimited())?;
            rows.and_then(|mut rows| rows.pop())
        }
        None => None,
    };
    let exists = written.exists != Some(false);
    let Some(row) = found else {
        let live = match exists {
            true => LiveRow::Removed,
            false => LiveRow::Deleted,
        };
        return Ok((live, nothing()));
    };
    if !exists {
        return Ok((LiveRow::Unrecorded, nothing()));
    }
    let mut now: Image = serde_json::from_str(&row.image).unwrap_or_default();
    let other_value = |column: &BlamedColumn| {
        let now = now.get_mut(&column.column)?;
        (!same_value(now, &column.value)).then(|| now.take())
    };
    Ok((
        LiveRow::There,
        written.columns.iter().map(other_value).collect(),
    ))
}
