//! The triggers that keep the ledger append-only. The migrations make them; where one is missing, disabled or another, it
//! is made again from the text of its migration.

use diesel::connection::SimpleConnection as _;
use include_dir::{Dir, include_dir};

use super::triggers::{StoredTrigger, fault};
use super::{AnyConnection, Database, DatabaseError, MigrationStatus, TriggerFault};
use crate::audit::Trigger;

static MIGRATIONS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/migrations");

/// A trigger of the ledger, and the table it guards.
struct Guard {
    table: String,
    trigger: Trigger,
}

impl Database {
    /// The triggers of the ledger that are not as its migrations made them, by table and name; none if there is no
    /// ledger.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn guard_faults(&mut self) -> Result<Vec<(String, String, TriggerFault)>, DatabaseError> {
        let faults = self.connection.faulty_guards()?.into_iter();
        Ok(faults
            .map(|(guard, fault)| (guard.table, guard.trigger.name, fault))
            .collect())
    }
}

impl AnyConnection {
    /// Makes the triggers of the ledger that are missing or others.
    pub(super) fn replace_guards(&mut self) -> Result<(), DatabaseError> {
        for (guard, _) in self.faulty_guards()? {
            self.batch_execute(&format!(
                "{};\n{}",
                guard.trigger.drop, guard.trigger.create
            ))?;
        }
        Ok(())
    }

    fn faulty_guards(&mut self) -> Result<Vec<(Guard, TriggerFault)>, DatabaseError> {
        let mut faulty = Vec::new();
        if !self.sees_triggers()? {
            return Ok(faulty);
        }
        let mut stored: Vec<StoredTrigger> = Vec::new();
        let mut of = String::new();
        for guard in self.guards()? {
            if of != guard.table {
                stored = self.stored_triggers(&guard.table)?;
                of.clone_from(&guard.table);
            }
            if let Some(fault) = fault(&stored, &guard.trigger) {
                faulty.push((guard, fault));
            }
        }
        Ok(faulty)
    }

    /// The guards of the migrations that were applied.
    fn guards(&mut self) -> Result<Vec<Guard>, DatabaseError> {
        let (folder, read): (_, fn(&str) -> Vec<Guard>) = match self {
            Self::Sqlite(_) => ("sqlite", sqlite),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => ("postgres", postgres),
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => ("mysql", mysql),
        };
        let states = self.migration_states()?.into_iter();
        let applied = states.filter(|state| state.status == MigrationStatus::Applied);
        let text = |name: String| {
            let file = MIGRATIONS.get_file(format!("{folder}/{name}/up.sql"));
            file.and_then(|file| file.contents_utf8())
                .expect("a migration has its text")
        };
        Ok(applied.flat_map(|state| read(text(state.name))).collect())
    }
}

/// A statement `CREATE TRIGGER name time events ON table …`.
#[cfg_attr(
    not(feature = "servers"),
    expect(dead_code, reason = "SQLite keeps the whole text")
)]
struct Statement<'t> {
    name: &'t str,
    /// `BEFORE UPDATE OR DELETE`.
    when: &'t str,
    table: &'t str,
    /// What follows the table.
    rest: &'t str,
    /// All of it, without the semicolon at its end.
    text: &'t str,
}

/// Statements end where a line does.
fn statements(migration: &str) -> impl Iterator<Item = Statement<'_>> {
    const CREATE: &str = "CREATE TRIGGER ";
    migration
        .split_inclusive(";\n")
        .filter_map(|lines| lines.find(CREATE).map(|at| lines[at..].trim_end()))
        .filter_map(|lines| {
            let text = lines.strip_suffix(';')?;
            let (name, rest) = text.strip_prefix(CREATE)?.split_once(' ')?;
            let (when, rest) = rest.split_once(" ON ")?;
            let (table, rest) = rest.split_once(char::is_whitespace)?;
            Some(Statement {
                name,
                when,
                table,
                rest: rest.trim_start(),
                text,
            })
        })
}

