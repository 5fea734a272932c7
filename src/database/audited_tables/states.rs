//! Determines which tables are audited, and whether their triggers are correct.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection as _;
use serde::Serialize;

use crate::audit::Trigger;
use crate::database::engine::StoredTrigger;
use crate::database::ledger::tables_of_runs::{Gap, TablesOfRuns};
use crate::database::{DatabaseError, SilentCascade, Writing};
use crate::model::Table;

use super::AuditedTables;
use super::altered::before_state;
use super::effect::{Effect, Found};
use super::triggers::surplus;

/// A table of the application and its triggers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableTriggers {
    /// The table.
    pub table: String,
    /// Whether the audit log records its changes.
    pub state: TriggerState,
    /// Triggers that are missing or incorrect.
    pub faulty: Vec<String>,
    /// Those of them that are triggers of the application, and fire before the audit triggers.
    pub overtaking: Vec<String>,
    /// Columns that were added, dropped or renamed after the triggers were created: these are not recorded correctly.
    pub columns: Vec<String>,
    /// What becomes of its changes, if its triggers are not as they should be.
    pub effect: Effect,
    /// For a renamed table, its previous name; for a detached partition, the table that it was a part of; for a table
    /// with missing or outdated triggers, the table that a partition of it was a part of.
    pub before: Option<String>,
    /// Whether its engine has no transactions: a rollback takes entries back, but not the rows.
    pub never_rolled_back: bool,
    /// Foreign keys that change its rows without firing triggers.
    pub cascades: Vec<SilentCascade>,
    /// Changes before its triggers were recreated may have no entry.
    pub gap: Option<Gap>,
    /// Whether it is a partition now whose rows are recorded as those of another table.
    pub is_absorbed: bool,
}

/// Whether the audit log records the changes of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TriggerState {
    /// Changes are recorded.
    Recorded,
    /// Changes were never recorded.
    NotRecorded,
    /// Changes cannot be recorded: rows are identified by their primary key, and the table has none.
    NoKey,
    /// Changes cannot be recorded: it is a virtual or foreign table, whose changes fire no triggers.
    NoTriggers,
    /// The table has entries or triggers, but no primary key any more: its changes are not recorded, or not row by row.
    KeyLost,
    /// Changes are no longer recorded: `audit disable` removed the table from the audit log.
    Disabled,
    /// Unknown: the database does not show its triggers to accession's user.
    Unseen,
    /// Enabling or disabling was interrupted or is still in progress.
    Unfinished,
    /// Some of the triggers are missing.
    Missing,
    /// The triggers belong to another version of the table or of accession.
    Outdated,
    /// The table was removed or renamed, or became a partition of a recorded table, but the audit log has entries for
    /// it.
    #[serde(rename = "gone")]
    Removed,
    /// The table was renamed, and its triggers still record changes under the previous name.
    Renamed,
    /// The table was a partition, and was detached without entries for its rows.
    Detached,
    /// A table of the ledger that has triggers, rules or policies of others, which can swallow or change entries.
    #[serde(rename = "foreign_triggers")]
    Foreign,
    /// A table of the ledger that another program dropped or altered. It holds no data: the next command that writes
    /// creates it again.
    #[serde(rename = "ledger_table_missing")]
    LedgerTable,
}

impl TriggerState {
    /// Whether creating the triggers continues a record that was interrupted, instead of beginning one.
    #[must_use]
    pub fn was_recorded(self) -> bool {
        matches!(
            self,
            Self::Recorded | Self::Unfinished | Self::Missing | Self::Outdated | Self::Renamed
        )
    }
}

