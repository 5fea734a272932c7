//! An open database and its transactions.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::result::Error as DieselError;

use crate::layout::Layout;

use super::sqlite::{Frozen, Mode, WalKeeper, open, open_to_read};
use super::transaction::SchemaChanges;
use super::{AnyConnection, DatabaseError, DatabaseUrl, MigrationState, MigrationStatus};

/// An open database.
pub struct Database {
    pub(super) connection: AnyConnection,
    pub(super) place: DatabaseUrl,
    pub(super) access: Access,
    pub(super) wait: Duration,
    /// Where it is read without locks.
    pub(super) frozen: Option<Frozen>,
    /// Fields are dropped in their order: after the connection.
    pub(super) _keeper: Option<WalKeeper>,
}

/// What a database is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading only.
    Read,
    /// Reading and writing.
    Write,
    /// Filling a file built aside (see [`NewDatabase`](super::NewDatabase)).
    Build,
}

impl Database {
    /// Opens an existing database. Waits at most `wait` for the locks of other programs.
    ///
    /// # Errors
    /// When there is no such database, or the server cannot be reached or refuses.
    pub fn open(
        place: &DatabaseUrl,
        access: Access,
        wait: Duration,
    ) -> Result<Self, DatabaseError> {
        let (mut frozen, mut keeper) = (None, None);
        let connection = match (place, access) {
            (DatabaseUrl::Sqlite(path), Access::Read) => {
                let (connection, without_locks) = open_to_read(path, wait)?;
                (frozen, keeper) = (without_locks, WalKeeper::hold(path, wait)?);
                AnyConnection::Sqlite(connection)
            }
            (DatabaseUrl::Sqlite(path), Access::Write) => {
                AnyConnection::Sqlite(open(path, Mode::Write, wait)?)
            }
            (DatabaseUrl::Sqlite(path), Access::Build) => {
                AnyConnection::Sqlite(open(path, Mode::Build, wait)?)
            }
            (DatabaseUrl::Server(address), _) => super::connect::connect(address)?,
        };
        Ok(Self {
            connection,
            place: place.clone(),
            access,
            wait,
            frozen,
            _keeper: keeper,
        })
    }

