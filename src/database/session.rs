//! An open database and its transactions.

use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager as _};
use diesel::result::Error as DieselError;

use super::sqlite::{Mode, WalKeeper, open};
use super::{AnyConnection, DatabaseError, MigrationState};

/// An open database.
pub struct Database {
    pub(super) connection: AnyConnection,
    path: PathBuf,
    wait: Duration,
    /// Fields are dropped in their order: after the connection.
    _keeper: Option<WalKeeper>,
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
    /// Opens an existing file. Waits at most `wait` for the locks of other programs.
    ///
    /// # Errors
    /// When there is no such file or it is no database.
    pub fn open(path: &Path, access: Access, wait: Duration) -> Result<Self, DatabaseError> {
        let mode = match access {
            Access::Read => Mode::Read,
            Access::Write => Mode::Write,
            Access::Build => Mode::Build,
        };
        let connection = AnyConnection::Sqlite(open(path, mode, wait)?);
        let keeper = match access {
            Access::Read => WalKeeper::hold(path, wait)?,
            Access::Write | Access::Build => None,
        };
        Ok(Self {
            connection,
            path: path.to_owned(),
            wait,
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
        let AnyConnection::Sqlite(connection) = &mut self.connection;
        let begun = AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE");
        begun.map_err(|error| self.explain(error))?;
        match work(self) {
            Ok(done) => {
                let AnyConnection::Sqlite(connection) = &mut self.connection;
                let committed = AnsiTransactionManager::commit_transaction(connection);
                committed.map_err(|error| self.explain(error))?;
                Ok(done)
            }
            Err(error) => {
                let AnyConnection::Sqlite(connection) = &mut self.connection;
                // SQLite may have rolled back by itself (disk full); the first error is the one to tell.
                let _ = AnsiTransactionManager::rollback_transaction(connection);
                Err(error)
            }
        }
    }

    /// Runs `work` on one consistent state of the database, writing nothing.
    ///
    /// # Errors
    /// Those of `work`, and when the database cannot be read.
    pub fn snapshot<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let AnyConnection::Sqlite(connection) = &mut self.connection;
        let begun = AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN");
        begun.map_err(|error| self.explain(error))?;
        let done = work(self);
        let AnyConnection::Sqlite(connection) = &mut self.connection;
        let _ = AnsiTransactionManager::rollback_transaction(connection);
        done
    }

    /// Puts SQLite's commonest refusals into plain words.
    pub(super) fn explain(&self, error: DieselError) -> DatabaseError {
        let text = match &error {
            DieselError::DatabaseError(_, information) => information.message().to_owned(),
            _ => String::new(),
        };
        if text.contains("is locked") {
            DatabaseError::Busy {
                path: self.path.clone(),
                waited: self.wait,
            }
        } else if text.contains("readonly database") {
            DatabaseError::ReadOnly(self.path.clone())
        } else if text.contains("not a database") {
            DatabaseError::NotSqlite(self.path.clone())
        } else {
            DatabaseError::from(error)
        }
    }

    /// Runs the ledger's pending migrations and gives their names; inside a transaction they are part of it.
    ///
    /// # Errors
    /// When one fails, or the ledger is newer than this program.
    pub fn migrate(&mut self) -> Result<Vec<String>, DatabaseError> {
        self.connection.migrate_up()
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

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}
