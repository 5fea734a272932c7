//! Opening a SQLite file.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection as _, SqliteConnection};
use rusqlite::ErrorCode;

use crate::database::DatabaseError;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::database) enum Mode {
    /// Reading only; the file is not changed by a byte.
    Read,
    /// Reading and writing an existing file.
    Write,
    /// Filling a file that nobody else sees before it is complete: no journal on disk, larger pages.
    Build,
    /// Reading, without locks, what does not change: tables of a file that our own connection goes on adding indexes
    /// to, or a [`Frozen`](super::Frozen) file.
    Immutable,
}

/// Opens an existing file (an empty one for [`Mode::Build`]). `wait` bounds how long locks of others are waited for.
pub(in crate::database) fn open(
    path: &Path,
    mode: Mode,
    wait: Duration,
) -> Result<SqliteConnection, DatabaseError> {
    check_file(path)?;
    if mode == Mode::Write && is_read_only(path) {
        return Err(DatabaseError::ReadOnly(path.into()));
    }
    // Not `mode=ro`: such a connection cannot remove the `-wal` and `-shm` files that it makes. `query_only` refuses
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
        // Without a journal nothing can be rolled back: after any failure the file is thrown away. The sorters of the
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

/// Whether SQLite would refuse to write: for want of permission, or because a newer SQLite wrote the file. `BEGIN
/// IMMEDIATE` does not tell: on such a database it quietly begins to read only. A file that cannot be looked at is
/// left to the connection to complain about.
pub(in crate::database) fn is_read_only(path: &Path) -> bool {
    let look = || {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
        let connection = rusqlite::Connection::open_with_flags(path, flags)?;
        // The header is read only when something is asked.
        let _: i64 = connection.query_row("PRAGMA schema_version", [], |row| row.get(0))?;
        connection.is_readonly("main")
    };
    look().unwrap_or_else(|error| {
        let code = error.sqlite_error_code();
        matches!(code, Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen))
    })
}

/// Refuses early, and in plain words, what SQLite would refuse late.
fn check_file(path: &Path) -> Result<(), DatabaseError> {
    let metadata = match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(DatabaseError::Missing(path.into()));
        }
        other => other.map_err(DatabaseError::file(path))?,
    };
    if !metadata.is_file() {
        return Err(DatabaseError::NotAFile(path.into()));
    }
    let mut header = Vec::new();
    let file = File::open(path).map_err(DatabaseError::file(path))?;
    file.take(16)
        .read_to_end(&mut header)
        .map_err(DatabaseError::file(path))?;
    if header.is_empty() || header == b"SQLite format 3\0" {
        Ok(())
    } else {
        Err(DatabaseError::NotSqlite(path.into()))
    }
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
