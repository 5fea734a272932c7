//! How much was changed, by whom, where, how and when.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::audit::Action;
use crate::database::ledger::EntryTotal;
use crate::operations::audit::AuditReport;
use crate::report::counts::{grouped, grouped_or_empty, plural, table};

use super::csv::{Cell, sheet};
use super::shown::safe;

/// Counts by action for each value of something.
type Counts = BTreeMap<String, BTreeMap<String, u64>>;

fn counts(report: &AuditReport, by: impl Fn(&EntryTotal) -> String) -> Counts {
    let mut counts = Counts::new();
    for total in &report.totals {
        let actions = counts.entry(by(total)).or_default();
        *actions.entry(total.action.clone()).or_default() += total.count;
    }
    counts
}

fn actor(total: &EntryTotal) -> String {
    match &total.db_user {
        Some(user) => format!("{} ({user})", total.changed_by),
        None => total.changed_by.clone(),
    }
}

/// Counts by actor, by table and by day, each split by action.
#[must_use]
pub fn report_text(report: &AuditReport) -> String {
    let mut out = String::new();
    for (name, counts) in [
        ("actor", counts(report, actor)),
        ("table", counts(report, |total| total.table.clone())),
        ("day", counts(report, |total| total.day.clone())),
    ] {
        if !counts.is_empty() {
            out.push_str(&block(name, &counts));
            out.push('\n');
        }
    }
    let entries = report.totals.iter().map(|total| total.count).sum();
    let mut runs: Vec<_> = report
        .totals
        .iter()
        .filter_map(|total| total.run_id.as_ref())
        .collect();
    runs.sort_unstable();
    runs.dedup();
    let others = report.totals.iter().any(|total| total.run_id.is_none());
    let by = match (runs.len() as u64, others) {
        (0, true) => " of other programs".to_owned(),
        (0, false) => String::new(),
        (runs, true) => format!(" of {} and other programs", plural(runs, "run")),
        (runs, false) => format!(" of {}", plural(runs, "run")),
    };
    out.push_str(&format!("{}{by}\n", plural(entries, "entry")));
    out
}

fn block(name: &str, counts: &Counts) -> String {
    let rows: Vec<Vec<String>> = counts
        .iter()
        .map(|(name, actions)| {
            let count = |action: Action| actions.get(action.name()).copied().unwrap_or(0);
            vec![
                safe(name),
                grouped_or_empty(count(Action::Insert)),
                grouped_or_empty(count(Action::Update)),
                grouped_or_empty(count(Action::Delete)),
                grouped(actions.values().sum()),
            ]
        })
        .collect();
    table(&[name, "inserted", "updated", "deleted", "entries"], &rows)
}

/// The totals as a JSON object; `docs/json.md` describes it.
#[must_use]
pub fn report_json(report: &AuditReport) -> Value {
    let totals: Vec<Value> = report
        .totals
        .iter()
        .map(|total| {
            json!({
                "day": total.day, "actor": total.changed_by, "db_user": total.db_user, "run": total.run_id,
                "table": total.table, "action": total.action, "count": total.count,
                "first_entry": total.entries.0, "last_entry": total.entries.1,
            })
        })
        .collect();
    let count: u64 = report.totals.iter().map(|total| total.count).sum();
    json!({"totals": totals, "count": count, "runs": report.runs})
}

/// One line per total.
#[must_use]
pub fn report_csv(report: &AuditReport) -> String {
    let header = ["day", "actor", "db_user", "run", "table", "action", "count"];
    let rows = report.totals.iter().map(|total| {
        vec![
            Cell::text(total.day.as_str()),
            Cell::text(total.changed_by.as_str()),
            Cell::optional(total.db_user.as_deref()),
            Cell::optional(total.run_id.as_deref()),
            Cell::text(total.table.as_str()),
            Cell::text(total.action.as_str()),
            Cell::number(total.count),
        ]
    });
    sheet(&header, rows)
}
