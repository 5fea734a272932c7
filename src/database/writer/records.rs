//! What is written besides rows: files, records that are left out, the end of a run.

use crate::model::{Sha256, Timestamp};

use crate::database::Mismatch;
use crate::database::ledger::{NewSeal, RunFacts};

/// What a run has to say when it ends.
#[derive(Debug)]
pub struct RunEnd {
    /// When.
    pub at: Timestamp,
    /// Counts for the ledger, as JSON.
    pub counts: String,
    /// What the seal tells besides.
    pub facts: RunFacts,
}

/// How a run ended that the database did not refuse.
#[derive(Debug)]
pub enum Finished {
    /// The rows are what was planned; to be committed.
    Sealed(NewSeal),
    /// The database does not hold what was planned; to be rolled back.
    NotAsPlanned(Vec<Mismatch>),
}

/// A source file as the ledger keeps it.
#[derive(Debug, Clone)]
pub struct FileRecord {
    /// Relative path.
    pub path: String,
    /// SHA-256; `None` when the file is gone.
    pub sha256: Option<Sha256>,
    /// Size.
    pub bytes: u64,
    /// Modification time.
    pub modified: Option<Timestamp>,
}

/// A record left out by `--skip-invalid`.
#[derive(Debug, Clone)]
pub struct Reject {
    /// JSON Pointer to the record; `None` for all that stands behind a fault of the file.
    pub record: Option<String>,
    /// JSON Pointer to what is wrong.
    pub pointer: Option<String>,
    /// Line, from 1.
    pub line: Option<u64>,
    /// Column, from 1.
    pub column: Option<u64>,
    /// Code of the rule.
    pub rule: &'static str,
    /// What was found.
    pub message: String,
}
