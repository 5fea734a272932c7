//! Whether the trail says what the rows say.

use serde_json::{Value, json};

use crate::audit::reconcile::RowDifference;
use crate::operations::proof::{ReconcileOutcome, Unrecorded};

use super::Style;
use super::counts::{grouped, plural};

/// Whether trail and rows agree, for people.
#[must_use]
pub fn reconciled_text(outcome: &ReconcileOutcome) -> String {
    let rows: u64 = outcome.tables.iter().map(|table| table.rows).sum();
    let compared = format!(
        "{} of {} of `{}` and {} of the trail",
        plural(rows, "row"),
        plural(outcome.tables.len() as u64, "table"),
        outcome.database,
        plural(outcome.entries, "entry")
    );
    let mut out = if outcome.is_clean() {
        let verdict = Style::paint(Style::SUCCESS, "reconciled");
        format!("{verdict}: {compared} say the same\n")
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
    if outcome.differences_not_kept > 0 {
        let more = grouped(outcome.differences_not_kept);
        out.push_str(&format!("  and {more} more\n"));
    }
    for table in &outcome.tables {
        if !table.unknown_columns.is_empty() {
            let columns = table.unknown_columns.join("`, `");
            let name = &table.name;
            out.push_str(&format!(
                "  {name}: `{columns}` not compared where no entry knows it: added later\n"
            ));
        }
    }
    out
}

fn words(difference: &Unrecorded) -> String {
    match &difference.difference {
        None => "the table is gone; by the trail it has rows".to_owned(),
        Some(RowDifference::Changed { columns }) => {
            format!("`{}` changed without an entry", columns.join("`, `"))
        }
        Some(RowDifference::Gone) => "the row is gone without an entry".to_owned(),
        Some(RowDifference::Unrecorded) => "the row came to be without an entry".to_owned(),
        Some(RowDifference::Broken { entry, error }) => {
            format!("changed without an entry before entry {entry}: {error}")
        }
    }
}

/// Whether trail and rows agree; `docs/json.md` describes it.
#[must_use]
pub fn reconciled_json(outcome: &ReconcileOutcome) -> Value {
    let tables = outcome.tables.iter().map(|table| {
        let facts = json!({
            "rows": table.rows, "differences": table.differences, "unknown_columns": table.unknown_columns,
        });
        (table.name.clone(), facts)
    });
    let differences = outcome.differences.iter().map(|one| {
        let (kind, columns, entry) = match &one.difference {
            None => ("table_gone", None, None),
            Some(RowDifference::Changed { columns }) => ("changed", Some(columns), None),
            Some(RowDifference::Gone) => ("gone", None, None),
            Some(RowDifference::Unrecorded) => ("unrecorded", None, None),
            Some(RowDifference::Broken { entry, .. }) => ("broken", None, Some(entry)),
        };
        json!({
            "kind": kind, "table": one.table, "record_id": one.record_id, "columns": columns, "entry": entry,
            "message": words(one),
        })
    });
    json!({
        "status": if outcome.is_clean() { "reconciled" } else { "different" },
        "database": outcome.database,
        "entries": outcome.entries,
        "tables": Value::Object(tables.collect()),
        "differences": differences.collect::<Vec<_>>(),
        "differences_not_listed": outcome.differences_not_kept,
    })
}
