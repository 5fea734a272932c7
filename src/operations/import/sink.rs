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
    /// Records of the file that are left out.
    fn rejects(&mut self, rejects: Vec<Reject>) -> Result<(), OperationError>;
    fn end_file(&mut self, end: FileEnd) -> Result<(), OperationError>;
}

/// What is known of a file when it was read to its end.
pub(super) struct FileEnd {
    pub(super) records: u64,
    pub(super) rejected: u64,
}

enum Command {
    BeginFile(FileRecord),
    Apply(Vec<Change>),
    Rejects(Vec<Reject>),
    EndFile(FileEnd),
}

/// Hands the plan to the thread that writes, many small files at a time; few batches wait, so that memory stays bounded.
pub(super) struct Queue {
    sender: Sender<Vec<Command>>,
    waiting: Vec<Command>,
    changes: usize,
    /// Whether there was any change at all.
    pub(super) changed: bool,
}

/// The other end of the queue.
pub(super) struct Commands(Receiver<Vec<Command>>);

/// Changes, and commands, after which a batch is handed over.
const FULL: usize = 256;

pub(super) fn queue() -> (Queue, Commands) {
    let (sender, receiver) = bounded(4);
    let queue = Queue {
        sender,
        waiting: Vec::new(),
        changes: 0,
        changed: false,
    };
    (queue, Commands(receiver))
}

impl Queue {
    fn send(&mut self, command: Command) -> Result<(), OperationError> {
        self.waiting.push(command);
        if self.changes < FULL && self.waiting.len() < FULL {
            return Ok(());
        }
        self.flush()
    }

    /// Hands over what waits. The writer stops taking commands only when it failed; its own error is the one to tell.
    pub(super) fn flush(&mut self) -> Result<(), OperationError> {
        self.changes = 0;
        let batch = std::mem::take(&mut self.waiting);
        self.sender
            .send(batch)
            .map_err(|_| OperationError::WriterStopped)
    }
}

impl Sink for Queue {
    fn begin_file(&mut self, file: FileRecord) -> Result<(), OperationError> {
        self.send(Command::BeginFile(file))
    }

    fn apply(&mut self, changes: Vec<Change>) -> Result<(), OperationError> {
        self.changes += changes.len();
        self.changed |= !changes.is_empty();
        self.send(Command::Apply(changes))
    }

    fn rejects(&mut self, rejects: Vec<Reject>) -> Result<(), OperationError> {
        self.send(Command::Rejects(rejects))
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
        for batch in self.0 {
            let database = &mut lock(database);
            for command in batch {
                match command {
                    Command::BeginFile(file) => writer.begin_file(database, &file)?,
                    Command::Apply(changes) => writer.apply(database, changes)?,
                    Command::Rejects(rejects) => writer.rejects(database, &rejects)?,
                    Command::EndFile(end) => {
                        writer.end_file(database, end.records, end.rejected)?
                    }
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

    fn rejects(&mut self, _rejects: Vec<Reject>) -> Result<(), OperationError> {
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
