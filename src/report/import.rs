//! The report of an import.

use serde_json::{Value, json};

use crate::operations::import::{ImportOutcome, ImportStatus};
use crate::plan::TableCounts;

use super::Style;
use super::counts::{facts, grouped, plural};
use super::findings::findings_json;
use super::rows::{conversion_line, counts_table};

/// What happened, for people. The findings are told apart from it.
#[must_use]
pub fn import_text(outcome: &ImportOutcome) -> String {
    let mut out = headline(outcome);
    out.push('\n');
    out.push_str(&tables(outcome));
    // Of an import that wrote nothing, what it would have converted is no news.
    if let ImportStatus::Planned | ImportStatus::Imported = outcome.status {
        for one in &outcome.conversions {
            let line = conversion_line(&one.table, &one.column, one.rule, one.count);
            out.push_str(&line);
        }
    }
    let left_out = match outcome.status {
        ImportStatus::Invalid => "cannot be imported",
        ImportStatus::NothingToDo
        | ImportStatus::Planned
        | ImportStatus::Imported
        | ImportStatus::Conflict => "left out because of errors",
    };
    for (count, words) in [
        (outcome.rejected, left_out),
        (
            outcome.still_rejected,
            "left out by earlier runs, in files that did not change",
        ),
    ] {
        if count > 0 {
            out.push_str(&format!("  {} {words}\n", plural(count, "record")));
        }
    }
    if outcome.kept_gone > 0 {
        let rows = plural(outcome.kept_gone, "row");
        out.push_str(&format!(
            "  {rows} kept whose records are no longer in the files (`--prune` deletes them)\n"
        ));
    }
    changes(outcome, &mut out);
    if let Some(run) = &outcome.run {
        out.push_str(&facts(&[
            ("run", Some(run.id.clone())),
            ("archive", Some(run.archive.clone())),
            ("backup", run.backup.clone()),
        ]));
    }
    out
}

fn headline(outcome: &ImportOutcome) -> String {
    let what = format!("`{}` ({})", outcome.source, outcome.layout);
    let files = plural(outcome.files_found, "file");
    match outcome.status {
        ImportStatus::Imported => {
            format!(
                "{} {what} into `{}`",
                Style::paint(Style::SUCCESS, "imported"),
                outcome.database
            )
        }
        ImportStatus::NothingToDo => format!(
            "{}: {files} of {what} as the last run left them, `{}` not touched",
            Style::paint(Style::SUCCESS, "nothing to do"),
            outcome.database
        ),
        ImportStatus::Planned => {
            format!(
                "{}: {what} into `{}`; nothing was written",
                Style::paint(Style::SUCCESS, "plan"),
                outcome.database
            )
        }
        ImportStatus::Invalid => {
            format!(
                "{}: {what} has errors; nothing was written",
                Style::paint(Style::ERROR, "refused")
            )
        }
        ImportStatus::Conflict => format!(
            "{}: {what} and `{}` both changed; nothing was written",
            Style::paint(Style::ERROR, "conflict"),
            outcome.database
        ),
    }
}

/// What was, or would be, done to rows; of an import that was refused, nothing.
fn tables(outcome: &ImportOutcome) -> String {
    match outcome.status {
        ImportStatus::Planned | ImportStatus::Imported => {}
        ImportStatus::Invalid | ImportStatus::Conflict | ImportStatus::NothingToDo => {
            return String::new();
        }
    }
    let named = |counts: &TableCounts| {
        let counts = counts.named().into_iter();
        counts
            .map(|(name, count)| (name.to_owned(), count))
            .collect()
    };
    let tables: Vec<_> = outcome
        .tables
        .iter()
        .map(|(name, counts)| (name.clone(), named(counts)))
        .collect();
    counts_table(&tables).unwrap_or_else(|| "  no row changes\n".to_owned())
}

fn changes(outcome: &ImportOutcome, out: &mut String) {
    /// A plan of thousands of inserts is read as counts.
    const TOLD: usize = 50;
    for change in outcome.changes.iter().take(TOLD) {
        let columns = if change.columns.is_empty() {
            String::new()
        } else {
            format!(" ({})", change.columns.join(", "))
        };
        let from = if change.path.is_empty() {
            String::new()
        } else {
            format!("  {} {}", change.path, change.pointer)
        };
        out.push_str(&format!(
            "  {} {} {}{columns}{from}\n",
            change.action, change.table, change.record_id
        ));
    }
    let more = outcome.changes.len().saturating_sub(TOLD) as u64 + outcome.changes_not_kept;
    if more > 0 {
        out.push_str(&format!("  and {} more changes\n", grouped(more)));
    }
}

/// The whole outcome as one JSON object; `docs/json.md` describes it.
#[must_use]
pub fn import_json(outcome: &ImportOutcome) -> Value {
    let status = match outcome.status {
        ImportStatus::NothingToDo => "nothing_to_do",
        ImportStatus::Planned => "planned",
        ImportStatus::Imported => "imported",
        ImportStatus::Invalid => "invalid",
        ImportStatus::Conflict => "conflict",
    };
    let files: Vec<Value> = outcome
        .files
        .iter()
        .map(|file| json!({"path": file.path, "records": file.records, "rows": file.rows, "rejected": file.rejected}))
        .collect();
    let tables = outcome
        .tables
        .iter()
        .map(|(name, counts)| (name.clone(), counts.to_json()));
    let conversions: Vec<Value> = outcome
        .conversions
        .iter()
        .map(|one| json!({"table": one.table, "column": one.column, "rule": one.rule, "count": one.count}))
        .collect();
    let changes: Vec<Value> = outcome
        .changes
        .iter()
        .map(|change| {
            json!({
                "action": change.action, "table": change.table, "record_id": change.record_id,
                "columns": change.columns, "path": change.path, "pointer": change.pointer,
            })
        })
        .collect();
    json!({
        "status": status,
        "layout": outcome.layout,
        "source": outcome.source,
        "database": outcome.database,
        "run": outcome.run.as_ref().map(|run| &run.id),
        "archive": outcome.run.as_ref().map(|run| &run.archive),
        "backup": outcome.run.as_ref().and_then(|run| run.backup.as_ref()),
        "files": {
            "found": outcome.files_found,
            "unchanged": outcome.files_unchanged,
            "vanished": outcome.files_vanished,
            "read": files,
        },
        "tables": Value::Object(tables.collect()),
        "conversions": conversions,
        "rejected": outcome.rejected,
        "still_rejected": outcome.still_rejected,
        "kept_gone": outcome.kept_gone,
        "changes": changes,
        "changes_not_listed": outcome.changes_not_kept,
        "findings": findings_json(&outcome.findings),
        "findings_not_listed": outcome.findings_not_kept,
    })
}
