//! Compares the tables of the ledger with those that the applied migrations create: another program may have dropped or
//! altered one.
//!
//! A command stops before it reads or writes a ledger without one of its tables, because their data can only be
//! restored. A table that holds no data between statements is created again by every command that writes, like the
//! triggers of the ledger ([`guards`](super::guards)).

use std::collections::BTreeMap;

use diesel::QueryResult;

use super::created_tables::{CreatedTable, created_tables};
use super::engine::{append_key, drop_table};
use super::guards::migration;
use super::{AnyConnection, DatabaseError, MigrationStatus, ReadTransaction, ReferringKey};

/// Tables that hold no data: one is always empty, and the rows of the others have a meaning only while a run or a
/// statement writes.
const WITHOUT_DATA: [&str; 3] = ["audit_context", "audit_log_guard", "audit_replaced"];

/// Whether a table of the ledger holds no data, so that it can be created again.
pub(super) fn holds_no_data(table: &str) -> bool {
    WITHOUT_DATA.contains(&table)
}

/// Statements that create a table without data again.
fn created_again(table: &CreatedTable<'_>) -> String {
    let drop = drop_table(table.name);
    format!("{drop};\n{}", table.statements.join(";\n"))
}

const RUNS: &str = "import_runs";
const VERSIONS: &str = "__diesel_schema_migrations";

/// A table of the ledger that differs from the one that its migration creates.
pub(super) struct AlteredLedgerTable {
    /// Its name.
    pub(super) table: &'static str,
    /// The columns that are missing; none if the table itself is.
    pub(super) columns: Vec<&'static str>,
    /// Statements that create it again.
    pub(super) create: String,
}

/// A foreign key of the ledger that is missing.
pub(super) struct LostKey {
    /// The table that it belongs to.
    pub(super) table: &'static str,
    /// Its table and column, for messages.
    pub(super) name: String,
    /// Statements that create it; with its table, if that holds no data.
    pub(super) create: String,
}

impl AlteredLedgerTable {
    fn error(&self) -> DatabaseError {
        match self.columns.first() {
            None => DatabaseError::NoLedgerTable(self.table),
            Some(column) => DatabaseError::NoLedgerColumn {
                table: self.table,
                column,
            },
        }
    }
}

/// The consequence of the loss of a table of the ledger.
#[must_use]
pub fn loss_of(table: &str) -> &'static str {
    match table {
        "__diesel_schema_migrations" => "it is unknown which migrations were applied",
        "audit_context" | "audit_log" | "audit_replaced" => "changes of recorded tables fail",
        "audit_log_guard" => "TRUNCATE can empty `audit_log`",
        "audit_seal_blocks" | "audit_seals" => "entries cannot be compared with their seals",
        "conversions" => "converted values cannot be traced to the files",
        "import_runs" => "the runs, with their actors and sources, are lost",
        "rejects" => "rejected records are not known",
        "row_sources" => "records of files cannot be matched with rows",
        "row_sources_replaced" => "runs that removed records cannot be reverted",
        "source_files" => "the files that were imported are not known",
        _ => "the ledger is incomplete",
    }
}

/// The message about a table of the ledger that another program removed.
pub(super) fn lost_table(table: &str) -> String {
    let loss = loss_of(table);
    format!(
        "the ledger has no table `{table}`: it was dropped, renamed, moved to another schema, or replaced by a view, and {loss}"
    )
}

/// The message about a column that another program removed.
pub(super) fn lost_column(table: &str, column: &str) -> String {
    let loss = loss_of(table);
    format!(
        "table `{table}` of the ledger has no column `{column}`: it was dropped or renamed, and {loss}"
    )
}

impl ReadTransaction {
    /// Whether this database has the ledger's tables.
    ///
    /// # Errors
    /// When the schema cannot be read, or another program removed a table or a column of the ledger from it
    /// ([`DatabaseError::is_of_damaged_schema`]).
    pub fn has_ledger(&mut self) -> Result<bool, DatabaseError> {
        let mut found = self.connection.find_ledger(self.is_whole);
        if matches!(&found, Err(error) if error.is_of_damaged_schema()) {
            // Another session may have committed the tables between two queries; the next ones see all of them.
            found = self.connection.find_ledger(self.is_whole);
        }
        let found = found.map_err(|error| match error {
            DatabaseError::Statement(error) => self.explain(error),
            other => other,
        })?;
        // Not compared again in this session: each query of a command would take a dozen more.
        self.is_whole |= found;
        Ok(found)
    }

    /// Those of the named tables that belong to the ledger.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn only_ledger_tables(&mut self, names: &[String]) -> Result<Vec<String>, DatabaseError> {
        let tables = self.connection.ledger_tables()?;
        let is_of_ledger = |name: &&String| *name == VERSIONS || tables.contains_key(name.as_str());
        Ok(names.iter().filter(is_of_ledger).cloned().collect())
    }
}

