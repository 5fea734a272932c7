//! The files that SQLite writes next to a database.

use std::path::{Path, PathBuf};

/// The suffixes of their names.
pub(super) const BESIDE: [&str; 3] = ["-journal", "-wal", "-shm"];

/// Their paths.
pub(super) fn beside(database: &Path) -> [PathBuf; 3] {
    BESIDE.map(|ending| {
        let mut path = database.as_os_str().to_owned();
        path.push(ending);
        path.into()
    })
}

/// Removes those of a database that was removed or is not used. Failures are ignored: the next run removes them.
pub(super) fn remove_beside(database: &Path) {
    for path in beside(database) {
        let _ = std::fs::remove_file(path);
    }
}
