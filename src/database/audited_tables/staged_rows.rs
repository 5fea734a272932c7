//! State that the audit triggers depend on besides their text: the order in which triggers fire, and the staged rows.

use crate::database::DatabaseError;
use crate::model::Table;

use super::AuditedTables;

impl AuditedTables<'_> {
    /// Triggers of the application that fire before those of the audit log.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn triggers_that_fire_first(&mut self, table: &str) -> Result<Vec<String>, DatabaseError> {
        Ok(self
            .database
            .connection
            .engine_mut()
            .triggers_that_fire_first(table)?)
    }

    /// Table and record of staged rows that no statement can have staged, because no such rows exist. Rows staged by
    /// ignored inserts do exist. Those of a table that was renamed, dropped or rebuilt since mean nothing.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn unexplained_staged_rows(&mut self) -> Result<Vec<(String, String)>, DatabaseError> {
        let mut found = Vec::new();
        for table in self
            .database
            .connection
            .engine_mut()
            .tables_with_staged_rows()?
        {
            let definition = self.database.tables().defined_table(&table)?;
            let is_recorded = !self.database.connection.stored_triggers(&table)?.is_empty();
            let is_recorded = |table: &Table| is_recorded && !table.primary_key.is_empty();
            let Some(definition) = definition.filter(is_recorded) else {
                continue;
            };
            let audited = self.database.connection.audited(&definition)?;
            let engine = self.database.connection.engine_mut();
            found.extend(engine.unexplained_staged_rows(&table, &audited)?);
        }
        Ok(found)
    }
}
