//! The result of a verification.

use serde::Serialize;

use crate::model::{FindingList, Place, RecordId, TableDigest};
use crate::operations::directory::FileOutcome;

/// How a verification ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum VerifyStatus {
    /// The database matches the files exactly.
    Equal,
    /// There are differences; if the files have errors, only the valid records were compared.
    Different,
    /// No difference was found, but the files have errors, so not all records were compared.
    Invalid,
    /// No file of the directory matches the layout, and the ledger has no row of the directory: nothing was compared.
    #[serde(rename = "nothing_compared")]
    Nothing,
}

/// The result of a verification.
#[derive(Debug, Clone)]
pub struct VerifyOutcome {
    /// How it ended.
    pub status: VerifyStatus,
    /// Name of the layout.
    pub layout: String,
    /// The directory's name in the ledger.
    pub source: String,
    /// The database.
    pub database: String,
    /// The files that were read.
    pub files: Vec<FileOutcome>,
    /// One per table of the layout.
    pub tables: Vec<VerifiedTable>,
    /// Records that could not be compared because of errors.
    pub rejected: u64,
    /// Whether there are errors in the files, and not only an unfinished run of the database.
    pub files_have_errors: bool,
    /// The first differences: missing and different rows in the order of the files, then rows whose records were
    /// removed.
    pub differences: Vec<Difference>,
    /// Number of differences that are not listed.
    pub differences_not_kept: u64,
    /// Findings, sorted by level and location.
    pub findings: FindingList,
}

/// The result of comparing the rows of one table with the files.
#[derive(Debug, Clone)]
pub struct VerifiedTable {
    /// The table.
    pub table: String,
    /// Rows according to the files: repeated records count once.
    pub wanted: u64,
    /// Rows that match the files.
    pub equal: u64,
    /// Rows that the database does not have.
    pub missing: u64,
    /// Rows with different values in some columns.
    pub different: u64,
    /// For each column with different values, the number of rows.
    pub columns: Vec<(String, u64)>,
    /// The other rows of the table, which the files do not have.
    pub extra: ExtraRows,
    /// Digest of the mapped values according to the files.
    pub files_digest: TableDigest,
    /// Digest of the same values in the database; equal if all values are.
    pub database_digest: TableDigest,
}

impl VerifiedTable {
    /// Missing rows, different values, and rows whose records were removed.
    pub(super) fn differences(&self) -> u64 {
        let values: u64 = self.columns.iter().map(|(_, count)| count).sum();
        self.missing + values + self.extra.removed
    }
}

/// Rows of a table that no record of the files accounts for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ExtraRows {
    /// Imported from this directory earlier; their records are no longer in the files. These are differences.
    #[serde(rename = "gone")]
    pub removed: u64,
    /// Imported from files with records that cannot be read now; their records may be among these.
    pub unread: u64,
    /// Imported from other directories.
    pub other_sources: u64,
    /// Written by other programs.
    pub foreign: u64,
    /// The record ids of the first foreign rows.
    pub foreign_record_ids: Vec<RecordId>,
}

/// A difference between the database and the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What kind of difference.
    pub kind: DifferenceKind,
    /// The table.
    pub table: String,
    /// Primary key as text, if the row exists or the ledger has its record.
    pub record_id: Option<RecordId>,
    /// Where the record is, or was.
    pub place: Place,
    /// Which part of a split text, counted from 0.
    pub part: Option<u32>,
}

/// The kinds of differences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DifferenceKind {
    /// The database has no row for the record.
    Missing,
    /// A column has a different value.
    Different {
        /// The column.
        column: String,
        /// The value in the file, masked unless values may be shown.
        expected: String,
        /// The value in the database, likewise.
        found: String,
    },
    /// The row was imported earlier, and its record is no longer in the files.
    Removed,
    /// The row was imported earlier from a file that the layout no longer reads.
    Unread,
}

impl DifferenceKind {
    /// The stable name used in reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Different { .. } => "different",
            Self::Removed | Self::Unread => "gone",
        }
    }
}
