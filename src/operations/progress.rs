//! The environment of an operation: clock, interrupts and progress reports.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::{Timestamp, Timing};

use super::OperationError;

/// The stages of long work that are shown to the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Finding and hashing files; counts bytes.
    Survey,
    /// Computing the changes that revert a run.
    Plan,
    /// Reverting a run.
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
    /// Inferring a layout from documents; counts bytes of the files.
    Propose,
}

/// Receives progress reports.
pub trait Progress: Sync {
    /// A stage begins; `total` is the final count of [`Self::advance`], if it is known.
    fn begin(&self, stage: Stage, total: Option<u64>);
    /// Progress by `amount`; called from several threads.
    fn advance(&self, amount: u64);
    /// A file was processed.
    fn file(&self, path: &str, records: u64);
    /// The operation ended.
    fn end(&self);
}

/// Ignores all progress reports.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _stage: Stage, _total: Option<u64>) {}
    fn advance(&self, _amount: u64) {}
    fn file(&self, _path: &str, _records: u64) {}
    fn end(&self) {}
}

/// The environment of an operation.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Set to stop the operation.
    pub interrupted: &'a AtomicBool,
    /// Receives progress reports.
    pub progress: &'a dyn Progress,
    /// The current time.
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
    /// Where the time went so far; empty unless it is measured.
    pub timings: &'a (dyn Fn() -> Vec<Timing> + Sync),
}

/// For [`Context::timings`]: nothing is measured.
#[must_use]
pub fn not_measured() -> Vec<Timing> {
    Vec::new()
}

impl Context<'_> {
    /// What the ledger keeps of a run: its counts, and the timings if they are measured.
    pub(super) fn recorded_counts(&self, mut counts: serde_json::Value) -> String {
        let timings = (self.timings)();
        if !timings.is_empty() {
            counts["timings"] = serde_json::json!(timings);
        }
        counts.to_string()
    }

    /// Stops the operation if it was interrupted.
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
