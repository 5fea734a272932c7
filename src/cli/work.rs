//! Work that may take long: its display, its interrupt, its clock.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::operations::Surroundings;

use super::environment::{interrupt_flag, now};
use super::output::Output;
use super::progress::Display;

/// What surrounds an operation that was started from the command line.
pub(super) struct Work {
    display: Display,
    interrupted: Arc<AtomicBool>,
}

impl Work {
    /// From here on Ctrl-C stops the work in good order, and somebody who watches sees it.
    pub(super) fn begin(output: &Output) -> Self {
        Self {
            display: Display::new(output),
            interrupted: interrupt_flag(),
        }
    }

    pub(super) fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            interrupted: &self.interrupted,
            progress: &self.display,
            clock: &now,
        }
    }
}
