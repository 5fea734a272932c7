//! Copies of a SQLite database through the online backup API, which sees a consistent state while others write.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup as Copying, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::database::DatabaseError;

/// A copy of a database, removed again unless it is kept.
#[derive(Debug)]
pub struct Backup {
    path: PathBuf,
    kept: bool,
}

impl Backup {
    /// Copies `database` to `directory/name.sqlite`, which must not exist, and proves that the copy is sound. The
    /// directory is made where missing, for its owner alone.
    ///
    /// # Errors
    /// When either file cannot be used or the copy does not pass SQLite's `quick_check`.
    pub fn make(database: &Path, directory: &Path, name: &str) -> Result<Self, DatabaseError> {
        let path = path(directory, name);
        let copied = create_private_directory(directory).and_then(|()| copy(database, &path));
        match copied {
            Ok(()) => Ok(Self { path, kept: false }),
            Err(error) => {
                remove_empty_directories(&path);
                Err(error)
            }
        }
    }

    /// The copy that [`Self::make`] made with these arguments, if it still exists.
    #[must_use]
    pub fn find(directory: &Path, name: &str) -> Option<PathBuf> {
        Some(path(directory, name)).filter(|path| path.is_file())
    }

    /// The copy.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The copy stays.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Backup {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(&self.path);
            remove_empty_directories(&self.path);
        }
    }
}

fn path(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}.sqlite"))
}

/// The directory of backups and the one around it go if they are empty. What stays behind harms nothing; the failure
/// that led here is the one to tell.
fn remove_empty_directories(path: &Path) {
    for directory in path.ancestors().skip(1).take(2) {
        let _ = std::fs::remove_dir(directory);
    }
}

fn create_private_directory(directory: &Path) -> Result<(), DatabaseError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(directory)
        .map_err(DatabaseError::file(directory))
}

fn copy(database: &Path, to: &Path) -> Result<(), DatabaseError> {
    let directory = to.parent().unwrap_or(Path::new("."));
    let temporary = tempfile::Builder::new()
        .prefix(".tmp-backup-")
        .tempfile_in(directory)
        .map_err(DatabaseError::file(directory))?;
    {
        let source = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut copy = Connection::open(temporary.path())?;
        copy.pragma_update(None, "synchronous", "OFF")?;
        let backup = Copying::new(&source, &mut copy)?;
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
