//! Observation of a survey.

use std::sync::atomic::{AtomicBool, Ordering};

/// Observes and interrupts a survey.
#[derive(Clone, Copy)]
pub struct Observer<'a> {
    /// Called with the number of bytes just hashed, from several threads.
    pub progress: &'a (dyn Fn(u64) + Sync),
    /// Set by the caller to stop.
    pub interrupted: &'a AtomicBool,
}

impl Observer<'_> {
    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}
