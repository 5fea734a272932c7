//! One entry of the audit log, with its run and its file.

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;

use crate::database::audit_log::AuditEntry;
use crate::database::ledger::{ClaimedFile, RunRecord};
use crate::database::{Access, Database, DatabaseUrl, ReadTransaction};
use crate::model::{EntryId, RunId, RunKind};
use crate::operations::OperationError;

/// Who made a change, when and why. `run`, `kind` and `reason` are `null` for other programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Attribution"))]
pub struct Attribution {
    /// Number of the entry.
    pub entry: EntryId,
    /// When; for an entry of a run, when the run began.
    #[serde(rename = "changed_at")]
    pub at: String,
    /// The run's actor; `external` for other programs.
    pub actor: String,
    /// The database's user, if it has users.
    pub db_user: Option<String>,
    /// The run.
    pub run: Option<RunId>,
    /// The kind of the run: `import`, …
    pub kind: Option<String>,
    /// The reason given for the run.
    pub reason: Option<String>,
    /// The source file of the change.
    pub file: Option<String>,
}

impl Attribution {
    /// Whether a run of this kind made the entry.
    #[must_use]
    pub fn is_of(&self, kind: RunKind) -> bool {
        self.kind.as_deref().is_some_and(|stored| kind.is(stored))
    }
}

/// The details of one entry.
#[derive(Debug, Clone)]
pub struct EntryDetails {
    /// The entry.
    pub entry: AuditEntry,
    /// Who made it.
    pub attribution: Attribution,
    /// The run it belongs to.
    pub run: Option<RunRecord>,
}

/// The entry of this number.
///
/// # Errors
/// When the database has no ledger or cannot be read, or there is no such entry.
pub fn show_entry(
    url: &DatabaseUrl,
    wait: Duration,
    id: EntryId,
) -> Result<EntryDetails, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let entry = database
            .audit_log()
            .entry(id)?
            .ok_or(OperationError::UnknownEntry(id))?;
        let attributions = AttributionIndex::new(database)?;
        let attribution = attributions.attribution_of(&entry);
        let run = entry
            .run_id
            .as_ref()
            .and_then(|id| attributions.run(id).cloned());
        Ok(EntryDetails {
            entry,
            attribution,
            run,
        })
    })
}

/// The runs and files that entries refer to.
pub(super) struct AttributionIndex {
    runs: HashMap<RunId, RunRecord>,
    files: HashMap<i64, ClaimedFile>,
}

impl AttributionIndex {
    pub(super) fn new(database: &mut ReadTransaction) -> Result<Self, OperationError> {
        let runs = database.ledger().runs()?.into_iter();
        Ok(Self {
            runs: runs.map(|run| (run.id.clone(), run)).collect(),
            files: database.ledger().claimed_files()?,
        })
    }

    pub(super) fn run(&self, id: &RunId) -> Option<&RunRecord> {
        self.runs.get(id)
    }

    pub(super) fn attribution_of(&self, entry: &AuditEntry) -> Attribution {
        let run = entry.run_id.as_ref().and_then(|id| self.runs.get(id));
        let file = entry.source_file_id.and_then(|id| self.files.get(&id));
        Attribution {
            entry: entry.id,
            at: entry.changed_at.clone(),
            actor: entry.changed_by.clone(),
            db_user: entry.db_user.clone(),
            run: entry.run_id.clone(),
            kind: run.map(|run| run.kind.clone()),
            reason: run.and_then(|run| run.reason.clone()),
            file: file.map(|file| file.path.clone()),
        }
    }
}
