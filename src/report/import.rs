//! The report of an import.

use serde_json::{Value, json};

use crate::model::harmless;
use crate::operations::import::{ImportOutcome, ImportStatus};
use crate::plan::TableCounts;

use super::Style;
use super::counts::{facts, grouped, plural};
use super::findings::{finding_groups_json, findings_json};
use super::proof::{seal_json, seal_words};
use super::rows::{conversion_line, counts_table, file_json};

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
    let cut_short = outcome.files.iter().filter(|file| file.cut_short);
    let cut_short = cut_short.count() as u64;
    if cut_short > 0 && outcome.status != ImportStatus::Invalid {
        let files = plural(cut_short, "file");
        out.push_str(&format!(
            "  the rest of {files} left out from an error on, however many records it holds\n"
        ));
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
            ("seal", Some(seal_words(&run.seal))),
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
            format!("  {} {}", harmless(&change.path), harmless(&change.pointer))
        };
        out.push_str(&format!(
            "  {} {} {}{columns}{from}\n",
            change.action,
            change.table,
            harmless(&change.record_id)
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
    let files: Vec<Value> = outcome.files.iter().map(file_json).collect();
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
        "seal": outcome.run.as_ref().map(|run| seal_json(&run.seal)),
        "baseline": outcome.run.as_ref().and_then(|run| Some(seal_json(run.baseline.as_ref()?))),
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
        "finding_groups": finding_groups_json(&outcome.findings),
        "findings_not_listed": outcome.findings.not_listed(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_documented, assert_lines};
    use super::*;
    use crate::database::ledger::NewSeal;
    use crate::model::{FindingList, Sha256, Timestamp};
    use crate::operations::import::{ConversionCount, FileOutcome, PlannedChange, RunOutcome};

    fn outcome(status: ImportStatus) -> ImportOutcome {
        let counts = TableCounts {
            inserted: 10_000,
            merged: 80,
            ..TableCounts::default()
        };
        ImportOutcome {
            status,
            layout: "sample".to_owned(),
            source: "/data".to_owned(),
            database: "x.db".to_owned(),
            run: None,
            files_found: 1,
            files_unchanged: 0,
            files_vanished: Vec::new(),
            files: vec![FileOutcome {
                path: "words.json".to_owned(),
                records: 1,
                rejected: 0,
                rows: 10_080,
                cut_short: false,
            }],
            tables: vec![("words".to_owned(), counts)],
            conversions: vec![ConversionCount {
                table: "words".to_owned(),
                column: "added_at".to_owned(),
                rule: "assumed_utc",
                count: 2,
            }],
            rejected: 1,
            still_rejected: 0,
            kept_gone: 0,
            changes: Vec::new(),
            changes_not_kept: 0,
            findings: FindingList::default(),
        }
    }

    #[test]
    fn an_import_tells_what_became_of_the_rows_and_where_to_find_the_originals() {
        let mut outcome = outcome(ImportStatus::Imported);
        outcome.run = Some(RunOutcome {
            id: "01a1".to_owned(),
            archive: "/x.db.archive".to_owned(),
            backup: None,
            baseline: None,
            seal: NewSeal {
                number: 3,
                hash: Sha256([0xab; 32]),
                sealed_at: Timestamp::from_micros(0).expect("valid"),
                run: None,
                entries: 10_000,
                schema: None,
            },
        });
        let lines = [
            "imported `/data` (sample) into `x.db`",
            "  table  inserted  merged",
            "  words    10 000      80",
            "  words.added_at: 2 values without an offset taken as UTC",
            "  1 record left out because of errors",
            "  run      01a1",
            "  archive  /x.db.archive",
            &format!("  seal     3 {}", "ab".repeat(32)),
        ];
        assert_lines(&import_text(&outcome), &lines);
    }

    #[test]
    fn the_rest_of_a_file_is_told_apart_from_records() {
        let mut outcome = outcome(ImportStatus::Imported);
        outcome.tables.clear();
        outcome.conversions.clear();
        outcome.files[0].cut_short = true;
        let lines = [
            "imported `/data` (sample) into `x.db`",
            "  no row changes",
            "  1 record left out because of errors",
            "  the rest of 1 file left out from an error on, however many records it holds",
        ];
        assert_lines(&import_text(&outcome), &lines);
    }

    #[test]
    fn a_plan_lists_its_changes() {
        let mut outcome = outcome(ImportStatus::Planned);
        outcome.tables.clear();
        outcome.conversions.clear();
        outcome.rejected = 0;
        outcome.changes = vec![PlannedChange {
            action: "update",
            table: "words".to_owned(),
            record_id: "7".to_owned(),
            columns: vec!["word".to_owned()],
            path: "words.json".to_owned(),
            pointer: "/0/words#3".to_owned(),
        }];
        outcome.changes_not_kept = 2;
        let lines = [
            "plan: `/data` (sample) into `x.db`; nothing was written",
            "  no row changes",
            "  update words 7 (word)  words.json /0/words#3",
            "  and 2 more changes",
        ];
        assert_lines(&import_text(&outcome), &lines);
        assert_documented(&import_json(&outcome));
    }

    #[test]
    fn a_refused_import_tells_no_counts_of_rows_that_were_not_written() {
        let lines = [
            "refused: `/data` (sample) has errors; nothing was written",
            "  1 record cannot be imported",
        ];
        assert_lines(&import_text(&outcome(ImportStatus::Invalid)), &lines);
        assert_documented(&import_json(&outcome(ImportStatus::Invalid)));
    }
}
