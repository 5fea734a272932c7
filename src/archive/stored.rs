//! A stored run that can still be discarded.

use super::created::Created;
use super::lock::StoreLock;
use super::{ArchiveError, StoredCounts};

/// A stored run. Dropping it discards it, so an early return leaves nothing behind.
#[derive(Debug)]
#[must_use = "a stored run that is not kept is discarded"]
pub struct Stored {
    // Declared before the lock, so dropped before it: no other store may use objects that are being removed.
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

    /// Returns the counters.
    #[must_use]
    pub fn counts(&self) -> &StoredCounts {
        &self.counts
    }

    /// Keeps the run. Cannot fail, because everything is already on disk.
    pub fn keep(self) -> StoredCounts {
        self.created.keep();
        self.counts
    }

    /// Removes the manifest, and the objects and directories that this store created; nothing else.
    ///
    /// # Errors
    /// If something cannot be removed; the rest is removed nevertheless.
    pub fn discard(self) -> Result<(), ArchiveError> {
        self.created.remove()
    }
}
