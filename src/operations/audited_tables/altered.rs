//! Messages about tables that another program renamed, removed, altered or detached.

use crate::database::{Effect, TableTriggers, TriggerState, loss_of};
use crate::model::shell_word;

/// Describes a recorded table whose engine has no transactions.
#[must_use]
pub fn never_rolled_back(state: &TableTriggers) -> Option<String> {
    let table = &state.table;
    (is_recorded(state) && state.never_rolled_back).then(|| {
        format!("table `{table}` has an engine without transactions: a rollback takes the entries of changes back, but not the changes; `ALTER TABLE … ENGINE = InnoDB` gives it one with transactions")
    })
}

/// Describes the foreign keys that change rows of a recorded table without firing triggers.
#[must_use]
pub fn silently_changed(state: &TableTriggers) -> Option<String> {
    if !is_recorded(state) || state.cascades.is_empty() {
        return None;
    }
    let mut parents: Vec<&str> = state
        .cascades
        .iter()
        .map(|key| key.parent.as_str())
        .collect();
    parents.sort_unstable();
    parents.dedup();
    Some(format!(
        "changes of table `{0}` that follow from changes of `{1}` have no entry, because cascades fire no triggers on this server (`{2}`): make these foreign keys RESTRICT, and change the rows of `{0}` first; `accession audit enable {3}` records what was changed meanwhile",
        state.table,
        parents.join("`, `"),
        state.cascade_names().join("`, `"),
        shell_word(&state.table)
    ))
}

/// Whether changes of a table are to be recorded.
pub(in crate::operations) fn is_recorded(state: &TableTriggers) -> bool {
    match state.state {
        TriggerState::Recorded
        | TriggerState::Missing
        | TriggerState::Outdated
        | TriggerState::Unfinished
        | TriggerState::Renamed => true,
        TriggerState::NotRecorded
        | TriggerState::NoKey
        | TriggerState::NoTriggers
        | TriggerState::KeyLost
        | TriggerState::Disabled
        | TriggerState::Unseen
        | TriggerState::Removed
        | TriggerState::Detached
        | TriggerState::Foreign
        | TriggerState::LedgerTable => false,
    }
}

/// Describes how another program changed a table so that its changes are not recorded under its current definition.
#[must_use]
pub fn altered(state: &TableTriggers) -> Option<String> {
    let table = &state.table;
    let before = state.before.as_deref().unwrap_or_default();
    let (word, word_before) = (shell_word(table), shell_word(before));
    match state.state {
        TriggerState::Removed => {
            let what = match state.is_absorbed {
                true => "became a partition of a recorded table",
                false => "was removed or renamed",
            };
            Some(format!(
                "table `{table}` {what}, but its rows are still in the audit log: `accession audit disable {word}` records the removal"
            ))
        }
        TriggerState::KeyLost => Some(format!(
            "table `{table}` has no primary key any more, so the audit log cannot identify its rows: give it one and record them with `accession audit enable {word}`, or `accession audit disable {word}`"
        )),
        TriggerState::Renamed | TriggerState::Outdated | TriggerState::Missing
            if state.effect == Effect::Rejected =>
        {
            Some(rejected(state))
        }
        TriggerState::Renamed if !state.columns.is_empty() => {
            let columns = state.columns.join("`, `");
            Some(format!(
                "table `{before}` was renamed to `{table}`, and columns were added, renamed or dropped after its triggers were created (`{columns}`): until `accession audit enable {word}` recreates the triggers, changes are rejected, or recorded as `{before}`"
            ))
        }
        TriggerState::Renamed => Some(format!(
            "table `{before}` was renamed to `{table}`, but its changes are still recorded as `{before}`: `accession audit enable {word}` records them as `{table}`"
        )),
        TriggerState::Detached => Some(format!(
            "`{table}` was detached from table `{before}` without entries, with its rows if it had any: `accession audit enable {word_before}` records the change"
        )),
        TriggerState::LedgerTable => {
            let what = match state.columns.is_empty() {
                true => "is missing".to_owned(),
                false => format!("has no `{}`", state.columns.join("`, `")),
            };
            Some(format!(
                "table `{table}` of the ledger {what}: {}; `accession doctor --fix`, and every command that writes, creates it again",
                loss_of(table)
            ))
        }
        TriggerState::Foreign => Some(format!(
            "`{table}` is a table of the ledger, and has triggers, rules or policies that are not those of accession (`{}`): they can keep entries from being written, or change them; drop them, then `accession audit reconcile` lists changes without an entry",
            state.faulty.join("`, `")
        )),
        TriggerState::Outdated | TriggerState::Missing if !state.columns.is_empty() => {
            let columns = state.columns.join("`, `");
            let missing = match state.state == TriggerState::Missing {
                true => " and some of them are missing,",
                false => "",
            };
            Some(format!(
                "columns of table `{table}` were added, renamed or dropped after its triggers were created (`{columns}`),{missing} so `accession audit enable {word}` recreates them"
            ))
        }
        TriggerState::Outdated | TriggerState::Missing if !state.overtaking.is_empty() => {
            let late = overtaken(state).unwrap_or_default();
            let others = faulty_audit_triggers(state).join("`, `");
            Some(match others.is_empty() {
                true => format!(
                    "{late}; `accession audit enable {word}` creates the audit triggers again"
                ),
                false => format!("{}; {late}", unusable(table, &others)),
            })
        }
        TriggerState::Outdated | TriggerState::Missing
            if state.faulty.iter().any(|name| !name.contains(" of ")) =>
        {
            Some(unusable(table, &state.faulty.join("`, `")))
        }
        TriggerState::Outdated | TriggerState::Missing => {
            let partitions = state.faulty.iter();
            let partitions = partitions.filter_map(|name| Some(name.split_once(" of ")?.1));
            let mut partitions: Vec<&str> = partitions.collect();
            partitions.dedup();
            let partitions = partitions.join("`, `");
            Some(match &state.before {
                Some(before) => format!(
                    "partitions were detached from table `{before}` and attached to table `{table}` with their rows, without entries (`{partitions}`): `accession audit enable {word}` records the change of both tables"
                ),
                None => format!(
                    "partitions of table `{table}` have no trigger for TRUNCATE, or were attached with rows that have no entries (`{partitions}`): `accession audit enable {word}` creates the triggers and records the rows"
                ),
            })
        }
        TriggerState::Unfinished => Some(format!(
            "enabling or disabling table `{table}` was interrupted: the next command that writes completes it, for example `accession doctor --fix`"
        )),
        TriggerState::Recorded
        | TriggerState::NotRecorded
        | TriggerState::NoKey
        | TriggerState::NoTriggers
        | TriggerState::Disabled
        | TriggerState::Unseen => None,
    }
}

