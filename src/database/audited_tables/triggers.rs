//! The audit triggers of a database: updates them, and drops them with the audit log that they write to.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::audit::{AuditedColumn, AuditedTable, Firing, Trigger};
use crate::database::engine::{Dialect, StoredTrigger, TRIGGERS};
use crate::database::{AnyConnection, DatabaseError, TriggerFault, Writing};
use crate::model::Table;

use super::AuditedTables;

#[derive(QueryableByName)]
struct DroppedTrigger {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    statement: String,
}

impl AnyConnection {
    /// Creates the missing or different audit triggers of a table, and drops others that record its changes, too.
    pub(in crate::database) fn replace_triggers(
        &mut self,
        table: &Table,
    ) -> Result<(), DatabaseError> {
        self.require_own_triggers(table)?;
        let audited = self.audited(table)?;
        if audited.key.is_empty() {
            return Ok(());
        }
        let unrecorded = self.engine_mut().unrecorded_partitions(&audited)?;
        self.replace_triggers_except(&audited, &unrecorded)
    }

    /// The same, also on partitions whose rows have no entries yet.
    pub(in crate::database) fn replace_all_triggers(
        &mut self,
        table: &Table,
    ) -> Result<(), DatabaseError> {
        let audited = self.audited(table)?;
        self.replace_triggers_except(&audited, &[])
    }

    fn replace_triggers_except(
        &mut self,
        table: &AuditedTable,
        omitted: &[String],
    ) -> Result<(), DatabaseError> {
        let triggers = self.triggers_of(table)?;
        if triggers.is_empty() {
            return Ok(());
        }
        let stored = self.stored_triggers(&table.name)?;
        let dialect = self.dialect();
        let made = triggers
            .iter()
            .filter(|trigger| !omitted.contains(&trigger.name));
        self.replace_missing(&table.name, made.cloned())?;
        // In this order: a change with two entries is found, and one without is not.
        for trigger in surplus(&*dialect, &stored, &triggers, &table.name) {
            self.batch_execute(&trigger.drop_statement)?;
        }
        Ok(())
    }

    /// Creates those of these triggers that are missing or different.
    pub(in crate::database) fn replace_missing(
        &mut self,
        table: &str,
        triggers: impl IntoIterator<Item = Trigger>,
    ) -> Result<(), DatabaseError> {
        let stored = self.stored_triggers(table)?;
        let triggers: Vec<Trigger> = triggers.into_iter().collect();
        let engine = self.engine_mut();
        if !triggers.is_empty() && engine.replace_triggers_of(table, &stored, &triggers)? {
            return Ok(());
        }
        let dialect = self.dialect();
        for trigger in triggers {
            if fault(&*dialect, &stored, &trigger).is_some() {
                self.engine_mut().replace_trigger(&trigger)?;
            }
        }
        Ok(())
    }

    /// The faulty audit triggers of a table.
    pub(in crate::database) fn trigger_faults(
        &mut self,
        table: &Table,
    ) -> Result<Vec<(String, TriggerFault)>, DatabaseError> {
        let stored = self.stored_triggers(&table.name)?;
        self.faults_among(&stored, table)
    }

    /// The faulty ones among the stored audit triggers of a table, and those that it lacks.
    pub(in crate::database) fn faults_among(
        &mut self,
        stored: &[StoredTrigger],
        table: &Table,
    ) -> Result<Vec<(String, TriggerFault)>, DatabaseError> {
        let triggers = self.audit_triggers(table)?;
        let dialect = self.dialect();
        let faults = triggers.iter().filter_map(|trigger| {
            let fault = fault(&*dialect, stored, trigger)?;
            Some((trigger.name.clone(), fault))
        });
        let mut faults: Vec<_> = faults.collect();
        let surplus = surplus(&*dialect, stored, &triggers, &table.name);
        faults.extend(surplus.map(|trigger| (trigger.name.clone(), TriggerFault::Surplus)));
        Ok(faults)
    }

    /// The audit triggers that a table should have.
    pub(in crate::database) fn audit_triggers(
        &mut self,
        table: &Table,
    ) -> Result<Vec<Trigger>, DatabaseError> {
        let audited = self.audited(table)?;
        self.triggers_of(&audited)
    }

    /// The triggers that a table would have if they fired once per statement, as far as the database supports it.
    pub(in crate::database) fn statement_triggers(
        &mut self,
        table: &Table,
    ) -> Result<Vec<Trigger>, DatabaseError> {
        let mut audited = self.audited(table)?;
        audited.firing = Firing::Statement;
        Ok(self.dialect().audit_triggers(&audited))
    }

    /// The triggers that a table itself should have, without those of its partitions; those that it should have if each
    /// of its columns were part of its key, if it has no key any more.
    pub(in crate::database) fn any_triggers(
        &mut self,
        table: &Table,
    ) -> Result<Vec<Trigger>, DatabaseError> {
        let mut audited = self.audited(table)?;
        if audited.key.is_empty() {
            audited.key = (0..audited.columns.len()).collect();
        }
        Ok(self.dialect().audit_triggers(&audited))
    }

    /// A query of all rows of a table, as the triggers write them.
    pub(in crate::database) fn select_images(
        &mut self,
        table: &Table,
    ) -> Result<String, DatabaseError> {
        let audited = self.audited(table)?;
        match audited.key.is_empty() {
            true => Err(DatabaseError::NoKey(table.name.clone())),
            false => Ok(self.dialect().select_images(&audited)),
        }
    }

