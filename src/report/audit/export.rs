//! The trail, complete, in a form that other programs or people read: written entry by entry, nothing cut.

use serde_json::{Number, Value};

use crate::database::ledger::AuditEntry;
use crate::operations::audit::Signature;

use super::html;
use super::log::{entry_header, entry_json, entry_line};

/// The form of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportForm {
    /// One JSON object per line.
    JsonLines,
    /// One JSON array.
    Json,
    /// Comma-separated values.
    Csv,
    /// A page that needs nothing else, to be read or printed.
    Html,
}

/// How numbers stand in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// As numbers, with all their digits; some programs read only the first fifteen or so.
    Exact,
    /// As texts.
    AsStrings,
}

/// Takes entries one by one, and gives the text of the file.
#[derive(Debug)]
pub struct Export {
    form: ExportForm,
    numbers: Numbers,
    /// What the file is about.
    title: String,
    /// When, and of what.
    subtitle: String,
    taken: u64,
}

impl Export {
    /// A file with a title and a line of circumstances, which only a page shows.
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

    /// What the file begins with.
    #[must_use]
    pub fn begin(&self) -> String {
        match self.form {
            ExportForm::JsonLines => String::new(),
            ExportForm::Json => "[".to_owned(),
            ExportForm::Csv => entry_header(),
            ExportForm::Html => html::begin(&self.title, &self.subtitle),
        }
    }

    /// The text of an entry.
    #[must_use]
    pub fn entry(&mut self, entry: &AuditEntry, signature: &Signature) -> String {
        self.taken += 1;
        match self.form {
            ExportForm::JsonLines => format!("{}\n", self.json(entry, signature)),
            ExportForm::Json => {
                let comma = if self.taken == 1 { "" } else { "," };
                format!("{comma}\n{}", self.json(entry, signature))
            }
            ExportForm::Csv => entry_line(entry, signature),
            ExportForm::Html => html::entry(entry, signature),
        }
    }

    /// What the file ends with.
    #[must_use]
    pub fn finish(&self) -> String {
        match self.form {
            ExportForm::JsonLines | ExportForm::Csv => String::new(),
            ExportForm::Json => "\n]\n".to_owned(),
            ExportForm::Html => html::finish(self.taken),
        }
    }

    fn json(&self, entry: &AuditEntry, signature: &Signature) -> Value {
        let mut json = entry_json(entry, signature);
        if self.numbers == Numbers::AsStrings {
            quote_numbers(&mut json);
        }
        json
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
