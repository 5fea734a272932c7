//! Reading a database in a place where we may not write, as a reviewer may be given it.
//!
//! A database in WAL mode needs files beside it, also to be read (<https://www.sqlite.org/wal.html#read_only_databases>).
//! Where they cannot be made, the file is read without locks. That is right as long as nobody writes it, so its state is
//! kept, to be compared when the reading is done.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use diesel::SqliteConnection;
use diesel::connection::SimpleConnection as _;

use crate::database::DatabaseError;

use super::open::{Mode, open};

/// A file that is read without locks, as it was at first.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::database) struct Frozen {
    path: PathBuf,
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Frozen {
    /// `None` if it cannot be looked at, or changes are waiting beside it.
    fn look(path: &Path) -> Option<Self> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        if std::fs::metadata(log).is_ok_and(|log| log.len() > 0) {
            return None;
        }
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self {
            path: path.to_owned(),
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }

    /// Refuses what was read if the file is another now.
    pub(in crate::database) fn check(&self) -> Result<(), DatabaseError> {
        match Self::look(&self.path) {
            Some(now) if now == *self => Ok(()),
            Some(_) | None => Err(DatabaseError::ChangedWhileRead(self.path.clone())),
        }
    }
}

/// Opens a database to be read: with locks, or, where they cannot be had for want of permission, without.
pub(in crate::database) fn open_to_read(
    path: &Path,
    wait: Duration,
) -> Result<(SqliteConnection, Option<Frozen>), DatabaseError> {
    let mut connection = open(path, Mode::Read, wait)?;
    let Err(refused) = connection.batch_execute("SELECT 1 FROM sqlite_master LIMIT 1") else {
        return Ok((connection, None));
    };
    let refused = refused.to_string();
    // SQLITE_READONLY and SQLITE_CANTOPEN: Diesel keeps SQLite's words, not its codes.
    let for_want_of_files = ["readonly", "unable to open"];
    match Frozen::look(path) {
        Some(frozen)
            if for_want_of_files
                .iter()
                .any(|words| refused.contains(words)) =>
        {
            Ok((open(path, Mode::Immutable, wait)?, Some(frozen)))
        }
        // The first statement says in plain words what else is wrong.
        Some(_) | None => Ok((connection, None)),
    }
}
