//! Dry runs: the plan of an import is listed and not applied.

use std::sync::Mutex;

use crate::database::{ReadTransaction, TargetTables};
use crate::layout::Layout;
use crate::operations::OperationError;
use crate::operations::directory::SharedTransaction;

use super::Import;
use super::agenda::ImportAgenda;
use super::outcome::{ImportOutcome, ImportStatus, PlannedChange};
use super::plan::{PlanStep, Sink};

impl Import<'_> {
    /// Plans without applying the plan.
    pub(super) fn dry_run(
        &self,
        mut database: Option<&mut ReadTransaction>,
        agenda: &ImportAgenda,
    ) -> Result<ImportOutcome, OperationError> {
        let target = match database.as_deref_mut() {
            Some(database) => database.tables().inspect_tables(self.directory.layout)?,
            None => TargetTables::absent(self.directory.layout),
        };
        let mut list = PlanList::new(self.directory.layout);
        let mut state = self.start(database.as_deref_mut(), &target, agenda)?;
        let shared = database.map(Mutex::new);
        let database = shared.as_ref().map(|one| one as &SharedTransaction<'_>);
        self.plan(database, agenda, &mut state, &mut list)?;
        let status = if state.prevents_writing() {
            ImportStatus::Invalid
        } else {
            ImportStatus::Planned
        };
        let mut outcome = self.outcome(agenda, state, status);
        outcome.changes = list.changes;
        outcome.changes_not_kept = list.not_kept;
        Ok(outcome)
    }
}

/// Lists the first changes of a plan.
struct PlanList<'l> {
    layout: &'l Layout,
    changes: Vec<PlannedChange>,
    /// Number of changes after the first [`PlanList::KEPT`].
    not_kept: u64,
    /// The current file.
    path: String,
}

impl<'l> PlanList<'l> {
    /// Number of changes that are listed; the counts include all.
    const KEPT: usize = 1000;

    fn new(layout: &'l Layout) -> Self {
        Self {
            layout,
            changes: Vec::new(),
            not_kept: 0,
            path: String::new(),
        }
    }
}

impl Sink for PlanList<'_> {
    fn take(&mut self, step: PlanStep) -> Result<(), OperationError> {
        match step {
            PlanStep::BeginFile(file) => self.path = file.path,
            PlanStep::Change(changes, _) => {
                for change in &changes {
                    if let Some(planned) = PlannedChange::of(self.layout, &self.path, change) {
                        if self.changes.len() < Self::KEPT {
                            self.changes.push(planned);
                        } else {
                            self.not_kept += 1;
                        }
                    }
                }
            }
            PlanStep::Reject(_) => {}
            PlanStep::EndFile { .. } => self.path.clear(),
        }
        Ok(())
    }
}
