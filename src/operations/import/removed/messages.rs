//! The findings about removed records and their rows.

use crate::database::ledger::LedgerRow;
use crate::model::{Finding, Level, Place, Rule, TableIndex, plural};
use crate::operations::directory::Directory;
use crate::plan::{Removal, RemovalPolicy};

use super::super::referrers::{Referrer, ReferrerRow};

/// Why a record counts as removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The file changed or was deleted.
    File,
    /// The file is as it was in the last run: the layout or a parameter changed, or a run was reverted.
    Layout,
    /// The file exists, and no source of the layout matches it any more.
    Unread,
}

impl Cause {
    /// The beginning of a message about one record.
    fn removed(self) -> &'static str {
        match self {
            Self::File => "the record was removed from the file",
            Self::Layout => "its file is unchanged, but is read without the record now",
            Self::Unread => "the layout no longer reads this file",
        }
    }

    /// The end of a message about this number of records.
    fn not_found(self, count: u64) -> String {
        let are = if count == 1 { "is" } else { "are" };
        match self {
            Self::File => format!("{are} no longer in the file"),
            Self::Layout => {
                format!("{are} not found in the file as it is read now (the file is unchanged)")
            }
            Self::Unread => format!("{are} not imported: the layout no longer reads this file"),
        }
    }
}

/// A removed record whose row was changed in the database.
pub(super) fn conflict(table: &str, row: &LedgerRow, cause: Cause) -> Finding {
    let message = format!(
        "`{table}` {}: {}, and its row was changed in the database since",
        row.known.record_id,
        cause.removed()
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
    table: TableIndex,
    row: &LedgerRow,
    removed: &Removal,
    referrer: &Referrer,
    cause: Cause,
) -> Finding {
    let parent = &directory.layout.tables[table].table.name;
    let child = &referrer.table;
    let mut subject = match &referrer.referring {
        ReferrerRow::Record(origin) => {
            format!("a record of `{child}` in {}", directory.path(origin.file))
        }
        ReferrerRow::Row(id) => format!("`{child}` {id}"),
        ReferrerRow::Unnamed => format!("a row of `{child}`"),
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
        "`{parent}` {}: {}, and {subject} to its row{consequence}",
        row.known.record_id,
        cause.removed()
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
pub(super) fn shared(table: &str, row: &LedgerRow, other: &str, cause: Cause) -> Finding {
    let message = format!(
        "`{table}` {}: the record {}; its row is kept because it was also imported from `{other}`",
        row.known.record_id,
        cause.not_found(1)
    );
    let place = Some(Place::file(&row.known.path));
    Finding::new(Level::Notice, Rule::Removed, place, message)
}

/// Rows that are kept because pruning was not requested, or because the policy keeps the values of the database.
pub(super) fn still_there(
    table: &str,
    path: &str,
    count: u64,
    record_id: &str,
    policy: RemovalPolicy,
    cause: Cause,
) -> Finding {
    let records = if count == 1 {
        format!("the record of row {record_id}")
    } else {
        format!("the records of {} ({record_id}, …)", plural(count, "row"))
    };
    let cause = cause.not_found(count);
    let (kept, hint) = match policy {
        RemovalPolicy::Keep => ("kept", Some("delete such rows with `--prune`")),
        RemovalPolicy::Prune => ("kept, as `--on-conflict keep-database` requests", None),
    };
    let message = format!("`{table}`: {records} {cause}; {kept}");
    let mut finding = Finding::new(
        Level::Notice,
        Rule::Removed,
        Some(Place::file(path)),
        message,
    );
    finding.hint = hint.map(str::to_owned);
    finding.count = count;
    finding
}
