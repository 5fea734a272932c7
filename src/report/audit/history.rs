//! Report of `audit history`: every version of a row.

use serde::Serialize;

use crate::audit::FieldChange;
use crate::operations::audit::{Attribution, History, Version};
use crate::report::Style;
use crate::report::counts::plural;

use super::csv::attributed;
use super::shown::{self, Cut, attribution_text, escape_line};

/// A block per version, oldest first.
#[must_use]
pub fn history_text(history: &History, cut: Cut) -> String {
    let mut out = String::new();
    for version in &history.versions {
        let action = Style::paint(Style::NOTICE, &escape_line(&version.action));
        let number = version.attribution.entry;
        out.push_str(&format!(
            "{number}  {action}  {}\n",
            attribution_text(&version.attribution)
        ));
        for (what, text) in circumstances(history, version) {
            out.push_str(&format!("    {} {text}\n", Style::paint(Style::DIM, what)));
        }
        if let Some(problem) = &version.problem {
            out.push_str(&format!(
                "    {} {problem}\n",
                Style::paint(Style::ERROR, "error:")
            ));
        }
        out.push_str(&shown::changes(&version.changes, "    ", cut));
        out.push('\n');
    }
    let table = escape_line(&history.table);
    let record = escape_line(&history.record_id);
    let versions = plural(history.versions.len() as u64, "version");
    out.push_str(&format!("{versions} of `{record}` in `{table}`\n"));
    out
}

fn circumstances(history: &History, version: &Version) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    out.extend(
        version
            .attribution
            .file
            .as_ref()
            .map(|file| ("from", escape_line(file))),
    );
    if version.record_id != history.record_id {
        out.push(("key", escape_line(&version.record_id)));
    }
    out.extend(
        version
            .moved_to
            .as_ref()
            .map(|id| ("key changed to", escape_line(id))),
    );
    out
}

/// The versions of a row as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HistoryView<'o> {
    /// The table.
    table: &'o str,
    /// The row's primary key as text.
    record_id: &'o str,
    /// Its versions, oldest first.
    versions: Vec<VersionView<'o>>,
}

/// A version of a row: one change, and who made it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct VersionView<'o> {
    #[serde(flatten)]
    attribution: &'o Attribution,
    /// `INSERT`, `UPDATE` or `DELETE`.
    action: &'o str,
    /// The row's key before the change.
    record_id: &'o str,
    /// Its new key, if it changed.
    moved_to: Option<&'o str>,
    /// The columns that changed.
    changes: &'o [FieldChange],
    /// Why the entry does not match the previous ones.
    problem: Option<String>,
}

impl<'o> From<&'o History> for HistoryView<'o> {
    fn from(history: &'o History) -> Self {
        let versions = history.versions.iter().map(|version| VersionView {
            attribution: &version.attribution,
            action: &version.action,
            record_id: &version.record_id,
            moved_to: version.moved_to.as_deref(),
            changes: &version.changes,
            problem: version.problem.as_ref().map(ToString::to_string),
        });
        Self {
            table: &history.table,
            record_id: &history.record_id,
            versions: versions.collect(),
        }
    }
}

/// One line per version and column.
#[must_use]
pub fn history_csv(history: &History) -> String {
    /// A changed column of a version.
    #[derive(Serialize)]
    struct Line<'o> {
        #[serde(flatten)]
        attribution: &'o Attribution,
        record_id: &'o str,
        action: &'o str,
        #[serde(flatten)]
        change: &'o FieldChange,
    }
    let lines = history.versions.iter().flat_map(|version| {
        version.changes.iter().map(|change| Line {
            attribution: &version.attribution,
            record_id: &version.record_id,
            action: &version.action,
            change,
        })
    });
    attributed(&["record_id", "action", "column", "old", "new"], lines)
}
