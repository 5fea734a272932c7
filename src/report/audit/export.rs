//! Report of `audit export`: the complete audit log in a format for other programs or for readers, entry by entry.

use serde_json::{Number, Value};

use crate::database::ledger::AuditEntry;
use crate::operations::audit::Attribution;
use crate::report::document::json_line;

use super::entries::{EntryView, entry_header, entry_line};
use super::html;

/// The file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportForm {
    /// One JSON object per line.
    JsonLines,
    /// One JSON array.
    Json,
    /// Comma-separated values.
    Csv,
    /// A self-contained HTML page.
    Html,
}

/// How numbers are written in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// As numbers with all digits; some programs keep only the first 15 or so.
    Exact,
    /// As strings.
    AsStrings,
}

/// Takes entries one at a time and returns the text of the file.
#[derive(Debug)]
pub struct Export {
    form: ExportForm,
    numbers: Numbers,
    /// Heading of the page.
    title: String,
    /// Database and time of the export.
    subtitle: String,
    taken: u64,
}

impl Export {
    /// Creates an export. Title and subtitle are used in HTML only.
    #[must_use]
    pub fn new(form: ExportForm, numbers: Numbers, title: String, subtitle: String) -> Self {
        Self {
            form,
            numbers,
            title,
            subtitle,
            taken: 0,
        }
    }

    /// Returns the start of the file.
    #[must_use]
    pub fn begin(&self) -> String {
        match self.form {
            ExportForm::JsonLines => String::new(),
            ExportForm::Json => "[".to_owned(),
            ExportForm::Csv => entry_header(),
            ExportForm::Html => html::begin(&self.title, &self.subtitle),
        }
    }

    /// Returns the text of an entry.
    #[must_use]
    pub fn entry(&mut self, entry: &AuditEntry, attribution: &Attribution) -> String {
        self.taken += 1;
        match self.form {
            ExportForm::JsonLines => format!("{}\n", self.json(entry, attribution)),
            ExportForm::Json => {
                let comma = if self.taken == 1 { "" } else { "," };
                format!("{comma}\n{}", self.json(entry, attribution))
            }
            ExportForm::Csv => entry_line(entry, attribution),
            ExportForm::Html => html::entry(entry, attribution),
        }
    }

    /// Returns the end of the file.
    #[must_use]
    pub fn finish(&self) -> String {
        match self.form {
            ExportForm::JsonLines | ExportForm::Csv => String::new(),
            ExportForm::Json => "\n]\n".to_owned(),
            ExportForm::Html => html::finish(self.taken),
        }
    }

    fn json(&self, entry: &AuditEntry, attribution: &Attribution) -> String {
        let view = EntryView::from((entry, attribution));
        match self.numbers {
            Numbers::Exact => json_line(&view),
            Numbers::AsStrings => {
                let mut view = serde_json::json!(view);
                quote_numbers(&mut view);
                view.to_string()
            }
        }
    }
}

fn quote_numbers(value: &mut Value) {
    match value {
        Value::Number(number) => *value = Value::String(Number::to_string(number)),
        Value::Array(items) => items.iter_mut().for_each(quote_numbers),
        Value::Object(members) => members.values_mut().for_each(quote_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}
