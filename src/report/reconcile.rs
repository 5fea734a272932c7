//! Report of `audit reconcile`: whether the audit log and the rows agree.

use serde::Serialize;

use crate::audit::reconcile::RowDifference;
use crate::model::{EntryId, RecordId, shell_word};
use crate::operations::proof::{Difference, ReconcileOutcome, ReconciledTable, Unrecorded};

use super::Style;
use super::counts::{grouped, plural};
use super::rows::ByName;

/// The result as text.
#[must_use]
pub fn reconciled_text(outcome: &ReconcileOutcome) -> String {
    let rows: u64 = outcome.tables.iter().map(|table| table.rows).sum();
    let compared = format!(
        "{} of {} of `{}` and {} of the audit log",
        plural(rows, "row"),
        plural(outcome.tables.len() as u64, "table"),
        outcome.database,
        plural(outcome.entries, "entry")
    );
    let mut out = if outcome.is_clean() {
        let verdict = Style::paint(Style::SUCCESS, "reconciled");
        format!("{verdict}: {compared} agree\n")
    } else {
        let count = outcome.differences.len() as u64 + outcome.differences_not_kept;
        let verdict = Style::paint(Style::ERROR, "different");
        let differences = plural(count, "change");
        format!("{verdict}: {differences} without an entry; {compared} were compared\n")
    };
    for difference in &outcome.differences {
        let row = match &difference.record_id {
            Some(record_id) => format!("{} {record_id}", difference.table),
            None => difference.table.clone(),
        };
        out.push_str(&format!("  {row}: {}\n", words(difference)));
    }
    for run in &outcome.unfinished {
        out.push_str(&format!(
            "  {run}; the next command that writes completes it\n"
        ));
    }
    if outcome.differences_not_kept > 0 {
        let more = grouped(outcome.differences_not_kept);
        out.push_str(&format!("  and {more} more\n"));
    }
    out
}

fn words(difference: &Unrecorded) -> String {
    match &difference.difference {
        Difference::TableGone => "the table was removed; by the audit log it has rows".to_owned(),
        Difference::TableRenamed { now } => format!(
            "the table was renamed to `{now}`: `accession audit enable {}` records that",
            shell_word(now)
        ),
        Difference::NoKey => {
            "the table has no primary key any more: its rows cannot be compared".to_owned()
        }
        Difference::UnknownColumns { columns, rows } => format!(
            "columns were added or renamed, and their values have no entry (`{}`; {}): `accession audit enable {}` records them",
            columns.join("`, `"),
            plural(*rows, "row"),
            shell_word(&difference.table)
        ),
        Difference::Row(RowDifference::Changed { columns }) => {
            format!("`{}` changed without an entry", columns.join("`, `"))
        }
        Difference::Row(RowDifference::Removed) => {
            "the row was deleted without an entry".to_owned()
        }
        Difference::Row(RowDifference::Unrecorded) => match &difference.before {
            Some(before) => {
                format!("no entry has this table name: the table was renamed from `{before}`")
            }
            None => "the row was inserted without an entry".to_owned(),
        },
        Difference::Row(RowDifference::Broken { entry, error }) => {
            format!("changed without an entry before entry {entry}: {error}")
        }
    }
}

/// The result as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ReconciledView<'o> {
    /// Whether audit log and rows agree, and every run is complete.
    #[cfg_attr(test, schemars(extend("enum" = ["reconciled", "different"])))]
    status: &'static str,
    /// As given, without the password.
    database: &'o str,
    /// Number of entries that were replayed.
    entries: u64,
    /// Per table of the audit log: the rows.
    tables: ByName<&'o str, &'o ReconciledTable>,
    /// The first `--limit` differences.
    differences: Vec<UnrecordedView<'o>>,
    /// Runs of kind `enable` or `disable` that are not complete.
    unfinished: &'o [String],
    /// How many more differences there are.
    differences_not_listed: u64,
}

/// A row with changes that are not in the audit log.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct UnrecordedView<'o> {
    /// `columns` changed without an entry; the row was removed, or is unrecorded; `entry` does not follow from those
    /// before it; the whole table was removed or renamed, or has no primary key any more; `columns` were added or renamed later,
    /// and have values without an entry.
    #[cfg_attr(
        test,
        schemars(extend("enum" = ["changed", "gone", "unrecorded", "broken", "table_gone", "no_key", "unknown_columns"]))
    )]
    kind: &'static str,
    /// The table.
    table: &'o str,
    /// The row's primary key as text; `null` if the whole table differs.
    record_id: Option<&'o RecordId>,
    /// The columns that changed.
    columns: Option<&'o [String]>,
    /// The entry that does not follow.
    entry: Option<EntryId>,
    /// For people; the wording can change.
    message: String,
}

impl<'o> From<&'o ReconcileOutcome> for ReconciledView<'o> {
    fn from(outcome: &'o ReconcileOutcome) -> Self {
        let tables = outcome.tables.iter();
        Self {
            status: match outcome.is_clean() {
                true => "reconciled",
                false => "different",
            },
            database: &outcome.database,
            entries: outcome.entries,
            tables: tables.map(|table| (table.name.as_str(), table)).collect(),
            differences: outcome.differences.iter().map(Into::into).collect(),
            unfinished: &outcome.unfinished,
            differences_not_listed: outcome.differences_not_kept,
        }
    }
}

impl<'o> From<&'o Unrecorded> for UnrecordedView<'o> {
    fn from(one: &'o Unrecorded) -> Self {
        let (kind, columns, entry) = match &one.difference {
            Difference::TableGone | Difference::TableRenamed { .. } => ("table_gone", None, None),
            Difference::NoKey => ("no_key", None, None),
            Difference::UnknownColumns { columns, .. } => {
                ("unknown_columns", Some(&columns[..]), None)
            }
            Difference::Row(RowDifference::Changed { columns }) => {
                ("changed", Some(&columns[..]), None)
            }
            Difference::Row(RowDifference::Removed) => ("gone", None, None),
            Difference::Row(RowDifference::Unrecorded) => ("unrecorded", None, None),
            Difference::Row(RowDifference::Broken { entry, .. }) => ("broken", None, Some(*entry)),
        };
        Self {
            kind,
            table: &one.table,
            record_id: one.record_id.as_ref(),
            columns,
            entry,
            message: words(one),
        }
    }
}
