//! The history of one row.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::audit::{FieldChange, ReplayError};
use crate::database::{Access, Database, DatabaseUrl};
use crate::operations::OperationError;

use super::Attribution;
use super::entry::AttributionIndex;
use super::names::row_named;
use super::row_history::{Replayer, RowEntry, each_with_values, entries_of_row, take_step};

/// One change of a row.
#[derive(Debug, Clone)]
pub struct Version {
    /// Who made it, when and why.
    pub attribution: Attribution,
    /// `INSERT`, `UPDATE` or `DELETE`.
    pub action: String,
    /// The record id before the change.
    pub record_id: String,
    /// The record id after the change, if the key changed.
    pub moved_to: Option<String>,
    /// The columns that changed.
    pub changes: Vec<FieldChange>,
    /// Why the entry is inconsistent with the entries before it.
    pub problem: Option<ReplayError>,
}

/// The history of a row, without its versions.
#[derive(Debug, Clone)]
pub struct History {
    /// The table.
    pub table: String,
    /// The row.
    pub record_id: String,
    /// The number of its versions.
    pub versions: usize,
}

/// Visits every version of the row `record` of `table`, oldest first, until `visit` breaks.
///
/// # Errors
/// When the database has no ledger or cannot be read, or the audit log has no such row.
pub fn history(
    url: &DatabaseUrl,
    wait: Duration,
    (table, record): (&str, &str),
    visit: &mut dyn FnMut(&History, Version) -> ControlFlow<()>,
) -> Result<History, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let (record_id, entries) = entries_named(database, table, record)?;
        let history = History {
            table: table.to_owned(),
            record_id,
            versions: entries.len(),
        };
        let attributions = AttributionIndex::new(database)?;
        let mut replayer = Replayer::of(database.key_rule());
        each_with_values(database, &entries, &mut |mut entry| {
            let step = take_step(&mut entry);
            let applied = replayer.apply(&entry.record_id, &step);
            let version = Version {
                attribution: attributions.attribution_of(&entry),
                changes: step.map(FieldChange::of).unwrap_or_default(),
                moved_to: applied.moved_to,
                problem: applied.problem,
                action: entry.action,
                record_id: entry.record_id,
            };
            visit(&history, version)
        })?;
        Ok(history)
    })
}

/// The record id of a row that a user named, and all its entries.
pub(super) fn entries_named(
    database: &mut Database,
    table: &str,
    record: &str,
) -> Result<(String, Vec<RowEntry>), OperationError> {
    let record = row_named(database, table, record)?;
    let entries = entries_of_row(database, table, &record)?;
    match entries.is_empty() {
        true => Err(OperationError::UnknownRow {
            table: table.to_owned(),
            record,
        }),
        false => Ok((record, entries)),
    }
}
