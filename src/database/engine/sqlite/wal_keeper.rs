//! Preserves the write-ahead log of a program that ended without closing its database.
//!
//! The last connection to close would move it into the database file (<https://www.sqlite.org/wal.html#ckpt>), and a
//! command that only reads must not change a byte of that file. A second connection that does not move it is therefore
//! closed last. Without such a log there is none: an empty log is removed by the last connection that closes, as usual.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::link::link_target;
use crate::database::DatabaseError;

/// Whether a log next to the database contains changes that are not in it yet.
pub(super) fn changes_wait(path: &Path) -> bool {
    let mut log = link_target(path)
        .unwrap_or_else(|| path.to_owned())
        .into_os_string();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// To be dropped after the connection that reads.
pub(in crate::database) struct WalKeeper {
    _last: Connection,
}

impl WalKeeper {
    /// For a database that is opened for reading; `None` if there is no leftover log.
    pub(in crate::database) fn hold(
        path: &Path,
        wait: Duration,
    ) -> Result<Option<Self>, DatabaseError> {
        if !changes_wait(path) {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(wait)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        // A connection holds its lock only after it has read.
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
        Ok(Some(Self { _last: connection }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{Access, Database, DatabaseUrl};

    #[test]
    fn reading_changes_neither_the_database_nor_a_log_that_was_left_over() {
        let home = tempfile::tempdir().expect("a directory");
        let (alive, left) = (home.path().join("alive.db"), home.path().join("left.db"));
        let program = Connection::open(&alive).expect("a database");
        program
            .execute_batch(
                "PRAGMA journal_mode = WAL; CREATE TABLE import_runs (id); CREATE TABLE audit_log (id);
                 PRAGMA wal_checkpoint;
                 PRAGMA wal_autocheckpoint = 0; CREATE TABLE second (id)",
            )
            .expect("tables");
        let bytes = |path: &Path, ending: &str| {
            std::fs::read(format!("{}{ending}", path.display())).expect(ending)
        };
        for ending in ["", "-wal"] {
            let to = format!("{}{ending}", left.display());
            std::fs::write(to, bytes(&alive, ending)).expect("a copy");
        }
        let before = (bytes(&left, ""), bytes(&left, "-wal"));
        let mut database = Database::open(
            &DatabaseUrl::File(left.clone()),
            Access::Read,
            Duration::ZERO,
        )
        .expect("the copy opens");
        for table in ["audit_log", "second"] {
            assert!(
                database
                    .transaction
                    .connection
                    .has_table(table)
                    .expect("it is read")
            );
        }
        drop(database);
        assert!((bytes(&left, ""), bytes(&left, "-wal")) == before);
    }
}
