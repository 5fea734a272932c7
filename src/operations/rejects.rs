//! Records that imports rejected: lists them, with their status and original text.
//!
//! Writes nothing. The originals come from the archive, because the file may have changed since.

mod originals;
mod status;

use std::time::Duration;

use crate::database::ledger::RejectRecord;
use crate::database::{Access, Database, DatabaseUrl};
use crate::model::RunId;
use crate::parse::Limits;

use super::{OperationError, run_named};

use originals::Originals;
use status::Statuses;

pub use originals::Original;

/// A reject and its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The reject as recorded in the ledger.
    pub record: RejectRecord,
    /// Its status.
    pub status: RejectStatus,
}

/// The status of a rejected record. The runs are those that read the file again; a reverted run does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RejectStatus {
    /// The file was not read again since.
    Open,
    /// The record in its place was accepted. If the record moved in its file and was rejected again, it is listed anew.
    Fixed(RunId),
    /// It was rejected again, and is listed anew.
    Repeated(RunId),
    /// The file was removed.
    Removed(RunId),
    /// The run that rejected it was reverted by this run.
    Reverted(RunId),
}

impl RejectStatus {
    /// The stable name used in reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Fixed(_) => "mended",
            Self::Repeated(_) => "repeated",
            Self::Removed(_) => "gone",
            Self::Reverted(_) => "reverted",
        }
    }

    /// The run that read the file again, or that reverted the run.
    #[must_use]
    pub fn run(&self) -> Option<&RunId> {
        match self {
            Self::Open => None,
            Self::Fixed(run) | Self::Repeated(run) | Self::Removed(run) | Self::Reverted(run) => {
                Some(run)
            }
        }
    }
}

/// Which rejects to list.
#[derive(Debug, Clone, Default)]
pub struct RejectFilter {
    /// The prefix of a run's id.
    pub run: Option<String>,
    /// Whether to include rejects that are no longer open.
    pub resolved: ResolvedRejects,
}

/// How to handle rejects that are no longer open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResolvedRejects {
    /// Omit them.
    #[default]
    Omit,
    /// Include them.
    Include,
}

/// Number of rejects read at a time.
const PAGE: i64 = 200;

/// Visits the selected rejects, in the order of their numbers. Returns the number of those that were omitted because
/// they are no longer open.
///
/// # Errors
/// When the database has no ledger or cannot be read, the run is unknown, or the visitor fails.
pub fn list_rejects(
    url: &DatabaseUrl,
    wait: Duration,
    filter: &RejectFilter,
    visit: &mut dyn FnMut(Reject),
) -> Result<u64, OperationError> {
    each(url, wait, filter, visit)
}

/// Visits the selected rejects with the original text of their records.
///
/// # Errors
/// As [`list_rejects`]. A text that the archive does not have is not an error.
pub fn export_rejects(
    url: &DatabaseUrl,
    wait: Duration,
    filter: &RejectFilter,
    limits: Limits,
    visit: &mut dyn FnMut(Reject, Original),
) -> Result<(), OperationError> {
    let mut originals = Originals::new(limits);
    each(url, wait, filter, &mut |reject| {
        let original = originals.of(&reject.record);
        visit(reject, original);
    })?;
    Ok(())
}

/// The reject with this number, and the original text of its record.
///
/// # Errors
/// When the database has no ledger or cannot be read, or there is no such reject.
pub fn show_reject(
    url: &DatabaseUrl,
    wait: Duration,
    id: i64,
    limits: Limits,
) -> Result<(Reject, Original), OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let found = database
            .ledger()
            .rejects_after(id.saturating_sub(1), 1)?
            .pop();
        let Some(record) = found.filter(|record| record.id == id) else {
            return Err(OperationError::UnknownReject(id));
        };
        let status = Statuses::load(database)?.of(database, &record)?;
        let original = Originals::new(limits).of(&record);
        Ok((Reject { record, status }, original))
    })
}

fn each(
    url: &DatabaseUrl,
    wait: Duration,
    filter: &RejectFilter,
    visit: &mut dyn FnMut(Reject),
) -> Result<u64, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let run = match &filter.run {
            None => None,
            Some(name) => {
                let runs = database.ledger().runs()?;
                Some(run_named(name, runs.into_iter().map(|run| run.id))?)
            }
        };
        let mut statuses = Statuses::load(database)?;
        let (mut after, mut omitted) = (0, 0);
        loop {
            let records = database.ledger().rejects_after(after, PAGE)?;
            let Some(last) = records.last() else {
                return Ok(omitted);
            };
            after = last.id;
            for record in records {
                if run.as_ref().is_some_and(|run| *run != record.run_id) {
                    continue;
                }
                let status = statuses.of(database, &record)?;
                if status == RejectStatus::Open || filter.resolved == ResolvedRejects::Include {
                    visit(Reject { record, status });
                } else {
                    omitted += 1;
                }
            }
        }
    })
}
