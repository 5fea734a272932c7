//! Report of `import`.

use serde::Serialize;

use crate::model::{RunId, sanitize_for_terminal};
use crate::operations::import::{
    ConversionCount, FileOutcome, ImportOutcome, ImportStatus, PlannedChange,
};
use crate::plan::TableCounts;

use super::Style;
use super::counts::{facts, plural, theirs};
use super::findings::FindingsView;
use super::proof::{SealView, seal_text};
use super::rows::{ByName, conversion_line, counts_table};

/// The result as text. Findings are printed separately.
#[must_use]
pub fn import_text(outcome: &ImportOutcome) -> String {
    let mut out = headline(outcome);
    out.push('\n');
    out.push_str(&tables(outcome));
    // The conversions of an import that wrote nothing are not shown.
    if let ImportStatus::Planned | ImportStatus::Imported = outcome.status {
        for one in &outcome.conversions {
            let line = conversion_line(&one.table, &one.column, one.rule, one.count);
            out.push_str(&line);
        }
    }
    // Nothing was rejected unless something was written.
    let (left_out, rest) = match outcome.status {
        ImportStatus::Invalid => ("cannot be imported", ""),
        ImportStatus::Planned | ImportStatus::Conflict => {
            ("would be rejected because of errors", "would be ")
        }
        ImportStatus::NothingToDo | ImportStatus::Imported => ("rejected because of errors", ""),
    };
    for (count, words) in [
        (outcome.rejected, left_out),
        (
            outcome.still_rejected,
            "rejected by earlier runs, in files that did not change",
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
            "  the rest of {files} {rest}rejected after an error, with an unknown number of records\n"
        ));
    }
    if outcome.kept_removed > 0 {
        let rows = plural(outcome.kept_removed, "row");
        let (records, them) = theirs(outcome.kept_removed, "record");
        out.push_str(&format!(
            "  {rows} kept although {records} no longer in the files (`--prune` deletes {them})\n"
        ));
    }
    changes(outcome, &mut out);
    if let Some(run) = &outcome.run {
        out.push_str(&facts(&[
            ("run", Some(run.id.to_string())),
            ("archive", Some(run.archive.clone())),
            ("backup", run.backup.clone()),
            ("seal", Some(seal_text(&run.seal))),
        ]));
    }
    out
}

fn headline(outcome: &ImportOutcome) -> String {
    let what = format!("`{}` ({})", outcome.source, outcome.layout);
    let files = plural(outcome.files_found, "file");
    let unwritten = match outcome.is_prepared {
        true => "no record was written",
        false => "nothing was written",
    };
    match outcome.status {
        ImportStatus::Imported => {
            format!(
                "{} {what} into `{}`",
                Style::paint(Style::SUCCESS, "imported"),
                outcome.database
            )
        }
        ImportStatus::NothingToDo => format!(
            "{}: {files} of {what} unchanged since the last run; no row of `{}` was changed",
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
                "{}: {what} has errors; {unwritten}",
                Style::paint(Style::ERROR, "aborted")
            )
        }
        ImportStatus::Conflict => format!(
            "{}: {what} was not imported into `{}`; {unwritten}",
            Style::paint(Style::ERROR, "conflict"),
            outcome.database
        ),
    }
}

/// The row counts of a planned or completed import; empty if nothing was imported.
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
    /// The maximum number of changes that are listed.
    const SHOWN: usize = 50;
    for change in outcome.changes.iter().take(SHOWN) {
        let columns = if change.columns.is_empty() {
            String::new()
        } else {
            format!(" ({})", change.columns.join(", "))
        };
        let from = if change.path.is_empty() {
            String::new()
        } else {
            let (path, pointer) = (&change.path, &change.pointer);
            let place = format!(
                "{} {}",
                sanitize_for_terminal(path),
                sanitize_for_terminal(pointer)
            );
            format!("  {}", place.trim_end())
        };
        out.push_str(&format!(
            "  {} {} {}{columns}{from}\n",
            change.action,
            change.table,
            sanitize_for_terminal(&change.record_id)
        ));
    }
    let more = outcome.changes.len().saturating_sub(SHOWN) as u64 + outcome.changes_not_kept;
    if more > 0 {
        out.push_str(&format!("  and {}\n", plural(more, "more change")));
    }
}

