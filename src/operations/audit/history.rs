//! The history of one row.

use std::time::Duration;

use crate::audit::{Action, FieldChange, ReplayError, RowState, Step};
use crate::database::ledger::AuditEntry;
use crate::database::{Access, Database, DatabaseUrl};
use crate::operations::OperationError;

use super::Attribution;
use super::entry::AttributionIndex;
use super::names::row_named;
use super::row_history::{Replayer, entries_of_row};

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
    /// The version of the source file that the change came from.
    pub file: Option<i64>,
    /// The columns that changed.
    pub changes: Vec<FieldChange>,
    /// The row after the change, as far as it is known.
    pub after: RowState,
    /// Why the entry is inconsistent with the entries before it.
    pub problem: Option<ReplayError>,
}

/// The history of a row.
#[derive(Debug, Clone)]
pub struct History {
    /// The table.
    pub table: String,
    /// The row.
    pub record_id: String,
    /// Its versions, oldest first.
    pub versions: Vec<Version>,
}

impl Version {
    /// The record id after the change.
    fn name_after(&self) -> &str {
        self.moved_to.as_ref().unwrap_or(&self.record_id)
    }
}

impl History {
    /// The versions of the row that had the record id last, without those of earlier rows with the same id: from its
    /// INSERT on, under all its record ids.
    pub(super) fn into_last_row(self) -> Vec<Version> {
        let named = |version: &&Version| {
            version.record_id == self.record_id || version.name_after() == self.record_id
        };
        let last = self.versions.iter().rev().find(named);
        let mut name = last.map(|last| last.name_after().to_owned());
        let last = last.map_or(0, |last| last.attribution.entry);
        let mut versions = Vec::new();
        for version in self.versions.into_iter().rev() {
            let is_its =
                version.attribution.entry <= last && name.as_deref() == Some(version.name_after());
            if !is_its {
                continue;
            }
            let begins = version.action == Action::Insert.name();
            name = Some(version.record_id.clone());
            versions.push(version);
            if begins {
                break;
            }
        }
        versions.reverse();
        versions
    }
}

/// Returns every version of the row `record` of `table`, oldest first.
///
/// # Errors
/// When the database has no ledger or cannot be read, or the audit log has no such row.
pub fn history(
    url: &DatabaseUrl,
    wait: Duration,
    table: &str,
    record: &str,
) -> Result<History, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| read(database, table, record))
}

/// Reads the history from an open database.
pub(super) fn read(
    database: &mut Database,
    table: &str,
    record: &str,
) -> Result<History, OperationError> {
    let record = row_named(database, table, record)?;
    let entries = entries_of_row(database, table, &record)?;
    if entries.is_empty() {
        return Err(OperationError::UnknownRow {
            table: table.to_owned(),
            record,
        });
    }
    let attributions = AttributionIndex::new(database)?;
    let mut replayer = Replayer::of(database.key_rule());
    let version = |entry: AuditEntry| {
        let applied = replayer.apply(&entry);
        let id = applied.moved_to.as_ref().unwrap_or(&entry.record_id);
        let (old, new) = (entry.old_value.as_deref(), entry.new_value.as_deref());
        let step = Step::read(&entry.action, old, new);
        Version {
            attribution: attributions.attribution_of(&entry),
            after: replayer.rows.get(id).cloned().unwrap_or_default(),
            changes: step.map(FieldChange::of).unwrap_or_default(),
            moved_to: applied.moved_to,
            problem: applied.problem,
            file: entry.source_file_id,
            action: entry.action,
            record_id: entry.record_id,
        }
    };
    Ok(History {
        table: table.to_owned(),
        record_id: record,
        versions: entries.into_iter().map(version).collect(),
    })
}
