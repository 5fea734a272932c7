//! What is told of records that are gone, and of their rows.

use crate::database::ledger::LedgerRow;
use crate::model::{Finding, Level, Place, Rule};
use crate::operations::directory::Directory;
use crate::plan::Gone;

use super::super::referrers::{Referrer, Who};

/// A row that both sides changed.
pub(super) fn conflict(table: &str, row: &LedgerRow) -> Finding {
    let message = format!(
        "`{table}` {}: the record is gone from the file, and its row was changed in the database since",
        row.known.record_id
    );
    Finding::new(
        Level::Warning,
        Rule::Conflict,
        Some(Place::file(&row.known.path)),
        message,
    )
    .remedy("choose with `--on-conflict keep-database` or `--on-conflict take-file`")
}

/// A row that something refers to although its record is gone: kept, not decided, or deleted all the same.
pub(super) fn still_referred(
    directory: &Directory<'_>,
    (table, row, gone): (usize, &LedgerRow, &Gone),
    referrer: &Referrer,
) -> Finding {
    let name = |table: usize| &directory.layout.tables[table].table.name;
    let (parent, child) = (name(table), name(referrer.table));
    let mut who = match &referrer.who {
        Who::Record(origin) => format!("a record of `{child}` in {}", directory.path(origin.file)),
        Who::Row(id) => format!("`{child}` {id}"),
    };
    who += &match referrer.count {
        1 => " still refers".to_owned(),
        count => format!(" and {} more still refer", count - 1),
    };
    let settled = match gone {
        Gone::Deleted(_) => "; deleted, and the reference set to NULL",
        Gone::Kept(_) => "; kept",
        Gone::Referred | Gone::Conflict | Gone::Forgotten(_) => "",
    };
    let message = format!(
        "`{parent}` {}: the record is gone from the file, and {who} to its row{settled}",
        row.known.record_id
    );
    let remedy = match referrer.lets_go() {
        true => {
            "correct the reference, or choose with `--on-conflict keep-database` or `--on-conflict take-file`"
        }
        false => "correct the reference, or keep the row with `--on-conflict keep-database`",
    };
    let place = Some(Place::file(&row.known.path));
    let finding = Finding::new(Level::Warning, Rule::StillReferred, place, message);
    match gone {
        Gone::Referred => finding.remedy(remedy),
        Gone::Deleted(_) | Gone::Kept(_) | Gone::Conflict | Gone::Forgotten(_) => finding,
    }
}

/// A row that stays because another directory has its record too.
pub(super) fn shared(table: &str, row: &LedgerRow, other: &str) -> Finding {
    let message = format!(
        "`{table}` {}: the record is no longer in the file; its row stays, since it was imported from `{other}` too",
        row.known.record_id
    );
    let place = Some(Place::file(&row.known.path));
    Finding::new(Level::Notice, Rule::Gone, place, message)
}

/// A row that stays because nobody said that it may go.
pub(super) fn still_there(table: &str, path: &str, count: u64, record_id: &str) -> Finding {
    let rows = if count == 1 {
        format!("row {record_id}")
    } else {
        format!("{count} rows ({record_id}, …)")
    };
    let message = format!("`{table}`: the record of {rows} is no longer in the file; kept");
    let mut finding = Finding::new(Level::Notice, Rule::Gone, Some(Place::file(path)), message)
        .remedy("delete such rows with `--prune`");
    finding.count = count;
    finding
}
