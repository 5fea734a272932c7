//! Copies of a SQLite database through the online backup API, which sees a consistent state while others write.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup as Copying, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::beside::{BESIDE, remove_beside};
use super::new_database::is_same_file;
use crate::database::DatabaseError;
use crate::model::{not_following, regular};

/// How the names of unfinished copies begin.
const UNFINISHED: &str = ".tmp-backup-";

/// A copy of a database, removed when dropped unless it is kept.
#[derive(Debug)]
pub struct Backup {
    path: PathBuf,
    kept: bool,
}

impl Backup {
    /// Copies `database` to `directory/name.sqlite`, which must not exist, and checks the copy. A missing
    /// directory is created, accessible to its owner only.
    ///
    /// # Errors
    /// When either file cannot be used or the copy does not pass SQLite's `quick_check`.
    pub fn make(database: &Path, directory: &Path, name: &str) -> Result<Self, DatabaseError> {
        let path = path(directory, name);
        Self::remove_leftovers(directory);
        let copied = create_private_directory(directory).and_then(|()| copy(database, &path));
        match copied {
            Ok(()) => Ok(Self { path, kept: false }),
            Err(error) => {
                remove_empty_directories(&path);
                Err(error)
            }
        }
    }

    /// Removes unfinished copies of killed runs from `directory`. The copy of an active run is locked. Files that
    /// cannot be removed are left to the next run.
    pub fn remove_leftovers(directory: &Path) {
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<_> = names.filter(|name| name.starts_with(UNFINISHED)).collect();
        // A copy sorts before the files that belong to it.
        names.sort_unstable();
        for name in names {
            let path = directory.join(&name);
            let copy = BESIDE.iter().find_map(|ending| name.strip_suffix(ending));
            let is_left = match copy {
                Some(copy) => !directory.join(copy).exists(),
                None => is_unlocked(&path),
            };
            if is_left {
                let _ = std::fs::remove_file(path);
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

    /// Keeps the copy.
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

/// Removes the directory of backups and its parent if they are empty. Failures are ignored, because another failure led
/// here and is reported.
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

/// A new file (mode 0600) whose lock shows other runs that it is being written. Between its creation and the lock,
/// another run may take it for a leftover and remove it.
fn locked_file_in(directory: &Path) -> Result<tempfile::NamedTempFile, DatabaseError> {
    loop {
        let file = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempfile_in(directory)
            .map_err(DatabaseError::file(directory))?;
        match file.as_file().try_lock() {
            Err(TryLockError::WouldBlock) => {}
            Ok(()) if !is_same_file(file.as_file(), file.path())? => {}
            // Without locks on this file system, no other run can lock it to remove it.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
}

fn is_unlocked(path: &Path) -> bool {
    let opened = not_following(OpenOptions::new().read(true)).open(path);
    let opened: Option<File> = opened.and_then(regular).ok();
    opened.is_some_and(|file| file.try_lock().is_ok())
}

fn copy(database: &Path, to: &Path) -> Result<(), DatabaseError> {
    let directory = to.parent().unwrap_or(Path::new("."));
    let temporary = locked_file_in(directory)?;
    if let Err(error) = fill(temporary.path(), database, to) {
        let path = temporary.path().to_owned();
        drop(temporary);
        // SQLite leaves them if the disk is full.
        remove_beside(&path);
        return Err(error);
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

/// Copies `database` to `temporary`, which is going to be `to`.
fn fill(temporary: &Path, database: &Path, to: &Path) -> Result<(), DatabaseError> {
    let source = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut copy = Connection::open(temporary)?;
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
    copy.close().map_err(|(_, error)| error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_killed_runs_are_removed_and_those_of_living_ones_stay() {
        let home = tempfile::tempdir().expect("a directory");
        let database = home.path().join("x.db");
        let connection = Connection::open(&database).expect("opened");
        connection
            .execute_batch("CREATE TABLE t (a)")
            .expect("made");
        let directory = home.path().join("backups");
        std::fs::create_dir(&directory).expect("made");
        for name in [
            ".tmp-backup-dead",
            ".tmp-backup-dead-journal",
            ".tmp-backup-gone-wal",
        ] {
            std::fs::write(directory.join(name), "half").expect("written");
        }
        let living = locked_file_in(&directory).expect("made");
        let journal = format!("{}-journal", living.path().display());
        std::fs::write(&journal, "").expect("written");
        Backup::make(&database, &directory, "whole")
            .expect("copied")
            .keep();
        let names = std::fs::read_dir(&directory).expect("read");
        let mut names: Vec<_> = names.map(|entry| entry.expect("an entry").path()).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                living.path().to_owned(),
                PathBuf::from(journal),
                directory.join("whole.sqlite")
            ]
        );
    }
}
