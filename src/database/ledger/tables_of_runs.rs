//! Determines which tables should be recorded, and of which changes may have no entry, according to the runs that enabled
//! and disabled them. The triggers that exist are not considered.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;

use crate::database::DatabaseError;
use crate::database::ledger::RunRecord;
use crate::model::{EntryId, RunId, RunStatus};

use super::Ledger;
use super::tables::audit_log;

/// In the counts of a run that disabled a table: the last entry at that time.
pub const DISABLED_AFTER: &str = "disabled_after";

/// In the counts of a run of kind `enable` that recreated triggers of a table without comparing its rows with their
/// entries: the names of these triggers.
pub const LOST_TRIGGERS: &str = "lost_triggers";

/// Changes of a table may have no entry, or an incorrect one, because triggers were missing, or made for the table
/// before it was altered, until a run recreated them. It ends
/// when a later run of kind `enable` compares rows and entries, or when the table is disabled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Gap {
    /// The end of the last run before that names the table, as RFC 3339; `None` if there is none.
    pub since: Option<String>,
    /// When the triggers were recreated, as RFC 3339.
    pub until: String,
    /// The run that recreated them.
    pub run: RunId,
    /// Their names.
    pub triggers: Vec<String>,
}

/// The tables that runs state, each according to the last run that does.
#[derive(Default)]
pub(in crate::database) struct TablesOfRuns {
    /// They were recorded from then on.
    pub(in crate::database) recorded: BTreeSet<String>,
    /// They were disabled on purpose, or renamed, and have no entries since.
    pub(in crate::database) disabled: BTreeSet<String>,
    /// Changes of them may have no entry.
    pub(in crate::database) gaps: BTreeMap<String, Gap>,
}

impl TablesOfRuns {
    /// Begins, extends or ends the gap of a table by the counts of the next run; `last` is the end of the run before.
    fn add_gap(&mut self, run: &RunRecord, table: &str, counts: &Value, last: Option<String>) {
        match counts[LOST_TRIGGERS].as_array() {
            Some(triggers) => {
                let open = self.gaps.remove(table);
                let names = triggers.iter().filter_map(Value::as_str);
                let gap = Gap {
                    since: open.map_or(last, |open| open.since),
                    until: run.finished_at.clone().unwrap_or_default(),
                    run: run.id.clone(),
                    triggers: names.map(str::to_owned).collect(),
                };
                self.gaps.insert(table.to_owned(), gap);
            }
            None if run.has_status(RunStatus::Complete) && !run.read_directory() => {
                self.gaps.remove(table);
            }
            None => {}
        }
    }
}

impl Ledger<'_> {
    /// Tables that `audit disable` removed from the audit log and that were not enabled since: no later run includes
    /// them, and no entry was written.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn disabled_tables(&mut self) -> Result<BTreeSet<String>, DatabaseError> {
        Ok(self.tables_of_runs()?.disabled)
    }

    pub(in crate::database) fn tables_of_runs(&mut self) -> Result<TablesOfRuns, DatabaseError> {
        let mut found = TablesOfRuns::default();
        let mut disabled = BTreeMap::new();
        let mut ends: BTreeMap<String, String> = BTreeMap::new();
        for run in self.runs()?.into_iter().rev() {
            for (table, counts) in run.recorded_tables() {
                let last = match &run.finished_at {
                    Some(end) => ends.insert(table.clone(), end.clone()),
                    None => ends.get(&table).cloned(),
                };
                found.add_gap(&run, &table, &counts, last);
                match counts[DISABLED_AFTER].as_i64() {
                    // It was dropped or renamed before the run could record it.
                    None if counts["gone"] == true => {
                        found.recorded.remove(&table);
                    }
                    Some(after) => {
                        found.recorded.remove(&table);
                        disabled.insert(table, EntryId::from(after));
                    }
                    None => {
                        disabled.remove(&table);
                        found.recorded.insert(table);
                    }
                }
            }
        }
        for (table, after) in disabled {
            let later: Option<EntryId> = audit_log::table
                .filter(audit_log::table_name.eq(&table))
                .select(diesel::dsl::max(audit_log::id))
                .get_result(&mut self.database.connection)?;
            if later.unwrap_or_default() <= after {
                found.disabled.insert(table);
            }
        }
        Ok(found)
    }
}
