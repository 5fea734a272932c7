//! Determines which entries were committed at a point in time.

use std::collections::HashSet;

use crate::database::audit_log::AuditEntry;
use crate::database::ledger::RunRecord;
use crate::database::{NotRecorded, ReadTransaction};
use crate::model::{EntryId, RunId};
use crate::operations::{OperationError, run_named};

use super::Moment;

/// Which entries were committed.
pub(super) enum Visible {
    /// Entries up to this number.
    UpTo { last: EntryId, run: RunId },
    /// Entries of runs that had ended, and entries of other programs up to this timestamp.
    By {
        timestamp: String,
        unfinished: HashSet<RunId>,
    },
}

impl Visible {
    pub(super) fn at(
        database: &mut ReadTransaction,
        moment: &Moment,
    ) -> Result<(Self, Option<RunId>), OperationError> {
        let runs = database.ledger().runs()?;
        match moment {
            Moment::Time(timestamp) => Ok((Self::by(timestamp.to_string(), &runs), None)),
            Moment::Run(name) => {
                let id = run_named(name, runs.iter().map(|run| run.id.clone()))?;
                let visible = match database.audit_log().last_entry_of_run(&id)? {
                    Some(last) => Self::UpTo {
                        last,
                        run: id.clone(),
                    },
                    None => {
                        let run = runs.iter().find(|run| run.id == id);
                        let ended = run.and_then(|run| run.finished_at.clone());
                        Self::by(ended.unwrap_or_default(), &runs)
                    }
                };
                Ok((visible, Some(id)))
            }
        }
    }

    /// A run's entries have the timestamp of the start of the run; they are visible since the end of the run.
    fn by(timestamp: String, runs: &[RunRecord]) -> Self {
        let unfinished =
            |run: &&RunRecord| run.finished_at.as_ref().is_none_or(|end| *end > timestamp);
        let unfinished = runs.iter().filter(unfinished).map(|run| run.id.clone());
        Self::By {
            unfinished: unfinished.collect(),
            timestamp,
        }
    }

    pub(super) fn includes(&self, entry: &AuditEntry) -> bool {
        match (self, &entry.run_id) {
            (Self::UpTo { last, .. }, _) => entry.id <= *last,
            (Self::By { unfinished, .. }, Some(run)) => !unfinished.contains(run),
            (Self::By { timestamp, .. }, None) => entry.changed_at <= *timestamp,
        }
    }

    /// Whether changes before the point in time can have no entry for this reason.
    pub(super) fn is_after(&self, missing: &NotRecorded) -> bool {
        match (self, &missing.run, &missing.since) {
            (Self::UpTo { run, .. }, Some(since), _) => run >= since,
            (Self::By { timestamp, .. }, _, Some(since)) => timestamp >= since,
            (_, _, _) => true,
        }
    }
}
