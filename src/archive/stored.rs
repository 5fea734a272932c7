//! A run that was stored, but may still be taken back.

use super::created::Created;
use super::lock::StoreLock;
use super::{ArchiveError, StoredCounts};

/// A stored run. Dropping it discards it, so that an early return leaves nothing behind.
#[derive(Debug)]
#[must_use = "a stored run that is not kept is discarded"]
pub struct Stored {
    // Declared before the lock, and so dropped before it: nobody may build on what is being removed.
    created: Created,
    _lock: StoreLock,
    counts: StoredCounts,
}

impl Stored {
    pub(super) fn new(created: Created, lock: StoreLock, counts: StoredCounts) -> Self {
        Self {
            created,
            _lock: lock,
            counts,
        }
    }

    /// What was done.
    #[must_use]
    pub fn counts(&self) -> &StoredCounts {
        &self.counts
    }

    /// Makes it final; cannot fail, as everything is on disk already.
    pub fn keep(self) -> StoredCounts {
        self.created.keep();
        self.counts
    }

    /// Removes the manifest, and the objects and directories that this store made; nothing else.
    ///
    /// # Errors
    /// When something cannot be removed; the rest is removed nevertheless.
    pub fn discard(self) -> Result<(), ArchiveError> {
        self.created.remove()
    }
}
