//! A long-running operation: its progress display, interrupt flag and clock.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::model::Timing;
use crate::operations::Context;

use super::environment::{interrupt_flag, now};
use super::output::Output;
use super::progress::Display;

/// What an operation needs from the command line while it runs.
pub(super) struct Work {
    display: Display,
    interrupted: Arc<AtomicBool>,
    timings: Box<dyn Fn() -> Vec<Timing> + Sync>,
}

impl Work {
    /// Installs the signal handler and the progress display.
    pub(super) fn begin(output: &Output) -> Self {
        Self {
            display: Display::new(output),
            interrupted: interrupt_flag(),
            timings: output.timings_so_far(),
        }
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context {
            interrupted: &self.interrupted,
            progress: &self.display,
            clock: &now,
            timings: &*self.timings,
        }
    }
}
