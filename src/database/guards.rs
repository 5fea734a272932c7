//! What keeps the ledger append-only, and what audit triggers depend on: its tables without data, and the numbers of
//! its rows. The migrations create them; what is missing, disabled or different is recreated from the text of its
//! migration.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use include_dir::{Dir, include_dir};

use super::audited_tables::triggers::fault;
use super::engine::{StoredTrigger, guard_statements};
use super::ledger_tables::holds_no_data;
use super::tables::application::is_own;
use super::{AnyConnection, DatabaseError, MigrationStatus, ReadTransaction, TriggerFault};
use crate::audit::{TRIGGER_PREFIX, Trigger};

pub(super) static MIGRATIONS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/migrations");

/// What guards a table of the ledger.
struct Guard {
    table: String,
    name: String,
    object: Object,
}

/// What a guard is, with the statements that create it again.
enum Object {
    Trigger(Trigger),
    /// A table without data.
    Table(String),
    /// A foreign key of a table with data.
    Key(String),
    /// The numbers of the rows of a table.
    Numbers(String),
}

impl Guard {
    fn trigger(table: &str, trigger: Trigger) -> Self {
        Self {
            table: table.to_owned(),
            name: trigger.name.clone(),
            object: Object::Trigger(trigger),
        }
    }
}

impl ReadTransaction {
    /// The triggers of the ledger that differ from those of its migrations, by table and name; its foreign keys that are
    /// missing, where they protect tables; its tables without data that are missing or altered, under their own name;
    /// and the numbers of its rows. None if there is no ledger.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn guard_faults(&mut self) -> Result<Vec<(String, String, TriggerFault)>, DatabaseError> {
        let faults = self.connection.faulty_guards()?.into_iter();
        Ok(faults
            .map(|(guard, fault)| (guard.table, guard.name, fault))
            .collect())
    }

    /// The guards of the ledger that another program dropped, disabled or altered. No version of accession has others.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn lost_guards(&mut self) -> Result<Vec<String>, DatabaseError> {
        let faults = self.guard_faults()?.into_iter();
        let lost = faults.filter(|(_, _, fault)| *fault != TriggerFault::Surplus);
        Ok(lost.map(|(_, name, _)| name).collect())
    }
}

#[derive(QueryableByName)]
struct StoredRule {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    of_table: String,
}

impl ReadTransaction {
    /// Whether a table has triggers or rules of the application.
    pub(super) fn has_other_triggers(&mut self, table: &str) -> Result<bool, DatabaseError> {
        let query = diesel::sql_query(self.connection.catalog().rules);
        let rules: Vec<StoredRule> = query.load(&mut self.connection)?;
        let is_other = |rule: &StoredRule| !rule.name.starts_with(TRIGGER_PREFIX);
        Ok(rules
            .iter()
            .any(|rule| rule.of_table.eq_ignore_ascii_case(table) && is_other(rule)))
    }

    /// Triggers, rules and policies of others on tables of the ledger, by table: they can keep entries from being
    /// written, and change them.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn foreign_rules(&mut self) -> Result<BTreeMap<String, Vec<String>>, DatabaseError> {
        let mut foreign: BTreeMap<String, Vec<String>> = BTreeMap::new();
        if !self.has_ledger()? {
            return Ok(foreign);
        }
        let query = diesel::sql_query(self.connection.catalog().rules);
        let rules: Vec<StoredRule> = query.load(&mut self.connection)?;
        let guards = self.connection.guards()?;
        let is_guard = |rule: &StoredRule| {
            let mut guards = guards.iter();
            guards.any(|guard| {
                guard.name == rule.name && guard.table.eq_ignore_ascii_case(&rule.of_table)
            })
        };
        for rule in rules {
            if is_own(&rule.of_table) && !is_guard(&rule) {
                foreign.entry(rule.of_table).or_default().push(rule.name);
            }
        }
        Ok(foreign)
    }
}

impl AnyConnection {
    /// Recreates the guards of the ledger that are missing or different.
    pub(super) fn replace_guards(&mut self) -> Result<(), DatabaseError> {
        for (guard, _) in self.faulty_guards()? {
            match guard.object {
                Object::Trigger(trigger) => self.engine_mut().replace_trigger(&trigger)?,
                Object::Table(statements) => self.batch_execute(&statements)?,
                // Where it fails, and the transaction goes on, it stays reported, and commands work.
                Object::Numbers(statements) => {
                    let numbered = self.batch_execute(&statements);
                    if !self.engine().commits_schema_changes() {
                        numbered?;
                    }
                }
                // Rows that violate it were written while it was missing: it stays reported, and commands work. Only
                // engines that continue a transaction after an error have such guards.
                Object::Key(statement) => drop(self.batch_execute(&statement)),
            }
        }
        Ok(())
    }

