//! The findings about removed records and their rows.

use crate::database::ledger::LedgerRow;
use crate::model::{Finding, Level, Place, Rule};
use crate::operations::directory::Directory;
use crate::plan::Removal;

use super::super::referrers::{Referrer, ReferrerRow};

/// A removed record whose row was changed in the database.
pub(super) fn conflict(table: &str, row: &LedgerRow) -> Finding {
    let message = format!(
        "`{table}` {}: the record was removed from the file, and its row was changed in the database since",
        row.known.record_id
    );
    Finding::new(
        Level::Warning,
        Rule::Conflict,
        Some(Place::file(&row.known.path)),
        message,
    )
    .hint("choose with `--on-conflict keep-database` or `--on-conflict take-file`")
}

/// A row that is referred to although its record was removed: kept, undecided, or deleted anyway.
pub(super) fn still_referred(
    directory: &Directory<'_>,
    (table, row, removed): (usize, &LedgerRow, &Removal),
    referrer: &Referrer,
) -> Finding {
    let name = |table: usize| &directory.layout.tables[table].table.name;
    let (parent, child) = (name(table), name(referrer.table));
    let mut subject = match &referrer.referring {
        ReferrerRow::Record(origin) => {
            format!("a record of `{child}` in {}", directory.path(origin.file))
        }
        ReferrerRow::Row(id) => format!("`{child}` {id}"),
    };
    subject += &match referrer.count {
        1 => " still refers".to_owned(),
        count => format!(" and {} more still refer", count - 1),
    };
    let consequence = match removed {
        Removal::Deleted(_) => "; deleted, and the reference set to NULL",
        Removal::Kept(_) => "; kept",
        Removal::Referred | Removal::Conflict | Removal::Forgotten(_) => "",
    };
    let message = format!(
        "`{parent}` {}: the record was removed from the file, and {subject} to its row{consequence}",
        row.known.record_id
    );
    let hint = match referrer.allows_deletion() {
        true => {
            "fix the reference, or choose with `--on-conflict keep-database` or `--on-conflict take-file`"
        }
        false => "fix the reference, or keep the row with `--on-conflict keep-database`",
    };
    let place = Some(Place::file(&row.known.path));
    let finding = Finding::new(Level::Warning, Rule::StillReferred, place, message);
    match removed {
        Removal::Referred => finding.hint(hint),
        Removal::Deleted(_) | Removal::Kept(_) | Removal::Conflict | Removal::Forgotten(_) => {
            finding
        }
    }
}

/// A row that is kept because another directory has its record too.
pub(super) fn shared(table: &str, row: &LedgerRow, other: &str) -> Finding {
    let message = format!(
        "`{table}` {}: the record is no longer in the file; its row is kept because it was also imported from `{other}`",
        row.known.record_id
    );
    let place = Some(Place::file(&row.known.path));
    Finding::new(Level::Notice, Rule::Removed, place, message)
}

/// A row that is kept because pruning was not requested.
pub(super) fn still_there(table: &str, path: &str, count: u64, record_id: &str) -> Finding {
    let rows = if count == 1 {
        format!("row {record_id}")
    } else {
        format!("{count} rows ({record_id}, …)")
    };
    let message = format!("`{table}`: the record of {rows} is no longer in the file; kept");
    let mut finding = Finding::new(
        Level::Notice,
        Rule::Removed,
        Some(Place::file(path)),
        message,
    )
    .hint("delete such rows with `--prune`");
    finding.count = count;
    finding
}
