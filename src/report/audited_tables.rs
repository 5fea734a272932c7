//! Reports of `audit status`, `enable` and `disable`: which tables are recorded.

mod state;
mod view;

use serde::Serialize;

use crate::database::{TableTriggers, TriggerState};
use crate::model::{RunId, sanitize_for_terminal};
use crate::operations::audited_tables::{
    DisableOutcome, EnableOutcome, EnabledEntries, altered, gap_message, is_faulty,
    never_rolled_back, silently_changed,
};

use super::Style;
use super::counts::{Align, facts, painted, plural};
use super::findings::{FindingView, finding_views};
use super::proof::{SealView, seal_text};
use state::state_text;
pub use view::TableStatesView;

/// One line per table.
#[must_use]
pub fn table_states_text(states: &[TableTriggers]) -> String {
    if states.is_empty() {
        return "no tables\n".to_owned();
    }
    let rows: Vec<Vec<String>> = states
        .iter()
        .map(|state| {
            // One below the other: names can be as long as a line.
            let faulty = state.faulty.iter().map(|name| sanitize_for_terminal(name));
            vec![
                sanitize_for_terminal(&state.table).into_owned(),
                state_text(state).into_owned(),
                faulty.collect::<Vec<_>>().join(
                    "
",
                ),
            ]
        })
        .collect();
    let header = [
        ("table", Align::Left),
        ("changes", Align::Left),
        ("triggers", Align::Left),
    ];
    let mut out = painted(&header, &rows);
    // A single table has its own hint below.
    let faulty: Vec<_> = states.iter().filter(|state| is_faulty(state)).collect();
    if faulty.len() > 1 || faulty.iter().any(|state| altered(state).is_none()) {
        out.push_str(
            "  `accession doctor --fix` creates all triggers again and records what changed meanwhile\n",
        );
    }
    for message in states
        .iter()
        .filter_map(altered)
        .chain(states.iter().filter_map(gap_message))
        .chain(states.iter().filter_map(never_rolled_back))
        .chain(states.iter().filter_map(silently_changed))
    {
        out.push_str(&format!("  {}\n", sanitize_for_terminal(&message)));
    }
    if states.iter().any(is_not_visible) {
        out.push_str(
            "  this account cannot see triggers, because it lacks the TRIGGER privilege: use the account that imports\n",
        );
    }
    out
}

fn is_not_visible(state: &TableTriggers) -> bool {
    state.state == TriggerState::Unseen
}

/// The tables that are now recorded.
#[must_use]
pub fn enabled_text(outcome: &EnableOutcome) -> String {
    let mut out = if outcome.tables.is_empty() && outcome.run.is_some() {
        let verdict = Style::paint(Style::SUCCESS, "recorded");
        match outcome.entries == EnabledEntries::default() {
            true => format!("{verdict}: every row has its entry\n"),
            false => format!("{verdict}: rows and values that had no entry\n"),
        }
    } else if outcome.tables.is_empty() && !outcome.detached.is_empty() {
        let verdict = Style::paint(Style::SUCCESS, "detached");
        let tables = outcome.detached.join(", ");
        format!("{verdict}, tables of their own from now on: {tables}\n")
    } else if outcome.tables.is_empty() {
        let verdict = Style::paint(Style::SUCCESS, "nothing to do");
        let which = match outcome.unsuitable.is_empty() {
            true => "all these tables are",
            false => "every table that can be recorded is",
        };
        format!("{verdict}: {which} recorded already\n")
    } else {
        let (renewed, new): (Vec<&str>, Vec<&str>) = (outcome.tables.iter().map(String::as_str))
            .partition(|&table| outcome.renewed.iter().any(|renewed| renewed == table));
        let line = |tables: Vec<&str>, verdict: &str, words: &str| match tables.is_empty() {
            true => String::new(),
            false => {
                let verdict = Style::paint(Style::SUCCESS, verdict);
                format!("{verdict}{words}: {}\n", tables.join(", "))
            }
        };
        line(new, "recorded", " from now on")
            + &line(renewed, "triggers created again", ", changes are recorded")
    };
    for (table, why) in &outcome.unsuitable {
        out.push_str(&format!("  rejected: {table}: {why}\n"));
    }
    if let Some((run, seal)) = &outcome.run {
        let entries = &outcome.entries;
        for (count, words) in [
            (entries.recorded, "as existing"),
            (entries.differences, "that had changed without an entry"),
            (
                entries.replaced,
                "that differ from the table that had the name before",
            ),
            (entries.completed, "with values of added or renamed columns"),
        ] {
            if count > 0 {
                out.push_str(&format!("  {} recorded {words}\n", plural(count, "row")));
            }
        }
        if *entries == EnabledEntries::default() {
            out.push_str("  no row needed an entry\n");
        }
        out.push_str(&facts(&[
            ("run", Some(run.to_string())),
            ("seal", Some(seal_text(seal))),
        ]));
    }
    out
}

