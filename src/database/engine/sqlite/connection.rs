//! Opens one connection to a SQLite file, with the settings of its purpose.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection as _, SqliteConnection};
use rusqlite::ErrorCode;

use super::PRODUCT;
use super::beside::beside;
use super::link::real_path;
use crate::database::DatabaseError;
use crate::model::open_regular;

/// The purpose of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Reading only; the file is not changed.
    Read,
    /// Reading and writing an existing file.
    Write,
    /// Filling a new file that other programs cannot see until it is complete: no journal on disk, larger pages.
    Build,
    /// Reading data that does not change, without locks: tables of a file to which another connection of this process
    /// adds indexes, or an [`ImmutableDatabase`](super::immutable::ImmutableDatabase).
    Immutable,
}

/// Opens a connection to an existing file.
pub(super) fn open(
    path: &Path,
    mode: Mode,
    wait: Duration,
) -> Result<SqliteConnection, DatabaseError> {
    check_file(path)?;
    if mode == Mode::Write && is_read_only(path) {
        return Err(DatabaseError::ReadOnly(path.into()));
    }
    // Not `mode=ro`: such a connection cannot remove the `-wal` and `-shm` files that it makes. `query_only` prevents
    // writes just as well.
    // Immutable: without locks, which would keep the other connection from writing. The pages that are read do not
    // change, since new indexes are new pages.
    let parameters = match mode {
        Mode::Read | Mode::Write | Mode::Build => "mode=rw",
        Mode::Immutable => "mode=ro&immutable=1",
    };
    let mut connection =
        SqliteConnection::establish(&format!("file:{}?{parameters}", uri_path(path)?))?;
    // Recursive triggers: REPLACE by our connection would delete without an audit entry otherwise.
    let mut settings = format!(
        "PRAGMA busy_timeout = {}; PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON;",
        wait.as_millis()
    );
    settings.push_str(match mode {
        Mode::Read | Mode::Immutable => "PRAGMA query_only = ON;",
        // Each statement of a load has a statement journal: on disk it would cost more than the rows.
        Mode::Write => "PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;",
        // Without a journal nothing can be rolled back: after a failure the file is deleted. The sorters of the
        // indexes spill to temporary files, so that memory stays bounded. Rows are appended, so that a small cache is
        // as good as a large one.
        Mode::Build => {
            "PRAGMA page_size = 16384; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; \
             PRAGMA cache_size = -8192; PRAGMA temp_store = FILE;"
        }
    });
    connection.batch_execute(&settings)?;
    Ok(connection)
}

/// Whether SQLite would not write: without permission, or because a newer SQLite wrote the file. On such a
/// database `BEGIN IMMEDIATE` does not fail, but begins to read only. If the file's metadata cannot be read, the
/// connection reports the error.
pub(in crate::database) fn is_read_only(path: &Path) -> bool {
    let look = || {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
        let connection = rusqlite::Connection::open_with_flags(path, flags)?;
        // The header is read with the first query.
        let _: i64 = connection.query_row("PRAGMA schema_version", [], |row| row.get(0))?;
        connection.is_readonly("main")
    };
    look().unwrap_or_else(|error| {
        let code = error.sqlite_error_code();
        matches!(code, Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen))
    })
}

/// Reports files that are not databases before SQLite does, with clearer messages.
fn check_file(path: &Path) -> Result<(), DatabaseError> {
    let metadata = match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            real_path(path)?;
            return Err(DatabaseError::Missing(path.into()));
        }
        other => other.map_err(DatabaseError::file(path))?,
    };
    if !metadata.is_file() {
        return Err(DatabaseError::NotAFile(path.into()));
    }
    let mut header = Vec::new();
    let file = open_regular(path).map_err(DatabaseError::file(path))?;
    file.take(16)
        .read_to_end(&mut header)
        .map_err(DatabaseError::file(path))?;
    check_files_beside(path)?;
    if header.is_empty() || header == b"SQLite format 3\0" {
        Ok(())
    } else {
        Err(DatabaseError::NotADatabase {
            path: path.into(),
            product: PRODUCT,
        })
    }
}

/// Rejects a pipe or a device in place of SQLite's journal, because SQLite would wait for it forever.
fn check_files_beside(path: &Path) -> Result<(), DatabaseError> {
    let path = real_path(path)?;
    for beside in beside(&path) {
        if std::fs::metadata(&beside).is_ok_and(|found| !found.is_file()) {
            return Err(DatabaseError::NotAFile(beside));
        }
    }
    Ok(())
}

/// The path as part of a `file:` URI (<https://www.sqlite.org/uri.html>).
fn uri_path(path: &Path) -> Result<String, DatabaseError> {
    let text = path
        .to_str()
        .ok_or_else(|| DatabaseError::BadUrl(path.display().to_string()))?;
    Ok(text
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23"))
}
