//! An open database and its transactions.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use diesel::connection::Connection as _;
use diesel::result::Error as DieselError;

use super::engine::embedded::{ImmutableDatabase, WalKeeper, open_file};
use super::statement_span::StatementSpans;
use crate::audit::KeyRule;

use super::{AnyConnection, DatabaseError, DatabaseUrl, MigrationState, MigrationStatus};

/// An open database.
///
/// Rows and tables are read in a [`snapshot`](Self::snapshot), and written in a [`transaction`](Self::transaction) or a
/// [change of the schema](Self::change_schema).
pub struct Database {
    pub(super) transaction: WriteTransaction,
}

/// A transaction that reads, or the part of one that writes.
pub struct ReadTransaction {
    pub(super) connection: AnyConnection,
    pub(super) place: DatabaseUrl,
    pub(super) access: Access,
    pub(super) wait: Duration,
    /// Set if the file is read without locks.
    pub(super) immutable: Option<ImmutableDatabase>,
    /// Whether the tables of the ledger were found to be those of its migrations.
    pub(super) is_whole: bool,
    /// Dropped after the connection, because fields are dropped in their order.
    pub(super) _keeper: Option<WalKeeper>,
}

/// A transaction that writes.
pub struct WriteTransaction {
    pub(super) reading: ReadTransaction,
}

impl Deref for WriteTransaction {
    type Target = ReadTransaction;

    fn deref(&self) -> &ReadTransaction {
        &self.reading
    }
}

impl DerefMut for WriteTransaction {
    fn deref_mut(&mut self) -> &mut ReadTransaction {
        &mut self.reading
    }
}

/// The purpose for which a database is opened.
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
    /// When there is no such database, or the server cannot be reached or rejects the connection.
    pub fn open(
        place: &DatabaseUrl,
        access: Access,
        wait: Duration,
    ) -> Result<Self, DatabaseError> {
        let (mut connection, immutable, keeper) = match place {
            DatabaseUrl::File(path) => {
                let file = open_file(path, access, wait)?;
                (file.connection, file.immutable, file.keeper)
            }
            DatabaseUrl::Server(address) => (super::connect::connect(address)?, None, None),
        };
        if tracing::enabled!(tracing::Level::TRACE) {
            connection.set_instrumentation(StatementSpans::default());
        }
        let reading = ReadTransaction {
            connection,
            place: place.clone(),
            access,
            wait,
            immutable,
            is_whole: false,
            _keeper: keeper,
        };
        Ok(Self {
            transaction: WriteTransaction { reading },
        })
    }

    /// Runs `work` in a transaction that holds the write lock from its beginning; rolls back when it fails.
    ///
    /// # Errors
    /// Those of `work`, and when the lock is unavailable for too long or the commit fails.
    pub fn transaction<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&mut WriteTransaction) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transaction.run(work)
    }

    /// Runs `work` on one consistent state of the database, writing nothing.
    ///
    /// # Errors
    /// Those of `work`, and when the database cannot be read.
    pub fn snapshot<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&mut ReadTransaction) -> Result<T, E>,
    ) -> Result<T, E> {
        let reading = &mut self.transaction.reading;
        let begun = reading.connection.begin_read();
        begun.map_err(|error| reading.explain(error))?;
        let done = work(reading);
        let _ = reading.connection.rollback();
        let immutable = reading.immutable.as_ref();
        immutable.map_or(Ok(()), ImmutableDatabase::check)?;
        done
    }

    /// Completes a new database: makes it durable and closes it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn publish(mut self) -> Result<(), DatabaseError> {
        Ok(self.transaction.connection.engine_mut().publish()?)
    }

    /// Its address.
    #[must_use]
    pub fn place(&self) -> &DatabaseUrl {
        &self.transaction.place
    }
}

impl ReadTransaction {
    /// Names of the missing parts of ledger and triggers: pending migrations, and those of the `faulty` triggers, of which
    /// those of disabled tables are removed. Empty if there is no ledger yet.
    ///
    /// # Errors
    /// When the schema cannot be read, or the ledger is newer than this version of accession.
    pub fn missing_parts(
        &mut self,
        faulty: &mut Vec<(&str, String)>,
    ) -> Result<Vec<String>, DatabaseError> {
        if !self.has_ledger()? {
            faulty.clear();
            return Ok(Vec::new());
        }
        let states = self.migration_states()?.into_iter();
        let pending = states.filter(|state| state.status == MigrationStatus::Pending);
        let mut missing: Vec<String> = pending.map(|state| state.name).collect();
        let guards = self.guard_faults()?.into_iter();
        missing.extend(guards.map(|(_, name, _)| name));
        // Reading which tables were disabled takes all runs, so it is done only if needed.
        if !faulty.is_empty() {
            let disabled = self.ledger().disabled_tables()?;
            faulty.retain(|(table, _)| !disabled.contains(*table));
            missing.extend(faulty.iter().map(|(_, trigger)| trigger.clone()));
        }
        Ok(missing)
    }

    /// How the audit triggers write keys.
    #[must_use]
    pub fn key_rule(&self) -> KeyRule {
        self.connection.dialect().key_rule()
    }

    /// The error of a statement in terms of this database.
    pub(super) fn explain(&self, error: DieselError) -> DatabaseError {
        let engine = self.connection.engine();
        engine.explain(error, &self.place, self.wait)
    }

    /// The ledger's migrations, oldest first.
    ///
    /// # Errors
    /// When the ledger is newer than this version of accession.
    pub fn migration_states(&mut self) -> Result<Vec<MigrationState>, DatabaseError> {
        self.connection
            .migration_states()
            .map_err(|error| match error {
                DatabaseError::Statement(error) => self.explain(error),
                other => other,
            })
    }

    /// The purpose for which it was opened.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }

    /// The schema that contains the tables, if a database has several.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        self.connection.engine().schema()
    }

    /// Its address.
    #[must_use]
    pub fn place(&self) -> &DatabaseUrl {
        &self.place
    }
}

impl WriteTransaction {
    /// Begins, runs `work` and commits; rolls back when it fails.
    pub(super) fn run<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let begun = {
            let _span = tracing::info_span!("lock").entered();
            self.reading.connection.begin_write(self.reading.wait)
        };
        begun.map_err(|error| self.explain(error))?;
        let done = match work(self) {
            Ok(done) => done,
            Err(error) => {
                // The database may have rolled back by itself; the first error is the one to report.
                let _ = self.connection.rollback();
                return Err(error);
            }
        };
        let _span = tracing::info_span!("commit").entered();
        let committed = self.connection.commit();
        committed.map_err(|error| match self.explain(error) {
            DatabaseError::Lost(error) => DatabaseError::LostAtCommit(error),
            other => other,
        })?;
        Ok(done)
    }

    /// Runs the ledger's pending migrations and returns their names, and recreates missing triggers of the ledger and
    /// tables without data; inside a transaction both are part of it.
    ///
    /// # Errors
    /// When one fails, another program removed a table of the ledger, or the ledger is newer than this version of
    /// accession.
    pub fn migrate(&mut self) -> Result<Vec<String>, DatabaseError> {
        self.has_ledger()?;
        let ran = self.connection.migrate_up()?;
        self.connection.replace_guards()?;
        Ok(ran)
    }

    /// Reverts the latest applied migration and returns its name; `None` if there is none.
    ///
    /// # Errors
    /// When it fails, or the ledger is newer than this version of accession.
    pub fn migrate_down(&mut self) -> Result<Option<String>, DatabaseError> {
        self.connection.migrate_down()
    }
}
