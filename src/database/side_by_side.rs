//! Reading what was written while indexes are still being built.

use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager as _};

use super::sqlite::{Mode, open};
use super::{Access, AnyConnection, Database, DatabaseError, DatabaseUrl};

/// SQLite sorts the keys of an index in runs of the cache's size. Runs that fit into the processor's cache are sorted in
/// half the time, and then merged; the second processor is for the one who reads.
const SMALL_SORTS: &str = "PRAGMA cache_size = -2048; PRAGMA threads = 0";

impl Database {
    /// Runs `change`, which adds indexes and triggers, and `read`, which looks at rows: on a file built aside both at
    /// once, by a second connection, otherwise one after the other. Inside a transaction, and it goes on after.
    ///
    /// # Errors
    /// Those of both, and when the second connection fails.
    pub(super) fn change_while_reading<T: Send>(
        &mut self,
        change: impl FnOnce(&mut AnyConnection) -> Result<(), DatabaseError>,
        read: impl FnOnce(&mut Database) -> Result<T, DatabaseError> + Send,
    ) -> Result<T, DatabaseError> {
        let (Access::Build, DatabaseUrl::Sqlite(path)) = (self.access, &self.place) else {
            change(&mut self.connection)?;
            return read(self);
        };
        let path = path.clone();
        // There is no journal, so a commit in between gives nothing up: the file is whole or thrown away.
        self.with_sqlite(AnsiTransactionManager::commit_transaction)?;
        let mut beside = Self {
            connection: AnyConnection::Sqlite(open(&path, Mode::Immutable, self.wait)?),
            place: self.place.clone(),
            access: Access::Read,
            wait: self.wait,
            frozen: None,
            _keeper: None,
        };
        beside.begin_reading()?;
        self.with_sqlite(|connection| {
            connection.batch_execute(SMALL_SORTS)?;
            AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")
        })?;
        std::thread::scope(|scope| {
            let reading = scope.spawn(move || read(&mut beside));
            let changed = change(&mut self.connection);
            let read = reading.join().expect("the reading thread does not panic");
            changed.and(read)
        })
    }

    /// Fixes the state that is read: SQLite reads the schema with the first statement, not when it opens the file.
    fn begin_reading(&mut self) -> Result<(), DatabaseError> {
        self.with_sqlite(|connection| {
            AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN")
        })?;
        self.connection.has_table("audit_log")?;
        Ok(())
    }

    fn with_sqlite(
        &mut self,
        work: impl FnOnce(&mut diesel::SqliteConnection) -> diesel::QueryResult<()>,
    ) -> Result<(), DatabaseError> {
        match &mut self.connection {
            AnyConnection::Sqlite(connection) => {
                work(connection).map_err(|error| self.explain(error))
            }
            // Only files are built aside.
            #[cfg(feature = "postgres")]
            AnyConnection::Postgres(_) => Ok(()),
            #[cfg(feature = "mysql")]
            AnyConnection::Mysql(_) => Ok(()),
        }
    }
}