impl AuditedTables<'_> {
    /// Every table of the application with the state of its triggers, sorted by name.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn table_triggers(&mut self) -> Result<Vec<TableTriggers>, DatabaseError> {
        let sees = self.sees_triggers()?;
        let has_log =
            self.database.has_ledger()? && self.database.connection.has_table("audit_log")?;
        let mut of_runs = TablesOfRuns::default();
        let mut logged = BTreeSet::new();
        if has_log {
            of_runs = self.database.ledger().tables_of_runs()?;
            // A table that is empty has no entries.
            logged = self.logged_tables()?;
            logged.append(&mut of_runs.recorded);
        }
        let disabled = of_runs.disabled;
        let unfinished = self.database.ledger().unfinished_runs()?;
        let is_unfinished = |table: &str| unfinished.iter().any(|run| run.names(table));
        let cascades = self.database.silent_cascades()?;
        let without_transactions = self
            .database
            .tables_without_transactions()?
            .unwrap_or_default();
        let dialect = self.database.connection.dialect();
        let writes = |stored: &StoredTrigger, name: &str| {
            dialect.writes_entries_of(&stored.definition, name)
        };
        let mut tables = Vec::new();
        for name in self.database.tables().application_tables()? {
            let Some(table) = self.database.tables().defined_table(&name)? else {
                continue;
            };
            let stored = self.database.connection.stored_triggers(&name)?;
            let wanted = self.database.connection.audit_triggers(&table)?;
            let found = |name: &str| stored.iter().find(|stored| stored.name == name);
            let (there, missing): (Vec<&Trigger>, Vec<&Trigger>) = wanted
                .iter()
                .partition(|trigger| found(&trigger.name).is_some());
            let different = there.iter().filter_map(|trigger| {
                found(&trigger.name).filter(|stored| stored.definition != trigger.definition)
            });
            let mut different: Vec<&StoredTrigger> = different.collect();
            let overtaking = match there.is_empty() {
                true => Vec::new(),
                false => self.triggers_that_fire_first(&name)?,
            };
            if !overtaking.is_empty() {
                // Triggers that only have to fire for each row because of these are not reported themselves.
                let usual = self.database.connection.statement_triggers(&table)?;
                different.retain(|stored| {
                    let mut usual = usual.iter();
                    !usual.any(|trigger| trigger.definition == stored.definition)
                });
            }
            // A partition that was detached from another table keeps one of its triggers.
            let moved_from = different.iter().find_map(|stored| {
                let mut logged = logged.iter().filter(|_| !writes(stored, &name));
                logged.find(|other| writes(stored, other))
            });
            let mut outdated: Vec<String> =
                different.iter().map(|stored| stored.name.clone()).collect();
            let surplus = surplus(&*dialect, &stored, &wanted, &name);
            outdated.extend(surplus.map(|stored| stored.name.clone()));
            outdated.extend(overtaking.iter().cloned());
            let before = self.name_before(&name, &stored, &logged)?;
            let columns = self.altered(&stored, &table);
            let known = Found {
                table: &table,
                stored: &stored,
                missing: &missing,
                different: &different,
                is_overtaken: !overtaking.is_empty(),
                columns: &columns,
                is_renamed: before.is_some(),
            };
            let effect = match sees {
                true => self.effect(&known)?,
                false => Effect::Unknown,
            };
            let missing = missing.into_iter().map(|trigger| trigger.name.clone());
            let missing: Vec<String> = missing.collect();
            // Those of earlier versions, or renamed ones.
            let renamed = there.is_empty() && self.writes_own_entries(&stored, &name);
            let former = before.as_ref().map(|_| before_state(stored.iter()));
            let was_recorded = !stored.is_empty() || logged.contains(&name);
            let has_key = !table.primary_key.is_empty();
            let state = match (there.is_empty(), missing.is_empty(), outdated.is_empty()) {
                _ if former == Some(TriggerState::Detached) => TriggerState::Detached,
                _ if !has_key && was_recorded && !disabled.contains(&name) => TriggerState::KeyLost,
                _ if !has_key => TriggerState::NoKey,
                _ if former.is_some() => TriggerState::Renamed,
                _ if renamed && sees && !is_unfinished(&name) => TriggerState::Outdated,
                _ if is_unfinished(&name) => TriggerState::Unfinished,
                _ if !sees => TriggerState::Unseen,
                (true, _, _) if disabled.contains(&name) => TriggerState::Disabled,
                // It was recorded: another program dropped the triggers.
                (true, _, _) if logged.contains(&name) => TriggerState::Missing,
                (true, _, _) => TriggerState::NotRecorded,
                (false, false, _) => TriggerState::Missing,
                (false, true, false) => TriggerState::Outdated,
                (false, true, true) => TriggerState::Recorded,
            };
            let faulty = match state {
                TriggerState::Missing | TriggerState::Outdated | TriggerState::Unfinished => {
                    [missing, outdated].concat()
                }
                TriggerState::Renamed | TriggerState::Detached => {
                    stored.iter().map(|trigger| trigger.name.clone()).collect()
                }
                TriggerState::Removed
                | TriggerState::KeyLost
                | TriggerState::Recorded
                | TriggerState::NotRecorded
                | TriggerState::NoKey
                | TriggerState::NoTriggers
                | TriggerState::Disabled
                | TriggerState::Foreign
                | TriggerState::LedgerTable
                | TriggerState::Unseen => Vec::new(),
            };
            tables.push(TableTriggers {
                never_rolled_back: without_transactions.contains(&name),
                cascades: SilentCascade::of_table(&cascades, &name),
                gap: of_runs.gaps.remove(&name).filter(|_| has_key),
                is_absorbed: false,
                table: name,
                state,
                faulty,
                overtaking,
                columns,
                effect,
                before: before.or_else(|| moved_from.cloned()),
            });
        }
        self.add_tables_without_triggers(&mut tables)?;
        self.add_tables_detached_elsewhere(&mut tables, &logged)?;
        self.add_removed_tables(&mut tables, &logged, &disabled)?;
        self.add_ledger_tables(&mut tables)?;
        Ok(tables)
    }

    /// Whether the table was not disabled on purpose.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn is_recorded(&mut self, table: &str) -> Result<bool, DatabaseError> {
        Ok(self.database.has_ledger()?
            && !self.database.ledger().disabled_tables()?.contains(table))
    }
}

