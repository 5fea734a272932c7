//! Updates a ledger and triggers that another version of accession created.

use crate::model::Table;

use super::triggers::{StoredTrigger, fault};
use super::{Database, DatabaseError, MigrationStatus};

impl Database {
    /// Whether ledger or triggers belong to another version of accession.
    ///
    /// # Errors
    /// When the schema cannot be read, or the ledger is newer than this version.
    pub fn is_of_another_version(&mut self) -> Result<bool, DatabaseError> {
        let mut states = self.migration_states()?.into_iter();
        Ok(states.any(|state| state.status == MigrationStatus::Pending)
            || !self.guard_faults()?.is_empty()
            || !self.tables_of_another_version()?.is_empty())
    }

    /// Recreates the triggers of other versions of accession, and of tables that became partitions. Returns the names of
    /// tables into which rows can have been inserted without an entry, because a trigger did not fire for each row.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn renew_triggers(&mut self) -> Result<Vec<String>, DatabaseError> {
        let mut bypassed = Vec::new();
        for table in self.tables_of_another_version()? {
            if self.is_bypassed(&table)? {
                bypassed.push(table.name.clone());
            }
            self.connection.replace_triggers(&table)?;
        }
        Ok(bypassed)
    }

    /// Names of the tables of which [`is_bypassed`](Self::is_bypassed) is true, and whose triggers will be renewed.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn bypassed_tables(&mut self) -> Result<Vec<String>, DatabaseError> {
        let mut bypassed = Vec::new();
        for table in self.tables_of_another_version()? {
            if self.is_bypassed(&table)? {
                bypassed.push(table.name);
            }
        }
        Ok(bypassed)
    }

    /// Whether the table is a partition, and has a trigger that does not fire if rows are inserted through the table that
    /// it is a part of.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn is_bypassed(&mut self, table: &Table) -> Result<bool, DatabaseError> {
        if self.partitioned_table(&table.name)?.is_none() {
            return Ok(false);
        }
        let dialect = self.connection.dialect();
        let stored = self.connection.stored_triggers(&table.name)?;
        let wanted = self.connection.audit_triggers(table)?;
        Ok(wanted.iter().any(|wanted| {
            let mut stored = stored.iter();
            stored.any(|stored| {
                stored.name == wanted.name
                    && dialect.is_bypassed(&stored.definition, &wanted.definition)
            })
        }))
    }

    /// Tables whose triggers all belong to another version of accession, or are those of a table that became a partition
    /// since. A table with only some correct triggers has lost others, as has one with disabled triggers, and one with
    /// changed columns is a different table: in these cases the user decides whether to search for changes that were not
    /// recorded.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn tables_of_another_version(&mut self) -> Result<Vec<Table>, DatabaseError> {
        let logged = self.logged_tables()?;
        let mut tables = Vec::new();
        for name in self.application_tables()? {
            let stored = self.connection.stored_triggers(&name)?;
            // A table that was disabled can have triggers for actions of foreign keys.
            if !self.writes_own_entries(&stored, &name) {
                continue;
            }
            let table = self.defined_table(&name)?;
            let Some(table) = table.filter(|table| !table.primary_key.is_empty()) else {
                continue;
            };
            let wanted = self.connection.audit_triggers(&table)?;
            let dialect = self.connection.dialect();
            let is_overtaken = !self.triggers_that_fire_first(&name)?.is_empty()
                && wanted
                    .iter()
                    .all(|wanted| fault(&*dialect, &stored, wanted).is_none());
            let is_current = |stored: &StoredTrigger| {
                let mut wanted = wanted.iter();
                wanted.any(|wanted| wanted.definition == stored.definition)
            };
            let lost = |stored: &StoredTrigger| {
                is_current(stored) || dialect.is_switched_off(&stored.definition)
            };
            let faulty = wanted
                .iter()
                .filter(|wanted| fault(&*dialect, &stored, wanted).is_some());
            let faulty: Vec<&str> = faulty.map(|wanted| wanted.name.as_str()).collect();
            let is_partition = matches!(faulty[..], [_]) && self.is_bypassed(&table)?;
            let is_another = is_overtaken || is_partition || !stored.iter().any(lost);
            if is_another
                && self.altered(&stored, &table).is_empty()
                && self.name_before(&name, &stored, &logged)?.is_none()
            {
                tables.push(table);
            }
        }
        Ok(tables)
    }
}
