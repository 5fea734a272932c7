//! Report of `revert`.

use serde::Serialize;

use crate::audit::revert::RevertConflict;
use crate::model::{RecordId, RunId};
use crate::operations::revert::{RevertConflictAt, RevertOutcome, RevertStatus, RevertedTable};

use super::Style;
use super::counts::{facts, plural, short_timestamp};
use super::findings::{FindingView, finding_views};
use super::proof::{SealView, seal_text};
use super::rows::{ByName, counts_table};

/// The result as text.
#[must_use]
pub fn revert_text(outcome: &RevertOutcome) -> String {
    let mut out = headline(outcome);
    let tables: Vec<_> = outcome
        .tables
        .iter()
        .map(|(name, counts)| {
            let counts = counts.named().into_iter();
            let counts = counts.map(|(name, count)| (name.to_owned(), count));
            (name.clone(), counts.collect())
        })
        .collect();
    out.push_str(&counts_table(&tables).unwrap_or_default());
    for conflict in &outcome.conflicts {
        out.push_str(&conflict_line(conflict));
    }
    if outcome.conflicts_not_kept > 0 {
        let more = plural(outcome.conflicts_not_kept, "more conflict");
        out.push_str(&format!("  and {more}\n"));
    }
    if outcome.status == RevertStatus::Conflict {
        out.push_str(
            "  `--on-conflict skip` keeps these rows, `--on-conflict force` restores their values from before the run\n",
        );
    }
    if let Some(run) = &outcome.run {
        out.push_str(&facts(&[
            ("run", Some(run.id.to_string())),
            ("backup", run.backup.clone()),
            ("seal", Some(seal_text(&run.seal))),
        ]));
    }
    out
}

fn headline(outcome: &RevertOutcome) -> String {
    let what = format!("run {} of `{}`", outcome.undone, outcome.database);
    match outcome.status {
        RevertStatus::NothingToDo => {
            let verdict = Style::paint(Style::SUCCESS, "nothing to do");
            format!("{verdict}: every row has its value from before {what}\n")
        }
        RevertStatus::Planned => {
            let verdict = Style::paint(Style::SUCCESS, "plan");
            format!("{verdict}: revert {what}; nothing was written\n")
        }
        RevertStatus::Reverted => {
            let verdict = Style::paint(Style::SUCCESS, "reverted");
            format!("{verdict} {what}\n")
        }
        RevertStatus::Conflict => {
            let verdict = Style::paint(Style::ERROR, "conflict");
            let count = outcome.conflicts.len() as u64 + outcome.conflicts_not_kept;
            let rows = plural(count, "row");
            format!("{verdict}: {rows} changed after {what}; nothing was written\n")
        }
        RevertStatus::Rejected => {
            let verdict = Style::paint(Style::ERROR, "rejected");
            format!("{verdict}: {what} cannot be reverted; nothing was written\n")
        }
    }
}

fn conflict_line(conflict: &RevertConflictAt) -> String {
    if let Some(referrer) = &conflict.referrer {
        let (table, record_id) = (&conflict.table, &conflict.record_id);
        return format!(
            "  {table} {record_id} is kept, because {} refers to it\n",
            referrer.text()
        );
    }
    let what = match conflict.conflict {
        RevertConflict::Changed => "was changed",
        RevertConflict::Deleted => "was deleted",
        RevertConflict::CameBack => "was inserted again",
        RevertConflict::Referred => "is referred to",
    };
    let by = match &conflict.by {
        // An entry can be later than the change: `audit enable` records what it finds.
        Some((actor, time)) => format!("; last entry by {actor} at {}", short_timestamp(time)),
        None => " without an entry in the audit log".to_owned(),
    };
    let run = conflict.run.as_ref();
    let run = run.map_or(String::new(), |run| format!(", run {run}"));
    format!(
        "  {} {} {what}{by}{run}\n",
        conflict.table, conflict.record_id
    )
}

/// The outcome of the command.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RevertView<'o> {
    /// How it ended.
    status: RevertStatus,
    /// As given, without the password.
    database: &'o str,
    /// The run to revert.
    parent_run: &'o RunId,
    /// The run that reverted it; `null` unless something was written.
    run: Option<&'o RunId>,
    /// The copy of the database made before; `null` unless made.
    backup: Option<&'o str>,
    /// The seal over the new run's entries; `null` unless something was written.
    seal: Option<SealView>,
    /// Per table that the run changed: counts of its entries.
    tables: ByName<&'o str, RevertedTable>,
    /// The first `--limit` rows that were changed after the run, or that are kept because rows that stay refer to them.
    conflicts: Vec<ConflictView<'o>>,
    /// How many more there are.
    conflicts_not_listed: u64,
    /// Findings of the operation.
    findings: Vec<FindingView<'o>>,
}

/// A row that was changed after the run, or that a row that stays refers to.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ConflictView<'o> {
    /// The table.
    table: &'o str,
    /// The row's primary key as text.
    record_id: &'o RecordId,
    /// How it was changed.
    kind: RevertConflict,
    /// Who changed it last; `null` if no entry mentions it.
    changed_by: Option<&'o str>,
    /// When; `null` if no entry mentions it.
    changed_at: Option<&'o str>,
    /// The run of that change.
    run: Option<&'o RunId>,
    /// The row that refers to it, if that is the conflict.
    #[serde(skip_serializing_if = "Option::is_none")]
    referred_by: Option<ReferrerView<'o>>,
}

/// A row that stays and refers to a row that the run inserted.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ReferrerView<'o> {
    /// The table.
    table: &'o str,
    /// The row's primary key as text; `null` if the table has no primary key.
    record_id: Option<&'o RecordId>,
    /// The columns of the foreign key.
    columns: &'o [String],
}

impl<'o> From<&'o RevertOutcome> for RevertView<'o> {
    fn from(outcome: &'o RevertOutcome) -> Self {
        let run = outcome.run.as_ref();
        let tables = outcome.tables.iter();
        let conflicts = outcome.conflicts.iter().map(|one| ConflictView {
            table: &one.table,
            record_id: &one.record_id,
            kind: one.conflict,
            changed_by: one.by.as_ref().map(|(actor, _)| actor.as_str()),
            changed_at: one.by.as_ref().map(|(_, time)| time.as_str()),
            run: one.run.as_ref(),
            referred_by: one.referrer.as_ref().map(|referrer| ReferrerView {
                table: &referrer.table,
                record_id: referrer.record_id.as_ref(),
                columns: &referrer.columns,
            }),
        });
        Self {
            status: outcome.status,
            database: &outcome.database,
            parent_run: &outcome.undone,
            run: run.map(|run| &run.id),
            backup: run.and_then(|run| run.backup.as_deref()),
            seal: run.map(|run| (&run.seal).into()),
            tables: tables
                .map(|(name, counts)| (name.as_str(), *counts))
                .collect(),
            conflicts: conflicts.collect(),
            conflicts_not_listed: outcome.conflicts_not_kept,
            findings: finding_views(&outcome.findings),
        }
    }
}
