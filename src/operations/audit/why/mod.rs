//! Explains a row: who wrote it, which part of which file it came from, and whether the archived original confirms it.
//!
//! The audit log has the last writer of each value; the ledger has the record and the version of the file; the layout
//! maps the record to the row; the archive has the original; the table shows whether the row still matches the audit
//! log.

mod evidence;
mod expression;
mod live;
mod origin;
mod unknown_column;
mod unsourced;
mod value_source;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::database::ledger::{FileVersion, RunRecord};
use crate::database::{Access, Database, DatabaseUrl, NotRecorded};
use crate::layout::Layout;
use crate::model::{EntryId, RecordId, RunId, Table};
use crate::operations::OperationError;
use crate::parse::{FilePosition, Limits};

use super::blame::LastWritten;
use super::history::{accepted_by, entries_named};
use super::row_history::of_last_row;
use super::{Attribution, BlamedColumn};

pub use live::LiveRow;
pub use unsourced::Unsourced;
pub use value_source::{ParameterStandIn, ValueSource};

/// Which row to explain, and how.
pub struct WhyOptions<'a> {
    /// The database.
    pub database: DatabaseUrl,
    /// How long to wait for locks.
    pub wait: Duration,
    /// The table.
    pub table: String,
    /// The row.
    pub record: String,
    /// Only this column.
    pub column: Option<String>,
    /// The archive, if not the one recorded with the run.
    pub archive: Option<PathBuf>,
    /// Limits of the parser.
    pub limits: Limits,
    /// Finds the layout with this name, or returns why it cannot.
    pub layout: &'a dyn Fn(&str) -> Result<Layout, String>,
}

/// The explanation of a row.
#[derive(Debug, Clone)]
pub struct Why {
    /// The table.
    pub table: String,
    /// The row.
    pub record_id: RecordId,
    /// Who deleted the row, if it was deleted.
    pub deleted: Option<Attribution>,
    /// The record that the row came from; `None` if it came from no file.
    pub origin: Option<Origin>,
    /// Why no file is known to have the row, if `origin` is `None`.
    pub unsourced: Unsourced,
    /// The present name of the table, if it was renamed after the last entry.
    pub renamed_to: Option<String>,
    /// The current row.
    pub live: LiveRow,
    /// Why later changes have no entry under the name of the table; `None` if they should have.
    pub not_recorded: Option<NotRecorded>,
    /// Entries that are inconsistent with the previous ones, and the runs of kind `enable` that accepted them.
    pub known_gaps: Vec<(EntryId, RunId)>,
    /// Its columns.
    pub columns: Vec<ExplainedColumn>,
}

/// The record that a row came from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The version of the file.
    pub file: FileVersion,
    /// The run that imported the record.
    pub run: RunRecord,
    /// JSON Pointer to the record.
    pub pointer: String,
    /// The part of a split string, counted from 0.
    pub part: Option<u32>,
    /// The record's location in the file.
    pub position: Option<FilePosition>,
    /// The run that found the record removed.
    pub removed: Option<RunId>,
    /// The archive.
    pub archive: Option<PathBuf>,
    /// The result of checking the archived original.
    pub proof: Proof,
    /// Number of other records that became this row.
    pub others: usize,
}

/// The result of checking the archived original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// The original has the digest in the ledger, and contains the record.
    Read,
    /// It could not be read or interpreted; holds the reason.
    Missing(String),
    /// It differs from what the run imported; holds the reason.
    Broken(String),
}

/// A column and the source of its value.
#[derive(Debug, Clone)]
pub struct ExplainedColumn {
    /// The value, and who wrote it last.
    pub blamed: BlamedColumn,
    /// The source of the value according to the layout; `None` if the layout is unavailable.
    pub source: Option<ValueSource>,
    /// The conversion of the value.
    pub conversion: Option<(String, String)>,
    /// Whether the file has the same value.
    pub verdict: Verdict,
    /// The value in the table, if it differs from the audit log.
    pub in_table: Option<Value>,
}

/// Whether a value matches the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It matches: the record was read and mapped again.
    Proved,
    /// It differs although the run that imported the record wrote it: the data is inconsistent.
    Differs {
        /// The value in the file.
        file: String,
    },
    /// It differs because the row was changed later.
    ChangedSince {
        /// The value in the file.
        file: String,
    },
    /// The value does not come from the file.
    NotInFile,
    /// The file could not be checked.
    Unproved,
}

