//! The files and directories that a call has created. They are removed again unless they are kept.
//!
//! Nothing else is ever removed: a directory that also contains other files stays.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::ArchiveError;
use super::durable::{create_private_directory, sync_directory};

/// Files and directories in order of their creation. Dropping it removes them.
#[derive(Debug, Default)]
pub(super) struct Created {
    files: Mutex<Vec<PathBuf>>,
    directories: Mutex<Vec<PathBuf>>,
}

impl Created {
    /// Records a file.
    pub(super) fn add_file(&self, path: PathBuf) {
        held(&self.files).push(path);
    }

    /// Creates a directory that must not exist yet.
    pub(super) fn create_directory(&self, path: &Path) -> Result<(), ArchiveError> {
        create_private_directory(path).map_err(ArchiveError::io("create directory", path))?;
        held(&self.directories).push(path.to_owned());
        Ok(())
    }

    /// Creates a directory and its missing parents.
    pub(super) fn ensure_directory(&self, path: &Path) -> Result<(), ArchiveError> {
        match create_private_directory(path) {
            Ok(()) => {
                held(&self.directories).push(path.to_owned());
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            Err(error) => match path.parent() {
                Some(parent) if error.kind() == ErrorKind::NotFound && parent != path => {
                    self.ensure_directory(parent)?;
                    self.create_directory(path)
                }
                _ => Err(ArchiveError::io("create directory", path)(error)),
            },
        }
    }

    /// Makes the names of the created directories durable.
    pub(super) fn sync_directories(&self) -> Result<(), ArchiveError> {
        let parents: BTreeSet<PathBuf> = held(&self.directories)
            .iter()
            .filter_map(|path| path.parent())
            .map(|parent| match parent.as_os_str().is_empty() {
                true => PathBuf::from("."),
                false => parent.to_owned(),
            })
            .collect();
        parents.iter().try_for_each(|parent| sync_directory(parent))
    }

    /// Keeps everything: drop and [`remove`](Self::remove) have no effect afterwards.
    pub(super) fn keep(&self) {
        held(&self.files).clear();
        held(&self.directories).clear();
    }

    /// Removes everything, newest first. Continues after an error and returns the first one.
    ///
    /// The newest file is removed durably before any other, so that a manifest never outlives its objects.
    pub(super) fn remove(&self) -> Result<(), ArchiveError> {
        let mut outcome = Ok(());
        let files = std::mem::take(&mut *held(&self.files));
        for (index, path) in files.iter().rev().enumerate() {
            let mut removed = ignoring(ErrorKind::NotFound, fs::remove_file(path))
                .map_err(ArchiveError::io("remove", path));
            if let (0, Ok(()), Some(parent)) = (index, &removed, path.parent()) {
                removed = sync_directory(parent);
            }
            outcome = outcome.and(removed);
        }
        let directories = std::mem::take(&mut *held(&self.directories));
        for path in directories.iter().rev() {
            let removed = ignoring(ErrorKind::DirectoryNotEmpty, fs::remove_dir(path));
            let removed = ignoring(ErrorKind::NotFound, removed);
            outcome = outcome.and(removed.map_err(ArchiveError::io("remove directory", path)));
        }
        outcome
    }
}

impl Drop for Created {
    fn drop(&mut self) {
        // Errors are ignored here; callers that need them call `remove`.
        let _ = self.remove();
    }
}

fn held<T>(list: &Mutex<T>) -> MutexGuard<'_, T> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ignoring(kind: ErrorKind, result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == kind => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_others_in_a_created_directory_stay() {
        let home = tempfile::tempdir().expect("temporary directory");
        let created = Created::default();
        let (inner, outer) = (home.path().join("a/b"), home.path().join("a"));
        created.ensure_directory(&inner).expect("created");
        fs::write(inner.join("mine"), "1").expect("written");
        created.add_file(inner.join("mine"));
        fs::write(outer.join("theirs"), "2").expect("written");
        created.remove().expect("removed");
        assert!(!inner.exists());
        assert!(outer.join("theirs").exists());
    }

    #[test]
    fn dropping_removes_and_keeping_does_not() {
        let home = tempfile::tempdir().expect("temporary directory");
        for (name, kept) in [("dropped", false), ("kept", true)] {
            let created = Created::default();
            created
                .ensure_directory(&home.path().join(name))
                .expect("created");
            if kept {
                created.keep();
            }
            drop(created);
            assert_eq!(home.path().join(name).exists(), kept, "{name}");
        }
    }
}