fn missing_columns(table: &CreatedTable<'static>, stored: &[String]) -> Vec<&'static str> {
    let is_stored = |column: &&str| {
        let mut stored = stored.iter();
        stored.any(|stored| stored.eq_ignore_ascii_case(column))
    };
    let columns = table.columns.iter().copied();
    columns.filter(|column| !is_stored(column)).collect()
}

impl AnyConnection {
    fn find_ledger(&mut self, is_whole: bool) -> Result<bool, DatabaseError> {
        if !self.has_table(RUNS)? {
            let was_made = !self.applied_versions()?.is_empty();
            let is_hidden = was_made && self.hides_ledger()?;
            return match was_made && !is_hidden {
                true => Err(DatabaseError::NoLedgerTable(RUNS)),
                false => Ok(false),
            };
        }
        if is_whole {
            return Ok(true);
        }
        if self.applied_versions()?.is_empty() {
            // Where schema changes commit, tables appear one by one while another session creates them; they are
            // complete when the migration is recorded. Elsewhere, an application can have tables of these names.
            let is_lost = !self.engine().commits_schema_changes() && self.has_main_tables()?;
            return match is_lost {
                true => Err(DatabaseError::NoLedgerTable(VERSIONS)),
                false => Ok(false),
            };
        }
        if let Some(name) = self.deleted_row()? {
            return Err(DatabaseError::NoMigrationRow(name));
        }
        match self
            .altered_ledger_tables(|table| !holds_no_data(table))?
            .first()
        {
            Some(table) => Err(table.error()),
            None => Ok(true),
        }
    }

    /// Whether the account lacks the rights to know whether there is a ledger.
    pub(super) fn hides_ledger(&mut self) -> QueryResult<bool> {
        self.engine_mut().is_hidden(RUNS, &["id"])
    }

    /// A migration whose row is missing although it was applied: a later one was, or its tables are there.
    fn deleted_row(&mut self) -> Result<Option<String>, DatabaseError> {
        let mut states = self.migration_states()?.into_iter();
        let Some(pending) = states.find(|state| state.status == MigrationStatus::Pending) else {
            return Ok(None);
        };
        let mut is_applied = states.any(|later| later.status == MigrationStatus::Applied);
        // Where schema changes commit, a migration that was interrupted has left its tables, and goes on.
        if !is_applied && !self.engine().commits_schema_changes() {
            let text = migration(self.engine().name(), &pending.name);
            // Those without data are created again.
            for table in created_tables(text).filter(|table| !holds_no_data(table.name)) {
                is_applied = self.has_columns(&table)?;
                if !is_applied {
                    break;
                }
            }
        }
        Ok(is_applied.then_some(pending.name))
    }

    /// Whether the tables of runs and entries have the columns that the first migration creates.
    fn has_main_tables(&mut self) -> Result<bool, DatabaseError> {
        let folder = self.engine().name();
        let states = self.migration_states()?;
        let text = states.first().map(|first| migration(folder, &first.name));
        for table in text.into_iter().flat_map(created_tables) {
            let is_main = table.name == RUNS || table.name == "audit_log";
            if is_main && !self.has_columns(&table)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn has_columns(&mut self, table: &CreatedTable<'static>) -> Result<bool, DatabaseError> {
        let stored = self.stored_columns(table.name)?.into_iter();
        let stored: Vec<String> = stored.map(|column| column.name).collect();
        Ok(missing_columns(table, &stored).is_empty())
    }

    /// Those of the `wanted` tables of the ledger that another program dropped, or dropped or renamed columns of.
    pub(super) fn altered_ledger_tables(
        &mut self,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<AlteredLedgerTable>, DatabaseError> {
        let mut altered = Vec::new();
        let mut tables = self.ledger_tables()?;
        tables.retain(|name, _| wanted(name));
        let names: Vec<&str> = tables.keys().copied().collect();
        let stored = self.columns_of_tables(&names)?;
        for (name, table) in tables {
            let mut columns = match stored.get(name) {
                Some(stored) => missing_columns(&table, stored),
                None => table.columns.clone(),
            };
            if columns.is_empty() || self.engine_mut().is_hidden(name, &table.columns)? {
                continue;
            }
            if columns.len() == table.columns.len() {
                columns.clear();
            }
            altered.push(AlteredLedgerTable {
                table: name,
                columns,
                create: created_again(&table),
            });
        }
        Ok(altered)
    }

    /// The foreign keys of the ledger that are missing, where they protect tables from TRUNCATE.
    pub(super) fn lost_ledger_keys(&mut self) -> Result<Vec<LostKey>, DatabaseError> {
        let mut lost = Vec::new();
        if !self.engine().guards_by_foreign_keys() {
            return Ok(lost);
        }
        let mut stored: BTreeMap<&str, Vec<ReferringKey>> = BTreeMap::new();
        for (name, table) in self.ledger_tables()? {
            // A missing table is reported itself.
            if table.foreign_keys.is_empty() || !self.has_table(name)? {
                continue;
            }
            for key in &table.foreign_keys {
                if !stored.contains_key(key.parent) {
                    stored.insert(key.parent, self.keys_that_refer_to(key.parent)?);
                }
                let is_stored = stored[key.parent].iter().any(|stored| {
                    let mut columns = stored.columns.iter();
                    stored.table.eq_ignore_ascii_case(name)
                        && columns.any(|column| column.eq_ignore_ascii_case(key.column))
                });
                if !is_stored {
                    let create = match holds_no_data(name) {
                        true => created_again(&table),
                        false => append_key(name, key.clause),
                    };
                    lost.push(LostKey {
                        table: name,
                        name: format!("{}.{}", name, key.column),
                        create,
                    });
                }
            }
        }
        Ok(lost)
    }

    /// The tables of the applied migrations, by name.
    pub(super) fn ledger_tables(
        &mut self,
    ) -> Result<BTreeMap<&'static str, CreatedTable<'static>>, DatabaseError> {
        let states = self.migration_states()?.into_iter();
        let applied = states.filter(|state| state.status == MigrationStatus::Applied);
        let folder = self.engine().name();
        // A later migration may create a table of an earlier one again.
        let tables = applied.flat_map(|state| created_tables(migration(folder, &state.name)));
        Ok(tables.map(|table| (table.name, table)).collect())
    }
}
