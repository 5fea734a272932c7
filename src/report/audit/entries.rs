//! Report of `audit log --entries`, and entries of the audit log in other reports.

use serde::Serialize;
use serde_json::Value;

use crate::audit::{FieldChange, Step};
use crate::database::ledger::AuditEntry;
use crate::operations::audit::{Attribution, LogEntries};
use crate::report::counts::{Align, painted, plural, short_timestamp};

use super::csv::{ATTRIBUTION, Cell, line};
use super::log::shown_of;
use super::shown::{self, Cut, author, escape_line, short};

/// One line per entry, then the total.
#[must_use]
pub fn entries_text(log: &LogEntries) -> String {
    let header = [
        ("entry", Align::Right),
        ("when", Align::Left),
        ("actor", Align::Left),
        ("run", Align::Left),
        ("table", Align::Left),
        ("record", Align::Left),
        ("action", Align::Left),
        ("change", Align::Left),
    ];
    let rows: Vec<Vec<String>> = log
        .entries
        .iter()
        .map(|(entry, signature)| {
            vec![
                entry.id.to_string(),
                short_timestamp(&entry.changed_at),
                author(signature),
                entry
                    .run_id
                    .as_deref()
                    .map(short)
                    .unwrap_or_default()
                    .to_owned(),
                escape_line(&entry.table_name),
                shown::shorten(escape_line(&entry.record_id), Cut::After(60)),
                escape_line(&entry.action),
                summary(entry),
            ]
        })
        .collect();
    let mut out = match rows.is_empty() {
        true => String::new(),
        false => painted(&header, &rows),
    };
    out.push_str(&shown_of(log.entries.len(), log.count, "entry"));
    out
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
    let step = Step::read(&entry.action, old, new);
    step.map(FieldChange::of).unwrap_or_default()
}

/// A page of entries as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LogEntriesView<'o> {
    /// The newest entries, newest first; with `--after`, the next ones, oldest first.
    entries: Vec<EntryView<'o>>,
    /// Number of all entries.
    count: u64,
    /// The highest number among the entries, for the next `--after`.
    last_entry: Option<i64>,
}

/// An entry of the audit log.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EntryView<'o> {
    #[serde(flatten)]
    signature: &'o Attribution,
    /// The table.
    table: &'o str,
    /// The row's primary key as text, before the change.
    record_id: &'o str,
    /// `INSERT`, `UPDATE` or `DELETE`.
    action: &'o str,
    /// An object of values by column: all columns of a deleted row; the key and the changed columns of an update.
    old: Value,
    /// Likewise: all columns of an inserted row; the key and the changed columns of an update.
    new: Value,
}

impl<'o> From<&'o LogEntries> for LogEntriesView<'o> {
    fn from(log: &'o LogEntries) -> Self {
        let entries = log.entries.iter();
        let entries = entries.map(|(entry, signature)| (entry, signature).into());
        Self {
            entries: entries.collect(),
            count: log.count,
            last_entry: log.entries.iter().map(|(entry, _)| entry.id).max(),
        }
    }
}

impl<'o> From<(&'o AuditEntry, &'o Attribution)> for EntryView<'o> {
    fn from((entry, signature): (&'o AuditEntry, &'o Attribution)) -> Self {
        Self {
            signature,
            table: &entry.table_name,
            record_id: &entry.record_id,
            action: &entry.action,
            old: image(entry.old_value.as_deref()),
            new: image(entry.new_value.as_deref()),
        }
    }
}

/// The image as JSON; as a string if it is not valid JSON.
fn image(text: Option<&str>) -> Value {
    text.map_or(Value::Null, |text| {
        serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
    })
}

/// The entries as CSV, with the images as they are stored.
#[must_use]
pub fn entries_csv(log: &LogEntries) -> String {
    let lines = log.entries.iter();
    let lines = lines.map(|(entry, signature)| entry_line(entry, signature));
    std::iter::once(entry_header()).chain(lines).collect()
}

/// The header of [`entry_line`].
pub(super) fn entry_header() -> String {
    let columns = ["table", "record_id", "action", "old", "new"];
    line(ATTRIBUTION.into_iter().chain(columns).map(Cell::text))
}

/// An entry as a line of CSV.
pub(super) fn entry_line(entry: &AuditEntry, signature: &Attribution) -> String {
    let signature = serde_json::json!(signature);
    let attribution = ATTRIBUTION.iter().map(|name| Cell::value(&signature[name]));
    let texts = [
        Some(&entry.table_name),
        Some(&entry.record_id),
        Some(&entry.action),
        entry.old_value.as_ref(),
        entry.new_value.as_ref(),
    ];
    let texts = texts.map(|text| Cell::text(text.map_or("", String::as_str)));
    line(attribution.chain(texts))
}
