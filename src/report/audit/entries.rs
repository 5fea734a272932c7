//! Report of `audit log --entries`, and entries of the audit log in other reports.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use crate::audit::{FieldChange, ReplayStep};
use crate::database::audit_log::AuditEntry;
use crate::model::{EntryId, RecordId, escape_line};
use crate::operations::audit::{Attribution, LogEntries};
use crate::report::counts::{Align, painted, plural, short_timestamp};
use crate::report::document::ListDocument;

use super::csv::{ATTRIBUTION, Cell, line};
use super::image::{ImageView, quote_numbers};
use super::log::shown_of;
use super::shown::{self, Cut, author, short};

/// The output format of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntriesForm {
    /// One line per entry, then the total. The widths are known only after the last entry.
    Text,
    /// One JSON object.
    Json,
    /// Comma-separated values, with the images as they are stored.
    Csv,
}

/// Writes entries one at a time.
#[derive(Debug)]
pub struct EntriesSheet {
    form: EntriesForm,
    rows: Vec<Vec<String>>,
    document: Option<ListDocument>,
    has_begun: bool,
}

impl EntriesSheet {
    /// Creates a sheet; nothing is written yet.
    #[must_use]
    pub fn new(form: EntriesForm) -> Self {
        Self {
            form,
            rows: Vec::new(),
            document: None,
            has_begun: false,
        }
    }

    /// Writes an entry.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn entry(
        &mut self,
        out: &mut dyn Write,
        entry: &AuditEntry,
        attribution: &Attribution,
    ) -> io::Result<()> {
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        match self.form {
            EntriesForm::Text => {
                self.rows.push(cells(entry, attribution));
                Ok(())
            }
            EntriesForm::Json => {
                if self.document.is_none() {
                    self.document = Some(ListDocument::begin(out, &[], "entries")?);
                }
                match &mut self.document {
                    Some(document) => document.item(out, &EntryView::new(entry, attribution)),
                    None => Ok(()),
                }
            }
            EntriesForm::Csv => {
                if is_first {
                    entry_header(out)?;
                }
                entry_line(out, entry, attribution)
            }
        }
    }

    /// Writes the end after the last entry.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(self, out: &mut dyn Write, log: &LogEntries) -> io::Result<()> {
        match self.form {
            EntriesForm::Text => {
                if !self.rows.is_empty() {
                    out.write_all(painted(&HEADER, &self.rows).as_bytes())?;
                }
                out.write_all(shown_of(log.shown, log.count, "entry").as_bytes())
            }
            EntriesForm::Json => {
                let document = match self.document {
                    Some(document) => document,
                    None => ListDocument::begin(out, &[], "entries")?,
                };
                let members = [
                    ("count", log.count.into()),
                    ("last_entry", log.last_entry.map(EntryId::get).into()),
                ];
                document.end(out, &members)
            }
            EntriesForm::Csv if self.has_begun => Ok(()),
            EntriesForm::Csv => entry_header(out),
        }
    }
}

const HEADER: [(&str, Align); 8] = [
    ("entry", Align::Right),
    ("when", Align::Left),
    ("actor", Align::Left),
    ("run", Align::Left),
    ("table", Align::Left),
    ("record", Align::Left),
    ("action", Align::Left),
    ("change", Align::Left),
];

fn cells(entry: &AuditEntry, attribution: &Attribution) -> Vec<String> {
    vec![
        entry.id.to_string(),
        short_timestamp(&entry.changed_at),
        author(attribution),
        entry
            .run_id
            .as_deref()
            .map(short)
            .unwrap_or_default()
            .to_owned(),
        escape_line(&entry.table_name),
        shown::shorten(&entry.record_id, Cut::After(60)),
        escape_line(&entry.action),
        summary(entry),
    ]
}

/// The changed columns of an update with their values; for other actions, the number of columns.
fn summary(entry: &AuditEntry) -> String {
    let changes = changes(entry);
    match entry.action.as_str() {
        "UPDATE" => {
            let one = |change: &FieldChange| {
                format!(
                    "{} {}",
                    escape_line(&change.column),
                    shown::change(change, Cut::After(30))
                )
            };
            changes.iter().map(one).collect::<Vec<_>>().join(", ")
        }
        _ => plural(changes.len() as u64, "column"),
    }
}

pub(super) fn changes(entry: &AuditEntry) -> Vec<FieldChange> {
    let (old, new) = (entry.old_value.as_deref(), entry.new_value.as_deref());
    let step = ReplayStep::read(&entry.action, old, new);
    step.map(FieldChange::of).unwrap_or_default()
}

/// An entry of the audit log.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EntryView<'o> {
    #[serde(flatten)]
    attribution: &'o Attribution,
    /// The table.
    table: &'o str,
    /// The row's primary key as text, before the change.
    record_id: &'o RecordId,
    /// `INSERT`, `UPDATE` or `DELETE`.
    action: &'o str,
    /// An object of values by column: all columns of a deleted row; the key and the changed columns of an update.
    #[cfg_attr(test, schemars(with = "Value"))]
    old: ImageView<'o>,
    /// Likewise: all columns of an inserted row; the key and the changed columns of an update.
    #[cfg_attr(test, schemars(with = "Value"))]
    new: ImageView<'o>,
}

impl<'o> EntryView<'o> {
    pub(crate) fn new(entry: &'o AuditEntry, attribution: &'o Attribution) -> Self {
        Self {
            attribution,
            table: &entry.table_name,
            record_id: &entry.record_id,
            action: &entry.action,
            old: ImageView::exact(entry.old_value.as_deref()),
            new: ImageView::exact(entry.new_value.as_deref()),
        }
    }
}

/// Like [`EntryView`], with all numbers as strings.
#[derive(Debug, Clone, Serialize)]
pub(super) struct QuotedEntryView<'o> {
    #[serde(flatten)]
    attribution: Value,
    table: &'o str,
    record_id: &'o RecordId,
    action: &'o str,
    old: ImageView<'o>,
    new: ImageView<'o>,
}

impl<'o> From<EntryView<'o>> for QuotedEntryView<'o> {
    fn from(view: EntryView<'o>) -> Self {
        let mut attribution = serde_json::json!(view.attribution);
        quote_numbers(&mut attribution);
        Self {
            attribution,
            table: view.table,
            record_id: view.record_id,
            action: view.action,
            old: view.old.with_numbers_as_strings(),
            new: view.new.with_numbers_as_strings(),
        }
    }
}

/// Writes the header of [`entry_line`].
pub(super) fn entry_header(out: &mut dyn Write) -> io::Result<()> {
    let columns = ["table", "record_id", "action", "old", "new"];
    line(out, ATTRIBUTION.into_iter().chain(columns).map(Cell::text))
}

/// Writes an entry as a line of CSV.
pub(super) fn entry_line(
    out: &mut dyn Write,
    entry: &AuditEntry,
    attribution: &Attribution,
) -> io::Result<()> {
    let attribution = serde_json::json!(attribution);
    let attribution = ATTRIBUTION
        .iter()
        .map(|name| Cell::value(&attribution[name]));
    let texts = [
        Some(entry.table_name.as_str()),
        Some(entry.record_id.as_str()),
        Some(entry.action.as_str()),
        entry.old_value.as_deref(),
        entry.new_value.as_deref(),
    ];
    let texts = texts.map(|text| Cell::text(text.unwrap_or_default()));
    line(out, attribution.chain(texts))
}
