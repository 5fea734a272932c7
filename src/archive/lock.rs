//! The store lock: while a stored run can still be discarded, no other run may rely on its objects.
//!
//! Readers need no lock: objects and manifests appear complete under their names and never change. A reader may see a
//! run that is discarded a moment later.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::ArchiveError;
use super::created::Created;
use super::durable::create_private_file;
use crate::model::{not_following, regular};

/// Name of the lock file.
pub(super) const LOCK_FILE: &str = ".lock";

/// An exclusive lock, released on drop; the system releases it when the process dies.
#[derive(Debug)]
pub(super) struct StoreLock {
    _file: File,
}

impl StoreLock {
    /// Locks the archive in `directory`, which is created if it is missing.
    pub(super) fn acquire(directory: &Path, created: &Created) -> Result<Self, ArchiveError> {
        let path = directory.join(LOCK_FILE);
        loop {
            created.ensure_directory(directory)?;
            let (file, is_new) = match open(&path) {
                Ok(opened) => opened,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(ArchiveError::io("lock", &path)(error)),
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(ArchiveError::Busy(directory.to_owned()));
                }
                Err(TryLockError::Error(error)) => {
                    return Err(ArchiveError::io("lock", &path)(error));
                }
            }
            // The store that created the file removes it on discard, possibly between opening and locking it here.
            if !is_still_there(&file, &path) {
                continue;
            }
            if is_new {
                created.add_file(path);
            }
            return Ok(Self { _file: file });
        }
    }
}

/// Opens the file and returns whether this call created it.
fn open(path: &Path) -> io::Result<(File, bool)> {
    match create_private_file(path) {
        Ok(file) => Ok((file, true)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let file = not_following(OpenOptions::new().write(true)).open(path)?;
            Ok((regular(file)?, false))
        }
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn is_still_there(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(opened), Ok(named)) => identity(opened) == identity(named),
        (Err(_), _) | (_, Err(_)) => false,
    }
}

/// Other systems have no stable way to compare file identities; the existence of the file must suffice.
#[cfg(not(unix))]
fn is_still_there(_file: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_store_is_rejected_until_the_first_ends() {
        let home = tempfile::tempdir().expect("temporary directory");
        let directory = home.path().join("archive");
        let created = Created::default();
        let lock = StoreLock::acquire(&directory, &created).expect("free");
        let second = StoreLock::acquire(&directory, &Created::default());
        assert!(matches!(second, Err(ArchiveError::Busy(_))));
        drop(lock);
        StoreLock::acquire(&directory, &Created::default()).expect("free again");
    }
}
