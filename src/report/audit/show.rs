//! Report of `audit show`: one entry, column by column.

use serde::Serialize;

use crate::audit::FieldChange;
use crate::operations::audit::EntryDetails;
use crate::report::counts::{facts, short_timestamp};

use super::csv::sheet;
use super::entries::{EntryView, changes};
use super::shown::{self, Cut, author, escape_line};

/// Actor, time and reason, then each column with its old and new value.
#[must_use]
pub fn show_text(details: &EntryDetails, cut: Cut) -> String {
    let (entry, attribution) = (&details.entry, &details.attribution);
    let run = attribution.run.as_ref().map(|run| match &attribution.kind {
        Some(kind) => format!("{run} ({})", escape_line(kind)),
        None => format!("{run}, not in the ledger"),
    });
    let mut out = facts(&[
        ("entry", Some(entry.id.to_string())),
        ("table", Some(escape_line(&entry.table_name))),
        ("record", Some(escape_line(&entry.record_id))),
        ("action", Some(escape_line(&entry.action))),
        ("when", Some(short_timestamp(&entry.changed_at))),
        ("actor", Some(author(attribution))),
        ("run", run),
        ("reason", attribution.reason.as_deref().map(escape_line)),
        ("file", attribution.file.as_deref().map(escape_line)),
    ]);
    out.push('\n');
    let changes = changes(entry);
    if changes.is_empty() {
        let raw = [&entry.old_value, &entry.new_value];
        for text in raw.into_iter().flatten() {
            out.push_str(&format!("  {}\n", shown::shorten(escape_line(text), cut)));
        }
    }
    out.push_str(&shown::changes(&changes, "  ", cut));
    out
}

/// An entry with its changed columns, as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EntryDetailsView<'o> {
    #[serde(flatten)]
    entry: EntryView<'o>,
    /// The columns that changed.
    changes: Vec<FieldChange>,
}

impl<'o> From<&'o EntryDetails> for EntryDetailsView<'o> {
    fn from(details: &'o EntryDetails) -> Self {
        Self {
            entry: (&details.entry, &details.attribution).into(),
            changes: changes(&details.entry),
        }
    }
}

/// One line per column.
#[must_use]
pub fn show_csv(details: &EntryDetails) -> String {
    sheet(&["column", "old", "new"], changes(&details.entry))
}
