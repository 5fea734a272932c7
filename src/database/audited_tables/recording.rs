//! Since when the audit log has every row of a table, and since when it has no more changes of it, according to the
//! runs.

use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;

use crate::database::ledger::RunRecord;
use crate::database::ledger::tables::audit_seals;
use crate::database::{ACCOUNTED, DatabaseError, RENAMED_TO};
use crate::model::{EntryId, RunId, RunKind, RunStatus};

use super::AuditedTables;
use super::states::TriggerState;

/// A run that made the audit log account for every row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// The run.
    pub run: RunId,
    /// The last entry at that time: only up to this entry a row may be older than its first entry.
    pub until: EntryId,
}

/// Why later changes of a table have no entry under its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NotRecorded {
    /// The reason.
    pub reason: NotRecordedReason,
    /// The present name of the table, or the table that it is a partition of.
    pub now: Option<String>,
    /// The run since which changes have no entry under this name; `null` if no run recorded it.
    pub run: Option<RunId>,
    /// The end of that run, as RFC 3339.
    pub since: Option<String>,
}

/// Why later changes of a table have no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NotRecordedReason {
    /// `audit disable` removed the table from the audit log.
    Disabled,
    /// The table has another name now, or is a partition of another table.
    Renamed,
    /// The table does not exist.
    Gone,
}

impl AuditedTables<'_> {
    /// The runs that made the audit log account for every row of a table, oldest first. There is none if rows can be
    /// older than the audit log: version 0.1.0 did not record rows that existed before an import.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn baselines_of(&mut self, table: &str) -> Result<Vec<Baseline>, DatabaseError> {
        let runs = self.database.ledger().runs()?;
        let mut baselines = Vec::new();
        for run in runs.iter().rev() {
            if !run.is(RunKind::Enable) || !run.has_status(RunStatus::Complete) {
                continue;
            }
            let counts = counts_of(run, table);
            let until = match counts[ACCOUNTED]["until"].as_i64() {
                // Version 0.1.0 recorded less.
                None if counts["noted"].is_u64() => Some(self.last_entry_of(table, &run.id)?),
                until => until.map(EntryId::from),
            };
            baselines.extend(until.map(|until| Baseline {
                run: run.id.clone(),
                until,
            }));
        }
        let imported = self.recorded_by_import(&runs, table)?;
        let is_first = |run: &RunId| baselines.first().is_none_or(|first| *run < first.run);
        if let Some(run) = imported.filter(is_first) {
            let until = EntryId::default();
            baselines.insert(0, Baseline { run, until });
        }
        Ok(baselines)
    }

    /// The import that found the table without rows or created it, so that every row has an entry: existing rows are
    /// recorded by a run of kind `enable` of its own. Version 0.1.0 recorded none, and did not seal its runs.
    fn recorded_by_import(
        &mut self,
        runs: &[RunRecord],
        table: &str,
    ) -> Result<Option<RunId>, DatabaseError> {
        let mut oldest_first = runs.iter().rev();
        let Some(first) = oldest_first.find(|run| run.is(RunKind::Import) && run.names(table))
        else {
            return Ok(None);
        };
        let sealed: Vec<Option<RunId>> = match self.database.connection.has_table("audit_seals")? {
            true => audit_seals::table
                .select(audit_seals::run_id)
                .load(&mut self.database.connection)?,
            false => Vec::new(),
        };
        let until_first = runs.iter().filter(|run| run.id <= first.id);
        let are_sealed = until_first
            .filter(|run| run.read_directory() && run.has_status(RunStatus::Complete))
            .all(|run| sealed.iter().flatten().any(|id| *id == run.id));
        Ok(are_sealed.then(|| first.id.clone()))
    }

    /// Why, and since when, changes of a table have no entry under its name; `None` if they should have.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn not_recorded(&mut self, table: &str) -> Result<Option<NotRecorded>, DatabaseError> {
        let is_disabled = self.database.ledger().disabled_tables()?.contains(table);
        let exists = self.database.tables().defined_table(table)?.is_some();
        let runs = self.database.ledger().runs()?;
        let last = runs.iter().find(|run| run.names(table));
        // Another table can have its former name.
        let is_renamed = last.is_some_and(|last| {
            let counts = counts_of(last, table);
            counts[RENAMED_TO].is_string() && !counts[ACCOUNTED].is_object()
        });
        if !is_disabled && !is_renamed && exists {
            return Ok(None);
        }
        let run = last.filter(|_| is_disabled || is_renamed);
        let mut now = match is_disabled && !is_renamed {
            true => None,
            false => self.database.ledger().present_name(table)?,
        };
        if now.is_none() && !exists {
            // Its triggers still write entries under this name.
            let states = self.table_triggers()?.into_iter();
            let mut renamed = states.filter(|state| {
                state.state == TriggerState::Renamed && state.before.as_deref() == Some(table)
            });
            now = renamed.next().map(|state| state.table);
        }
        let reason = match (&now, exists) {
            (Some(_), _) => NotRecordedReason::Renamed,
            (None, true) if is_disabled => NotRecordedReason::Disabled,
            (None, true) => return Ok(None),
            (None, false) => NotRecordedReason::Gone,
        };
        Ok(Some(NotRecorded {
            reason,
            now,
            run: run.map(|run| run.id.clone()),
            since: run.and_then(|run| run.finished_at.clone()),
        }))
    }
}

/// The counts of a run for a table; `null` if it has none.
fn counts_of(run: &RunRecord, table: &str) -> Value {
    run.recorded_tables().remove(table).unwrap_or_default()
}
