//! What undoing a run has to tell.

use crate::audit::revert::RevertConflict;
use crate::database::ledger::NewSeal;
use crate::model::FindingList;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevertStatus {
    /// Every row is already what it was before the run; nothing was written.
    NothingToDo,
    /// A dry run: this is what would be written.
    Planned,
    /// Written and committed.
    Reverted,
    /// Rows were changed since; nothing was written.
    Conflict,
}

/// The result of undoing a run.
#[derive(Debug, Clone)]
pub struct RevertOutcome {
    /// How it ended.
    pub status: RevertStatus,
    /// The database.
    pub database: String,
    /// The run that is undone.
    pub undone: String,
    /// The run that did it, if something was written.
    pub run: Option<RevertRun>,
    /// One per table that the run changed.
    pub tables: Vec<(String, RevertedTable)>,
    /// The first rows that were changed since.
    pub conflicts: Vec<RevertConflictAt>,
    /// How many more there are.
    pub conflicts_not_kept: u64,
    /// What was noticed.
    pub findings: FindingList,
}

/// The run that wrote.
#[derive(Debug, Clone)]
pub struct RevertRun {
    /// UUIDv7.
    pub id: String,
    /// The copy of the database as it was before.
    pub backup: Option<String>,
    /// The seal over the run's entries.
    pub seal: NewSeal,
}

/// Rows of a table, by what becomes of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RevertedTable {
    /// Rows that come back.
    pub inserted: u64,
    /// Rows that get values back.
    pub updated: u64,
    /// Rows that go.
    pub deleted: u64,
    /// Entries whose row is already what it was before.
    pub unchanged: u64,
    /// Entries whose row was changed since and stays.
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

    /// Rows that change.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.inserted + self.updated + self.deleted
    }
}

/// A row that was changed after the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevertConflictAt {
    /// The table.
    pub table: String,
    /// Primary key as text.
    pub record_id: String,
    /// What happened to it.
    pub conflict: RevertConflict,
    /// Who did it last: actor and time; `None` if there is no entry of it.
    pub by: Option<(String, String)>,
    /// In which run.
    pub run: Option<String>,
}
