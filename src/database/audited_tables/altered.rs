//! Finds tables that another program renamed, removed or detached, and columns that it changed, after the triggers were
//! created.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::audit::altered_columns;
use crate::database::engine::{Name, StoredTrigger};
use crate::database::ledger::RunRecord;
use crate::database::ledger::tables::audit_log;
use crate::database::ledger_tables::holds_no_data;
use crate::database::{DatabaseError, TableTriggers, TriggerState};
use crate::model::{EntryId, Table};

use super::{AuditedTables, Effect};

/// In the counts of a run that enabled a renamed table, under its old name: the new one.
pub const RENAMED_TO: &str = "renamed_to";

fn records_inserts(trigger: &StoredTrigger) -> bool {
    trigger.definition.contains("'INSERT',")
}

/// The state of a table whose triggers write entries for another table: a detached partition keeps one of them.
pub(in crate::database) fn before_state<'t>(
    mut stored: impl Iterator<Item = &'t StoredTrigger>,
) -> TriggerState {
    if stored.any(records_inserts) {
        TriggerState::Renamed
    } else {
        TriggerState::Detached
    }
}

impl TableTriggers {
    /// The state of a table whose own triggers, if there are any, do not decide about it.
    pub(in crate::database) fn without_triggers(table: String, state: TriggerState) -> Self {
        Self {
            table,
            state,
            faulty: Vec::new(),
            overtaking: Vec::new(),
            columns: Vec::new(),
            effect: Effect::NotRecorded,
            before: None,
            never_rolled_back: false,
            cascades: Vec::new(),
            is_absorbed: false,
            gap: None,
        }
    }

    /// The names of the foreign keys that change its rows without firing triggers.
    #[must_use]
    pub fn cascade_names(&self) -> Vec<&str> {
        let keys = self.cascades.iter();
        keys.map(|key| key.name.as_str()).collect()
    }

    /// Whether it is a table of the ledger, not of the application.
    #[must_use]
    pub fn is_of_ledger(&self) -> bool {
        matches!(
            self.state,
            TriggerState::Foreign | TriggerState::LedgerTable
        )
    }
}

