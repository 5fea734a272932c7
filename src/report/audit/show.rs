//! Report of `audit show`: one entry, column by column.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

#[cfg(test)]
use crate::audit::FieldChange;
use crate::database::audit_log::AuditEntry;
use crate::model::escape_line;
use crate::operations::audit::EntryDetails;
use crate::report::counts::{facts, short_timestamp};

use super::csv::sheet;
use super::entries::{EntryView, changes};
use super::shown::{self, Cut, author};

/// Writes actor, time and reason, then each column with its old and new value.
///
/// # Errors
/// Those of `out`.
pub fn show_text(out: &mut dyn Write, details: &EntryDetails, cut: Cut) -> io::Result<()> {
    let (entry, attribution) = (&details.entry, &details.attribution);
    let run = attribution.run.as_ref().map(|run| match &attribution.kind {
        Some(kind) => format!("{run} ({})", escape_line(kind)),
        None => format!("{run}, not in the ledger"),
    });
    let facts = facts(&[
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
    writeln!(out, "{facts}")?;
    let changes = changes(entry);
    if changes.is_empty() {
        let raw = [&entry.old_value, &entry.new_value];
        for text in raw.into_iter().flatten() {
            out.write_all(b"  ")?;
            shown::write_text(out, text, cut)?;
            out.write_all(b"\n")?;
        }
    }
    shown::write_changes(out, &changes, "  ", cut)
}

/// An entry with its changed columns, as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EntryDetailsView<'o> {
    #[serde(flatten)]
    entry: EntryView<'o>,
    /// The columns that changed.
    #[cfg_attr(test, schemars(with = "Vec<FieldChange>"))]
    changes: ChangesView<'o>,
}

/// The columns that an entry changed, parsed when they are written.
#[derive(Debug, Clone, Copy)]
struct ChangesView<'o>(&'o AuditEntry);

impl Serialize for ChangesView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(changes(self.0))
    }
}

impl<'o> From<&'o EntryDetails> for EntryDetailsView<'o> {
    fn from(details: &'o EntryDetails) -> Self {
        Self {
            entry: EntryView::new(&details.entry, &details.attribution),
            changes: ChangesView(&details.entry),
        }
    }
}

/// Writes one line per column.
///
/// # Errors
/// Those of `out`.
pub fn show_csv(out: &mut dyn Write, details: &EntryDetails) -> io::Result<()> {
    sheet(out, &["column", "old", "new"], changes(&details.entry))
}