/// The tables that are now recorded, as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EnabledView<'o> {
    /// The run that created triggers or inserted entries; else `null`.
    run: Option<&'o RunId>,
    /// Its seal.
    seal: Option<SealView>,
    /// Tables whose triggers were created.
    tables: &'o [String],
    /// Tables that cannot be recorded.
    refused: Vec<RefusedTableView<'o>>,
    /// Rows of tables that had no entries, which have one now.
    recorded: u64,
    /// Rows that had changed without an entry, and have one now.
    differences: u64,
    /// Rows of renamed tables that differ from those of the table that had the name before.
    replaced: u64,
    /// Rows with values in added or renamed columns that no entry had.
    completed: u64,
    /// Findings of the operation.
    findings: Vec<FindingView<'o>>,
}

/// A table that cannot be recorded.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RefusedTableView<'o> {
    /// Its name.
    table: &'o str,
    /// Why; the wording can change.
    message: &'o str,
}

impl<'o> From<&'o EnableOutcome> for EnabledView<'o> {
    fn from(outcome: &'o EnableOutcome) -> Self {
        let run = outcome.run.as_ref();
        let refused = outcome.unsuitable.iter();
        let refused = refused.map(|(table, message)| RefusedTableView { table, message });
        Self {
            run: run.map(|(run, _)| run),
            seal: run.map(|(_, seal)| seal.into()),
            tables: &outcome.tables,
            refused: refused.collect(),
            recorded: outcome.entries.recorded,
            differences: outcome.entries.differences,
            replaced: outcome.entries.replaced,
            completed: outcome.entries.completed,
            findings: finding_views(&outcome.findings),
        }
    }
}

/// The tables that are no longer recorded.
#[must_use]
pub fn disabled_text(outcome: &DisableOutcome) -> String {
    let Some((run, seal)) = &outcome.run else {
        let verdict = Style::paint(Style::SUCCESS, "nothing to do");
        return format!("{verdict}: none of these tables is recorded\n");
    };
    let verdict = Style::paint(Style::SUCCESS, "not recorded");
    let tables = outcome.tables.join(", ");
    let dropped = plural(outcome.dropped.len() as u64, "trigger");
    let facts = facts(&[
        ("run", Some(run.to_string())),
        ("seal", Some(seal_text(seal))),
    ]);
    format!("{verdict} from now on: {tables}; {dropped} dropped, existing entries stay\n{facts}")
}

/// The tables that are no longer recorded, as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DisabledView<'o> {
    /// The run that records it; `null` if none of the tables was recorded.
    run: Option<&'o RunId>,
    /// Its seal.
    seal: Option<SealView>,
    /// Tables that are no longer recorded.
    tables: &'o [String],
    /// Names of the triggers that were dropped.
    triggers_dropped: &'o [String],
    /// Findings of the operation.
    findings: Vec<FindingView<'o>>,
}

impl<'o> From<&'o DisableOutcome> for DisabledView<'o> {
    fn from(outcome: &'o DisableOutcome) -> Self {
        let run = outcome.run.as_ref();
        Self {
            run: run.map(|(run, _)| run),
            seal: run.map(|(_, seal)| seal.into()),
            tables: &outcome.tables,
            triggers_dropped: &outcome.dropped,
            findings: finding_views(&outcome.findings),
        }
    }
}
