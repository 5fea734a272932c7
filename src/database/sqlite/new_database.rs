//! A database that this run creates: built aside under another name and put in place, complete, by a hard link.
//!
//! Killed at any point, the run leaves nothing at the database's path, or the whole. The file aside is locked
//! (`flock`) while it is built, so that of two runs creating the same database the second waits, then finds it there.
//! What a killed run left aside is removed by the next.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::database::DatabaseError;

/// How often a lock held by another run is tried again.
const PAUSE: Duration = Duration::from_millis(50);

/// The file aside, locked; removed when dropped unless it was put in place.
#[derive(Debug)]
pub struct NewDatabase {
    target: PathBuf,
    aside: PathBuf,
    /// Holds the lock. Closed only after the database's own connection, since closing any descriptor of a file drops
    /// the POSIX locks that the process holds on it.
    lock: Option<File>,
}

/// What was found at the database's path.
#[derive(Debug)]
pub enum Opened {
    /// Nothing: the database is to be built aside.
    New(NewDatabase),
    /// A database.
    Existing,
}

impl NewDatabase {
    /// Prepares to build `target`, unless it exists, or another run creates it within `wait`.
    ///
    /// # Errors
    /// When the directory cannot be written, or another run is still building it after `wait`.
    pub fn begin(target: &Path, wait: Duration) -> Result<Opened, DatabaseError> {
        let name = target
            .file_name()
            .ok_or_else(|| DatabaseError::BadUrl(target.display().to_string()))?;
        let aside = target.with_file_name(format!(".{}.accession-new", name.to_string_lossy()));
        let give_up = Instant::now() + wait;
        loop {
            if exists(target)? {
                forget_other_name(target, &aside);
                return Ok(Opened::Existing);
            }
            let file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .open(&aside);
            let file = file.map_err(|source| match (source.kind(), target.parent()) {
                (std::io::ErrorKind::NotFound, Some(directory)) => {
                    DatabaseError::NoDirectory(directory.to_owned())
                }
                // What it would be called until it is complete says nothing to anybody.
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
            // While we waited the other run may have put its file in place, or given up and removed it: then what we
            // locked has no name any more.
            if exists(target)? || !is_same_file(&file, &aside)? {
                if exists(target)? {
                    return Ok(Opened::Existing);
                }
                continue;
            }
            // What a killed run left is not filled anew: if it was killed just after the database was put in place, it is
            // that database, which may have been moved elsewhere since.
            if file.metadata().map_err(DatabaseError::file(&aside))?.len() > 0 {
                std::fs::remove_file(&aside).map_err(DatabaseError::file(&aside))?;
                continue;
            }
            return Ok(Opened::New(Self {
                target: target.to_owned(),
                aside,
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
        // The name aside goes before the lock does; a failure leaves a file that the next run removes.
        let _ = std::fs::remove_file(&self.aside);
        for suffix in ["-journal", "-wal", "-shm"] {
            let mut name = self.aside.clone().into_os_string();
            name.push(suffix);
            let _ = std::fs::remove_file(name);
        }
        self.lock.take();
    }
}

/// Removes the name aside of a database that was put in place by a run that could not remove it any more.
#[cfg(unix)]
fn forget_other_name(target: &Path, aside: &Path) {
    use std::os::unix::fs::MetadataExt;
    // Not opened to look at: closing it would drop the process's locks on it.
    let inode = |path| std::fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()));
    if let (Ok(target), Ok(other)) = (inode(target), inode(aside))
        && target == other
    {
        // Harmless where it cannot be removed.
        let _ = std::fs::remove_file(aside);
    }
}

#[cfg(not(unix))]
fn forget_other_name(_target: &Path, _aside: &Path) {}

fn exists(path: &Path) -> Result<bool, DatabaseError> {
    path.try_exists().map_err(DatabaseError::file(path))
}

#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> Result<bool, DatabaseError> {
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
fn is_same_file(_file: &File, path: &Path) -> Result<bool, DatabaseError> {
    exists(path)
}
