//! Report of `verify` as a document.

use serde::Serialize;

use crate::model::RecordId;
use crate::operations::import::FileOutcome;
use crate::operations::verify::{
    Difference, DifferenceKind, ExtraRows, VerifiedTable, VerifyOutcome, VerifyStatus,
};
use crate::report::findings::FindingsView;
use crate::report::rows::ByName;

/// The outcome of the command.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct VerifyView<'o> {
    /// How it ended.
    status: VerifyStatus,
    /// Name of the layout.
    layout: &'o str,
    /// The directory's name in the ledger.
    source: &'o str,
    /// As given, without the password.
    database: &'o str,
    /// The files that were read.
    files: &'o [FileOutcome],
    /// Per table: the rows.
    tables: ByName<&'o str, VerifiedTableView<'o>>,
    /// Records that could not be compared because of errors.
    rejected: u64,
    /// The first `--limit` differences.
    differences: Vec<DifferenceView<'o>>,
    /// How many more there are.
    differences_not_listed: u64,
    #[serde(flatten)]
    findings: FindingsView<'o>,
}

/// The rows of a table, compared with the files.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct VerifiedTableView<'o> {
    /// Rows according to the files.
    rows_in_files: u64,
    /// Rows that match the files.
    equal: u64,
    /// Rows that the database does not have.
    missing: u64,
    /// Rows with different values in some columns.
    different: u64,
    /// Per column: the number of rows in which it differs.
    different_columns: ByName<&'o str, u64>,
    #[serde(flatten)]
    extra: &'o ExtraRows,
    /// Digest of every compared value of the files, whatever the order of the rows.
    files_digest: String,
    /// The same of the database.
    database_digest: String,
}

/// A difference between the database and the files.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct DifferenceView<'o> {
    /// The row is missing, a value is different, or the record of the row is no longer in the files.
    #[cfg_attr(test, schemars(extend("enum" = ["missing", "different", "gone"])))]
    kind: &'o str,
    /// The table.
    table: &'o str,
    /// The row's primary key as text.
    record_id: Option<&'o RecordId>,
    /// The column, of a different value.
    column: Option<&'o str>,
    /// The value in the file, masked without `--show-values`.
    expected: Option<&'o str>,
    /// The value in the database, masked without `--show-values`.
    found: Option<&'o str>,
    /// Where the record is, or was.
    place: PlaceView<'o>,
}

/// A place in a file.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct PlaceView<'o> {
    /// The file, relative to the directory.
    path: &'o str,
    /// Line, from 1.
    line: Option<u64>,
    /// Column, from 1.
    column: Option<u64>,
    /// JSON Pointer.
    pointer: Option<&'o str>,
    /// The part of a split string, from 0.
    part: Option<u32>,
}

impl<'o> From<&'o VerifyOutcome> for VerifyView<'o> {
    fn from(outcome: &'o VerifyOutcome) -> Self {
        let tables = outcome.tables.iter();
        Self {
            status: outcome.status,
            layout: &outcome.layout,
            source: &outcome.source,
            database: &outcome.database,
            files: &outcome.files,
            tables: tables.map(|one| (one.table.as_str(), one.into())).collect(),
            rejected: outcome.rejected,
            differences: outcome.differences.iter().map(Into::into).collect(),
            differences_not_listed: outcome.differences_not_kept,
            findings: (&outcome.findings).into(),
        }
    }
}

impl<'o> From<&'o VerifiedTable> for VerifiedTableView<'o> {
    fn from(table: &'o VerifiedTable) -> Self {
        let columns = table.columns.iter();
        Self {
            rows_in_files: table.wanted,
            equal: table.equal,
            missing: table.missing,
            different: table.different,
            different_columns: columns.map(|(name, rows)| (name.as_str(), *rows)).collect(),
            extra: &table.extra,
            files_digest: table.files_digest.to_string(),
            database_digest: table.database_digest.to_string(),
        }
    }
}

impl<'o> From<&'o Difference> for DifferenceView<'o> {
    fn from(difference: &'o Difference) -> Self {
        let place = &difference.place;
        let (column, expected, found) = match &difference.kind {
            DifferenceKind::Different {
                column,
                expected,
                found,
            } => (Some(column), Some(expected), Some(found)),
            DifferenceKind::Missing | DifferenceKind::Removed | DifferenceKind::Unread => {
                (None, None, None)
            }
        };
        Self {
            kind: difference.kind.name(),
            table: &difference.table,
            record_id: difference.record_id.as_ref(),
            column: column.map(String::as_str),
            expected: expected.map(String::as_str),
            found: found.map(String::as_str),
            place: PlaceView {
                path: &place.path,
                line: place.line,
                column: place.column,
                pointer: place.pointer.as_deref(),
                part: difference.part,
            },
        }
    }
}
