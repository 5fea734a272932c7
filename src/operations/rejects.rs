//! Records that imports left out: which there are, what became of them, and what they say.
//!
//! Writes nothing. The originals come from the archive, for the file may have changed since.

mod originals;
mod status;

use std::time::Duration;

use crate::database::ledger::RejectRecord;
use crate::database::{Access, Database, DatabaseUrl};

use super::{OperationError, run_named};

use originals::Originals;
use status::Statuses;

pub use originals::Original;

/// A reject, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// What the ledger says.
    pub record: RejectRecord,
    /// What became of it.
    pub status: RejectStatus,
}

/// What became of a record that was left out; the runs are those that read the file again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RejectStatus {
    /// The file was not read again since.
    Open,
    /// What stands in its place was accepted. A record that moved in its file is listed anew if it was left out again.
    Mended(String),
    /// It was left out again, and is listed anew.
    Repeated(String),
    /// The file was gone.
    Gone(String),
}

impl RejectStatus {
    /// The stable name used in reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Mended(_) => "mended",
            Self::Repeated(_) => "repeated",
            Self::Gone(_) => "gone",
        }
    }

    /// The run that read the file again.
    #[must_use]
    pub fn run(&self) -> Option<&str> {
        match self {
            Self::Open => None,
            Self::Mended(run) | Self::Repeated(run) | Self::Gone(run) => Some(run),
        }
    }
}

/// Which rejects are wanted.
#[derive(Debug, Clone, Default)]
pub struct RejectFilter {
    /// The beginning of a run's id.
    pub run: Option<String>,
    /// Whether those that were settled since are wanted too.
    pub settled: Settled,
}

/// What to do with rejects that are no longer open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Settled {
    /// They are left out.
    #[default]
    Omit,
    /// They are wanted too.
    Include,
}

/// Rejects are read by so many.
const PAGE: i64 = 200;

/// Visits the rejects that are wanted, in the order of their numbers.
///
/// # Errors
/// When the database has no ledger or cannot be read, the run is not known, or the visitor fails.
pub fn list_rejects(
    url: &DatabaseUrl,
    wait: Duration,
    filter: &RejectFilter,
    visit: &mut dyn FnMut(Reject),
) -> Result<(), OperationError> {
    each(url, wait, filter, visit)
}

/// Visits the rejects that are wanted with the original texts of their records.
///
/// # Errors
/// As [`list_rejects`]. A text that the archive cannot give is no error.
pub fn export_rejects(
    url: &DatabaseUrl,
    wait: Duration,
    filter: &RejectFilter,
    visit: &mut dyn FnMut(Reject, Original),
) -> Result<(), OperationError> {
    let mut originals = Originals::default();
    each(url, wait, filter, &mut |reject| {
        let original = originals.of(&reject.record);
        visit(reject, original);
    })
}

/// The reject with this number, and the original text of its record.
///
/// # Errors
/// When the database has no ledger or cannot be read, or there is no such reject.
pub fn show_reject(
    url: &DatabaseUrl,
    wait: Duration,
    id: i64,
) -> Result<(Reject, Original), OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let found = database.rejects_after(id.saturating_sub(1), 1)?.pop();
        let Some(record) = found.filter(|record| record.id == id) else {
            return Err(OperationError::UnknownReject(id));
        };
        let status = Statuses::load(database)?.of(database, &record)?;
        let original = Originals::default().of(&record);
        Ok((Reject { record, status }, original))
    })
}

fn each(
    url: &DatabaseUrl,
    wait: Duration,
    filter: &RejectFilter,
    visit: &mut dyn FnMut(Reject),
) -> Result<(), OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let run = match &filter.run {
            None => None,
            Some(name) => {
                let runs = database.runs()?;
                Some(run_named(name, runs.into_iter().map(|run| run.id))?)
            }
        };
        let mut statuses = Statuses::load(database)?;
        let mut after = 0;
        loop {
            let records = database.rejects_after(after, PAGE)?;
            let Some(last) = records.last() else {
                return Ok(());
            };
            after = last.id;
            for record in records {
                if run.as_ref().is_some_and(|run| *run != record.run_id) {
                    continue;
                }
                let status = statuses.of(database, &record)?;
                if status == RejectStatus::Open || filter.settled == Settled::Include {
                    visit(Reject { record, status });
                }
            }
        }
    })
}
