//! Compares the current row in its table with the audit log.

use serde_json::Value;

use crate::audit::{Image, RowState, same_value};
use crate::database::Database;
use crate::operations::OperationError;
use crate::operations::audit::Version;

/// The current state of the row.
#[derive(Debug, Clone, PartialEq)]
pub enum LiveRow {
    /// The row exists, and according to the audit log it should.
    There(Image),
    /// The row does not exist, although no entry deletes it.
    Removed,
    /// The row exists, although an entry deleted it.
    Unrecorded,
    /// The row does not exist, and according to the audit log it should not.
    Deleted,
    /// The row has another record id now.
    NotCompared,
}

/// Looks up the row with this history. If its record id changed, its later entries are unknown.
pub(super) fn live_row(
    database: &mut Database,
    table: &str,
    versions: &[Version],
    moved_to: Option<&str>,
) -> Result<LiveRow, OperationError> {
    let Some(last) = versions.last() else {
        return Ok(LiveRow::NotCompared);
    };
    if moved_to.is_some() {
        return Ok(LiveRow::NotCompared);
    }
    let exists = last.after.exists() != Some(false);
    let image = match &last.after {
        RowState::Present(image) | RowState::Partial(image) => image.clone(),
        RowState::Absent | RowState::Unknown => last_image(last),
    };
    let found = match database.restored_table(table)? {
        // Without a key the row cannot be identified.
        Some(defined) if defined.table().primary_key.is_empty() => return Ok(LiveRow::NotCompared),
        Some(defined) => {
            let key = database.key_of_image(&defined, &image);
            database.live_rows(&defined, &[key])?.pop()
        }
        None => None,
    };
    let now = found.map(|row| serde_json::from_str(&row.image).unwrap_or_default());
    Ok(match (now, exists) {
        (Some(now), true) => LiveRow::There(now),
        (Some(_), false) => LiveRow::Unrecorded,
        (None, true) => LiveRow::Removed,
        (None, false) => LiveRow::Deleted,
    })
}

/// The row that the last entry deleted.
fn last_image(last: &Version) -> Image {
    let before = last.changes.iter();
    before
        .filter_map(|change| Some((change.column.clone(), change.old.clone()?)))
        .collect()
}

impl LiveRow {
    /// The value in the table, if it differs from the one in the audit log.
    pub(super) fn other_value(&self, column: &str, recorded: &Value) -> Option<Value> {
        match self {
            Self::There(now) => now
                .get(column)
                .filter(|now| !same_value(now, recorded))
                .cloned(),
            Self::Removed | Self::Unrecorded | Self::Deleted | Self::NotCompared => None,
        }
    }
}
