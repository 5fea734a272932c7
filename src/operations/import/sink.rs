//! Where a plan goes: to the writer, or to a list that is shown.

use crate::database::{Database, FileRecord, Reject, Writer};
use crate::layout::Layout;
use crate::operations::OperationError;
use crate::plan::Change;
use crate::source::SourceFile;

use super::outcome::PlannedChange;

/// Takes the changes of a plan, file by file.
pub(super) trait Sink {
    fn begin_file(
        &mut self,
        database: Option<&mut Database>,
        file: &FileRecord<'_>,
    ) -> Result<(), OperationError>;
    fn apply(
        &mut self,
        database: Option<&mut Database>,
        changes: Vec<Change>,
    ) -> Result<(), OperationError>;
    fn end_file(
        &mut self,
        database: Option<&mut Database>,
        records: u64,
        rejects: &[Reject<'_>],
        rejected: u64,
    ) -> Result<(), OperationError>;
}

impl Sink for Writer<'_> {
    fn begin_file(
        &mut self,
        database: Option<&mut Database>,
        file: &FileRecord<'_>,
    ) -> Result<(), OperationError> {
        Ok(Writer::begin_file(self, database.expect(OPEN), file)?)
    }

    fn apply(
        &mut self,
        database: Option<&mut Database>,
        changes: Vec<Change>,
    ) -> Result<(), OperationError> {
        Ok(Writer::apply(self, database.expect(OPEN), changes)?)
    }

    fn end_file(
        &mut self,
        database: Option<&mut Database>,
        records: u64,
        rejects: &[Reject<'_>],
        rejected: u64,
    ) -> Result<(), OperationError> {
        Ok(Writer::end_file(
            self,
            database.expect(OPEN),
            records,
            rejects,
            rejected,
        )?)
    }
}

const OPEN: &str = "a run that writes has its database open";

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
    fn begin_file(
        &mut self,
        _database: Option<&mut Database>,
        file: &FileRecord<'_>,
    ) -> Result<(), OperationError> {
        file.path.clone_into(&mut self.path);
        Ok(())
    }

    fn apply(
        &mut self,
        _database: Option<&mut Database>,
        changes: Vec<Change>,
    ) -> Result<(), OperationError> {
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

    fn end_file(
        &mut self,
        _database: Option<&mut Database>,
        _records: u64,
        _rejects: &[Reject<'_>],
        _rejected: u64,
    ) -> Result<(), OperationError> {
        self.path.clear();
        Ok(())
    }
}

/// A file as the ledger will know it.
pub(super) fn file_record(file: &SourceFile) -> FileRecord<'_> {
    FileRecord {
        path: &file.path,
        sha256: Some(file.sha256),
        bytes: file.bytes,
        modified: Some(file.modified),
    }
}