impl Why {
    /// Whether the original or the row is inconsistent.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        let broken = self
            .origin
            .as_ref()
            .is_some_and(|origin| match origin.proof {
                Proof::Read => false,
                Proof::Missing(_) | Proof::Broken(_) => true,
            });
        let differs = |column: &ExplainedColumn| matches!(column.verdict, Verdict::Differs { .. });
        broken || self.columns.iter().any(differs) || self.differs_from_table()
    }

    /// Whether the current row differs from the audit log.
    #[must_use]
    pub fn differs_from_table(&self) -> bool {
        match self.live {
            LiveRow::Removed | LiveRow::Unrecorded => true,
            LiveRow::There | LiveRow::Deleted | LiveRow::NotCompared => {
                self.columns.iter().any(|column| column.in_table.is_some())
            }
        }
    }
}

/// Explains a row.
///
/// # Errors
/// When the database has no ledger or cannot be read, or the audit log has no such row or column.
pub fn why(options: &WhyOptions<'_>) -> Result<Why, OperationError> {
    let mut database = Database::open(&options.database, Access::Read, options.wait)?;
    database.snapshot(|database| {
        let (record, entries) = entries_named(database, &options.table, &options.record)?;
        let entries = of_last_row(entries, &record);
        let table = database.tables().restored_table(&options.table)?;
        let key = table
            .as_ref()
            .map(|table| key_names(table.table()))
            .unwrap_or_default();
        let written = LastWritten::read(database, &options.table, &entries, &key)?;
        let files: Vec<i64> = entries
            .iter()
            .filter_map(|one| one.entry.source_file_id)
            .collect();
        let names = origin::FormerName::of_row(&entries, &record, &written.imported_ids);
        let moved_to = entries.last().and_then(|last| last.moved_to.as_ref());
        let moved_to = moved_to.filter(|name| **name != record);
        let renamed_to = match &table {
            Some(_) => None,
            None => database.ledger().present_name(&options.table)?,
        };
        let moved = moved_to.map(RecordId::as_str).or(renamed_to.as_deref());
        let baselines = match written.inconsistent.is_empty() {
            true => Vec::new(),
            false => database.audited_tables().baselines_of(&options.table)?,
        };
        let inconsistent = written.inconsistent.iter();
        let known_gaps = inconsistent
            .filter_map(|&entry| Some((entry, accepted_by(&baselines, entry)?)))
            .collect();
        let (mut live, in_table) = live::live_row(database, table.as_ref(), &written, moved)?;
        let is_accepted = |entry| accepted_by(&baselines, entry).is_some();
        if live == LiveRow::There
            && written
                .not_inserted
                .is_some_and(|entry| !is_accepted(entry))
        {
            live = LiveRow::Unrecorded;
        }
        let mut columns: Vec<_> = written.columns.into_iter().zip(in_table).collect();
        let is_written = |only: &String| columns.iter().any(|(one, _)| one.column == *only);
        let was_written = options.column.as_ref().is_some_and(is_written);
        if let Some(known) = &written.known {
            // A column that was dropped from the table is not explained.
            columns.retain(|(column, _)| known.contains(&column.column));
        }
        let recorded: Vec<String> = columns.iter().map(|(one, _)| one.column.clone()).collect();
        if let Some(only) = &options.column {
            columns.retain(|(column, _)| column.column == *only);
            if columns.is_empty() {
                let computed = database.unrecorded_columns(&options.table)?;
                if computed.contains(only) {
                    return Err(OperationError::ComputedColumn {
                        table: options.table.clone(),
                        record,
                        column: only.clone(),
                    });
                }
                return Err(OperationError::UnknownColumn {
                    table: options.table.clone(),
                    record,
                    column: only.clone(),
                    why: match was_written {
                        true => ": it was renamed or dropped".to_owned(),
                        false => unknown_column::why(database, &options.table, only, &recorded)?,
                    },
                });
            }
        }
        let (columns, in_table): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let wanted = origin::Wanted {
            names: &names,
            files: &files,
        };
        let (origin, mut columns) = origin::explain(database, options, &wanted, columns)?;
        for (column, in_table) in columns.iter_mut().zip(in_table) {
            column.in_table = in_table;
        }
        Ok(Why {
            table: options.table.clone(),
            record_id: record,
            deleted: written.deleted,
            unsourced: Unsourced::of(database, &options.table, entries.first())?,
            origin,
            renamed_to,
            live,
            not_recorded: database.audited_tables().not_recorded(&options.table)?,
            known_gaps,
            columns,
        })
    })
}

fn key_names(table: &Table) -> Vec<&str> {
    let key = table.primary_key.iter();
    key.map(|&at| table.columns[at].name.as_str()).collect()
}
