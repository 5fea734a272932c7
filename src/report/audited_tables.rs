//! Which tables are under the trail, and putting them there.

use serde_json::{Value, json};

use crate::database::{TableTriggers, TriggerState};
use crate::operations::audited_tables::{DisableOutcome, EnableOutcome, is_complete};

use super::Style;
use super::counts::{Align, aligned, facts, plural};
use super::findings::findings_json;
use super::proof::{seal_json, seal_words};

/// One line per table.
#[must_use]
pub fn table_states_text(states: &[TableTriggers]) -> String {
    if states.is_empty() {
        return "no tables\n".to_owned();
    }
    let rows: Vec<Vec<String>> = states
        .iter()
        .map(|state| {
            let faulty = state.faulty.join(", ");
            vec![state.table.clone(), words(state.state).to_owned(), faulty]
        })
        .collect();
    let header = [
        ("table", Align::Left),
        ("changes", Align::Left),
        ("triggers", Align::Left),
    ];
    let mut out = aligned(&header, &rows);
    if !is_complete(states) {
        out.push_str(
            "  `accession audit enable --all` makes the triggers anew; `accession audit reconcile` tells what changed meanwhile\n",
        );
    }
    if states.iter().any(is_unseen) {
        out.push_str(
            "  this account is not shown triggers, since it lacks the right TRIGGER: ask with the account that imports\n",
        );
    }
    out
}

fn is_unseen(state: &TableTriggers) -> bool {
    state.state == TriggerState::Unseen
}

fn words(state: TriggerState) -> &'static str {
    match state {
        TriggerState::Recorded => "recorded",
        TriggerState::NotRecorded => "not recorded",
        TriggerState::NoKey => "not recorded: no primary key",
        TriggerState::Disabled => "not recorded: disabled on purpose",
        TriggerState::Unseen => "not to be told",
        TriggerState::Missing => "not recorded any more",
        TriggerState::Outdated => "not recorded wholly",
    }
}

/// All tables; `docs/json.md` describes it.
#[must_use]
pub fn table_states_json(states: &[TableTriggers]) -> Value {
    let tables = states.iter().map(|state| {
        json!({"table": state.table, "state": state.state.name(), "triggers": state.faulty})
    });
    json!({
        "status": match (is_complete(states), states.iter().any(is_unseen)) {
            (_, true) => "unseen",
            (true, false) => "recorded",
            (false, false) => "incomplete",
        },
        "tables": tables.collect::<Vec<_>>(),
    })
}

/// What was put under the trail.
#[must_use]
pub fn enabled_text(outcome: &EnableOutcome) -> String {
    let mut out = if outcome.tables.is_empty() {
        let verdict = Style::paint(Style::SUCCESS, "nothing to do");
        format!("{verdict}: the changes of all these tables are recorded\n")
    } else {
        let verdict = Style::paint(Style::SUCCESS, "recorded");
        format!("{verdict} from now on: {}\n", outcome.tables.join(", "))
    };
    for (table, why) in &outcome.refused {
        out.push_str(&format!("  not {table}: {why}\n"));
    }
    if let Some((run, seal)) = &outcome.run {
        let rows = plural(seal.entries, "row");
        let were = if seal.entries == 1 { "was" } else { "were" };
        out.push_str(&format!("  {rows} noted that {were} there\n"));
        out.push_str(&facts(&[
            ("run", Some(run.clone())),
            ("seal", Some(seal_words(seal))),
        ]));
    }
    out
}

/// What was put under the trail; `docs/json.md` describes it.
#[must_use]
pub fn enabled_json(outcome: &EnableOutcome) -> Value {
    let refused = outcome.refused.iter();
    let refused = refused.map(|(table, why)| json!({"table": table, "message": why}));
    let run = outcome.run.as_ref();
    json!({
        "run": run.map(|(run, _)| run),
        "seal": run.map(|(_, seal)| seal_json(seal)),
        "tables": outcome.tables,
        "refused": refused.collect::<Vec<_>>(),
        "findings": findings_json(&outcome.findings),
    })
}

/// What was taken out of the trail.
#[must_use]
pub fn disabled_text(outcome: &DisableOutcome) -> String {
    let Some((run, seal)) = &outcome.run else {
        let verdict = Style::paint(Style::SUCCESS, "nothing to do");
        return format!("{verdict}: the changes of none of these tables are recorded\n");
    };
    let verdict = Style::paint(Style::SUCCESS, "not recorded");
    let tables = outcome.tables.join(", ");
    let dropped = plural(outcome.dropped.len() as u64, "trigger");
    let facts = facts(&[("run", Some(run.clone())), ("seal", Some(seal_words(seal)))]);
    format!("{verdict} from now on: {tables}; {dropped} dropped, what the trail has stays\n{facts}")
}

/// What was taken out of the trail; `docs/json.md` describes it.
#[must_use]
pub fn disabled_json(outcome: &DisableOutcome) -> Value {
    let run = outcome.run.as_ref();
    json!({
        "run": run.map(|(run, _)| run),
        "seal": run.map(|(_, seal)| seal_json(seal)),
        "tables": outcome.tables,
        "triggers_dropped": outcome.dropped,
        "findings": findings_json(&outcome.findings),
    })
}
