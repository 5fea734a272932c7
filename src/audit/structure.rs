//! The structure of a table as a mark in the text of its triggers. Triggers whose text differs from what it should be
//! belong to another version of accession, or to what the table was before another program altered it: the mark
//! distinguishes them. Triggers of versions before 0.2 have none.

use super::table::{AuditedColumn, AuditedTable, Form};

const MARK: &str = "accession_structure_";

/// The length of the digest in hexadecimal.
const DIGITS: usize = 16;

/// The mark of a table, an identifier: its columns with the way in which each is `written`, and its key.
pub(crate) fn structure_mark(
    table: &AuditedTable,
    written: impl Fn(&AuditedColumn) -> &'static str,
) -> String {
    let columns = table.columns.iter();
    let columns: Vec<_> = columns
        .map(|column| (column.name.as_str(), written(column)))
        .collect();
    let key: Vec<_> = table.key_columns().map(|column| &column.name).collect();
    let text = serde_json::json!([columns, key]).to_string();
    let digest = crate::model::Sha256::of(text.as_bytes()).to_string();
    format!("{MARK}{}", &digest[..DIGITS])
}

fn mark(definition: &str) -> Option<&str> {
    let at = definition.find(MARK)?;
    definition.get(at..at + MARK.len() + DIGITS)
}

/// Whether a stored trigger belongs to a version that marks the structure.
#[must_use]
pub fn has_mark(stored: &str) -> bool {
    mark(stored).is_some()
}

/// Whether a stored trigger was made for another structure of the table than the one that is wanted.
#[must_use]
pub fn is_of_another_structure(stored: &str, wanted: &str) -> bool {
    match (mark(stored), mark(wanted)) {
        (Some(stored), Some(wanted)) => stored != wanted,
        _ => false,
    }
}

impl Form {
    /// Its name in the mark, which must never change.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Real => "real",
            Self::SingleReal => "single_real",
            Self::Boolean => "boolean",
            Self::Timestamp => "timestamp",
            Self::SessionTimestamp => "session_timestamp",
            Self::Blob => "blob",
        }
    }
}
