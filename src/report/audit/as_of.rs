//! Report of `audit as-of`: the rows of a table at a point in time, as text, CSV or JSON. CSV and JSON are written
//! while the rows are read.

use std::io::{self, Write};

use serde_json::json;

use crate::model::escape_line;
use crate::operations::audit::{AsOf, AsOfRow};
use crate::report::counts::{Align, aligned, plural, short_timestamp};
use crate::report::document::write_line;

use super::csv::{Cell, line};
use super::log::shown_of;
use super::not_recorded::not_recorded_text;
use super::shown::{self, Cut};

/// The output format of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetForm {
    /// Aligned columns. The widths are known only after the last row.
    Text(Cut),
    /// Comma-separated values.
    Csv,
    /// One JSON object.
    Json,
}

/// Writes rows one at a time.
#[derive(Debug)]
pub struct AsOfSheet {
    table: String,
    form: SheetForm,
    limit: usize,
    columns: Vec<String>,
    kept: Vec<Vec<String>>,
    taken: u64,
}

impl AsOfSheet {
    /// Creates a sheet of a table that shows at most `limit` rows.
    #[must_use]
    pub fn new(table: &str, form: SheetForm, limit: usize) -> Self {
        Self {
            table: table.to_owned(),
            form,
            limit,
            columns: Vec::new(),
            kept: Vec::new(),
            taken: 0,
        }
    }

    /// Writes a row.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn row(&mut self, out: &mut dyn Write, row: &AsOfRow) -> io::Result<()> {
        self.taken += 1;
        if self.taken > self.limit as u64 {
            return Ok(());
        }
        let is_first = self.taken == 1;
        if is_first {
            self.columns = row.values.keys().cloned().collect();
        }
        match self.form {
            SheetForm::Json => {
                out.write_all(if is_first { b"{\"rows\": [\n" } else { b",\n" })?;
                write_line(out, row)
            }
            SheetForm::Csv => {
                if is_first {
                    self.header(out)?;
                }
                let mut cells = vec![
                    Cell::text(row.record_id.as_str()),
                    Cell::text(row.is_whole.to_string()),
                ];
                let value = |column: &String| row.values.get(column);
                cells.extend(
                    self.columns
                        .iter()
                        .map(|column| value(column).map_or(Cell::text(""), Cell::value)),
                );
                let others: serde_json::Map<_, _> = row
                    .values
                    .iter()
                    .filter(|(column, _)| !self.columns.contains(column))
                    .map(|(column, value)| (column.clone(), value.clone()))
                    .collect();
                cells.push(match others.is_empty() {
                    true => Cell::text(""),
                    false => Cell::text(serde_json::Value::Object(others).to_string()),
                });
                line(out, cells)
            }
            SheetForm::Text(cut) => {
                for column in row.values.keys() {
                    if !self.columns.contains(column) {
                        self.columns.push(column.clone());
                    }
                }
                let mut cells = vec![escape_line(&row.record_id)];
                cells.extend(
                    self.columns
                        .iter()
                        .map(|column| match row.values.get(column) {
                            Some(value) => shown::value(value, cut),
                            None if row.is_whole => String::new(),
                            None => "?".to_owned(),
                        }),
                );
                self.kept.push(cells);
                Ok(())
            }
        }
    }

    /// Writes the end after the last row.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(mut self, out: &mut dyn Write, outcome: &AsOf) -> io::Result<()> {
        match self.form {
            SheetForm::Csv if self.taken == 0 => self.header(out),
            SheetForm::Csv => Ok(()),
            SheetForm::Json => {
                let begin = if self.taken == 0 { "{\"rows\": [" } else { "" };
                let (count, incomplete) = (json!(outcome.rows), json!(outcome.incomplete));
                let (problems, run) = (json!(outcome.problems), json!(outcome.run));
                let (unrecorded, ids) = (outcome.unrecorded, json!(outcome.unrecorded_ids));
                let missing = json!(outcome.not_recorded);
                write!(
                    out,
                    "{begin}\n], \"count\": {count}, \"incomplete\": {incomplete}, \"problems\": {problems}, "
                )?;
                writeln!(
                    out,
                    "\"unrecorded\": {unrecorded}, \"unrecorded_ids\": {ids}, \"not_recorded\": {missing}, \"run\": {run}}}"
                )
            }
            SheetForm::Text(_) => out.write_all(self.text(outcome).as_bytes()),
        }
    }

    /// The rows as a table, and the messages about them.
    fn text(&mut self, outcome: &AsOf) -> String {
        let mut out = match self.kept.is_empty() {
            true => String::new(),
            false => {
                let names = self.columns.iter().map(|column| escape_line(column));
                let names: Vec<String> = names.collect();
                let header: Vec<(&str, Align)> = std::iter::once("record")
                    .chain(names.iter().map(String::as_str))
                    .map(|name| (name, Align::Left))
                    .collect();
                for row in &mut self.kept {
                    row.resize(header.len(), String::new());
                }
                aligned(&header, &self.kept)
            }
        };
        out.push_str(&shown_of(self.kept.len(), outcome.rows, "row"));
        if let [first, others @ ..] = &self.kept[..]
            && !others.is_empty()
            && others.iter().all(|other| other[0] == first[0])
        {
            out.push_str(
                "these rows have the same record id: their keys have the same text, or are NULL\n",
            );
        }
        if let Some(first) = &outcome.first_entry {
            let first = short_timestamp(first);
            out.push_str(&format!("the first entry of this table is from {first}\n"));
        }
        if outcome.incomplete > 0 {
            out.push_str(&format!(
                "{} older than the audit log; unknown values are shown as `?`\n",
                plural(outcome.incomplete, "row")
            ));
        }
        if !outcome.problems.is_empty() {
            let count = plural(outcome.problems.len() as u64, "entry");
            let numbers: Vec<_> = outcome.problems.iter().map(ToString::to_string).collect();
            out.push_str(&format!(
                "{count} inconsistent with earlier entries: {}\n",
                numbers.join(", ")
            ));
        }
        if outcome.unrecorded > 0 {
            let ids = outcome.unrecorded_ids.iter().map(|id| escape_line(id));
            let ids = ids.collect::<Vec<_>>().join("`, `");
            let more = match outcome.unrecorded - outcome.unrecorded_ids.len() as u64 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            out.push_str(&format!(
                "{} of the table without an entry, not shown: inserted or renumbered at an unknown time (`{ids}`{more}); `accession audit reconcile` lists them\n",
                plural(outcome.unrecorded, "row")
            ));
        }
        if let Some(missing) = &outcome.not_recorded {
            out.push_str(&not_recorded_text(&self.table, missing));
        }
        out
    }

    fn header(&self, out: &mut dyn Write) -> io::Result<()> {
        let names = ["record_id", "is_whole"]
            .into_iter()
            .chain(self.columns.iter().map(String::as_str))
            .chain(["other_columns"]);
        line(out, names.map(Cell::text))
    }
}