impl Writing<AuditedTables<'_>> {
    /// Adds a table to the audit log, or updates its triggers.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn record_changes_of(&mut self, table: &Table) -> Result<(), DatabaseError> {
        self.database.connection.replace_all_triggers(table)
    }

    /// Removes a table from the audit log, and returns the names of the dropped triggers.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn stop_recording(&mut self, table: &Table) -> Result<Vec<String>, DatabaseError> {
        let dialect = self.database.connection.dialect();
        let wanted = self.database.connection.any_triggers(table)?.into_iter();
        let wanted = wanted.chain(dialect.numbering(&table.name, ""));
        let names: BTreeSet<String> = wanted.map(|trigger| trigger.name).collect();
        let mut dropped = Vec::new();
        for trigger in self.database.connection.stored_triggers(&table.name)? {
            if names.contains(&trigger.name)
                || dialect.writes_entries_of(&trigger.definition, &table.name)
            {
                self.database
                    .connection
                    .batch_execute(&trigger.drop_statement)?;
                dropped.push(trigger.name);
            }
        }
        self.drop_functions(&table.name)?;
        let engine = self.database.connection.engine_mut();
        engine.discard_staged_rows(Some(&table.name))?;
        Ok(dropped)
    }

    /// Drops the functions that record changes under this name, if there are any, with the triggers that call them:
    /// also those of a table that was moved to another schema, and of detached partitions.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn drop_functions(&mut self, table: &str) -> Result<(), DatabaseError> {
        for statement in self.database.connection.dialect().drop_functions(table) {
            self.database.connection.batch_execute(&statement)?;
        }
        Ok(())
    }
}
