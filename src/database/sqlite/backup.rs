//! Copies of a SQLite database through the online backup API, which sees a consistent state while others write.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::database::DatabaseError;

/// Copies `database` to `to`, which must not exist, and proves that the copy is sound.
///
/// # Errors
/// When either file cannot be used or the copy does not pass SQLite's `quick_check`.
pub fn back_up(database: &Path, to: &Path) -> Result<(), DatabaseError> {
    let directory = to.parent().unwrap_or(Path::new("."));
    let temporary = tempfile::Builder::new()
        .prefix(".tmp-backup-")
        .tempfile_in(directory)
        .map_err(DatabaseError::file(directory))?;
    {
        let source = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut copy = Connection::open(temporary.path())?;
        copy.pragma_update(None, "synchronous", "OFF")?;
        let backup = Backup::new(&source, &mut copy)?;
        loop {
            match backup.step(4096)? {
                StepResult::Done => break,
                StepResult::More => {}
                _ => std::thread::sleep(Duration::from_millis(10)),
            }
        }
        drop(backup);
        let verdict: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(DatabaseError::DamagedBackup {
                path: to.into(),
                problem: verdict,
            });
        }
    }
    temporary
        .as_file()
        .sync_all()
        .map_err(DatabaseError::file(to))?;
    temporary
        .persist_noclobber(to)
        .map_err(|error| DatabaseError::File {
            path: to.into(),
            source: error.error,
        })?;
    Ok(())
}
