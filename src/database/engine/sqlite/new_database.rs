//! Creates a database: builds it under a temporary name, and gives the complete file its name by a hard link.
//!
//! If the run is killed, the database's path has nothing or the complete database. The temporary file is locked
//! (`flock`) while it is built, so that of two runs that create the same database the second waits, and then uses it. A
//! temporary file that a killed run left is removed by the next run.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::beside::remove_beside;
use super::link::real_path;
use crate::database::DatabaseError;
use crate::model::{not_following, regular};

/// Default permissions of a database, which may contain personal data.
pub const PRIVATE: u32 = 0o600;

/// Interval at which a lock held by another run is retried.
const PAUSE: Duration = Duration::from_millis(50);

/// The locked temporary file; removed when dropped unless it was given its name.
#[derive(Debug)]
pub struct NewDatabase {
    target: PathBuf,
    aside: PathBuf,
    /// Unix permissions of the database when it is complete.
    mode: u32,
    /// Holds the lock. Must be closed after the database's connection, because closing any descriptor of a file
    /// releases the POSIX locks that the process holds on it.
    lock: Option<File>,
}

/// The contents of the database's path.
#[derive(Debug)]
pub enum Opened {
    /// Nothing: the database is built in a temporary file.
    New(NewDatabase),
    /// A database.
    Existing,
}

impl NewDatabase {
    /// Prepares to build `target`, unless it exists, or another run creates it within `wait`. Until it is complete it
    /// is accessible to its owner only; then it gets `mode`.
    ///
    /// # Errors
    /// When the directory cannot be written, or another run is still building it after `wait`.
    pub fn begin(target: &Path, wait: Duration, mode: u32) -> Result<Opened, DatabaseError> {
        let target = &real_path(target)?;
        let name = target
            .file_name()
            .ok_or_else(|| DatabaseError::BadUrl(target.display().to_string()))?;
        let aside = target.with_file_name(format!(".{}.accession-new", name.to_string_lossy()));
        let give_up = Instant::now() + wait;
        loop {
            if exists(target)? {
                remove_left_over(target, &aside);
                return Ok(Opened::Existing);
            }
            let mut options = OpenOptions::new();
            options.create(true).truncate(false).read(true).write(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, PRIVATE);
            let file = not_following(&mut options).open(&aside).and_then(regular);
            let file = file.map_err(|source| match (source.kind(), target.parent()) {
                (std::io::ErrorKind::NotFound, Some(directory)) => {
                    DatabaseError::NoDirectory(directory.to_owned())
                }
                // Report the database's path, not that of the temporary file.
                _ => DatabaseError::NotMade {
                    path: target.to_owned(),
                    source,
                },
            })?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if Instant::now() < give_up => {
                    std::thread::sleep(PAUSE);
                    continue;
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(DatabaseError::Busy {
                        path: target.to_owned(),
                        waited: wait,
                    });
                }
                Err(TryLockError::Error(source)) => {
                    return Err(DatabaseError::File {
                        path: aside,
                        source,
                    });
                }
            }
            // Meanwhile the other run may have completed its file, or failed and removed it: then the locked file has
            // no name any more.
            if exists(target)? || !is_same_file(&file, &aside)? {
                if exists(target)? {
                    return Ok(Opened::Existing);
                }
                continue;
            }
            // The file of a killed run is not reused: if it was killed just after the database was given its name, it
            // is that database, which may have been moved elsewhere since.
            if file.metadata().map_err(DatabaseError::file(&aside))?.len() > 0 {
                std::fs::remove_file(&aside).map_err(DatabaseError::file(&aside))?;
                continue;
            }
            // An earlier version may have left it readable by others.
            set_mode(&file, PRIVATE).map_err(DatabaseError::file(&aside))?;
            return Ok(Opened::New(Self {
                target: target.to_owned(),
                aside,
                mode,
                lock: Some(file),
            }));
        }
    }

    /// The file to build.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.aside
    }

    /// Makes the file durable and gives it its name. The connection to it must be closed.
    ///
    /// # Errors
    /// When the file cannot be synced or named, or another program created the database meanwhile.
    pub fn put_in_place(self) -> Result<(), DatabaseError> {
        let file = self.lock.as_ref().expect("the lock is held until dropped");
        if self.mode != PRIVATE {
            set_mode(file, self.mode).map_err(DatabaseError::file(&self.target))?;
        }
        file.sync_all().map_err(DatabaseError::file(&self.aside))?;
        // A hard link, unlike a rename, never replaces a file that appeared meanwhile.
        match std::fs::hard_link(&self.aside, &self.target) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(DatabaseError::File {
                    path: self.target.clone(),
                    source: error,
                });
            }
            // File systems without hard links (FAT, some network shares).
            Err(_) => std::fs::rename(&self.aside, &self.target)
                .map_err(DatabaseError::file(&self.target))?,
        }
        let directory = self
            .target
            .parent()
            .filter(|path| !path.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        if cfg!(unix) {
            let handle = File::open(directory).map_err(DatabaseError::file(directory))?;
            handle.sync_all().map_err(DatabaseError::file(directory))?;
        }
        Ok(())
    }
}

impl Drop for NewDatabase {
    fn drop(&mut self) {
        // The temporary name is removed before the lock; after a failure the next run removes it.
        let _ = std::fs::remove_file(&self.aside);
        remove_beside(&self.aside);
        self.lock.take();
    }
}

/// Removes the temporary file of a killed run next to an existing database: a second name of it, or an incomplete file.
/// Failures are ignored.
#[cfg(unix)]
fn remove_left_over(target: &Path, aside: &Path) {
    use std::os::unix::fs::MetadataExt;
    // Not opened, because closing it would release the process's locks on it.
    let inode = |path| std::fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()));
    let (Ok(target), Ok(other)) = (inode(target), inode(aside)) else {
        return;
    };
    let is_left = target == other || {
        let opened = not_following(OpenOptions::new().read(true)).open(aside);
        let opened = opened.and_then(regular);
        opened.is_ok_and(|file| file.try_lock().is_ok())
    };
    if is_left {
        let _ = std::fs::remove_file(aside);
    }
}

#[cfg(not(unix))]
fn remove_left_over(_target: &Path, _aside: &Path) {}

#[cfg(unix)]
fn set_mode(file: &File, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_file: &File, _mode: u32) -> std::io::Result<()> {
    Ok(())
}

fn exists(path: &Path) -> Result<bool, DatabaseError> {
    path.try_exists().map_err(DatabaseError::file(path))
}

#[cfg(unix)]
pub(super) fn is_same_file(file: &File, path: &Path) -> Result<bool, DatabaseError> {
    use std::os::unix::fs::MetadataExt;
    let ours = file.metadata().map_err(DatabaseError::file(path))?;
    match std::fs::metadata(path) {
        Ok(named) => Ok((ours.dev(), ours.ino()) == (named.dev(), named.ino())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(DatabaseError::File {
            path: path.to_owned(),
            source,
        }),
    }
}

#[cfg(not(unix))]
pub(super) fn is_same_file(_file: &File, path: &Path) -> Result<bool, DatabaseError> {
    exists(path)
}
