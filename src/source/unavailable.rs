//! Explains why a previously read file is missing. Deletion is only one of the possible reasons.
//!
//! If a directory was moved to another disk and linked, is on a disk that is not mounted, or cannot be read, all of its
//! files appear to be deleted.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::model::Timestamp;

use super::Survey;
use super::mount::{ROOT, is_mount};

/// The reason why the files at or below a path are unavailable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obstacle {
    /// The path is a symbolic link that is not followed.
    Link,
    /// Permission is missing, or the disk fails.
    Unreadable,
    /// A file, device or pipe has replaced a directory, or a non-file has replaced a file.
    OtherKind,
    /// An empty directory that never held the files: the mount point of an unmounted disk, or an empty disk.
    Unmounted,
    /// A directory that was a mount point: its disk is not mounted, or the one that is mounted has none of the files.
    OtherDisk,
    /// The directory no longer exists.
    Missing,
}

/// Explains the missing files of one survey; examines every directory once.
#[derive(Debug)]
pub struct Unavailable<'s> {
    survey: &'s Survey,
    /// Directories that were mount points when files below them were last imported.
    mounted: &'s BTreeSet<String>,
    directories: RefCell<HashMap<String, State>>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// The directory exists. If it is empty, `emptied` is the time of its last change.
    Present {
        emptied: Option<Timestamp>,
    },
    Unavailable(Obstacle),
}

impl<'s> Unavailable<'s> {
    /// Creates an instance for files that `survey` did not find. `mounted` are the directories that were mount points
    /// when files below them were last imported.
    #[must_use]
    pub fn new(survey: &'s Survey, mounted: &'s BTreeSet<String>) -> Self {
        Self {
            survey,
            mounted,
            directories: RefCell::default(),
        }
    }

    /// Returns the first obstacle on the way to the file at `path`, and where it is; `None` if the file was deleted.
    /// `read_at` is the time when the file was last read.
    #[must_use]
    pub fn obstacle<'p>(
        &self,
        path: &'p str,
        read_at: Option<Timestamp>,
    ) -> Option<(&'p str, Obstacle)> {
        // Without any file of it, the source directory would be empty, which is an error.
        if self.mounted.contains(ROOT) && !is_mount(&self.survey.root) {
            return Some((ROOT, Obstacle::OtherDisk));
        }
        let ends = path.match_indices('/').map(|(end, _)| end);
        for end in ends {
            let directory = &path[..end];
            if let Some(obstacle) = self.survey.obstacles.get(directory) {
                return Some((directory, *obstacle));
            }
            match self.state(directory) {
                State::Unavailable(obstacle) => return Some((directory, obstacle)),
                State::Present {
                    emptied: Some(emptied),
                } if read_at.is_some_and(|read_at| emptied < read_at) => {
                    return Some((directory, Obstacle::Unmounted));
                }
                State::Present { .. } => {}
            }
        }
        let obstacle = self.survey.obstacles.get(path)?;
        Some((path, *obstacle))
    }

    fn state(&self, directory: &str) -> State {
        if let Some(state) = self.directories.borrow().get(directory) {
            return *state;
        }
        let path = self.survey.root.join(directory);
        let state = match inspect(&path) {
            State::Present { .. } if self.has_lost_disk(directory, &path) => {
                State::Unavailable(Obstacle::OtherDisk)
            }
            state => state,
        };
        let mut directories = self.directories.borrow_mut();
        directories.insert(directory.to_owned(), state);
        state
    }

    /// Whether the directory was a mount point, and what it has now is not what was mounted then. The numbers of devices
    /// are not compared: they change when a disk is mounted again.
    fn has_lost_disk(&self, directory: &str, path: &Path) -> bool {
        self.mounted.contains(directory)
            && (!is_mount(path) || !self.survey.has_files_in(directory))
    }
}

fn inspect(path: &Path) -> State {
    let metadata = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => metadata,
        Ok(_) => return State::Unavailable(Obstacle::OtherKind),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return State::Unavailable(match path.symlink_metadata() {
                Ok(_) => Obstacle::Link,
                Err(_) => Obstacle::Missing,
            });
        }
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            return State::Unavailable(Obstacle::OtherKind);
        }
        Err(_) => return State::Unavailable(Obstacle::Unreadable),
    };
    match fs::read_dir(path).map(|mut entries| entries.next().is_none()) {
        Ok(true) => empty(path, &metadata),
        Ok(false) => State::Present { emptied: None },
        Err(_) => State::Unavailable(Obstacle::Unreadable),
    }
}

/// Returns the state of an empty directory.
///
/// Deleting a file changes the ctime of its directory, which a program cannot set. An empty directory that has not
/// changed since its files were read is therefore not the directory that held them.
#[cfg(unix)]
fn empty(path: &Path, metadata: &fs::Metadata) -> State {
    use std::os::unix::fs::MetadataExt as _;
    if is_mount(path) {
        return State::Unavailable(Obstacle::Unmounted);
    }
    let micros = metadata
        .ctime()
        .saturating_mul(1_000_000)
        .saturating_add(metadata.ctime_nsec() / 1_000);
    State::Present {
        emptied: Timestamp::from_micros(micros),
    }
}

#[cfg(not(unix))]
fn empty(_path: &Path, _metadata: &fs::Metadata) -> State {
    State::Present { emptied: None }
}
