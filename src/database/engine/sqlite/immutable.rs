//! Reads a database in a directory without write access, for example a reviewer's.
//!
//! A database in WAL mode needs files beside it, also to be read
//! (<https://www.sqlite.org/wal.html#read_only_databases>). Where they cannot be made, the file is read without locks.
//! That is right as long as no program writes it, so its state is kept, to be compared when the reading is done.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use diesel::SqliteConnection;
use diesel::connection::SimpleConnection as _;

use crate::database::DatabaseError;

use super::connection::{Mode, open};
use super::wal_keeper::changes_wait;

/// A file that is read without locks, as it was at first.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::database) struct ImmutableDatabase {
    path: PathBuf,
    bytes: u64,
    modified: Option<SystemTime>,
}

impl ImmutableDatabase {
    /// `None` if its metadata cannot be read, or there are changes in a log next to it.
    fn look(path: &Path) -> Option<Self> {
        if changes_wait(path) {
            return None;
        }
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self {
            path: path.to_owned(),
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }

    /// Fails if the file was changed since.
    pub(in crate::database) fn check(&self) -> Result<(), DatabaseError> {
        match Self::look(&self.path) {
            Some(now) if now == *self => Ok(()),
            Some(_) | None => Err(DatabaseError::ChangedWhileRead(self.path.clone())),
        }
    }
}

/// Opens a database for reading: with locks, or without if accession has no permission to create the files that they
/// need.
pub(super) fn open_to_read(
    path: &Path,
    wait: Duration,
) -> Result<(SqliteConnection, Option<ImmutableDatabase>), DatabaseError> {
    let mut connection = open(path, Mode::Read, wait)?;
    let Err(error) = connection.batch_execute("SELECT 1 FROM sqlite_master LIMIT 1") else {
        return Ok((connection, None));
    };
    let error = error.to_string();
    // SQLITE_READONLY and SQLITE_CANTOPEN: Diesel keeps SQLite's messages, not its codes.
    let for_want_of_files = ["readonly", "unable to open"];
    match ImmutableDatabase::look(path) {
        Some(immutable) if for_want_of_files.iter().any(|words| error.contains(words)) => {
            Ok((open(path, Mode::Immutable, wait)?, Some(immutable)))
        }
        // The first statement reports other errors.
        Some(_) | None => Ok((connection, None)),
    }
}
