//! Selects the triggers that every command that writes recreates without a request: those that cannot have missed a
//! change, or whose missed changes are reported as a gap. In all other cases the user decides whether to search for
//! changes that were not recorded.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::audit::{Action, AuditedTable, Trigger, has_mark, is_of_another_structure};
use crate::database::engine::{Dialect, StoredTrigger};
use crate::database::ledger::tables::import_runs;
use crate::database::{DatabaseError, MigrationStatus, Writing};
use crate::model::Table;

use super::AuditedTables;
use super::triggers::{fault, surplus};

/// Why the triggers of a table are recreated without being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// All belong to another version of accession, and to the table as it is; they record every change.
    Version,
    /// The schema has another name than the one that they have in their text.
    RenamedSchema,
    /// The table became a partition, and rows can have been inserted through the table that it is a part of.
    Bypassed,
    /// Triggers of the application fire first.
    Overtaken,
    /// Partitions that were created since lack theirs, and were never without their rows.
    NewPartitions,
    /// Another program renamed or copied some: a copy adds a second entry to each change.
    Renamed,
    /// A column of another type refers to the table since, or none any more: foreign keys may convert old values before
    /// the triggers see them.
    Referred,
}

impl AuditedTables<'_> {
    /// Whether ledger or triggers have to be updated.
    ///
    /// # Errors
    /// When the schema cannot be read, or the ledger is newer than this version.
    pub fn needs_renewal(&mut self) -> Result<bool, DatabaseError> {
        let mut states = self.database.migration_states()?.into_iter();
        Ok(states.any(|state| state.status == MigrationStatus::Pending)
            || !self.database.guard_faults()?.is_empty()
            || !self.renewals()?.is_empty())
    }
}

impl Writing<AuditedTables<'_>> {
    /// Recreates the triggers of the tables that `renewals` lists.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn renew_triggers(&mut self, renewals: &[(Table, Renewal)]) -> Result<(), DatabaseError> {
        let mut renewals = renewals.iter();
        renewals.try_for_each(|(table, _)| self.database.connection.replace_triggers(table))
    }
}

