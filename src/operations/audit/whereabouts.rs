//! The rows that came from a file, or from a place in it.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::database::ledger::{FileVersion, RowOrigin, RunRecord};
use crate::database::{Access, Database, DatabaseUrl};
use crate::operations::OperationError;

/// A row that came from a file.
#[derive(Debug, Clone)]
pub struct FromFile {
    /// The record and the row.
    pub origin: RowOrigin,
    /// The version of the file.
    pub file: FileVersion,
    /// The run that imported it.
    pub run: RunRecord,
}

/// Some of the rows.
#[derive(Debug, Clone)]
pub struct Whereabouts {
    /// The rows, in the order of the records, newest version of the file first.
    pub rows: Vec<FromFile>,
    /// How many there are.
    pub count: u64,
    /// The record around the place that was asked for, if no row came from that place itself.
    pub around: Option<String>,
}

/// Rows whose records stand at `pointer` of the file `path` or below it; if there are none, those of the nearest
/// record around it. At most `limit` of them.
///
/// # Errors
/// When the database has no ledger or cannot be read, or no such file was imported.
pub fn whereabouts(
    url: &DatabaseUrl,
    wait: Duration,
    path: &str,
    pointer: &str,
    limit: usize,
) -> Result<Whereabouts, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let versions = database.versions_of_file(path)?;
        if versions.is_empty() {
            return Err(OperationError::UnknownFile(path.to_owned()));
        }
        let mut found = rows_at(database, &versions, pointer, limit)?;
        let mut outer = pointer;
        while found.count == 0 {
            let Some((around, _)) = outer.rsplit_once('/') else {
                break;
            };
            outer = around;
            let within = rows_of(database, &versions, outer, limit)?;
            if within.count > 0 {
                found = within;
                found.around = Some(outer.to_owned());
            }
        }
        Ok(found)
    })
}

/// Records at the pointer or below it.
fn rows_at(
    database: &mut Database,
    versions: &[(FileVersion, RunRecord)],
    pointer: &str,
    limit: usize,
) -> Result<Whereabouts, OperationError> {
    collect(database, versions, limit, &|origin| {
        let below = origin.pointer.strip_prefix(pointer);
        below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
    })
}

/// Records exactly at the pointer.
fn rows_of(
    database: &mut Database,
    versions: &[(FileVersion, RunRecord)],
    pointer: &str,
    limit: usize,
) -> Result<Whereabouts, OperationError> {
    collect(database, versions, limit, &|origin| {
        origin.pointer == pointer
    })
}

fn collect(
    database: &mut Database,
    versions: &[(FileVersion, RunRecord)],
    limit: usize,
    is_wanted: &dyn Fn(&RowOrigin) -> bool,
) -> Result<Whereabouts, OperationError> {
    let mut found = Whereabouts {
        rows: Vec::new(),
        count: 0,
        around: None,
    };
    for (file, run) in versions {
        database.each_origin(file.id, &mut |origin| {
            if is_wanted(&origin) {
                found.count += 1;
                if found.rows.len() < limit {
                    let (file, run) = (file.clone(), run.clone());
                    found.rows.push(FromFile { origin, file, run });
                }
            }
            ControlFlow::Continue(())
        })?;
    }
    Ok(found)
}
