//! The text about a row that differs from the audit log now.

use crate::database::{NotRecorded, NotRecordedReason};
use crate::operations::audit::why::{LiveRow, Why};
use crate::report::Style;

use super::super::not_recorded::since;

/// Why and since when the table is not recorded. A table that has another name now is reported by that name.
pub(super) fn disabled(why: &Why) -> Option<&NotRecorded> {
    let missing = why.not_recorded.as_ref();
    missing.filter(|missing| missing.reason != NotRecordedReason::Renamed)
}

/// How the current row differs from the audit log.
pub(super) fn table_text(why: &Why) -> String {
    let what = match why.live {
        LiveRow::Removed => "the row is not in the table, but no entry deletes it",
        LiveRow::Unrecorded => "the row is in the table, but no entry inserts it",
        LiveRow::There | LiveRow::Deleted | LiveRow::NotCompared => {
            "the values in the table differ from the audit log"
        }
    };
    let what = Style::paint(Style::ERROR, what);
    if let Some(since) = disabled(why).map(since).filter(|since| !since.is_empty()) {
        return format!("{what}: the table is not recorded{since}");
    }
    format!(
        "{what}: it was changed without an entry; `accession audit reconcile` lists all such rows"
    )
}
