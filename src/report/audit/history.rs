//! Every version of a row.

use serde_json::{Value, json};

use crate::operations::audit::{History, Version};
use crate::report::Style;
use crate::report::counts::plural;

use super::csv::Cell;
use super::show::change_json;
use super::shown::{self, Cut, changes_json, safe, signature};
use super::signed::{signed_header, signed_line};

/// A block per version, oldest first.
#[must_use]
pub fn history_text(history: &History, cut: Cut) -> String {
    let mut out = String::new();
    for version in &history.versions {
        let action = Style::paint(Style::NOTICE, &safe(&version.action));
        let number = version.signature.entry;
        out.push_str(&format!(
            "{number}  {action}  {}\n",
            signature(&version.signature)
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
    let table = safe(&history.table);
    let record = safe(&history.record_id);
    let versions = plural(history.versions.len() as u64, "version");
    out.push_str(&format!("{versions} of `{record}` in `{table}`\n"));
    out
}

fn circumstances(history: &History, version: &Version) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    out.extend(
        version
            .signature
            .file
            .as_ref()
            .map(|file| ("from", safe(file))),
    );
    if version.record_id != history.record_id {
        out.push(("called", safe(&version.record_id)));
    }
    out.extend(
        version
            .moved_to
            .as_ref()
            .map(|id| ("from then on called", safe(id))),
    );
    out
}

/// The versions as a JSON object; `docs/json.md` describes it.
#[must_use]
pub fn history_json(history: &History) -> Value {
    let versions: Vec<Value> = history
        .versions
        .iter()
        .map(|version| {
            let mut members = change_json(&version.signature, &version.action, &version.record_id);
            members.insert("moved_to".to_owned(), version.moved_to.clone().into());
            members.insert("changes".to_owned(), changes_json(&version.changes));
            let problem = version.problem.as_ref().map(ToString::to_string);
            members.insert("problem".to_owned(), problem.into());
            Value::Object(members)
        })
        .collect();
    json!({"table": history.table, "record_id": history.record_id, "versions": versions})
}

/// One line per version and column.
#[must_use]
pub fn history_csv(history: &History) -> String {
    let cell = |value: &Option<Value>| Cell::value(value.as_ref().unwrap_or(&Value::Null));
    let lines = history.versions.iter().flat_map(|version| {
        version.changes.iter().map(move |change| {
            let cells = [
                Cell::text(version.record_id.as_str()),
                Cell::text(version.action.as_str()),
                Cell::text(change.column.as_str()),
                cell(&change.old),
                cell(&change.new),
            ];
            signed_line(&version.signature, cells)
        })
    });
    let header = signed_header(&["record_id", "action", "column", "old", "new"]);
    std::iter::once(header).chain(lines).collect()
}
