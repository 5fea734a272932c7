//! Determines which tables should be recorded, according to the runs that enabled and disabled them. The triggers that
//! exist are not considered.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use super::ledger::tables::audit_log;
use super::{Database, DatabaseError};

/// In the counts of a run that disabled a table: the last entry at that time.
pub const DISABLED_AFTER: &str = "disabled_after";

/// The tables that runs state, each according to the last run that does.
#[derive(Default)]
pub(super) struct TablesOfRuns {
    /// They were recorded from then on.
    pub(super) recorded: BTreeSet<String>,
    /// They were disabled on purpose, or renamed, and have no entries since.
    pub(super) disabled: BTreeSet<String>,
}

impl Database {
    /// Tables that `audit disable` removed from the audit log and that were not enabled since: no later run includes
    /// them, and no entry was written.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn disabled_tables(&mut self) -> Result<BTreeSet<String>, DatabaseError> {
        Ok(self.tables_of_runs()?.disabled)
    }

    pub(super) fn tables_of_runs(&mut self) -> Result<TablesOfRuns, DatabaseError> {
        let mut found = TablesOfRuns::default();
        let mut disabled = BTreeMap::new();
        for run in self.runs()?.into_iter().rev() {
            for (table, counts) in run.recorded_tables() {
                match counts[DISABLED_AFTER].as_i64() {
                    // It was dropped or renamed before the run could record it.
                    None if counts["gone"] == true => {
                        found.recorded.remove(&table);
                    }
                    Some(after) => {
                        found.recorded.remove(&table);
                        disabled.insert(table, after);
                    }
                    None => {
                        disabled.remove(&table);
                        found.recorded.insert(table);
                    }
                }
            }
        }
        for (table, after) in disabled {
            let later: Option<i64> = audit_log::table
                .filter(audit_log::table_name.eq(&table))
                .select(diesel::dsl::max(audit_log::id))
                .get_result(&mut self.connection)?;
            if later.unwrap_or(0) <= after {
                found.disabled.insert(table);
            }
        }
        Ok(found)
    }
}