/// Describes a table that cannot be changed, because its triggers name columns or a table that do not exist.
fn rejected(state: &TableTriggers) -> String {
    let (table, word) = (&state.table, shell_word(&state.table));
    let columns = match &state.columns[..] {
        [] => None,
        columns => Some(format!(
            "columns of table `{table}` were added, renamed or dropped after its triggers were created (`{}`)",
            columns.join("`, `")
        )),
    };
    let renamed = state.before.as_ref();
    let renamed = renamed.map(|before| format!("table `{before}` was renamed to `{table}`"));
    let causes: Vec<String> = renamed.into_iter().chain(columns).collect();
    format!(
        "{}: every change of `{table}` fails until `accession audit enable {word}` recreates the triggers",
        causes.join(", and ")
    )
}

fn unusable(table: &str, faulty: &str) -> String {
    let word = shell_word(table);
    format!(
        "triggers of table `{table}` are missing, disabled, outdated, renamed or copied (`{faulty}`): `accession audit enable {word}` recreates them and records what changed meanwhile"
    )
}

/// Describes triggers of the application that fire before the audit triggers.
#[must_use]
pub(in crate::operations) fn overtaken(state: &TableTriggers) -> Option<String> {
    let (verb, their, what) = match &state.overtaking[..] {
        [] => return None,
        [_] => ("was created later and fires", "its", "it ends"),
        _ => ("were created later and fire", "their", "they end"),
    };
    Some(format!(
        "`{}` of `{}` {verb} before the audit triggers: {their} changes are recorded before their cause, and a change that {what} without an error is not recorded",
        state.overtaking.join("`, `"),
        state.table
    ))
}

/// The faulty triggers of a table that are not those of the application.
#[must_use]
pub(in crate::operations) fn faulty_audit_triggers(state: &TableTriggers) -> Vec<&str> {
    let names = state.faulty.iter().map(String::as_str);
    let is_of_application = |name: &str| state.overtaking.iter().any(|trigger| trigger == name);
    names.filter(|name| !is_of_application(name)).collect()
}

/// Whether every audited table has all its triggers, and had them since its rows were last compared with their entries,
/// as far as can be determined. Tables that were disabled on purpose do not count.
#[must_use]
pub fn is_complete(states: &[TableTriggers]) -> bool {
    let whole = |state: &TableTriggers| match state.state {
        TriggerState::Recorded
        | TriggerState::NotRecorded
        | TriggerState::NoKey
        | TriggerState::NoTriggers
        | TriggerState::Disabled
        | TriggerState::Unseen => true,
        TriggerState::Foreign
        | TriggerState::LedgerTable
        | TriggerState::KeyLost
        | TriggerState::Missing
        | TriggerState::Outdated
        | TriggerState::Unfinished
        | TriggerState::Removed
        | TriggerState::Renamed
        | TriggerState::Detached => false,
    };
    states
        .iter()
        .all(|state| whole(state) && state.gap.is_none())
}