    /// None for a table without a key: its rows cannot be identified.
    fn triggers_of(&mut self, audited: &AuditedTable) -> Result<Vec<Trigger>, DatabaseError> {
        if audited.key.is_empty() {
            return Ok(Vec::new());
        }
        let mut triggers = self.dialect().audit_triggers(audited);
        triggers.extend(self.engine_mut().partition_triggers(audited)?);
        Ok(triggers)
    }

    /// The table with all columns that it has in the database, so that columns outside the layout are recorded, too.
    pub(in crate::database) fn audited(
        &mut self,
        table: &Table,
    ) -> Result<AuditedTable, DatabaseError> {
        let mut audited = AuditedTable::of(table);
        let form = self.catalog().form;
        audited.columns.clear();
        for stored in self.stored_columns(&table.name)? {
            let known =
                |column: &&crate::model::Column| column.name.eq_ignore_ascii_case(&stored.name);
            let ty = table.columns.iter().find(known).map(|column| column.ty);
            let ty = ty.or_else(|| self.type_declared(&stored.declared));
            audited.columns.push(AuditedColumn {
                form: form(&stored.declared, ty),
                required: stored.required != 0,
                name: stored.name,
            });
        }
        let place = |&column: &usize| {
            let name = &table.columns[column].name;
            let mut names = audited.columns.iter();
            names.position(|stored| stored.name.eq_ignore_ascii_case(name))
        };
        audited.key = table.primary_key.iter().filter_map(place).collect();
        audited.rowid = audited.rowid.as_ref().and_then(place);
        self.engine_mut().describe_for_triggers(&mut audited)?;
        Ok(audited)
    }

    /// The audit triggers on a table.
    pub(in crate::database) fn stored_triggers(
        &mut self,
        table: &str,
    ) -> Result<Vec<StoredTrigger>, DatabaseError> {
        let ask = |own: &mut Self| Ok(own.engine_mut().stored_triggers(table)?);
        self.remembered(TRIGGERS, table, ask)
    }
}

/// Those of a table's stored triggers that record changes of the table besides the ones that it should have: earlier
/// versions made them, or another program renamed or copied one.
pub(in crate::database) fn surplus<'s>(
    dialect: &dyn Dialect,
    stored: &'s [StoredTrigger],
    wanted: &[Trigger],
    table: &str,
) -> impl Iterator<Item = &'s StoredTrigger> {
    stored.iter().filter(move |stored| {
        let mut wanted = wanted.iter();
        !wanted.any(|trigger| trigger.name == stored.name)
            && dialect.writes_entries_of(&stored.definition, table)
    })
}

/// The fault of a trigger, given those that a table has.
pub(in crate::database) fn fault(
    dialect: &dyn Dialect,
    stored: &[StoredTrigger],
    trigger: &Trigger,
) -> Option<TriggerFault> {
    match stored.iter().find(|stored| stored.name == trigger.name) {
        None => Some(TriggerFault::Missing),
        Some(stored) if dialect.is_switched_off(&stored.definition) => {
            Some(TriggerFault::SwitchedOff)
        }
        Some(stored) if stored.definition != trigger.definition => Some(TriggerFault::Different),
        Some(_) => None,
    }
}

impl AuditedTables<'_> {
    /// Whether the database shows its triggers to accession's user.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn sees_triggers(&mut self) -> Result<bool, DatabaseError> {
        self.database.connection.sees_triggers()
    }

    /// Whether one of the triggers of a table writes entries under its name.
    pub(in crate::database) fn writes_own_entries(
        &self,
        stored: &[StoredTrigger],
        table: &str,
    ) -> bool {
        let dialect = self.database.connection.dialect();
        let mut stored = stored.iter();
        stored.any(|trigger| dialect.writes_entries_of(&trigger.definition, table))
    }

    /// The audit triggers of a table instead of which another program created ones that write no entries of it, or
    /// that do not do what their text says.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn replaced_triggers(&mut self, table: &Table) -> Result<Vec<String>, DatabaseError> {
        let stored = self.database.connection.stored_triggers(&table.name)?;
        let wanted = self.database.connection.audit_triggers(table)?;
        let dialect = self.database.connection.dialect();
        let writes = |definition: &str| dialect.writes_entries_of(definition, &table.name);
        let replaced = wanted.into_iter().filter(|wanted| {
            let mut stored = stored.iter().filter(|stored| stored.name == wanted.name);
            writes(&wanted.definition)
                && stored.any(|stored| {
                    !writes(&stored.definition) || dialect.runs_otherwise(&stored.definition)
                })
        });
        Ok(replaced.map(|trigger| trigger.name).collect())
    }
}

impl Writing<AuditedTables<'_>> {
    /// Drops the audit triggers of the application's tables if there is no audit log, without which every write of the
    /// application would fail; returns their names.
    ///
    /// # Errors
    /// When the schema cannot be read or changed.
    pub fn drop_orphaned_triggers(&mut self) -> Result<Vec<String>, DatabaseError> {
        if self.database.connection.has_table("audit_log")? {
            return Ok(Vec::new());
        }
        let stored: Vec<DroppedTrigger> =
            diesel::sql_query(self.database.connection.catalog().drop_triggers)
                .load(&mut self.database.connection)?;
        for trigger in &stored {
            self.database.connection.batch_execute(&trigger.statement)?;
        }
        Ok(stored.into_iter().map(|trigger| trigger.name).collect())
    }
}
