//! Selects the triggers that every command that writes recreates without a request: those that cannot have missed a
//! change, or whose missed changes are reported. In all other cases the user decides whether to search for changes that
//! were not recorded.

use std::collections::BTreeSet;

use crate::audit::Trigger;
use crate::model::Table;

use super::engine::Dialect;
use super::triggers::{StoredTrigger, fault, surplus};
use super::{Database, DatabaseError, MigrationStatus};

/// Why the triggers of a table are recreated without being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// All belong to another version of accession; they record every change.
    Version,
    /// The schema has another name than the one that they have in their text.
    RenamedSchema,
    /// The table became a partition, and rows can have been inserted through the table that it is a part of.
    Bypassed,
    /// Triggers of the application fire first.
    Overtaken,
    /// Another program renamed or copied some: a copy adds a second entry to each change.
    Renamed,
}

impl Database {
    /// Whether ledger or triggers have to be updated.
    ///
    /// # Errors
    /// When the schema cannot be read, or the ledger is newer than this version.
    pub fn needs_renewal(&mut self) -> Result<bool, DatabaseError> {
        let mut states = self.migration_states()?.into_iter();
        Ok(states.any(|state| state.status == MigrationStatus::Pending)
            || !self.guard_faults()?.is_empty()
            || !self.renewals()?.is_empty())
    }

    /// Recreates the triggers of [`renewals`](Self::renewals). Returns the names of tables into which rows can have
    /// been inserted without an entry, because a trigger did not fire for each row.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn renew_triggers(&mut self) -> Result<Vec<String>, DatabaseError> {
        let mut bypassed = Vec::new();
        for (table, renewal) in self.renewals()? {
            self.connection.replace_triggers(&table)?;
            if renewal == Renewal::Bypassed {
                bypassed.push(table.name);
            }
        }
        Ok(bypassed)
    }

    /// Those of the tables that are partitions, and have a trigger that does not fire if rows are inserted through the
    /// table that they are a part of.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn bypassed_tables<'t>(
        &mut self,
        tables: impl IntoIterator<Item = &'t Table>,
    ) -> Result<BTreeSet<String>, DatabaseError> {
        let partitions = self.partition_names()?;
        let mut bypassed = BTreeSet::new();
        for table in tables {
            if partitions.contains(&table.name) {
                let stored = self.connection.stored_triggers(&table.name)?;
                let wanted = self.connection.audit_triggers(table)?;
                if is_bypassed(&*self.connection.dialect(), &stored, &wanted) {
                    bypassed.insert(table.name.clone());
                }
            }
        }
        Ok(bypassed)
    }

    /// The tables whose triggers are recreated without being asked for.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn renewals(&mut self) -> Result<Vec<(Table, Renewal)>, DatabaseError> {
        let logged = self.logged_tables()?;
        let partitions = self.partition_names()?;
        let mut renewals = Vec::new();
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
            if self.altered(&stored, &table).is_empty()
                && self.name_before(&name, &stored, &logged)?.is_none()
                && let Some(renewal) = self.renewal(&table, &stored, partitions.contains(&name))?
            {
                renewals.push((table, renewal));
            }
        }
        Ok(renewals)
    }

    fn renewal(
        &mut self,
        table: &Table,
        stored: &[StoredTrigger],
        is_partition: bool,
    ) -> Result<Option<Renewal>, DatabaseError> {
        let dialect = self.connection.dialect();
        let fires_late = !self.triggers_that_fire_first(&table.name)?.is_empty();
        let wanted = self.connection.audit_triggers(table)?;
        // Those of partitions have hardly any text of their own.
        let audited = self.connection.audited(table)?;
        let own = dialect.audit_triggers(&audited);
        let is_current = |stored: &StoredTrigger| {
            let mut own = own.iter();
            own.any(|trigger| trigger.definition == stored.definition)
        };
        // A table with only some correct triggers has lost others, and one from another schema has rows without entries
        // here.
        let is_older = !stored.iter().any(|stored| {
            is_current(stored)
                || dialect.is_switched_off(&stored.definition)
                || dialect.is_of_another_schema(&stored.definition)
        });
        let is_bypassed = is_partition && is_bypassed(&*dialect, stored, &wanted);
        let is_moved = stored
            .iter()
            .any(|stored| dialect.names_another_schema(&stored.definition));
        let faulty = wanted
            .iter()
            .filter(|wanted| fault(&*dialect, stored, wanted).is_some());
        let faulty: Vec<&Trigger> = faulty.collect();
        let surplus: Vec<_> = surplus(&*dialect, stored, &wanted, &table.name).collect();
        let is_renamed = |wanted: &&Trigger| {
            let mut surplus = surplus.iter();
            surplus.any(|stored| dialect.is_renamed(&stored.definition, wanted))
        };
        Ok(if is_bypassed && (is_older || faulty.len() == 1) {
            Some(Renewal::Bypassed)
        } else if fires_late && (is_older || faulty.is_empty()) {
            Some(Renewal::Overtaken)
        } else if !surplus.is_empty() && faulty.iter().all(is_renamed) {
            Some(Renewal::Renamed)
        } else if is_older && is_moved {
            Some(Renewal::RenamedSchema)
        } else {
            is_older.then_some(Renewal::Version)
        })
    }
}

/// Whether one of the triggers does not fire for each row, as it should.
fn is_bypassed(dialect: &dyn Dialect, stored: &[StoredTrigger], wanted: &[Trigger]) -> bool {
    wanted.iter().any(|wanted| {
        let mut stored = stored.iter();
        stored.any(|stored| {
            stored.name == wanted.name
                && dialect.is_bypassed(&stored.definition, &wanted.definition)
        })
    })
}
