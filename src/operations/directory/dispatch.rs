//! Collects the work items of the reader into jobs for the workers.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::model::Finding;
use crate::parse::Chunk;
use crate::source::SourceFile;

use super::events::ReadEvent;
use super::memory::{MemoryBudget, Permit};

/// Bytes of JSON per chunk. Chunks are small because a row takes many times the memory of its JSON.
pub(super) const CHUNK_BYTES: usize = 64 * 1024;
/// Jobs read ahead of the operation.
pub(super) const IN_FLIGHT: usize = 6;
/// Maximum number of work items in a job.
const MAX_ITEMS: usize = 256;

/// A unit of work for a worker; becomes a [`ReadEvent`].
pub(super) enum WorkItem<'a> {
    Begin(&'a SourceFile),
    Chunk(&'a SourceFile, Chunk, Permit),
    End(&'a SourceFile, Vec<Finding>),
}

/// Work items that are sent together: a chunk of a large file, or several small files.
pub(super) struct Job<'a> {
    pub(super) items: Vec<WorkItem<'a>>,
    pub(super) reply: Sender<Vec<ReadEvent<'a>>>,
}

/// Sends jobs to the workers, and the receivers of their results, in order, to the operation.
pub(super) struct Dispatcher<'a> {
    jobs: Sender<Job<'a>>,
    answers: Sender<Receiver<Vec<ReadEvent<'a>>>>,
    items: Vec<WorkItem<'a>>,
    bytes: usize,
    pub(super) memory: Arc<MemoryBudget>,
}

/// The operation stopped.
pub(super) struct Disconnected;

impl<'a> Dispatcher<'a> {
    pub(super) fn new(
        jobs: Sender<Job<'a>>,
        answers: Sender<Receiver<Vec<ReadEvent<'a>>>>,
    ) -> Self {
        Self {
            jobs,
            answers,
            items: Vec::new(),
            bytes: 0,
            memory: Arc::default(),
        }
    }

    pub(super) fn push(&mut self, item: WorkItem<'a>) -> Result<(), Disconnected> {
        if let WorkItem::Chunk(_, chunk, _) = &item {
            self.bytes += chunk.bytes.len();
        }
        self.items.push(item);
        if self.bytes >= CHUNK_BYTES || self.items.len() >= MAX_ITEMS {
            self.send()?;
        }
        Ok(())
    }

    /// Adds a chunk, waiting until there is memory for it.
    pub(super) fn push_chunk(
        &mut self,
        file: &'a SourceFile,
        chunk: Chunk,
        mut memory: Permit,
    ) -> Result<(), Disconnected> {
        // Send pending items first: memory that they hold is only released after they are sent.
        if memory.is_large() || chunk.bytes.len() >= CHUNK_BYTES {
            self.send()?;
        }
        // The permit may include memory of skipped records.
        memory.shrink_to(chunk.memory());
        memory.grow_to(chunk.memory());
        self.push(WorkItem::Chunk(file, chunk, memory))
    }

    pub(super) fn send(&mut self) -> Result<(), Disconnected> {
        self.bytes = 0;
        if self.items.is_empty() {
            return Ok(());
        }
        let items = std::mem::take(&mut self.items);
        let (reply, answer) = bounded(1);
        let sent = self.jobs.send(Job { items, reply });
        sent.map_err(|_| Disconnected)?;
        self.answers.send(answer).map_err(|_| Disconnected)
    }
}
