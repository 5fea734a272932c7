//! Finds the rows that came from a file, or from a part of it.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::database::ledger::{FileVersion, RowOrigin, RunRecord};
use crate::database::{Access, Database, DatabaseUrl, ReadTransaction};
use crate::operations::OperationError;

/// A row that came from a file.
#[derive(Debug, Clone)]
pub struct RowFromFile {
    /// The record and the row.
    pub origin: RowOrigin,
    /// The version of the file.
    pub file: FileVersion,
    /// The run that imported it.
    pub run: RunRecord,
}

/// A page of rows.
#[derive(Debug, Clone)]
pub struct RowsFromFile {
    /// The rows, in the order of the records, newest version of the file first.
    pub rows: Vec<RowFromFile>,
    /// Total number of rows.
    pub count: u64,
    /// Pointer to the enclosing record, if no row came from the given pointer itself.
    pub enclosing: Option<String>,
}

/// Returns rows whose records are at `pointer` of the file `path` or below it; if there are none, those of the nearest
/// enclosing record. At most `limit` of them.
///
/// # Errors
/// When the database has no ledger or cannot be read, or no such file was imported.
pub fn rows_from_file(
    url: &DatabaseUrl,
    wait: Duration,
    path: &str,
    pointer: &str,
    limit: usize,
) -> Result<RowsFromFile, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let versions = database.ledger().versions_of_file(path)?;
        if versions.is_empty() {
            return Err(OperationError::UnknownFile(path.to_owned()));
        }
        let mut found = rows_at(database, &versions, pointer, limit)?;
        let mut outer = pointer;
        while found.count == 0 {
            let Some((parent, _)) = outer.rsplit_once('/') else {
                break;
            };
            outer = parent;
            let within = rows_of(database, &versions, outer, limit)?;
            if within.count > 0 {
                found = within;
                found.enclosing = Some(outer.to_owned());
            }
        }
        Ok(found)
    })
}

/// Records at the pointer or below it.
fn rows_at(
    database: &mut ReadTransaction,
    versions: &[(FileVersion, RunRecord)],
    pointer: &str,
    limit: usize,
) -> Result<RowsFromFile, OperationError> {
    collect(database, versions, limit, &|origin| {
        let below = origin.pointer.strip_prefix(pointer);
        below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
    })
}

/// Records exactly at the pointer.
fn rows_of(
    database: &mut ReadTransaction,
    versions: &[(FileVersion, RunRecord)],
    pointer: &str,
    limit: usize,
) -> Result<RowsFromFile, OperationError> {
    collect(database, versions, limit, &|origin| {
        origin.pointer == pointer
    })
}

fn collect(
    database: &mut ReadTransaction,
    versions: &[(FileVersion, RunRecord)],
    limit: usize,
    is_wanted: &dyn Fn(&RowOrigin) -> bool,
) -> Result<RowsFromFile, OperationError> {
    let mut found = RowsFromFile {
        rows: Vec::new(),
        count: 0,
        enclosing: None,
    };
    for (file, run) in versions {
        database.ledger().each_origin(file.id, &mut |origin| {
            if is_wanted(&origin) {
                found.count += 1;
                if found.rows.len() < limit {
                    let (file, run) = (file.clone(), run.clone());
                    found.rows.push(RowFromFile { origin, file, run });
                }
            }
            ControlFlow::Continue(())
        })?;
    }
    Ok(found)
}
