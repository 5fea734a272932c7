//! The row as it is in its table now, beside what the trail says of it.

use serde_json::Value;

use crate::audit::reconcile::same;
use crate::audit::{Image, RowState};
use crate::database::Database;
use crate::operations::OperationError;
use crate::operations::audit::Version;

/// The row in its table.
#[derive(Debug, Clone, PartialEq)]
pub enum LiveRow {
    /// It is there, and by the trail it should be.
    There(Image),
    /// It is not there, although no entry deletes it.
    Gone,
    /// It is there, although an entry deleted it.
    Unrecorded,
    /// It is not there, and by the trail it should not be.
    Deleted,
    /// It is called otherwise now.
    NotCompared,
}

/// Looks for the row whose life this is; of a row that is called otherwise now, later entries are not known.
pub(super) fn live_row(
    database: &mut Database,
    table: &str,
    life: &[Version],
    moved_to: Option<&str>,
) -> Result<LiveRow, OperationError> {
    let Some(last) = life.last() else {
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
    let found = match database.defined_table(table)? {
        // Without a key nobody knows which row it is.
        Some(defined) if defined.primary_key.is_empty() => return Ok(LiveRow::NotCompared),
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
        (None, true) => LiveRow::Gone,
        (None, false) => LiveRow::Deleted,
    })
}

/// The row that the last entry took away.
fn last_image(last: &Version) -> Image {
    let before = last.changes.iter();
    before
        .filter_map(|change| Some((change.column.clone(), change.old.clone()?)))
        .collect()
}

impl LiveRow {
    /// The value that the table holds, if it is another than the trail's.
    pub(super) fn other_value(&self, column: &str, recorded: &Value) -> Option<Value> {
        match self {
            Self::There(now) => now.get(column).filter(|now| !same(now, recorded)).cloned(),
            Self::Gone | Self::Unrecorded | Self::Deleted | Self::NotCompared => None,
        }
    }
}
