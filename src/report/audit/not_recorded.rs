//! The message about a table of which later changes have no entry under its name.

use crate::database::{NotRecorded, NotRecordedReason};
use crate::model::escape_line;
use crate::report::counts::short_timestamp;

use super::shown::short;

/// Says that changes of `table` are not recorded, since when, and where they are.
pub(super) fn not_recorded_text(table: &str, missing: &NotRecorded) -> String {
    let (table, now) = (escape_line(table), missing.now.as_deref());
    let since = since(missing);
    match (missing.reason, now) {
        (NotRecordedReason::Disabled, _) => {
            format!("table `{table}` is not recorded{since}: later changes have no entry\n")
        }
        (NotRecordedReason::Renamed, Some(now)) => {
            let now = escape_line(now);
            match since.as_str() {
                "" => format!("table `{table}` was renamed to `{now}`\n"),
                since => format!(
                    "table `{table}` was renamed: later changes are recorded as `{now}`{since}\n"
                ),
            }
        }
        (NotRecordedReason::Renamed | NotRecordedReason::Gone, _) => {
            let recorded = match since.as_str() {
                "" => String::new(),
                since => format!("; it is not recorded{since}"),
            };
            format!("table `{table}` does not exist any more{recorded}\n")
        }
    }
}

/// ` since TIME (run ID)`, or nothing if no run recorded it.
pub(super) fn since(missing: &NotRecorded) -> String {
    let Some(run) = &missing.run else {
        return String::new();
    };
    let at = missing.since.as_deref().map(short_timestamp);
    format!(" since {} (run {})", at.unwrap_or_default(), short(run))
}
