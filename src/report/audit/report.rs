//! Report of `audit report`: counts of changes by actor, table, action and day.

use std::io::{self, Write};

use std::collections::BTreeMap;

use serde::Serialize;

use crate::audit::Action;
use crate::database::audit_log::EntryTotal;
use crate::model::{EntryId, RunId, escape_line};
use crate::operations::audit::AuditReport;
use crate::report::counts::{grouped, grouped_or_empty, plural, table};

use super::csv::sheet;

/// Counts by action, for each actor, table or day.
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
                escape_line(name),
                grouped_or_empty(count(Action::Insert)),
                grouped_or_empty(count(Action::Update)),
                grouped_or_empty(count(Action::Delete)),
                grouped(actions.values().sum()),
            ]
        })
        .collect();
    table(&[name, "inserted", "updated", "deleted", "entries"], &rows)
}

/// The totals as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AuditReportView<'o> {
    /// Entries by day, actor, table and action.
    totals: Vec<TotalView<'o>>,
    /// Number of all entries.
    count: u64,
    /// Number of runs in the ledger, including those that changed no row.
    runs: usize,
}

/// Entries with the same author, table, action and day.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct TotalView<'o> {
    /// The day in UTC, `2024-05-01`.
    day: &'o str,
    /// The run's actor; `external` for other programs.
    actor: &'o str,
    /// The database's user, if it has users.
    db_user: Option<&'o str>,
    /// The run; `null` for other programs.
    run: Option<&'o RunId>,
    /// The table.
    table: &'o str,
    /// `INSERT`, `UPDATE` or `DELETE`.
    action: &'o str,
    /// Number of entries.
    count: u64,
    /// The lowest number of an entry.
    first_entry: EntryId,
    /// The highest number of an entry.
    last_entry: EntryId,
}

impl<'o> From<&'o AuditReport> for AuditReportView<'o> {
    fn from(report: &'o AuditReport) -> Self {
        let totals = report.totals.iter().map(|total| TotalView {
            day: &total.day,
            actor: &total.changed_by,
            db_user: total.db_user.as_deref(),
            run: total.run_id.as_ref(),
            table: &total.table,
            action: &total.action,
            count: total.count,
            first_entry: total.entries.0,
            last_entry: total.entries.1,
        });
        Self {
            totals: totals.collect(),
            count: report.totals.iter().map(|total| total.count).sum(),
            runs: report.runs,
        }
    }
}

/// Writes one line per total.
///
/// # Errors
/// Those of `out`.
pub fn report_csv(out: &mut dyn Write, report: &AuditReport) -> io::Result<()> {
    let columns = ["day", "actor", "db_user", "run", "table", "action", "count"];
    sheet(out, &columns, AuditReportView::from(report).totals)
}
