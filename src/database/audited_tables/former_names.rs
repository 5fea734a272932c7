//! Finds the former names of a renamed table by the triggers that it still has, and drops these triggers.
//!
//! Triggers move with a renamed table and keep their names, which contain the former name of the table, and their text,
//! which writes entries under it. Where a trigger's name is unique in its schema, another table cannot have its own
//! triggers until these are dropped: two tables that exchanged their names have each other's.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection as _;

use crate::audit::Trigger;
use crate::database::engine::StoredTrigger;
use crate::database::ledger::RunRecord;
use crate::database::{DatabaseError, Writing};
use crate::model::Table;

use super::AuditedTables;

/// When triggers of former names are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Before the tables get triggers of their new names.
    Before,
    /// Afterwards.
    After,
    /// The tables get none.
    Only,
}

impl AuditedTables<'_> {
    /// The other tables under whose names triggers of this table write entries.
    ///
    /// # Errors
    /// When the schema or the ledger cannot be read.
    pub fn former_names(&mut self, table: &str) -> Result<Vec<String>, DatabaseError> {
        let dialect = self.database.connection.dialect();
        let mut stored = self.database.connection.stored_triggers(table)?;
        stored.retain(|trigger| !dialect.writes_entries_of(&trigger.definition, table));
        let mut names = Vec::new();
        if stored.is_empty() {
            return Ok(names);
        }
        for name in self.known_names()? {
            let mut stored = stored.iter();
            if name != table
                && stored.any(|trigger| dialect.writes_entries_of(&trigger.definition, &name))
            {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// Names that tables have, or had when something was recorded about them.
    fn known_names(&mut self) -> Result<BTreeSet<String>, DatabaseError> {
        let mut names: BTreeSet<String> = self
            .database
            .tables()
            .application_tables()?
            .into_iter()
            .collect();
        if self.database.has_ledger()? {
            names.extend(self.logged_tables()?);
            names.extend(
                self.database
                    .ledger()
                    .runs()?
                    .iter()
                    .flat_map(RunRecord::tables),
            );
        }
        Ok(names)
    }
}

impl Writing<AuditedTables<'_>> {
    /// Drops the triggers that tables have from the time when they had other names, each table with its former name,
    /// and recreates those that implement the actions of its foreign keys. Before all tables get the triggers of their
    /// new names, or afterwards, if other programs can write in between: then a change has two entries, but never none.
    /// In the other phase nothing is done. In a schema of PostgreSQL triggers have the same names on every table, and are
    /// replaced.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn drop_triggers_of_former_names(
        &mut self,
        renamed: &[(Table, String)],
        phase: Phase,
    ) -> Result<(), DatabaseError> {
        let is_late = self.database.commits_schema_changes();
        let is_now = match phase {
            Phase::Before => !is_late,
            Phase::After => is_late,
            Phase::Only => true,
        };
        if self.database.schema().is_some() || !is_now {
            return Ok(());
        }
        self.replace_actions(renamed)?;
        for (table, before) in renamed {
            let dialect = self.database.connection.dialect();
            let writes = |stored: &StoredTrigger, name: &str| {
                dialect.writes_entries_of(&stored.definition, name)
            };
            for stored in self.database.connection.stored_triggers(&table.name)? {
                if writes(&stored, before) && !writes(&stored, &table.name) {
                    self.database
                        .connection
                        .batch_execute(&stored.drop_statement)?;
                }
            }
        }
        Ok(())
    }

    /// Recreates the triggers whose work does not depend on whether the table is recorded: for actions of foreign keys,
    /// and for numbers of rows. All are read before the first is created, because the new name of one can be the old
    /// name of another.
    fn replace_actions(&mut self, renamed: &[(Table, String)]) -> Result<(), DatabaseError> {
        let mut replaced: Vec<(Trigger, Trigger)> = Vec::new();
        for (table, before) in renamed {
            let engine = self.database.connection.engine_mut();
            replaced.extend(engine.former_cascades(&table.name, before)?);
            let dialect = self.database.connection.dialect();
            let stored = self.database.connection.stored_triggers(&table.name)?;
            let is_stored = |trigger: &Trigger| {
                let mut stored = stored.iter();
                stored.any(|one| one.name == trigger.name && one.definition == trigger.definition)
            };
            for &key in &table.primary_key {
                let column = &table.columns[key].name;
                let numbering = [before, &table.name].map(|name| dialect.numbering(name, column));
                if let [Some(old), Some(new)] = numbering
                    && is_stored(&old)
                {
                    replaced.push((old, new));
                }
            }
        }
        for (_, new) in &replaced {
            self.database.connection.engine_mut().replace_trigger(new)?;
        }
        for (old, _) in &replaced {
            if !replaced.iter().any(|(_, new)| new.name == old.name) {
                self.database.connection.batch_execute(&old.drop)?;
            }
        }
        Ok(())
    }
}
