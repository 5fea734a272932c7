//! The other records that a run writes: files and rejects.

use crate::model::{Sha256, Timestamp};

/// A source file as stored in the ledger.
#[derive(Debug, Clone)]
pub struct FileRecord {
    /// Relative path.
    pub path: String,
    /// SHA-256; `None` if the file was removed.
    pub sha256: Option<Sha256>,
    /// Size.
    pub bytes: u64,
    /// Modification time.
    pub modified: Option<Timestamp>,
}

/// A record skipped by `--skip-invalid`.
#[derive(Debug, Clone)]
pub struct Reject {
    /// JSON Pointer to the record; `None` for everything after an error that ended the reading of the file.
    pub record: Option<String>,
    /// JSON Pointer to the invalid value.
    pub pointer: Option<String>,
    /// Line, from 1.
    pub line: Option<u64>,
    /// Column, from 1.
    pub column: Option<u64>,
    /// Code of the rule.
    pub rule: &'static str,
    /// The message of the finding.
    pub message: String,
}