impl AuditedTables<'_> {
    /// Columns of a table that its INSERT trigger does not record correctly.
    pub(in crate::database) fn altered(
        &self,
        stored: &[StoredTrigger],
        table: &Table,
    ) -> Vec<String> {
        let insert = stored.iter().find(|trigger| records_inserts(trigger));
        let dialect = self.database.connection.dialect();
        insert.map_or_else(Vec::new, |trigger| {
            let columns = table.columns.iter().map(|column| column.name.as_str());
            let literal = |text: &str| dialect.literal(text);
            altered_columns(&trigger.definition, columns, &literal)
        })
    }

    /// Names of the tables with audit triggers, sorted.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn with_triggers(&mut self) -> Result<BTreeSet<String>, DatabaseError> {
        let mut audited = BTreeSet::new();
        for table in self.database.tables().application_tables()? {
            if !self.database.connection.stored_triggers(&table)?.is_empty() {
                audited.insert(table);
            }
        }
        Ok(audited)
    }

    /// Columns of a table that were added, dropped or renamed after its triggers were created.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn columns_altered_since(&mut self, table: &str) -> Result<Vec<String>, DatabaseError> {
        let stored = self.database.connection.stored_triggers(table)?;
        let defined = self.database.tables().defined_table(table)?;
        Ok(defined.map_or_else(Vec::new, |table| self.altered(&stored, &table)))
    }

    /// Names of all tables with entries, existing or not; looked up through the index.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn logged_tables(&mut self) -> Result<BTreeSet<String>, DatabaseError> {
        let mut tables = BTreeSet::new();
        let mut last = String::new();
        loop {
            let next: Option<String> = audit_log::table
                .filter(audit_log::table_name.gt(&last))
                .select(diesel::dsl::min(audit_log::table_name))
                .get_result(&mut self.database.connection)?;
            match next {
                Some(name) => {
                    last.clone_from(&name);
                    tables.insert(name);
                }
                None => return Ok(tables),
            }
        }
    }

    /// Whether there are entries of a table.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn is_traced(&mut self, table: &str) -> Result<bool, DatabaseError> {
        let entry: Option<EntryId> = audit_log::table
            .filter(audit_log::table_name.eq(table))
            .select(audit_log::id)
            .first(&mut self.database.connection)
            .optional()?;
        Ok(entry.is_some())
    }

    /// Tables of the application with entries; looked up one by one through the index, not counted.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn traced_tables(&mut self) -> Result<BTreeSet<String>, DatabaseError> {
        let mut tables = BTreeSet::new();
        for name in self.database.tables().application_tables()? {
            if self.is_traced(&name)? {
                tables.insert(name);
            }
        }
        Ok(tables)
    }

    /// The table whose triggers write entries under this name, which was its name before.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn table_recorded_as(&mut self, name: &str) -> Result<Option<String>, DatabaseError> {
        let dialect = self.database.connection.dialect();
        for table in self.database.tables().application_tables()? {
            let stored = self.database.connection.stored_triggers(&table)?;
            let mut stored = stored.iter();
            if table != name && stored.any(|one| dialect.writes_entries_of(&one.definition, name)) {
                return Ok(Some(table));
            }
        }
        Ok(None)
    }

    /// The other table for which all triggers of a table write entries.
    pub(in crate::database) fn name_before(
        &mut self,
        table: &str,
        stored: &[StoredTrigger],
        logged: &BTreeSet<String>,
    ) -> Result<Option<String>, DatabaseError> {
        let dialect = self.database.connection.dialect();
        let writing = |name: &str| {
            let mut stored = stored.iter();
            stored.any(|trigger| dialect.writes_entries_of(&trigger.definition, name))
        };
        if stored.is_empty() || writing(table) {
            return Ok(None);
        }
        let present = self.database.tables().application_tables()?;
        // Tables without entries are known from the counts of runs only.
        let mut begun = BTreeSet::new();
        if !logged.iter().any(|name| writing(name)) && self.database.has_ledger()? {
            begun.extend(
                self.database
                    .ledger()
                    .runs()?
                    .iter()
                    .flat_map(RunRecord::tables),
            );
        }
        let mut known = logged.iter().chain(&present).chain(&begun);
        Ok(known
            .find(|name| name.as_str() != table && writing(name))
            .cloned())
    }

    /// Whether this is a table whose changes fire no triggers.
    pub(in crate::database) fn fires_no_triggers(
        &mut self,
        table: &str,
    ) -> Result<bool, DatabaseError> {
        Ok(self.without_triggers()?.iter().any(|name| name == table))
    }

    fn without_triggers(&mut self) -> Result<Vec<String>, DatabaseError> {
        let Some(query) = self.database.connection.catalog().without_triggers else {
            return Ok(Vec::new());
        };
        let found: Vec<Name> = diesel::sql_query(query).load(&mut self.database.connection)?;
        Ok(found.into_iter().map(|table| table.name).collect())
    }

    /// Adds the tables whose changes fire no triggers.
    pub(in crate::database) fn add_tables_without_triggers(
        &mut self,
        tables: &mut Vec<TableTriggers>,
    ) -> Result<(), DatabaseError> {
        let without_triggers = self.without_triggers()?.into_iter();
        tables.extend(
            without_triggers
                .map(|table| TableTriggers::without_triggers(table, TriggerState::NoTriggers)),
        );
        Ok(())
    }

    /// Adds the tables that have entries and no longer exist, or whose rows became those of another recorded table.
    pub(in crate::database) fn add_removed_tables(
        &mut self,
        tables: &mut Vec<TableTriggers>,
        logged: &BTreeSet<String>,
        disabled: &BTreeSet<String>,
    ) -> Result<(), DatabaseError> {
        let shared = self.database.tables().shared_partitions()?;
        for name in logged {
            let renamed = tables
                .iter()
                .any(|table| table.before.as_ref() == Some(name));
            let is_removed = shared.contains(name) || !self.database.connection.has_table(name)?;
            if !renamed && !disabled.contains(name) && is_removed {
                tables.push(TableTriggers {
                    is_absorbed: shared.contains(name),
                    ..TableTriggers::without_triggers(name.clone(), TriggerState::Removed)
                });
            }
        }
        tables.sort_by(|a, b| a.table.cmp(&b.table));
        Ok(())
    }

    /// Adds the tables of the ledger that have triggers, rules or policies of others.
    pub(in crate::database) fn add_ledger_tables(
        &mut self,
        tables: &mut Vec<TableTriggers>,
    ) -> Result<(), DatabaseError> {
        for altered in self
            .database
            .connection
            .altered_ledger_tables(holds_no_data)?
        {
            tables.push(TableTriggers {
                columns: altered.columns.into_iter().map(str::to_owned).collect(),
                ..TableTriggers::without_triggers(
                    altered.table.to_owned(),
                    TriggerState::LedgerTable,
                )
            });
        }
        let foreign = self.database.foreign_rules()?.into_iter();
        tables.extend(foreign.map(|(table, faulty)| TableTriggers {
            faulty,
            ..TableTriggers::without_triggers(table, TriggerState::Foreign)
        }));
        Ok(())
    }
}