impl Statement<'_> {
    fn guard(&self, drop: String, create: String, definition: String) -> Guard {
        Guard {
            table: self.table.to_owned(),
            trigger: Trigger {
                name: self.name.to_owned(),
                create,
                drop,
                definition,
            },
        }
    }
}

/// SQLite keeps the statement.
fn sqlite(migration: &str) -> Vec<Guard> {
    let guard = |one: Statement<'_>| {
        let drop = format!("DROP TRIGGER IF EXISTS {}", one.name);
        one.guard(drop, one.text.to_owned(), one.text.to_owned())
    };
    statements(migration).map(guard).collect()
}

/// MySQL keeps what follows FOR EACH ROW.
#[cfg(feature = "mysql")]
fn mysql(migration: &str) -> Vec<Guard> {
    let guard = |one: Statement<'_>| {
        let drop = format!("DROP TRIGGER IF EXISTS {}", one.name);
        let body = one.rest.strip_prefix("FOR EACH ROW ").unwrap_or(one.rest);
        let definition = format!("{} {body}", one.when);
        one.guard(drop, one.text.to_owned(), definition)
    };
    statements(migration).map(guard).collect()
}

/// PostgreSQL keeps bits (`src/include/catalog/pg_trigger.h`) and the function, which all guards have in common.
#[cfg(feature = "postgres")]
fn postgres(migration: &str) -> Vec<Guard> {
    const FUNCTION: &str = "CREATE FUNCTION accession_refuse()";
    let first = MIGRATIONS.get_file("postgres/accession-0001_ledger/up.sql");
    let first = first.and_then(|file| file.contents_utf8());
    let function = first.and_then(|text| text.split_once(FUNCTION));
    let (_, function) = function.expect("the first migration has the function");
    let mut parts = function.splitn(3, "$$");
    let (head, body) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let guard = |one: Statement<'_>| {
        let bits = [
            ("FOR EACH ROW", 1),
            ("BEFORE", 2),
            ("DELETE", 8),
            ("UPDATE", 16),
            ("TRUNCATE", 32),
        ];
        let said = |word: &str| one.when.contains(word) || one.rest.contains(word);
        let kind: u8 = bits
            .iter()
            .filter(|(word, _)| said(word))
            .map(|bit| bit.1)
            .sum();
        let condition = if one.rest.contains(" WHEN ") {
            "t"
        } else {
            "f"
        };
        let definition = format!("A {kind} {condition} f search_path=pg_catalog, pg_temp {body}");
        let drop = format!("DROP TRIGGER IF EXISTS {} ON {}", one.name, one.table);
        let create = format!(
            "CREATE OR REPLACE FUNCTION accession_refuse(){head}$${body}$$;\n{};\n\
             ALTER TABLE {} ENABLE ALWAYS TRIGGER {}",
            one.text, one.table, one.name
        );
        one.guard(drop, create, definition)
    };
    statements(migration).map(guard).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trigger_of_the_migrations_is_a_guard() {
        type Read = fn(&str) -> Vec<Guard>;
        let folders: &[(&str, Read)] = &[
            ("sqlite", sqlite),
            #[cfg(feature = "postgres")]
            ("postgres", postgres),
            #[cfg(feature = "mysql")]
            ("mysql", mysql),
        ];
        for &(folder, read) in folders {
            let files = MIGRATIONS.get_dir(folder).expect("there").dirs();
            let texts = files.filter_map(|dir| {
                let file = dir.get_file(dir.path().join("up.sql"))?;
                file.contents_utf8()
            });
            let (mut made, mut guards) = (0, 0);
            for text in texts {
                made += text.matches("CREATE TRIGGER ").count();
                guards += read(text).len();
            }
            assert_eq!(made, guards, "{folder}");
            assert!(guards >= 5, "{folder}");
        }
    }
}
