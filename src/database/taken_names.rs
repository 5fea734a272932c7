//! Detects tables of an application that have the name of a table of the ledger.

use std::collections::BTreeSet;

use super::guards::MIGRATIONS;
use super::{AnyConnection, DatabaseError, MigrationState, MigrationStatus};

/// A table that a migration creates.
#[derive(Debug, PartialEq, Eq)]
struct Created<'t> {
    name: &'t str,
    columns: Vec<&'t str>,
}

impl AnyConnection {
    /// Rejects migrations that create tables whose names an application uses. A table with all columns of the ledger's
    /// table was left by an interrupted migration, on a database that commits each table.
    ///
    /// # Errors
    /// [`DatabaseError::NamesTaken`].
    pub(super) fn ensure_names_are_free(
        &mut self,
        states: &[MigrationState],
    ) -> Result<(), DatabaseError> {
        let folder = self.engine().name();
        let (mut ours, mut taken) = (BTreeSet::new(), Vec::new());
        for state in states {
            let file = MIGRATIONS.get_file(format!("{folder}/{}/up.sql", state.name));
            let text = file
                .and_then(|file| file.contents_utf8())
                .unwrap_or_default();
            for created in created_tables(text) {
                // A later migration may create a table of an earlier one again.
                if !ours.insert(created.name) || state.status == MigrationStatus::Applied {
                    continue;
                }
                let stored = self.stored_columns(created.name)?;
                let is_there = |column: &&str| stored.iter().any(|stored| stored.name == **column);
                if !stored.is_empty() && !created.columns.iter().all(is_there) {
                    taken.push(created.name.to_owned());
                }
            }
        }
        match taken.is_empty() {
            true => Ok(()),
            false => Err(DatabaseError::NamesTaken(taken)),
        }
    }
}

fn created_tables(migration: &str) -> impl Iterator<Item = Created<'_>> {
    const CLAUSES: [&str; 7] = [
        "PRIMARY",
        "FOREIGN",
        "INDEX",
        "CHECK",
        "UNIQUE",
        "CONSTRAINT",
        "--",
    ];
    migration
        .split("\nCREATE TABLE ")
        .skip(1)
        .filter_map(|text| {
            let text = text.strip_prefix("IF NOT EXISTS ").unwrap_or(text);
            let (name, text) = text.split_once(" (\n")?;
            let (body, _) = text.split_once("\n)")?;
            let first = |line: &'_ str| {
                line.strip_prefix("    ")?
                    .split_whitespace()
                    .next()
                    .map(str::len)
            };
            let column = |line| -> Option<&str> {
                let word = &line[4..4 + first(line)?];
                (!CLAUSES.contains(&word)).then(|| word.trim_matches(['`', '"', ',']))
            };
            Some(Created {
                name,
                columns: body.lines().filter_map(column).collect(),
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_of_each_migration_is_found_with_its_columns() {
        let mut found = 0;
        for folder in ["sqlite", "postgres", "mysql"] {
            let migrations = MIGRATIONS.get_dir(folder).expect("a folder").dirs();
            for file in migrations.filter_map(|dir| dir.get_file(dir.path().join("up.sql"))) {
                let text = file.contents_utf8().expect("a text");
                let created: Vec<_> = created_tables(text).collect();
                let expected = text
                    .lines()
                    .filter(|line| line.starts_with("CREATE TABLE "));
                assert_eq!(created.len(), expected.count(), "{:?}", file.path());
                for table in created {
                    assert!(!table.columns.is_empty(), "{table:?}");
                    let is_name =
                        |c: &&str| c.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_'));
                    assert!(table.columns.iter().all(is_name), "{table:?}");
                    found += 1;
                }
            }
        }
        assert!(found > 20);
    }
}
