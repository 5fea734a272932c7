//! What a verification has to tell.

use crate::model::{FindingList, Place, TableDigest};
use crate::operations::directory::FileOutcome;

/// How a verification ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyStatus {
    /// The database holds exactly what the files say.
    Equal,
    /// It does not, as far as the files could be compared.
    Different,
    /// No difference was found, but the files have errors, so not all they say could be compared.
    Invalid,
    /// No file of the directory belongs to the layout, and the ledger knows no row of it: nothing was compared.
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
    /// The first differences: missing and different rows in the order of the files, then rows without a record.
    pub differences: Vec<Difference>,
    /// How many more differences there are.
    pub differences_not_kept: u64,
    /// What was noticed, sorted by level and place.
    pub findings: FindingList,
}

/// How the rows of one table compare with the files.
#[derive(Debug, Clone)]
pub struct VerifiedTable {
    /// The table.
    pub table: String,
    /// Rows the files want: records that repeat another count once.
    pub wanted: u64,
    /// Rows that hold what the files say.
    pub equal: u64,
    /// Rows the database does not have.
    pub missing: u64,
    /// Rows of which some columns hold something else.
    pub different: u64,
    /// For columns that hold something else, in how many rows.
    pub columns: Vec<(String, u64)>,
    /// The other rows of the table, which the files do not want.
    pub extra: ExtraRows,
    /// Digest of the mapped values of the rows the files want.
    pub files_digest: TableDigest,
    /// Digest of the same values of the rows found for them; equal if all of them are.
    pub database_digest: TableDigest,
}

impl VerifiedTable {
    /// Missing rows, values that differ, and rows whose records are gone.
    pub(super) fn differences(&self) -> u64 {
        let values: u64 = self.columns.iter().map(|(_, count)| count).sum();
        self.missing + values + self.extra.gone
    }
}

/// Rows of a table that no record of the files accounts for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtraRows {
    /// Imported from this directory earlier; their records are no longer in the files. A difference.
    pub gone: u64,
    /// Imported from files of which some records cannot be read now, so that theirs may be among those.
    pub unread: u64,
    /// Imported from other directories.
    pub other_sources: u64,
    /// Written by other programs.
    pub foreign: u64,
    /// The record ids of the first foreign rows.
    pub foreign_record_ids: Vec<String>,
}

/// One thing that is not as the files say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What kind of difference.
    pub kind: DifferenceKind,
    /// The table.
    pub table: String,
    /// Primary key as text, if there is a row or the ledger knows of one.
    pub record_id: Option<String>,
    /// Where the record stands, or stood.
    pub place: Place,
    /// Which part of a split text, counted from 0.
    pub part: Option<u32>,
}

/// The kinds of difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DifferenceKind {
    /// The database has no row for the record.
    Missing,
    /// A column holds something else.
    Different {
        /// The column.
        column: String,
        /// What the file says, masked unless values may be shown.
        expected: String,
        /// What the database holds, likewise.
        found: String,
    },
    /// The row was imported earlier, and its record is no longer in the files.
    Gone,
}

impl DifferenceKind {
    /// The stable name used in reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Different { .. } => "different",
            Self::Gone => "gone",
        }
    }
}
