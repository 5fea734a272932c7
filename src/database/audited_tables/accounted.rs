//! Reads from the counts of runs of kind `enable` which tables they made the audit log account for, and up to which
//! entry.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde_json::Value as Json;

use crate::audit::reconcile::Accounted;
use crate::database::ledger::tables::{audit_log, import_runs};
use crate::database::{DatabaseError, LOST_TRIGGERS};
use crate::model::{EntryId, RunId, RunKind, RunStatus};

use super::AuditedTables;

/// The member of a run's counts with the entries by which the run accounted for a table, as [`Accounted`].
pub const ACCOUNTED: &str = "accounted";

impl AuditedTables<'_> {
    /// What runs of kind `enable` have accounted for, by table; nothing of tables without such a run. Reads all of
    /// them.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn accounted(&mut self) -> Result<BTreeMap<String, Accounted>, DatabaseError> {
        self.database.ledger().require_ledger()?;
        let mut tables: BTreeMap<String, Accounted> = BTreeMap::new();
        // The newest first, which is the one that counts.
        let runs: Vec<(RunId, Option<String>)> = import_runs::table
            .filter(import_runs::kind.eq(RunKind::Enable.name()))
            .filter(import_runs::status.eq(RunStatus::Complete.name()))
            .order(import_runs::id.desc())
            .select((import_runs::id, import_runs::counts))
            .load(&mut self.database.connection)?;
        for (run, counts) in runs {
            let counts = counts.as_deref().unwrap_or_default();
            let counts: Json = serde_json::from_str(counts).unwrap_or_default();
            for (table, counts) in counts["tables"].as_object().into_iter().flatten() {
                if tables.contains_key(table) || counts[LOST_TRIGGERS].is_array() {
                    continue;
                }
                let until = match counts[ACCOUNTED]["until"].as_i64() {
                    Some(until) => until.into(),
                    None => self.last_entry_of(table, &run)?,
                };
                let columns = counts[ACCOUNTED]["columns"]
                    .as_array()
                    .into_iter()
                    .flatten();
                let columns = columns.filter_map(|name| name.as_str().map(str::to_owned));
                let columns = columns.collect();
                tables.insert(table.clone(), Accounted { until, columns });
            }
        }
        Ok(tables)
    }

    /// The default for members that version 0.1.0 did not record.
    pub(in crate::database) fn last_entry_of(
        &mut self,
        table: &str,
        run: &RunId,
    ) -> Result<EntryId, DatabaseError> {
        let last: Option<EntryId> = audit_log::table
            .filter(audit_log::table_name.eq(table))
            .filter(audit_log::run_id.eq(run))
            .select(diesel::dsl::max(audit_log::id))
            .get_result(&mut self.database.connection)?;
        Ok(last.unwrap_or_default())
    }
}