    fn faulty_guards(&mut self) -> Result<Vec<(Guard, TriggerFault)>, DatabaseError> {
        let mut faulty = self.faulty_tables()?;
        if !self.sees_triggers()? {
            return Ok(faulty);
        }
        let mut stored: Vec<StoredTrigger> = Vec::new();
        let mut of = String::new();
        let dialect = self.dialect();
        for guard in self.guards()? {
            if of != guard.table {
                stored = self.stored_triggers(&guard.table)?;
                of.clone_from(&guard.table);
            }
            if let Object::Trigger(trigger) = &guard.object
                && let Some(fault) = fault(&*dialect, &stored, trigger)
            {
                faulty.push((guard, fault));
            }
        }
        Ok(faulty)
    }

    /// The tables without data and the foreign keys of the ledger that are missing or different.
    fn faulty_tables(&mut self) -> Result<Vec<(Guard, TriggerFault)>, DatabaseError> {
        let mut faulty = Vec::new();
        for altered in self.altered_ledger_tables(holds_no_data)? {
            let fault = match altered.columns.is_empty() {
                true => TriggerFault::Missing,
                false => TriggerFault::Different,
            };
            let guard = Guard {
                table: altered.table.to_owned(),
                name: altered.table.to_owned(),
                object: Object::Table(altered.create),
            };
            faulty.push((guard, fault));
        }
        for lost in self.lost_ledger_keys()? {
            let guard = Guard {
                table: lost.table.to_owned(),
                name: lost.name,
                object: match holds_no_data(lost.table) {
                    true => Object::Table(lost.create),
                    false => Object::Key(lost.create),
                },
            };
            faulty.push((guard, TriggerFault::Missing));
        }
        self.add_lost_numbers(&mut faulty)?;
        Ok(faulty)
    }

    /// Adds the tables of the ledger whose rows the database does not number any more: inserts fail.
    fn add_lost_numbers(
        &mut self,
        faulty: &mut Vec<(Guard, TriggerFault)>,
    ) -> Result<(), DatabaseError> {
        for (name, table) in self.ledger_tables()? {
            let Some(column) = table.numbered else {
                continue;
            };
            let stored = self.stored_columns(name)?;
            let stored = stored.iter().find(|stored| stored.name == column);
            if stored.is_some_and(|stored| stored.default_value.is_none())
                && let Some(statements) = self.dialect().number_again(name, column)
            {
                let guard = Guard {
                    table: name.to_owned(),
                    name: format!("numbering of {name}.{column}"),
                    object: Object::Numbers(statements),
                };
                faulty.push((guard, TriggerFault::Missing));
            }
        }
        Ok(())
    }

    /// The triggers of the applied migrations.
    fn guards(&mut self) -> Result<Vec<Guard>, DatabaseError> {
        let states = self.migration_states()?.into_iter();
        let applied = states.filter(|state| state.status == MigrationStatus::Applied);
        let (folder, dialect) = (self.engine().name(), self.dialect());
        let mut guards = Vec::new();
        for state in applied {
            let text = migration(folder, &state.name);
            guards.extend(
                guard_statements(text)
                    .map(|statement| Guard::trigger(statement.table, dialect.guard(&statement))),
            );
        }
        Ok(guards)
    }
}

/// The text of a migration.
pub(super) fn migration(folder: &str, name: &str) -> &'static str {
    let file = MIGRATIONS.get_file(format!("{folder}/{name}/up.sql"));
    file.and_then(|file| file.contents_utf8())
        .expect("a migration has its text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trigger_of_the_migrations_is_a_guard() {
        for folder in MIGRATIONS.dirs() {
            let files = folder.dirs().filter_map(|migration| {
                let file = migration.get_file(migration.path().join("up.sql"))?;
                file.contents_utf8()
            });
            let (mut made, mut guards) = (0, 0);
            for text in files {
                made += text.matches("CREATE TRIGGER ").count();
                guards += guard_statements(text).count();
            }
            assert_eq!(made, guards, "{}", folder.path().display());
            assert!(guards >= 5, "{}", folder.path().display());
        }
    }
}
