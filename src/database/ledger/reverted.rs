//! Reads from the ledger which runs were reverted, and for which rows.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use crate::database::DatabaseError;
use crate::model::{RecordId, RunId, RunKind, RunStatus};

use super::Ledger;
use super::tables::import_runs;

/// The rows, by table and record id, whose entries in the ledger a revert restores.
#[derive(Debug, Clone, Copy)]
pub enum RestoredEntries<'r> {
    /// All rows of the run except for these.
    AllBut(&'r HashSet<(String, RecordId)>),
    /// These.
    Only(&'r HashSet<(String, RecordId)>),
}

impl RestoredEntries<'_> {
    pub(super) fn has(self, row: &(String, RecordId)) -> bool {
        match self {
            Self::AllBut(rows) => !rows.contains(row),
            Self::Only(rows) => rows.contains(row),
        }
    }

    pub(super) fn has_all(self) -> bool {
        matches!(self, Self::AllBut(rows) if rows.is_empty())
    }
}

impl Ledger<'_> {
    /// Runs that are reverted, unless the revert was itself reverted, with the last runs that reverted them.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn undone_runs(&mut self) -> Result<HashMap<RunId, RunId>, DatabaseError> {
        let undone = self.all_reverts_in_force()?.into_iter();
        let last = |(run, reverts): (RunId, Vec<RunId>)| Some((run, reverts.into_iter().next()?));
        Ok(undone.filter_map(last).collect())
    }

    /// The reverts of a run that were not reverted themselves: several if the first kept rows.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn reverts_in_force(&mut self, run: &RunId) -> Result<HashSet<RunId>, DatabaseError> {
        let reverts = self.all_reverts_in_force()?.remove(run);
        Ok(reverts.unwrap_or_default().into_iter().collect())
    }

    /// By the runs that they revert; newest first.
    fn all_reverts_in_force(&mut self) -> Result<HashMap<RunId, Vec<RunId>>, DatabaseError> {
        let reverts: Vec<(RunId, Option<RunId>)> = import_runs::table
            .filter(import_runs::kind.eq(RunKind::Revert.name()))
            .filter(import_runs::status.eq(RunStatus::Complete.name()))
            .order(import_runs::id.desc())
            .select((import_runs::id, import_runs::parent_run_id))
            .load(&mut self.database.connection)?;
        let mut undone: HashMap<RunId, Vec<RunId>> = HashMap::new();
        // Newest first: whether a revert counts depends on the reverts after it.
        for (run, parent) in reverts {
            if !undone.contains_key(&run)
                && let Some(parent) = parent
            {
                undone.entry(parent).or_default().push(run);
            }
        }
        Ok(undone)
    }
}
