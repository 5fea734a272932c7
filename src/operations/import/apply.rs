//! Applies a plan while it is made: a thread of its own writes the steps.

use std::sync::Mutex;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::database::Writer;
use crate::operations::OperationError;
use crate::operations::directory::{Permit, Writable, lock};

use super::plan::{PlanStep, Sink};

/// Sends the plan to the writer thread, in batches of many small files. Few batches are queued, so that memory stays
/// bounded.
pub(super) struct Queue {
    sender: Sender<Vec<PlanStep>>,
    waiting: Vec<PlanStep>,
    changes: usize,
    /// Whether there was any change.
    pub(super) changed: bool,
}

/// The receiving end of the queue.
pub(super) struct QueuedSteps(Receiver<Vec<PlanStep>>);

/// Number of changes and steps in a batch.
const FULL: usize = 256;

pub(super) fn queue() -> (Queue, QueuedSteps) {
    let (sender, receiver) = bounded(4);
    let queue = Queue {
        sender,
        waiting: Vec::new(),
        changes: 0,
        changed: false,
    };
    (queue, QueuedSteps(receiver))
}

impl Queue {
    /// Sends the pending batch. The writer stops receiving only when it failed; its own error is reported.
    pub(super) fn flush(&mut self) -> Result<(), OperationError> {
        self.changes = 0;
        let batch = std::mem::take(&mut self.waiting);
        self.sender
            .send(batch)
            .map_err(|_| OperationError::WriterStopped)
    }
}

impl Sink for Queue {
    fn take(&mut self, step: PlanStep) -> Result<(), OperationError> {
        let mut urgent = false;
        let step = match step {
            PlanStep::Change(changes, memory) => {
                self.changes += changes.len();
                self.changed |= !changes.is_empty();
                // The reader may be waiting for the memory of a large record, and nothing else may fill the batch.
                let memory = memory.filter(Permit::is_large);
                urgent = memory.is_some();
                PlanStep::Change(changes, memory)
            }
            step @ (PlanStep::BeginFile(_) | PlanStep::Reject(_) | PlanStep::EndFile { .. }) => {
                step
            }
        };
        self.waiting.push(step);
        match urgent || self.changes >= FULL || self.waiting.len() >= FULL {
            true => self.flush(),
            false => Ok(()),
        }
    }
}

impl QueuedSteps {
    /// Applies the steps with `writer` until the planning thread drops its end.
    pub(super) fn apply(
        self,
        writer: &mut Writer<'_>,
        database: &Mutex<Writable<'_>>,
    ) -> Result<(), OperationError> {
        for batch in self.0 {
            let _span = tracing::debug_span!("apply", steps = batch.len()).entered();
            let database = &mut *lock(database).0;
            for step in batch {
                match step {
                    PlanStep::BeginFile(file) => writer.begin_file(database, &file)?,
                    PlanStep::Change(changes, memory) => {
                        writer.apply(database, changes)?;
                        drop(memory);
                    }
                    PlanStep::Reject(rejects) => writer.rejects(database, &rejects)?,
                    PlanStep::EndFile { records, rejected } => {
                        writer.end_file(database, records, rejected)?;
                    }
                }
            }
        }
        Ok(())
    }
}
