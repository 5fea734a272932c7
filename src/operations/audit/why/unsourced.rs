//! Rows that no file accounts for.

use crate::database::ReadTransaction;
use crate::model::{EntryId, RunKind};
use crate::operations::OperationError;

use super::super::row_history::RowEntry;

/// Why no file is known to have a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsourced {
    /// Another program inserted it.
    External,
    /// It was in the table when its changes were first recorded.
    Baseline {
        /// The entry that recorded it.
        entry: EntryId,
    },
    /// It was recorded under the former name of its table.
    Renamed {
        /// The former name.
        before: String,
        /// The first entry under the present name.
        entry: EntryId,
    },
}

impl Unsourced {
    /// The reason, from the first entry of a row.
    pub(super) fn of(
        database: &mut ReadTransaction,
        table: &str,
        first: Option<&RowEntry>,
    ) -> Result<Self, OperationError> {
        let Some((entry, run)) = first.and_then(|first| {
            let entry = &first.entry;
            Some((entry.id, entry.run_id.as_ref()?))
        }) else {
            return Ok(Self::External);
        };
        let runs = database.ledger().runs()?;
        let run = runs.into_iter().find(|one| one.id == *run);
        Ok(match run.filter(|run| run.is(RunKind::Enable)) {
            None => Self::External,
            Some(run) => match run.renamed_tables().before(table) {
                Some(before) => Self::Renamed { before, entry },
                None => Self::Baseline { entry },
            },
        })
    }
}
