//! The outcome of reverting a run.

use serde::Serialize;

use crate::audit::revert::RevertConflict;
use crate::database::seals::NewSeal;
use crate::model::{FindingList, RecordId, RunId};

/// How a revert ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RevertStatus {
    /// Every row already has the values from before the run; nothing was written.
    NothingToDo,
    /// A dry run: the plan was not applied.
    Planned,
    /// Written and committed.
    Reverted,
    /// Rows were changed after the run; nothing was written.
    Conflict,
    /// The database does not accept values from before the run, or would not record them, as the findings state;
    /// nothing was written.
    Rejected,
}

/// The outcome of reverting a run.
#[derive(Debug, Clone)]
pub struct RevertOutcome {
    /// How it ended.
    pub status: RevertStatus,
    /// The database.
    pub database: String,
    /// The run that is reverted.
    pub undone: RunId,
    /// The run that reverted it, if something was written.
    pub run: Option<RevertRun>,
    /// One per table that the run changed.
    pub tables: Vec<(String, RevertedTable)>,
    /// The first rows that were changed after the run, or are kept because rows that stay refer to them.
    pub conflicts: Vec<RevertConflictAt>,
    /// Number of conflicts that are not listed.
    pub conflicts_not_kept: u64,
    /// Findings of the operation.
    pub findings: FindingList,
}

/// The reverting run.
#[derive(Debug, Clone)]
pub struct RevertRun {
    /// UUIDv7.
    pub id: RunId,
    /// The copy of the database made before.
    pub backup: Option<String>,
    /// The seal over the run's entries.
    pub seal: NewSeal,
}

/// Number of rows of a table, by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RevertedTable {
    /// Rows that are inserted again.
    pub inserted: u64,
    /// Rows whose values are restored.
    pub updated: u64,
    /// Rows that are deleted.
    pub deleted: u64,
    /// Entries whose row already has the values from before the run.
    pub unchanged: u64,
    /// Entries whose row is kept: it was changed after the run, or a row that stays refers to it.
    pub skipped: u64,
}

impl RevertedTable {
    /// Every count with its stable name.
    #[must_use]
    pub fn named(&self) -> [(&'static str, u64); 5] {
        [
            ("inserted", self.inserted),
            ("updated", self.updated),
            ("deleted", self.deleted),
            ("unchanged", self.unchanged),
            ("skipped", self.skipped),
        ]
    }

    /// Number of rows that change.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.inserted + self.updated + self.deleted
    }
}

/// A row that was changed after the run, or that rows that stay refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevertConflictAt {
    /// The table.
    pub table: String,
    /// Primary key as text.
    pub record_id: RecordId,
    /// How it was changed.
    pub conflict: RevertConflict,
    /// Who changed it last: actor and time; `None` if there is no entry for it.
    pub by: Option<(String, String)>,
    /// The run of that change.
    pub run: Option<RunId>,
    /// The row that refers to it, if that is the conflict.
    pub referrer: Option<Referrer>,
}

/// A row that stays and refers to a row that the run inserted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referrer {
    /// Its table.
    pub table: String,
    /// Primary key as text; `None` if the table has no primary key.
    pub record_id: Option<RecordId>,
    /// The columns of the foreign key.
    pub columns: Vec<String>,
}

impl Referrer {
    /// Its table, record id and columns, for messages.
    #[must_use]
    pub fn text(&self) -> String {
        let columns = self.columns.join("`, `");
        match &self.record_id {
            Some(record_id) => format!("`{}` `{record_id}` (`{columns}`)", self.table),
            None => format!("a row of `{}` (`{columns}`)", self.table),
        }
    }
}
