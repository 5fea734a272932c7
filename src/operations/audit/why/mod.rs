//! Why a row is as it is: who wrote it, from which place of which file, and the proof that it says so there.
//!
//! The trail tells who wrote a value last; the ledger tells from which record of which version of a file the row came; the
//! layout tells how the record becomes the row; the archive has the file's bytes; the table tells whether the row still is
//! what the trail says.

mod evidence;
mod expression;
mod live;
mod origin;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::audit::RowState;
use crate::database::ledger::{FileVersion, RunRecord};
use crate::database::{Access, Database, DatabaseUrl};
use crate::layout::Layout;
use crate::operations::OperationError;
use crate::parse::FilePosition;

use super::blame::blamed;
use super::{BlamedColumn, Signature, history};

pub use live::LiveRow;

/// What is asked.
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
    /// Where the originals are, if not where the run put them.
    pub archive: Option<PathBuf>,
    /// Finds the layout of this name; says why not.
    pub layout: &'a dyn Fn(&str) -> Result<Layout, String>,
}

/// The explanation of a row.
#[derive(Debug, Clone)]
pub struct Why {
    /// The table.
    pub table: String,
    /// The row.
    pub record_id: String,
    /// Who deleted it, if it is gone.
    pub deleted: Option<Signature>,
    /// The record it came from; `None` for a row that no file accounts for.
    pub origin: Option<Origin>,
    /// The row in its table.
    pub live: LiveRow,
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
    /// Which part of a split text, from 0.
    pub part: Option<u32>,
    /// Where the record stands in the file.
    pub position: Option<FilePosition>,
    /// The run that no longer found it there.
    pub gone: Option<String>,
    /// Where the archive is.
    pub archive: Option<PathBuf>,
    /// What the archived original proves.
    pub proof: Proof,
    /// Other records that became this row as well.
    pub others: usize,
}

/// What the archived original says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// Its bytes have the digest in the ledger, and the record is there.
    Read,
    /// It could not be read, or not be understood: why.
    Missing(String),
    /// It is not what the run imported: why.
    Broken(String),
}

/// A column, and where its value comes from.
#[derive(Debug, Clone)]
pub struct ExplainedColumn {
    /// The value, and who wrote it last.
    pub blamed: BlamedColumn,
    /// Where the layout takes it from; `None` if the layout is not at hand.
    pub source: Option<ValueSource>,
    /// What was done to it on its way.
    pub conversion: Option<(String, String)>,
    /// Whether the file says the same.
    pub verdict: Verdict,
    /// What the table holds, if it is another value than the trail's.
    pub in_table: Option<Value>,
}

/// What the layout says of a parameter that is not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterStandIn {
    /// This text.
    Text(String),
    /// The value in the only row of a table.
    OnlyRow {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueSource {
    /// A value in the file.
    File {
        /// Its JSON Pointer.
        pointer: String,
        /// Where it stands.
        position: Option<FilePosition>,
        /// Its JSON, as it is written; of a split text the part.
        text: Option<String>,
    },
    /// The file has no such value, or null.
    Absent {
        /// Where it would be.
        pointers: Vec<String>,
        /// Those of them where null stands.
        nulls: Vec<String>,
        /// The layout's default, taken instead.
        default: Option<Value>,
    },
    /// A piece of the file's name, or an index or member name on the way to the record.
    Capture {
        /// Its name in the layout.
        name: String,
        /// What it is here.
        value: String,
    },
    /// A column of the enclosing record's row.
    Parent {
        /// The enclosing row's table.
        table: String,
        /// Its column.
        column: String,
    },
    /// A constant of the layout.
    Constant(Value),
    /// A parameter that the run was given.
    Parameter {
        /// Its name.
        name: String,
        /// What stands for it where the run was given none.
        default: Option<ParameterStandIn>,
    },
    /// A column of another row, found by its key.
    Reference {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The columns of the key.
        key: Vec<String>,
    },
    /// The members of the record that nothing else reads.
    Rest {
        /// The record.
        pointer: String,
    },
    /// An identifier made for a record that has none.
    MadeId,
    /// Nothing in the file: the column's DEFAULT, or a number that the database gave.
    Database,
}

/// Whether a value is what the file says.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It is: the record was read and mapped again.
    Proved,
    /// It is not, and the run that imported the record wrote it: something is wrong.
    Differs {
        /// What the file says.
        file: String,
    },
    /// It is not, because somebody changed it.
    ChangedSince {
        /// What the file says.
        file: String,
    },
    /// The file does not say it.
    NotInFile,
    /// The file could not be asked.
    Unproved,
}

impl Why {
    /// Whether something is not as it should be.
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

    /// Whether the row in its table is not what the trail says.
    #[must_use]
    pub fn differs_from_table(&self) -> bool {
        match self.live {
            LiveRow::Gone | LiveRow::Unrecorded => true,
            LiveRow::There(_) | LiveRow::Deleted | LiveRow::NotCompared => {
                self.columns.iter().any(|column| column.in_table.is_some())
            }
        }
    }
}

/// Explains a row.
///
/// # Errors
/// When the database has no ledger or cannot be read, or the trail knows no such row or column.
pub fn why(options: &WhyOptions<'_>) -> Result<Why, OperationError> {
    let mut database = Database::open(&options.database, Access::Read, options.wait)?;
    database.snapshot(|database| {
        let history = history::read(database, &options.table, &options.record)?;
        let record = history.record_id.clone();
        let life = history.into_last_life();
        let files: Vec<i64> = life.iter().filter_map(|version| version.file).collect();
        let now = life
            .last()
            .map(|version| version.after.clone())
            .unwrap_or_default();
        // The row may have been called otherwise when it was imported.
        let names = life.iter().map(|version| version.record_id.clone());
        let mut names: Vec<String> = names.chain([record.clone()]).collect();
        names.dedup();
        let moved_to = life.last().and_then(|last| last.moved_to.as_deref());
        let moved_to = moved_to.filter(|name| *name != record);
        let live = live::live_row(database, &options.table, &life, moved_to)?;
        let blame = blamed(&options.table, &record, life);
        let mut columns = blame.columns;
        if let RowState::Present(image) | RowState::Partial(image) = &now {
            // What was dropped from the table is no column any more.
            columns.retain(|column| image.contains_key(&column.column));
        }
        if let Some(only) = &options.column {
            columns.retain(|column| column.column == *only);
            if columns.is_empty() {
                return Err(OperationError::UnknownColumn {
                    table: options.table.clone(),
                    column: only.clone(),
                });
            }
        }
        let (origin, mut columns) = origin::explain(database, options, &names, &files, columns)?;
        for ExplainedColumn {
            blamed, in_table, ..
        } in &mut columns
        {
            *in_table = live.other_value(&blamed.column, &blamed.value);
        }
        Ok(Why {
            table: options.table.clone(),
            record_id: record,
            deleted: blame.deleted,
            origin,
            live,
            columns,
        })
    })
}
