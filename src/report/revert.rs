//! The report of undoing a run.

use serde_json::{Value, json};

use crate::audit::revert::RevertConflict;
use crate::operations::revert::{RevertConflictAt, RevertOutcome, RevertStatus};

use super::Style;
use super::counts::{facts, grouped, moment, plural};
use super::findings::findings_json;
use super::proof::{seal_json, seal_words};
use super::rows::counts_table;

/// What happened, for people.
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
        let more = grouped(outcome.conflicts_not_kept);
        out.push_str(&format!("  and {more} more conflicts\n"));
    }
    if outcome.status == RevertStatus::Conflict {
        out.push_str(
            "  `--on-conflict skip` leaves these rows as they are, `force` makes them what they were before the run\n",
        );
    }
    if let Some(run) = &outcome.run {
        out.push_str(&facts(&[
            ("run", Some(run.id.clone())),
            ("backup", run.backup.clone()),
            ("seal", Some(seal_words(&run.seal))),
        ]));
    }
    out
}

fn headline(outcome: &RevertOutcome) -> String {
    let what = format!("run {} of `{}`", outcome.undone, outcome.database);
    match outcome.status {
        RevertStatus::NothingToDo => {
            let verdict = Style::paint(Style::SUCCESS, "nothing to do");
            format!("{verdict}: every row is what it was before {what}\n")
        }
        RevertStatus::Planned => {
            let verdict = Style::paint(Style::SUCCESS, "plan");
            format!("{verdict}: to undo {what}; nothing was written\n")
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
    }
}

fn conflict_line(conflict: &RevertConflictAt) -> String {
    let what = match conflict.conflict {
        RevertConflict::Changed => "was changed",
        RevertConflict::Deleted => "was deleted",
        RevertConflict::CameBack => "is there again",
    };
    let by = match &conflict.by {
        Some((actor, time)) => format!(" by {actor} at {}", moment(time)),
        None => " without an entry in the trail".to_owned(),
    };
    let run = conflict.run.as_ref();
    let run = run.map_or(String::new(), |run| format!(", run {run}"));
    format!(
        "  {} {} {what}{by}{run}\n",
        conflict.table, conflict.record_id
    )
}

/// The whole outcome as one JSON object; `docs/json.md` describes it.
#[must_use]
pub fn revert_json(outcome: &RevertOutcome) -> Value {
    let status = match outcome.status {
        RevertStatus::NothingToDo => "nothing_to_do",
        RevertStatus::Planned => "planned",
        RevertStatus::Reverted => "reverted",
        RevertStatus::Conflict => "conflict",
    };
    let tables = outcome.tables.iter().map(|(name, counts)| {
        let counts = counts.named().into_iter();
        let counts = counts.map(|(name, count)| (name.to_owned(), count.into()));
        (name.clone(), Value::Object(counts.collect()))
    });
    let conflicts = outcome.conflicts.iter().map(|one| {
        let (actor, time) = one.by.clone().unzip();
        json!({
            "table": one.table, "record_id": one.record_id, "kind": one.conflict.name(),
            "changed_by": actor, "changed_at": time, "run": one.run,
        })
    });
    let run = outcome.run.as_ref();
    json!({
        "status": status,
        "database": outcome.database,
        "parent_run": outcome.undone,
        "run": run.map(|run| &run.id),
        "backup": run.and_then(|run| run.backup.as_ref()),
        "seal": run.map(|run| seal_json(&run.seal)),
        "tables": Value::Object(tables.collect()),
        "conflicts": conflicts.collect::<Vec<_>>(),
        "conflicts_not_listed": outcome.conflicts_not_kept,
        "findings": findings_json(&outcome.findings),
    })
}
