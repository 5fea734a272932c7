//! One entry, with the run and the file behind it.

use std::collections::HashMap;
use std::time::Duration;

use crate::database::ledger::{AuditEntry, ClaimedFile, RunRecord};
use crate::database::{Access, Database, DatabaseUrl};
use crate::operations::OperationError;

/// Who made a change, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Number of the entry.
    pub entry: i64,
    /// RFC 3339.
    pub at: String,
    /// The run's actor, or `external`.
    pub actor: String,
    /// The database's user.
    pub db_user: Option<String>,
    /// The run.
    pub run: Option<String>,
    /// What the run did: `import`, …
    pub kind: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The source file that the change came from.
    pub file: Option<String>,
}

/// Everything that is known of one entry.
#[derive(Debug, Clone)]
pub struct EntryDetails {
    /// The entry.
    pub entry: AuditEntry,
    /// Who made it.
    pub signature: Signature,
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
    id: i64,
) -> Result<EntryDetails, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let entry = database
            .entry(id)?
            .ok_or(OperationError::UnknownEntry(id))?;
        let signer = Signer::new(database)?;
        let signature = signer.sign(&entry);
        let run = entry
            .run_id
            .as_deref()
            .and_then(|id| signer.run(id).cloned());
        Ok(EntryDetails {
            entry,
            signature,
            run,
        })
    })
}

/// Knows the runs and the files that entries name.
pub(super) struct Signer {
    runs: HashMap<String, RunRecord>,
    files: HashMap<i64, ClaimedFile>,
}

impl Signer {
    pub(super) fn new(database: &mut Database) -> Result<Self, OperationError> {
        let runs = database.runs()?.into_iter();
        Ok(Self {
            runs: runs.map(|run| (run.id.clone(), run)).collect(),
            files: database.claimed_files()?,
        })
    }

    pub(super) fn run(&self, id: &str) -> Option<&RunRecord> {
        self.runs.get(id)
    }

    pub(super) fn sign(&self, entry: &AuditEntry) -> Signature {
        let run = entry.run_id.as_deref().and_then(|id| self.runs.get(id));
        let file = entry.source_file_id.and_then(|id| self.files.get(&id));
        Signature {
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