    /// Runs `work` in a transaction that holds the write lock from its beginning; rolls back when it fails.
    ///
    /// # Errors
    /// Those of `work`, and when the lock is not to be had in time or the commit fails.
    pub fn transaction<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let begun = self.connection.begin_write(self.wait);
        begun.map_err(|error| self.explain(error))?;
        let done = match work(self) {
            Ok(done) => done,
            Err(error) => {
                // The database may have rolled back by itself; the first error is the one to tell.
                let _ = self.connection.rollback();
                return Err(error);
            }
        };
        let committed = self.connection.commit();
        committed.map_err(|error| match self.explain(error) {
            DatabaseError::Lost(error) => DatabaseError::LostAtCommit(error),
            other => other,
        })?;
        Ok(done)
    }

    /// Runs `work`, which changes the schema, in a transaction where the database can undo such changes; on MySQL,
    /// which commits with each of them, one after another under the same lock.
    ///
    /// # Errors
    /// Those of `work`, and when the lock is not to be had in time.
    pub fn change_schema<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        match self.connection.schema_changes() {
            SchemaChanges::Undone => self.transaction(work),
            SchemaChanges::Committed => {
                let locked = self.connection.lock(self.wait);
                locked.map_err(|error| self.explain(error))?;
                let done = work(self);
                self.connection.after_transaction();
                done
            }
        }
    }

    /// Makes ledger, tables and triggers ahead of the transaction that fills them, where making them would end it.
    ///
    /// # Errors
    /// When tables that exist do not fit, or a statement fails.
    pub fn prepare(&mut self, layout: &Layout) -> Result<(), DatabaseError> {
        match self.connection.schema_changes() {
            SchemaChanges::Undone => Ok(()),
            SchemaChanges::Committed => self.mend(layout),
        }
    }

    /// Makes what is missing of ledger, tables and triggers.
    ///
    /// # Errors
    /// When tables that exist do not fit, or a statement fails.
    pub fn mend(&mut self, layout: &Layout) -> Result<(), DatabaseError> {
        self.change_schema(|database| {
            let target = database.inspect_tables(layout)?;
            database.migrate()?;
            database.prepare_tables(layout, &target)
        })
    }

    /// What is missing of ledger and triggers, by name: pending migrations, and triggers that are not there or others,
    /// but for those that were disabled on purpose. Nothing, if there is no ledger yet.
    ///
    /// # Errors
    /// When the schema cannot be read, or the ledger is newer than this program.
    pub fn missing_parts(&mut self, layout: &Layout) -> Result<Vec<String>, DatabaseError> {
        if !self.has_ledger()? {
            return Ok(Vec::new());
        }
        let states = self.migration_states()?.into_iter();
        let pending = states.filter(|state| state.status == MigrationStatus::Pending);
        let mut missing: Vec<String> = pending.map(|state| state.name).collect();
        let guards = self.guard_faults()?.into_iter();
        missing.extend(guards.map(|(_, name, _)| name));
        if !self.sees_triggers()? {
            return Ok(missing);
        }
        let mut faulty = Vec::new();
        for table in &layout.tables {
            let name = &table.table.name;
            let faults = self.trigger_faults(&table.table)?.into_iter();
            faulty.extend(faults.map(|(trigger, _)| (name, trigger)));
        }
        // What was disabled is read from all runs, so only if it matters.
        if !faulty.is_empty() {
            let disabled = self.disabled_tables()?;
            faulty.retain(|(table, _)| !disabled.contains(*table));
            missing.extend(faulty.into_iter().map(|(_, trigger)| trigger));
        }
        Ok(missing)
    }

    /// Runs `work` on one consistent state of the database, writing nothing.
    ///
    /// # Errors
    /// Those of `work`, and when the database cannot be read.
    pub fn snapshot<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let begun = self.connection.begin_read();
        begun.map_err(|error| self.explain(error))?;
        let done = work(self);
        let _ = self.connection.rollback();
        self.frozen.as_ref().map_or(Ok(()), Frozen::check)?;
        done
    }

    /// Puts SQLite's commonest refusals into plain words.
    pub(super) fn explain(&self, error: DieselError) -> DatabaseError {
        let DatabaseUrl::Sqlite(path) = &self.place else {
            return DatabaseError::from(error);
        };
        let text = match &error {
            DieselError::DatabaseError(_, information) => information.message().to_owned(),
            _ => String::new(),
        };
        if text.contains("is locked") {
            DatabaseError::Busy {
                path: path.clone(),
                waited: self.wait,
            }
        } else if text.contains("readonly database") {
            DatabaseError::ReadOnly(path.clone())
        } else if text.contains("not a database") {
            DatabaseError::NotSqlite(path.clone())
        } else {
            DatabaseError::from(error)
        }
    }

    /// Runs the ledger's pending migrations and gives their names, and makes triggers again that the ledger lost; inside
    /// a transaction both are part of it.
    ///
    /// # Errors
    /// When one fails, or the ledger is newer than this program.
    pub fn migrate(&mut self) -> Result<Vec<String>, DatabaseError> {
        let ran = self.connection.migrate_up()?;
        self.connection.replace_guards()?;
        Ok(ran)
    }

    /// Reverts the latest applied migration and gives its name; `None` if there is none.
    ///
    /// # Errors
    /// When it fails, or the ledger is newer than this program.
    pub fn migrate_down(&mut self) -> Result<Option<String>, DatabaseError> {
        self.connection.migrate_down()
    }

    /// The ledger's migrations, oldest first.
    ///
    /// # Errors
    /// When the ledger is newer than this program.
    pub fn migration_states(&mut self) -> Result<Vec<MigrationState>, DatabaseError> {
        self.connection
            .migration_states()
            .map_err(|error| match error {
                DatabaseError::Statement(error) => self.explain(error),
                other => other,
            })
    }

    /// Ends the building of a new database: from here on it is journaled like any other (WAL), and closed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn publish(mut self) -> Result<(), DatabaseError> {
        self.connection
            .batch_execute("PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL;")?;
        Ok(())
    }

    /// What it was opened for.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }

    /// The schema that holds the tables, where a database has several.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        match &self.connection {
            AnyConnection::Sqlite(_) => None,
            #[cfg(feature = "postgres")]
            AnyConnection::Postgres(connection) => Some(connection.schema()),
            #[cfg(feature = "mysql")]
            AnyConnection::Mysql(_) => None,
        }
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> &DatabaseUrl {
        &self.place
    }
}
