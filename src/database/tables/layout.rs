//! The layout's tables and their triggers: creates missing ones, and locks them while a run writes.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

use crate::database::ledger::tables::row_sources;
use crate::database::select::MaxKey;
use crate::database::{DatabaseError, Writing};
use crate::layout::Layout;
use crate::model::{PerTable, Table, TableDigest};
use crate::plan::TableCounts;

use super::Tables;
use super::target::TargetTables;

impl Writing<Tables<'_>> {
    /// Creates missing tables with their indexes, and missing or outdated audit triggers, except on tables that are
    /// `disabled`.
    ///
    /// # Errors
    /// When a statement fails.
    pub fn prepare_tables(
        &mut self,
        layout: &Layout,
        target: &TargetTables,
        disabled: &BTreeSet<String>,
    ) -> Result<(), DatabaseError> {
        let dialect = self.database.connection.dialect();
        let mut made = Vec::new();
        for (table, found) in layout.tables.iter().zip(&target.tables) {
            let making = |error| DatabaseError::of_table(&table.table.name, error);
            if !found.existed {
                let statement = dialect.create_table(&table.table);
                self.database
                    .connection
                    .make_table(&statement)
                    .map_err(making)?;
            }
            if found.is_incomplete {
                for statement in self.missing_indexes(&table.table)? {
                    self.database
                        .connection
                        .make_table(&statement)
                        .map_err(making)?;
                }
                made.push(&table.table);
            }
            if !disabled.contains(&table.table.name) {
                self.database.connection.replace_triggers(&table.table)?;
            }
            if let Some(key) = table.table.generated_key() {
                let name = &table.table.name;
                let numbering = dialect.numbering(name, &table.table.columns[key].name);
                self.database.connection.replace_missing(name, numbering)?;
            }
        }
        // Triggers on the parents of a table: all tables must exist.
        for table in made {
            for (parent, trigger) in dialect.cascades(table) {
                self.database
                    .connection
                    .replace_missing(parent, [trigger])?;
            }
            if let Some(statement) = dialect.complete_table(table) {
                self.database.connection.batch_execute(&statement)?;
            }
        }
        for (_, trigger) in self.database.audited_tables().missing_cascades(layout)? {
            let engine = self.database.connection.engine_mut();
            engine.replace_trigger(&trigger)?;
        }
        Ok(())
    }
}

impl Tables<'_> {
    /// The statements that create the indexes of a table that it lacks.
    fn missing_indexes(&mut self, table: &Table) -> Result<Vec<String>, DatabaseError> {
        let existing = self
            .database
            .connection
            .engine_mut()
            .named_indexes(&table.name)?;
        let mut statements = self.database.connection.dialect().create_indexes(table);
        statements.retain(|one| !existing.iter().any(|index| one.contains(index)));
        Ok(statements)
    }

    /// How many of the indexes and triggers of foreign keys that an import creates with a table are missing, with the
    /// statement after which the next import creates them. `None` if nothing is missing, or a table is never created in
    /// part.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn half_made_table(
        &mut self,
        table: &Table,
    ) -> Result<Option<(usize, String)>, DatabaseError> {
        let dialect = self.database.connection.dialect();
        let Some(mark) = dialect.mark_incomplete(table) else {
            return Ok(None);
        };
        let mut missing = self.missing_indexes(table)?.len();
        for (parent, trigger) in dialect.cascades(table) {
            let stored = self.database.connection.stored_triggers(parent)?;
            missing += usize::from(!stored.iter().any(|stored| stored.name == trigger.name));
        }
        Ok((missing > 0).then_some((missing, mark)))
    }

    /// The tables of a layout that do not exist, not as views either.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn missing_tables<'l>(
        &mut self,
        layout: &'l Layout,
    ) -> Result<Vec<&'l str>, DatabaseError> {
        let mut missing = Vec::new();
        for table in &layout.tables {
            let name = table.table.name.as_str();
            if self.database.connection.stored_columns(name)?.is_empty() {
                missing.push(name);
            }
        }
        Ok(missing)
    }

    /// Whether runs imported rows into a table.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn has_row_sources(&mut self, table: &str) -> Result<bool, DatabaseError> {
        let found: Option<i64> = row_sources::table
            .filter(row_sources::table_name.eq(table))
            .select(row_sources::source_file_id)
            .first(&mut self.database.connection)
            .optional()?;
        Ok(found.is_some())
    }
}

impl Writing<Tables<'_>> {
    /// Keeps other programs from changing the layout's tables, and from generating numbers for their rows, until the
    /// transaction ends.
    ///
    /// # Errors
    /// When another program holds one of them for too long.
    pub fn lock_tables(&mut self, layout: &Layout) -> Result<(), DatabaseError> {
        let mut held = Vec::new();
        let mut numbered = Vec::new();
        for table in &layout.tables {
            let name = table.table.name.as_str();
            if self.database.connection.has_table(name)? {
                held.push(name);
                let key = table.table.generated_key();
                numbered.extend(key.map(|key| (name, table.table.columns[key].name.as_str())));
            }
        }
        let engine = self.database.connection.engine_mut();
        Ok(engine.lock_numbered_tables(&held, &numbered)?)
    }

    /// Keeps other programs from changing these tables until the transaction ends, where reading a row does not.
    ///
    /// # Errors
    /// When another program holds one of them for too long.
    pub fn lock_tables_of_application(&mut self, names: &[String]) -> Result<(), DatabaseError> {
        let mut held = Vec::new();
        for name in names {
            if self.database.connection.has_table(name)? {
                held.push(name.as_str());
            }
        }
        Ok(self.database.connection.engine_mut().lock_tables(&held)?)
    }

    /// Advances sequences past the numbers that this run gave to new rows.
    pub(in crate::database) fn advance_sequences(
        &mut self,
        layout: &Layout,
        planned: &PerTable<(TableCounts, TableDigest)>,
    ) -> Result<(), DatabaseError> {
        for (table, (counts, _)) in layout.tables.iter().zip(planned) {
            let table = &table.table;
            let Some(key) = table.generated_key().filter(|_| counts.inserted > 0) else {
                continue;
            };
            let column = table.columns[key].name.as_str();
            let max = MaxKey {
                table: &table.name,
                column,
            };
            let last: Option<i64> = max.get_result(&mut self.database.connection)?;
            let engine = self.database.connection.engine_mut();
            engine.advance_sequence(&table.name, column, last.unwrap_or(1))?;
        }
        Ok(())
    }
}