impl AuditedTables<'_> {
    /// Those of the tables that are partitions, and have a trigger that does not fire if rows are inserted through the
    /// table that they are a part of.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn bypassed_tables<'t>(
        &mut self,
        tables: impl IntoIterator<Item = &'t Table>,
    ) -> Result<BTreeSet<String>, DatabaseError> {
        let partitions = self.database.tables().partition_names()?;
        let mut bypassed = BTreeSet::new();
        for table in tables {
            if partitions.contains(&table.name) {
                let stored = self.database.connection.stored_triggers(&table.name)?;
                let wanted = self.database.connection.audit_triggers(table)?;
                if is_bypassed(&*self.database.connection.dialect(), &stored, &wanted) {
                    bypassed.insert(table.name.clone());
                }
            }
        }
        Ok(bypassed)
    }

    /// Whether triggers of a table were made before another program altered its columns, its key or a unique index, and
    /// cannot have followed.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn has_triggers_of_another_structure(
        &mut self,
        table: &Table,
    ) -> Result<bool, DatabaseError> {
        let stored = self.database.connection.stored_triggers(&table.name)?;
        let wanted = self.database.connection.audit_triggers(table)?;
        let dialect = self.database.connection.dialect();
        let differs = |stored: &StoredTrigger| {
            let mut wanted = wanted.iter().filter(|wanted| wanted.name == stored.name);
            has_mark(&stored.definition)
                && !dialect.runs_otherwise(&stored.definition)
                && wanted.any(|wanted| wanted.definition != stored.definition)
        };
        Ok(made_for_another_structure(&stored, &wanted)
            || stored.iter().any(differs) && self.is_up_to_date()?)
    }

    /// The tables whose triggers are recreated without being asked for.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn renewals(&mut self) -> Result<Vec<(Table, Renewal)>, DatabaseError> {
        let logged = self.logged_tables()?;
        let partitions = self.database.tables().partition_names()?;
        let mut renewals = Vec::new();
        for name in self.database.tables().application_tables()? {
            let stored = self.database.connection.stored_triggers(&name)?;
            // A table that was disabled can have triggers for actions of foreign keys.
            if !self.writes_own_entries(&stored, &name) {
                continue;
            }
            let table = self.database.tables().defined_table(&name)?;
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
        let dialect = self.database.connection.dialect();
        let fires_late = !self.triggers_that_fire_first(&table.name)?.is_empty();
        let wanted = self.database.connection.audit_triggers(table)?;
        // Those of partitions have hardly any text of their own.
        let audited = self.database.connection.audited(table)?;
        let own = dialect.audit_triggers(&audited);
        let is_current = |stored: &StoredTrigger| {
            let mut own = own.iter();
            own.any(|trigger| trigger.definition == stored.definition)
        };
        // A table with only some correct triggers has lost others, and one from another schema has rows without entries
        // here. If the table was altered, they may have written other entries than they should.
        let is_marked = stored.iter().any(|stored| has_mark(&stored.definition));
        let is_ours = is_marked && self.is_up_to_date()?;
        let is_older = records_all_actions(&*dialect, stored, &table.name)
            && !is_ours
            && !made_for_another_structure(stored, &own)
            && !stored.iter().any(|stored| {
                is_current(stored)
                    || dialect.is_switched_off(&stored.definition)
                    || dialect.runs_otherwise(&stored.definition)
                    || dialect.is_of_another_schema(&stored.definition)
            });
        let is_bypassed = is_partition && is_bypassed(&*dialect, stored, &wanted);
        let is_referred = was_referred_to_differently(&*dialect, stored, &audited);
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
        } else if is_referred {
            Some(Renewal::Referred)
        } else if fires_late && (is_older || faulty.is_empty()) {
            Some(Renewal::Overtaken)
        } else if !surplus.is_empty() && faulty.iter().all(is_renamed) {
            Some(Renewal::Renamed)
        } else if surplus.is_empty() && self.are_new_partitions(table, &faulty)? {
            Some(Renewal::NewPartitions)
        } else if is_older && is_moved {
            Some(Renewal::RenamedSchema)
        } else {
            is_older.then_some(Renewal::Version)
        })
    }

    /// Whether the last run was one of this version, which leaves no triggers of another one.
    fn is_up_to_date(&mut self) -> Result<bool, DatabaseError> {
        if !self.database.connection.has_table("import_runs")? {
            return Ok(false);
        }
        let last: Option<String> = import_runs::table
            .select(import_runs::tool_version)
            .order(import_runs::id.desc())
            .first(&mut self.database.connection)
            .optional()?;
        Ok(last.is_some_and(|version| version == env!("CARGO_PKG_VERSION")))
    }

    /// Whether only triggers on partitions are faulty, of which no change can have been missed.
    fn are_new_partitions(
        &mut self,
        table: &Table,
        faulty: &[&Trigger],
    ) -> Result<bool, DatabaseError> {
        let mut names = faulty.iter().map(|trigger| &trigger.name);
        if faulty.is_empty() || !names.clone().all(|name| name.contains(" of ")) {
            return Ok(false);
        }
        let untouched = self.database.tables().untouched_partitions(table)?;
        Ok(names.all(|name| untouched.contains(name)))
    }
}

/// Whether there is a trigger for each action. One that is missing was dropped: every version creates all three.
fn records_all_actions(dialect: &dyn Dialect, stored: &[StoredTrigger], table: &str) -> bool {
    Action::ALL.into_iter().all(|action| {
        let records = |stored: &StoredTrigger| {
            let name = stored.name.to_uppercase();
            let before = name.strip_suffix(action.name());
            before.is_some_and(|before| before.ends_with([' ', '_']))
                && dialect.writes_entries_of(&stored.definition, table)
        };
        stored.iter().any(records)
    })
}

/// Whether one of the triggers was made for another structure of the table.
fn made_for_another_structure(stored: &[StoredTrigger], wanted: &[Trigger]) -> bool {
    stored.iter().any(|stored| {
        let mut wanted = wanted.iter();
        wanted.any(|wanted| is_of_another_structure(&stored.definition, &wanted.definition))
    })
}

/// Whether the triggers are those of a table to which other columns refer.
fn was_referred_to_differently(
    dialect: &dyn Dialect,
    stored: &[StoredTrigger],
    audited: &AuditedTable,
) -> bool {
    let converted = stored
        .iter()
        .flat_map(|stored| dialect.converted_columns(&stored.definition, &audited.columns));
    let converted: BTreeSet<usize> = converted.collect();
    let mut before = audited.clone();
    before.converted = converted.into_iter().collect();
    let mut triggers = dialect.audit_triggers(&before).into_iter();
    before.converted != audited.converted
        && triggers.all(|trigger| fault(dialect, stored, &trigger).is_none())
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
