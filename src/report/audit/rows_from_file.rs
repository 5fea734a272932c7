//! Report of `audit where`: the rows that came from a location in a file.

use std::io::{self, Write};

use serde::Serialize;

use crate::model::{RecordId, RunId, escape_line};
use crate::operations::audit::{RowFromFile, RowsFromFile};
use crate::report::counts::{Align, aligned, short_timestamp};

use super::csv::sheet;
use super::log::shown_of;
use super::shown::short;

/// One line per row, then the total.
#[must_use]
pub fn rows_from_file_text(found: &RowsFromFile) -> String {
    let header = [
        ("table", Align::Left),
        ("record", Align::Left),
        ("pointer", Align::Left),
        ("part", Align::Right),
        ("run", Align::Left),
        ("when", Align::Left),
        ("actor", Align::Left),
        ("", Align::Left),
    ];
    let row = |row: &RowFromFile| {
        let origin = &row.origin;
        vec![
            escape_line(&origin.table_name),
            escape_line(&origin.record_id),
            escape_line(&origin.pointer),
            origin.part.map(|part| part.to_string()).unwrap_or_default(),
            short(&row.run.id).to_owned(),
            short_timestamp(&row.run.started_at),
            escape_line(&row.run.actor),
            origin
                .gone_run_id
                .as_ref()
                .map(|run| format!("removed from the source, run {}", short(run)))
                .unwrap_or_default(),
        ]
    };
    let rows: Vec<_> = found.rows.iter().map(row).collect();
    let mut out = match rows.is_empty() {
        true => String::new(),
        false => aligned(&header, &rows),
    };
    if let Some(around) = &found.enclosing {
        let around = match around.as_str() {
            "" => "the whole document".to_owned(),
            around => escape_line(around),
        };
        out.push_str(&format!(
            "no row comes from exactly this location; the enclosing record is: {around}\n"
        ));
    }
    out.push_str(&shown_of(found.rows.len(), found.count, "row"));
    out
}

/// The rows as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RowsFromFileView<'o> {
    /// The rows, in the order of the records, newest version of the file first.
    rows: Vec<RowFromFileView<'o>>,
    /// Number of all rows.
    count: u64,
    /// JSON Pointer to the record around the place, if no row came from exactly this place.
    around: Option<&'o str>,
}

/// A row that came from a file.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RowFromFileView<'o> {
    /// The table.
    table: &'o str,
    /// The row's primary key as text.
    record_id: &'o RecordId,
    /// JSON Pointer to the record.
    pointer: &'o str,
    /// The part of a split string, from 0.
    part: Option<i32>,
    /// The run that did not find the record any more.
    gone: Option<&'o RunId>,
    /// The file, relative to the directory.
    path: &'o str,
    /// Digest of this version of the file.
    sha256: Option<&'o str>,
    /// The run that imported the record.
    run: &'o RunId,
    /// When it began.
    started_at: &'o str,
    /// Its actor.
    actor: &'o str,
}

impl<'o> From<&'o RowsFromFile> for RowsFromFileView<'o> {
    fn from(found: &'o RowsFromFile) -> Self {
        let rows = found.rows.iter().map(|row| RowFromFileView {
            table: &row.origin.table_name,
            record_id: &row.origin.record_id,
            pointer: &row.origin.pointer,
            part: row.origin.part,
            gone: row.origin.gone_run_id.as_ref(),
            path: &row.file.path,
            sha256: row.file.sha256.as_deref(),
            run: &row.run.id,
            started_at: &row.run.started_at,
            actor: &row.run.actor,
        });
        Self {
            rows: rows.collect(),
            count: found.count,
            around: found.enclosing.as_deref(),
        }
    }
}

/// Writes one line per row.
///
/// # Errors
/// Those of `out`.
pub fn rows_from_file_csv(out: &mut dyn Write, found: &RowsFromFile) -> io::Result<()> {
    let columns = [
        "table",
        "record_id",
        "pointer",
        "part",
        "gone",
        "path",
        "sha256",
        "run",
        "started_at",
        "actor",
    ];
    sheet(out, &columns, RowsFromFileView::from(found).rows)
}
