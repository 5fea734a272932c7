//! What an operation is told about the world, and what it tells while it works.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::Timestamp;

use super::OperationError;

/// The parts of long work that a user sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Finding and hashing files; counts bytes.
    Survey,
    /// Finding out what has to be undone.
    Plan,
    /// Undoing a run.
    Revert,
    /// Copying the database before it is changed.
    Backup,
    /// Reading, validating, mapping and writing records; counts bytes of the files.
    Import,
    /// Reading, validating, mapping and comparing records with their rows; counts bytes of the files.
    Verify,
    /// Compressing the originals and reading them back; counts bytes.
    Archive,
    /// Building indexes and comparing the rows with the plan.
    Check,
    /// Reading, validating and mapping records; counts bytes of the files.
    Validate,
    /// Reading archived originals; counts bytes.
    VerifyArchive,
    /// Bringing archived originals back; counts bytes.
    Restore,
    /// Looking at documents that no layout is known for; counts bytes of the files.
    Propose,
}

/// Somebody who watches.
pub trait Progress: Sync {
    /// A stage begins; `total` says how far [`Self::advance`] will count, if that is known.
    fn begin(&self, stage: Stage, total: Option<u64>);
    /// So much more was done; called from several threads.
    fn advance(&self, amount: u64);
    /// A file was finished.
    fn file(&self, path: &str, records: u64);
    /// The work is over.
    fn end(&self);
}

/// Nobody watches.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _stage: Stage, _total: Option<u64>) {}
    fn advance(&self, _amount: u64) {}
    fn file(&self, _path: &str, _records: u64) {}
    fn end(&self) {}
}

/// What surrounds an operation.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Raised to stop.
    pub interrupted: &'a AtomicBool,
    /// Who watches.
    pub progress: &'a dyn Progress,
    /// The time.
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
}

impl Surroundings<'_> {
    /// Stops the operation if somebody asked for it.
    ///
    /// # Errors
    /// [`OperationError::Interrupted`].
    pub fn check_interrupt(&self) -> Result<(), OperationError> {
        if self.interrupted.load(Ordering::Relaxed) {
            Err(OperationError::Interrupted)
        } else {
            Ok(())
        }
    }
}
