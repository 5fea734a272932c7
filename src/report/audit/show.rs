//! One entry, column by column.

use serde_json::Value;

use crate::operations::audit::EntryDetails;
use crate::report::counts::{facts, moment};

use super::csv::{Cell, sheet};
use super::log::{changes, entry_json};
use super::shown::{self, Cut, author, changes_json, safe, signature_json};

/// Who, when and why, then each column with its value before and after.
#[must_use]
pub fn show_text(details: &EntryDetails, cut: Cut) -> String {
    let (entry, signature) = (&details.entry, &details.signature);
    let run = signature.run.as_ref().map(|run| match &signature.kind {
        Some(kind) => format!("{run} ({})", safe(kind)),
        None => format!("{run}, which the ledger does not know"),
    });
    let mut out = facts(&[
        ("entry", Some(entry.id.to_string())),
        ("table", Some(safe(&entry.table_name))),
        ("record", Some(safe(&entry.record_id))),
        ("action", Some(safe(&entry.action))),
        ("when", Some(moment(&entry.changed_at))),
        ("actor", Some(author(signature))),
        ("run", run),
        ("reason", signature.reason.as_deref().map(safe)),
        ("file", signature.file.as_deref().map(safe)),
    ]);
    out.push('\n');
    let changes = changes(entry);
    if changes.is_empty() {
        let raw = [&entry.old_value, &entry.new_value];
        for text in raw.into_iter().flatten() {
            out.push_str(&format!("  {}\n", shown::shorten(safe(text), cut)));
        }
    }
    out.push_str(&shown::changes(&changes, "  ", cut));
    out
}

/// The entry as a JSON object; `docs/json.md` describes it.
#[must_use]
pub fn show_json(details: &EntryDetails) -> Value {
    let mut json = entry_json(&details.entry, &details.signature);
    json["changes"] = changes_json(&changes(&details.entry));
    json
}

/// One line per column.
#[must_use]
pub fn show_csv(details: &EntryDetails) -> String {
    let rows = changes(&details.entry).into_iter().map(|change| {
        let cell = |value: &Option<Value>| Cell::value(value.as_ref().unwrap_or(&Value::Null));
        vec![
            Cell::text(change.column),
            cell(&change.old),
            cell(&change.new),
        ]
    });
    sheet(&["column", "old", "new"], rows)
}

/// The members of a change that stand before its columns.
pub(super) fn change_json(
    signature: &crate::operations::audit::Signature,
    action: &str,
    record_id: &str,
) -> serde_json::Map<String, Value> {
    let mut members = signature_json(signature);
    members.insert("action".to_owned(), action.into());
    members.insert("record_id".to_owned(), record_id.into());
    members
}
