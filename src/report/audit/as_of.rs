//! A table as it was, row by row: as text with aligned columns, as CSV or as JSON, written while it is read.

use serde_json::json;

use crate::operations::audit::{AsOf, AsOfRow};
use crate::report::counts::{Align, aligned, plural};

use super::csv::{Cell, line};
use super::log::shown_of;
use super::shown::{self, Cut, safe};

/// In which form rows are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetForm {
    /// Aligned columns; the widths are known only at the end.
    Text(Cut),
    /// Comma-separated values.
    Csv,
    /// One JSON object.
    Json,
}

/// Takes rows one by one, and gives text.
#[derive(Debug)]
pub struct AsOfSheet {
    form: SheetForm,
    limit: usize,
    columns: Vec<String>,
    kept: Vec<Vec<String>>,
    taken: u64,
}

impl AsOfSheet {
    /// A sheet that shows at most `limit` rows.
    #[must_use]
    pub fn new(form: SheetForm, limit: usize) -> Self {
        Self {
            form,
            limit,
            columns: Vec::new(),
            kept: Vec::new(),
            taken: 0,
        }
    }

    /// The text that a row adds.
    #[must_use]
    pub fn row(&mut self, row: &AsOfRow) -> String {
        self.taken += 1;
        if self.taken > self.limit as u64 {
            return String::new();
        }
        let is_first = self.taken == 1;
        if is_first {
            self.columns = row.values.keys().cloned().collect();
        }
        match self.form {
            SheetForm::Json => {
                let object = json!({"record_id": row.record_id, "is_whole": row.is_whole, "values": row.values});
                format!("{}\n{object}", if is_first { "{\"rows\": [" } else { "," })
            }
            SheetForm::Csv => {
                let mut out = match is_first {
                    true => self.header(),
                    false => String::new(),
                };
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
                out.push_str(&line(&cells));
                out
            }
            SheetForm::Text(cut) => {
                for column in row.values.keys() {
                    if !self.columns.contains(column) {
                        self.columns.push(column.clone());
                    }
                }
                let mut cells = vec![safe(&row.record_id)];
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
                String::new()
            }
        }
    }

    /// The text at the end.
    #[must_use]
    pub fn finish(mut self, outcome: &AsOf) -> String {
        let incomplete = outcome.incomplete;
        match self.form {
            SheetForm::Csv if self.taken == 0 => self.header(),
            SheetForm::Csv => String::new(),
            SheetForm::Json => {
                let begin = if self.taken == 0 { "{\"rows\": [" } else { "" };
                let (count, incomplete) = (json!(outcome.rows), json!(incomplete));
                let (problems, run) = (json!(outcome.problems), json!(outcome.run));
                format!(
                    "{begin}\n], \"count\": {count}, \"incomplete\": {incomplete}, \"problems\": {problems}, \"run\": {run}}}\n"
                )
            }
            SheetForm::Text(_) => {
                let mut out = match self.kept.is_empty() {
                    true => String::new(),
                    false => {
                        let names = self.columns.iter().map(|column| safe(column));
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
                if incomplete > 0 {
                    out.push_str(&format!(
                        "{} older than the trail: what it does not tell is shown as `?`\n",
                        plural(incomplete, "row")
                    ));
                }
                if !outcome.problems.is_empty() {
                    let count = plural(outcome.problems.len() as u64, "entry");
                    let numbers: Vec<_> =
                        outcome.problems.iter().map(ToString::to_string).collect();
                    out.push_str(&format!(
                        "{count} that do not follow from those before: {}\n",
                        numbers.join(", ")
                    ));
                }
                out
            }
        }
    }

    fn header(&self) -> String {
        let names = ["record_id", "is_whole"]
            .into_iter()
            .chain(self.columns.iter().map(String::as_str));
        let mut cells: Vec<Cell> = names.map(Cell::text).collect();
        cells.push(Cell::text("other_columns"));
        line(&cells)
    }
}
