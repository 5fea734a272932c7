//! Which entries had been committed at a moment.

use std::collections::HashSet;

use crate::database::Database;
use crate::database::ledger::{AuditEntry, RunRecord};
use crate::operations::{OperationError, run_named};

use super::Moment;

/// Which entries had been committed.
pub(super) enum Visible {
    /// Those up to this number.
    UpTo(i64),
    /// Those of runs that had ended, and those of other programs up to this instant.
    By {
        instant: String,
        unfinished: HashSet<String>,
    },
}

impl Visible {
    pub(super) fn at(
        database: &mut Database,
        moment: &Moment,
    ) -> Result<(Self, Option<String>), OperationError> {
        let runs = database.runs()?;
        match moment {
            Moment::Time(instant) => Ok((Self::by(instant.to_string(), &runs), None)),
            Moment::Run(name) => {
                let id = run_named(name, runs.iter().map(|run| run.id.clone()))?;
                let visible = match database.last_entry_of_run(&id)? {
                    Some(last) => Self::UpTo(last),
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

    /// A run's entries have the instant when it began; they can be seen since it ended.
    fn by(instant: String, runs: &[RunRecord]) -> Self {
        let unfinished =
            |run: &&RunRecord| run.finished_at.as_ref().is_none_or(|end| *end > instant);
        let unfinished = runs.iter().filter(unfinished).map(|run| run.id.clone());
        Self::By {
            unfinished: unfinished.collect(),
            instant,
        }
    }

    pub(super) fn includes(&self, entry: &AuditEntry) -> bool {
        match (self, &entry.run_id) {
            (Self::UpTo(last), _) => entry.id <= *last,
            (Self::By { unfinished, .. }, Some(run)) => !unfinished.contains(run),
            (Self::By { instant, .. }, None) => entry.changed_at <= *instant,
        }
    }
}
