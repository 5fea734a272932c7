//! Where a plan goes: to the writer on its own thread, or to a list that is shown.

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::database::{FileRecord, Reject, Writer};
use crate::layout::Layout;
use crate::operations::OperationError;
use crate::operations::directory::{SharedDatabase, lock};
use crate::plan::Change;
use crate::source::SourceFile;

use super::outcome::PlannedChange;

/// Takes the changes of a plan, file by file.
pub(super) trait Sink {
    fn begin_file(&mut self, file: FileRecord) -> Result<(), OperationError>;
    fn apply(&mut self, changes: Vec<Change>) -> Result<(), OperationError>;
    fn end_file(&mut self, end: FileEnd) -> Result<(), OperationError>;
}

/// What is known of a file when it was read to its end.
pub(super) struct FileEnd {
    pub(super) records: u64,
    pub(super) rejected: u64,
    pub(super) rejects: Vec<Reject>,
}

enum Command {
    BeginFile(FileRecord),
    Apply(Vec<Change>),
    EndFile(FileEnd),
}

/// Hands the plan to the thread that writes; few batches wait, so that memory stays bounded.
pub(super) struct Queue(Sender<Command>);

/// The other end of the queue.
pub(super) struct Commands(Receiver<Command>);

pub(super) fn queue() -> (Queue, Commands) {
    let (sender, receiver) = bounded(4);
    (Queue(sender), Commands(receiver))
}

impl Queue {
    /// The writer stops taking commands only when it failed; its own error is the one to tell.
    fn send(&self, command: Command) -> Result<(), OperationError> {
        self.0
            .send(command)
            .map_err(|_| OperationError::WriterStopped)
    }
}

impl Sink for Queue {
    fn begin_file(&mut self, file: FileRecord) -> Result<(), OperationError> {
        self.send(Command::BeginFile(file))
    }

    fn apply(&mut self, changes: Vec<Change>) -> Result<(), OperationError> {
        self.send(Command::Apply(changes))
    }

    fn end_file(&mut self, end: FileEnd) -> Result<(), OperationError> {
        self.send(Command::EndFile(end))
    }
}

impl Commands {
    /// Lets `writer` do what is in the queue until the planning thread drops its end.
    pub(super) fn execute(
        self,
        writer: &mut Writer<'_>,
        database: &SharedDatabase<'_>,
    ) -> Result<(), OperationError> {
        for command in self.0 {
            let database = &mut lock(database);
            match command {
                Command::BeginFile(file) => writer.begin_file(database, &file)?,
                Command::Apply(changes) => writer.apply(database, changes)?,
                Command::EndFile(end) => {
                    writer.end_file(database, end.records, end.rejected, &end.rejects)?
                }
            }
        }
        Ok(())
    }
}

/// Collects the changes of a dry run.
pub(super) struct PlanList<'l> {
    pub(super) layout: &'l Layout,
    pub(super) changes: Vec<PlannedChange>,
    /// Changes beyond the first [`PlanList::KEPT`].
    pub(super) not_kept: u64,
    path: String,
}

impl<'l> PlanList<'l> {
    /// Changes that are listed one by one; the counts cover all.
    const KEPT: usize = 1000;

    pub(super) fn new(layout: &'l Layout) -> Self {
        Self {
            layout,
            changes: Vec::new(),
            not_kept: 0,
            path: String::new(),
        }
    }
}

impl Sink for PlanList<'_> {
    fn begin_file(&mut self, file: FileRecord) -> Result<(), OperationError> {
        self.path = file.path;
        Ok(())
    }

    fn apply(&mut self, changes: Vec<Change>) -> Result<(), OperationError> {
        for change in &changes {
            if let Some(planned) = PlannedChange::of(self.layout, &self.path, change) {
                if self.changes.len() < Self::KEPT {
                    self.changes.push(planned);
                } else {
                    self.not_kept += 1;
                }
            }
        }
        Ok(())
    }

    fn end_file(&mut self, _end: FileEnd) -> Result<(), OperationError> {
        self.path.clear();
        Ok(())
    }
}

/// A file as the ledger will know it.
pub(super) fn file_record(file: &SourceFile) -> FileRecord {
    FileRecord {
        path: file.path.clone(),
        sha256: Some(file.sha256),
        bytes: file.bytes,
        modified: Some(file.modified),
    }
}
