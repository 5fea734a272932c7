//! The history of one row.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::audit::{FieldChange, ReplayError};
use crate::database::{
    Access, Baseline, Database, DatabaseUrl, NotRecorded, NotRecordedReason, ReadTransaction,
};
use crate::model::{EntryId, RecordId, RunId};
use crate::operations::OperationError;

use super::Attribution;
use super::entry::AttributionIndex;
use super::names::{row_named, unknown_table};
use super::replayer::{Replayer, take_step};
use super::row_history::{RowEntry, each_with_values, entries_of_row};

/// One change of a row.
#[derive(Debug, Clone)]
pub struct Version {
    /// Who made it, when and why.
    pub attribution: Attribution,
    /// `INSERT`, `UPDATE` or `DELETE`.
    pub action: String,
    /// The record id before the change.
    pub record_id: RecordId,
    /// The record id after the change, if the key changed.
    pub moved_to: Option<RecordId>,
    /// The columns that changed.
    pub changes: Vec<FieldChange>,
    /// Why the entry is inconsistent with the entries before it.
    pub problem: Option<ReplayError>,
    /// The run of kind `enable` that recorded the rows after such an entry: what happened before it is a known gap.
    pub accepted_by: Option<RunId>,
}

/// The history of a row, without its versions.
#[derive(Debug, Clone)]
pub struct History {
    /// The table.
    pub table: String,
    /// The row.
    pub record_id: RecordId,
    /// The number of its versions.
    pub versions: usize,
    /// Why later changes may have no entry under the name of the table.
    pub not_recorded: Option<NotRecorded>,
}

/// Visits every version of the row `record` of `table`, oldest first, until `visit` breaks.
///
/// # Errors
/// When the database has no ledger or cannot be read, or the audit log has no such row.
pub fn history(
    url: &DatabaseUrl,
    wait: Duration,
    table: &str,
    record: &str,
    visit: &mut dyn FnMut(&History, Version) -> ControlFlow<()>,
) -> Result<History, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let (record_id, entries) = entries_named(database, table, record)?;
        let history = History {
            table: table.to_owned(),
            record_id,
            versions: entries.len(),
            not_recorded: database.audited_tables().not_recorded(table)?,
        };
        let attributions = AttributionIndex::new(database)?;
        let baselines = database.audited_tables().baselines_of(table)?;
        let mut replayer = Replayer::of(database, table)?;
        each_with_values(database, &entries, &mut |mut entry| {
            let step = take_step(&mut entry);
            let applied = replayer.apply(&entry, &step);
            let has_problem = applied.problem.is_some();
            let version = Version {
                attribution: attributions.attribution_of(&entry),
                changes: step.map(FieldChange::of).unwrap_or_default(),
                moved_to: applied.moved_to,
                problem: applied.problem,
                accepted_by: (has_problem.then(|| accepted_by(&baselines, entry.id))).flatten(),
                action: entry.action,
                record_id: entry.record_id,
            };
            visit(&history, version)
        })?;
        Ok(history)
    })
}

/// The run that accepted the rows as they were after an entry, although entries before it are missing.
pub(super) fn accepted_by(baselines: &[Baseline], entry: EntryId) -> Option<RunId> {
    let mut baselines = baselines.iter();
    let found = baselines.find(|baseline| entry <= baseline.until);
    found.map(|baseline| baseline.run.clone())
}

/// The record id of a row that a user named, and all its entries.
pub(super) fn entries_named(
    database: &mut ReadTransaction,
    table: &str,
    record: &str,
) -> Result<(RecordId, Vec<RowEntry>), OperationError> {
    let record = row_named(database, table, record)?;
    let entries = entries_of_row(database, table, &record)?;
    match entries.is_empty() {
        true if !database.audited_tables().is_traced(table)? => {
            Err(unknown_table(database, table)?)
        }
        true => Err(OperationError::UnknownRow {
            why: why_unknown(database, table)?,
            table: table.to_owned(),
            record,
        }),
        false => Ok((record, entries)),
    }
}

/// Why a row of this table has no entry, if the table is disabled; it begins with `: `.
fn why_unknown(database: &mut ReadTransaction, table: &str) -> Result<String, OperationError> {
    let missing = database.audited_tables().not_recorded(table)?;
    let disabled = missing.filter(|missing| missing.reason == NotRecordedReason::Disabled);
    Ok(match disabled.and_then(|missing| missing.since) {
        Some(since) => format!(
            ": `accession audit disable` removed the table at {since}, and later changes have no entry"
        ),
        None => String::new(),
    })
}