/// The outcome of the command. With the status `invalid` or `conflict` nothing was written, and the counts cover the
/// part of the input that was read.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ImportView<'o> {
    /// How it ended.
    status: ImportStatus,
    /// Name of the layout.
    layout: &'o str,
    /// The directory's name in the ledger.
    source: &'o str,
    /// As given, without the password.
    database: &'o str,
    /// Id of the run; `null` unless something was written.
    run: Option<&'o RunId>,
    /// Directory of the originals; `null` unless something was written.
    archive: Option<&'o str>,
    /// The copy of the database made before; `null` unless made.
    backup: Option<&'o str>,
    /// The seal over the run's entries; `null` unless something was written.
    seal: Option<SealView>,
    /// The seal of the preceding run of kind `enable`, which recorded rows that existed already; else `null`.
    baseline: Option<SealView>,
    /// The files of the directory.
    files: ImportFilesView<'o>,
    /// Per table: the rows.
    tables: ByName<&'o str, TableCounts>,
    /// Values that are stored differently from the file.
    conversions: &'o [ConversionCount],
    /// Records with errors.
    rejected: u64,
    /// Records rejected by earlier runs, in unchanged files.
    still_rejected: u64,
    /// Rows kept by earlier runs although their records were removed.
    kept_gone: u64,
    /// With `--dry-run`: the first 1000 changes.
    changes: &'o [PlannedChange],
    /// How many more there are.
    changes_not_listed: u64,
    #[serde(flatten)]
    findings: FindingsView<'o>,
}

/// The files of an import.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ImportFilesView<'o> {
    /// Number of files that the layout matches.
    found: u64,
    /// Number of files skipped, because they have not changed since the last run.
    unchanged: u64,
    /// Paths that were imported before and no longer exist.
    vanished: &'o [String],
    /// The files that were read.
    read: &'o [FileOutcome],
}

impl<'o> From<&'o ImportOutcome> for ImportView<'o> {
    fn from(outcome: &'o ImportOutcome) -> Self {
        let run = outcome.run.as_ref();
        let tables = outcome.tables.iter();
        Self {
            status: outcome.status,
            layout: &outcome.layout,
            source: &outcome.source,
            database: &outcome.database,
            run: run.map(|run| &run.id),
            archive: run.map(|run| run.archive.as_str()),
            backup: run.and_then(|run| run.backup.as_deref()),
            seal: run.map(|run| (&run.seal).into()),
            baseline: run.and_then(|run| Some(run.baseline.as_ref()?.into())),
            files: ImportFilesView {
                found: outcome.files_found,
                unchanged: outcome.files_unchanged,
                vanished: &outcome.files_vanished,
                read: &outcome.files,
            },
            tables: tables
                .map(|(name, counts)| (name.as_str(), *counts))
                .collect(),
            conversions: &outcome.conversions,
            rejected: outcome.rejected,
            still_rejected: outcome.still_rejected,
            kept_gone: outcome.kept_removed,
            changes: &outcome.changes,
            changes_not_listed: outcome.changes_not_kept,
            findings: (&outcome.findings).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::assert_lines;
    use super::*;
    use crate::database::seals::NewSeal;
    use crate::model::{FindingList, Sha256, Timestamp};
    use crate::operations::import::RunOutcome;

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
            is_prepared: false,
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
            kept_removed: 0,
            changes: Vec::new(),
            changes_not_kept: 0,
            findings: FindingList::default(),
        }
    }

    #[test]
    fn an_import_reports_row_counts_and_the_location_of_the_archive() {
        let mut outcome = outcome(ImportStatus::Imported);
        outcome.run = Some(RunOutcome {
            id: "01a1".into(),
            archive: "/x.db.archive".to_owned(),
            backup: None,
            baseline: None,
            gaps: Vec::new(),
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
            "  words.added_at: 2 values without an offset interpreted as UTC",
            "  1 record rejected because of errors",
            "  run      01a1",
            "  archive  /x.db.archive",
            &format!("  seal     3 {}", "ab".repeat(32)),
        ];
        assert_lines(&import_text(&outcome), &lines);
    }

    #[test]
    fn the_unreadable_rest_of_a_file_is_reported_separately() {
        let mut outcome = outcome(ImportStatus::Imported);
        outcome.tables.clear();
        outcome.conversions.clear();
        outcome.files[0].cut_short = true;
        let lines = [
            "imported `/data` (sample) into `x.db`",
            "  no row changes",
            "  1 record rejected because of errors",
            "  the rest of 1 file rejected after an error, with an unknown number of records",
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
            record_id: "7".into(),
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
    }

    #[test]
    fn an_aborted_import_shows_no_row_counts() {
        let lines = [
            "aborted: `/data` (sample) has errors; nothing was written",
            "  1 record cannot be imported",
        ];
        assert_lines(&import_text(&outcome(ImportStatus::Invalid)), &lines);
    }
}
